# shellcheck shell=bash
# The demonstration: the program with its sandbox, and a call to every provider.

# TITLE|METHOD|REQUEST: one line a call, in the order in which they are made.
DEMO_CALLS=(
  'The accounts that are configured, and what each can do|ConnectionService.ListConnections|{}'
  'OpenApply: the first reenrollments of a school|EnrollmentService.ListEnrollments|{"parent":"connections/oa","pageSize":3}'
  'OpenApply: a family confirms its place|EnrollmentService.UpdateEnrollment|{"enrollment":{"name":"connections/oa/enrollments/59","status":"ENROLLMENT_STATUS_CONFIRMED"},"updateMask":"status"}'
  'Class enrollment (Skillable TMS): one enrollment|EnrollmentService.GetEnrollment|{"name":"connections/tms/enrollments/10"}'
  'Class enrollment (Skillable TMS): a page of them|EnrollmentService.ListEnrollments|{"parent":"connections/tms","pageSize":3}'
)

demo() {
  local serve=0 target call title method request failed=0
  case "${1:-}" in
    "") ;;
    --serve) serve=1 ;;
    *) die "demo takes --serve or nothing, not '$1'" ;;
  esac
  build_preset dev edugate
  demo_start
  target="$DEMO_TARGET"
  for call in "${DEMO_CALLS[@]}"; do
    IFS='|' read -r title method request <<<"$call"
    printf '\n# %s\n$ build/edugate call %s '\''%s'\'' --target %s\n' \
      "$title" "$method" "$request" "$target"
    build/edugate call "$method" "$request" --target "$target" || failed=$((failed + 1))
  done
  printf '\n%d calls, %d failed.\n' "${#DEMO_CALLS[@]}" "$failed"
  if ((serve)); then
    cat <<HELP

edugate is listening on $target, with its sandbox. From another shell:
  build/edugate call SERVICE.METHOD JSON --target $target
Ctrl-C stops it.
HELP
    wait "$DEMO_PID" || true
  fi
  ((failed == 0))
}

# Starts the server and waits for the line that tells its address: DEMO_PID, DEMO_TARGET.
demo_start() {
  local log=build/.dev/demo.log tenths
  mkdir -p build/.dev
  : >"$log"
  build/edugate serve --sandbox >"$log" 2>&1 </dev/null &
  DEMO_PID=$!
  trap demo_stop EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for ((tenths = 0; tenths < 300; ++tenths)); do
    DEMO_TARGET="$(sed -n 's/^edugate: listening on //p' "$log" | head -n 1)"
    if [[ -n "$DEMO_TARGET" ]]; then return; fi
    if ! kill -0 "$DEMO_PID" 2>/dev/null; then break; fi
    sleep 0.1
  done
  cat "$log" >&2
  die "edugate serve --sandbox did not say that it listens"
}

demo_stop() {
  kill -TERM "$DEMO_PID" 2>/dev/null || true
  wait "$DEMO_PID" 2>/dev/null || true
}
