# shellcheck shell=bash
# The demonstration: the program with its sandbox, and calls to every provider.

DEMO_CATALOG=connections/edx/catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94
DEMO_PLAN=connections/edx/subscriptionPlans/104b1785-1d3a-1000-148d-1ae7a56e6355

# TITLE|METHOD|REQUEST: one line a call, in the order in which they are made.
DEMO_CALLS=(
  'The accounts that are configured, and what each can do|ConnectionService.ListConnections|{}'
  'OpenApply: the first reenrollments of a school|EnrollmentService.ListEnrollments|{"parent":"connections/oa","pageSize":3}'
  'OpenApply: a family confirms its place|EnrollmentService.UpdateEnrollment|{"enrollment":{"name":"connections/oa/enrollments/59","status":"ENROLLMENT_STATUS_CONFIRMED"},"updateMask":"status"}'
  'Class enrollment (Skillable TMS): one enrollment|EnrollmentService.GetEnrollment|{"name":"connections/tms/enrollments/10"}'
  'Class enrollment (Skillable TMS): a page of them|EnrollmentService.ListEnrollments|{"parent":"connections/tms","pageSize":3}'
  'edX Enterprise: the catalogs of a company|CatalogService.ListCatalogs|{"parent":"connections/edx"}'
  "edX Enterprise: a course, read as XML|CatalogService.GetCourse|{\"name\":\"${DEMO_CATALOG/edx/edx-xml}/courses/SandX+C001\"}"
  "edX Enterprise: a learner gets a license|LicenseService.AssignLicenses|{\"name\":\"$DEMO_PLAN\",\"learnerEmails\":[\"jane@example.org\"]}"
  'edX Enterprise: how the learners are doing|EnrollmentService.ListEnrollments|{"parent":"connections/edx","pageSize":2}'
)
# What is shown of an answer: the first lines of most, all of those that are waited for.
DEMO_LINES=20
DEMO_ALL_LINES=100
# MeasureOne's sandbox works on a document for two seconds.
DEMO_WAIT_SECONDS=20

demo() {
  local serve=0 call title method request
  case "${1:-}" in
    "") ;;
    --serve) serve=1 ;;
    *) die "demo takes --serve or nothing, not '$1'" ;;
  esac
  build_preset dev edugate
  demo_start
  DEMO_COUNT=0
  DEMO_FAILED=0
  for call in "${DEMO_CALLS[@]}"; do
    IFS='|' read -r title method request <<<"$call"
    demo_call "$title" "$method" "$request"
  done
  demo_transcript
  printf '\n%d calls, %d failed.\n' "$DEMO_COUNT" "$DEMO_FAILED"
  if ((serve)); then
    cat <<HELP

edugate is listening on $DEMO_TARGET, with its sandbox. From another shell:
  build/edugate call SERVICE.METHOD JSON --target $DEMO_TARGET
Ctrl-C stops it.
HELP
    wait "$DEMO_PID" || true
  fi
  ((DEMO_FAILED == 0))
}

# Makes a call and shows it: TITLE METHOD REQUEST [LINES]. The whole answer stays in DEMO_ANSWER.
demo_call() {
  printf '\n# %s\n$ build/edugate call %s '\''%s'\'' --target %s\n' "$1" "$2" "$3" "$DEMO_TARGET"
  DEMO_COUNT=$((DEMO_COUNT + 1))
  DEMO_ANSWER="$(build/edugate call "$2" "$3" --target "$DEMO_TARGET")" ||
    DEMO_FAILED=$((DEMO_FAILED + 1))
  demo_shorten "${4:-$DEMO_LINES}" <<<"$DEMO_ANSWER"
}

demo_shorten() {
  awk -v most="$1" 'NR <= most { print } END {
    if (NR > most) printf "... and %d more lines\n", NR - most
  }'
}

# One transcript from its document to its score.
demo_transcript() {
  local name state='' end
  demo_call 'MeasureOne: a transcript from a document, which takes a while' \
    TranscriptService.CreateTranscript \
    '{"parent":"connections/m1","transcript":{"externalId":"student-1","sources":[{"document":{"uri":"https://school.example/transcript.pdf","mediaType":"application/pdf","httpMethod":"GET"}}]}}'
  name="$(sed -n 's/^ *"name": "\(connections\/m1\/transcripts\/[^"]*\)".*/\1/p' <<<"$DEMO_ANSWER" |
    head -n 1)"
  if [[ -z "$name" ]]; then return; fi
  end=$((SECONDS + DEMO_WAIT_SECONDS))
  while [[ "$state" != *PROCESSING_STATE_COMPLETED* ]] && ((SECONDS < end)); do
    sleep 0.2
    state="$(build/edugate call TranscriptService.GetTranscript "{\"name\":\"$name\"}" \
      --target "$DEMO_TARGET")" || true
  done
  demo_call 'MeasureOne: its digest, once it is processed' TranscriptService.GetTranscript \
    "{\"name\":\"$name\",\"view\":\"TRANSCRIPT_VIEW_DIGEST\"}" "$DEMO_ALL_LINES"
  demo_call 'MeasureOne: its score' TranscriptService.ScoreTranscript \
    "{\"name\":\"$name\",\"kind\":\"TRANSCRIPT_SCORE_KIND_MERIT\"}" "$DEMO_ALL_LINES"
  demo_events
}

# The events that MeasureOne's webhooks brought. A watch has no end of its own: this one is over
# when its time is.
demo_events() {
  local request='{"parent":"connections/m1"}' events
  printf '\n# MeasureOne: the events that its webhooks brought, watched for two seconds\n'
  printf '$ build/edugate call TranscriptService.WatchTranscriptEvents '\''%s'\'' --target %s --timeout 2\n' \
    "$request" "$DEMO_TARGET"
  DEMO_COUNT=$((DEMO_COUNT + 1))
  events="$(build/edugate call TranscriptService.WatchTranscriptEvents "$request" \
    --target "$DEMO_TARGET" --timeout 2)" || true
  # An event is a line; the error at the end, of the deadline, has several.
  sed '/^{$/,$d' <<<"$events"
  if [[ "$events" != *transcript.processed* ]]; then DEMO_FAILED=$((DEMO_FAILED + 1)); fi
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
