# shellcheck shell=bash
# Every test. The cheap checks (includes, awaits, protos) are tests of ctest too: tools/CMakeLists.txt.

run_tests() {
  local preset=dev folder
  case "${1:-}" in
    --asan) preset=asan && shift ;;
    --tsan) preset=tsan && shift ;;
  esac
  folder="$(preset_folder "$preset")"
  need tests "${TEST_PACKAGES[@]}"
  if [[ "${1:-}" == --units ]]; then
    shift
    run_units "$preset" "$@"
    return
  fi
  build_preset "$preset" all
  fetch_buf
  fetch_openapi_schemas
  if [[ "$preset" == dev ]]; then
    clients
    deploy_tools
  fi
  sanitizer_options
  if [[ "$preset" == dev && $# == 0 ]]; then
    run_ctest "$folder" || run_failed_alone "$folder"
    check_output "$folder"
    conformance_matrix
    return
  fi
  if [[ "$preset" != tsan ]]; then
    run_ctest "$folder" "$@"
    check_output "$folder"
    return
  fi
  # Where everything is instrumented a report is a race; beside gRPC it may be a false one, so later.
  local part found=0 failed=0
  for part in -LE -L; do
    if [[ "$(ctest --test-dir "$folder" -N "$part" grpc "$@")" != *"Total Tests: 0"* ]]; then
      found=1
      run_ctest "$folder" "$part" grpc "$@" || failed=$?
    fi
  done
  # With no test in either part ctest says so, and fails.
  if ((!found)); then run_ctest "$folder" "$@" || failed=$?; fi
  return "$failed"
}

# The tests beside the runtime's code alone: every thread, lock and lifetime in them is edugate's own.
run_units() {
  local preset="$1"
  shift
  build_preset "$preset" async_test auth_test codec_test config_test digest_test errors_test http_test identity_test
  build_preset "$preset" privacy_test resilience_test rest_test store_test telemetry_test
  sanitizer_options
  run_ctest "$(preset_folder "$preset")" -R \
    '^(async|auth|codec|config|digest|errors|http|identity|privacy|resilience|rest|store|telemetry)_test$' "$@"
}

# What all tests and all that they ran have written, also where they passed.
check_output() {
  python3 "$ROOT/tools/check_output.py" "$1/Testing/Temporary/LastTest.log" "$ROOT" >&2
}

# Entries that speak over sockets (labels grpc and sockets) share a few processors with each other and with who knows whom. Where only
# such ones failed they run once more, one at a time, and say so: docs/decisions/unsteady-tests-run-alone.md.
run_failed_alone() {
  local folder="$1" names number
  check_output "$folder"
  names="$(sed 's/^[0-9]*://' "$folder/Testing/Temporary/LastTestsFailed.log" | paste -sd '|')"
  number="$(ctest --test-dir "$folder" -N -FA '.*' -L 'grpc|sockets' -R "^($names)\$" | sed -n 's/^Total Tests: //p')"
  [[ "$names" && "$number" == "$(wc -l <"$folder/Testing/Temporary/LastTestsFailed.log")" ]] || return 1
  say "once more, one at a time: ${names//|/ }"
  run_ctest "$folder" -j 1 -FA '.*' -R "^($names)\$" || return
  say "UNSTEADY, failed beside others and passed alone: ${names//|/ }"
}

run_ctest() {
  local folder="$1"
  shift
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$(nproc)" "$@" || {
    local status=$?
    # The end of a long output is what is read first, and sometimes all that is kept.
    python3 "$ROOT/tools/failed_tests.py" "$folder/Testing/Temporary/LastTest.log" >&2
    return "$status"
  }
}

sanitizer_options() {
  local lists="$ROOT/tools/sanitizers"
  # Freed memory is held back for a while; with the default of 256 MB no test could say that memory stays bounded.
  export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:check_initialization_order=1"
  ASAN_OPTIONS+=":quarantine_size_mb=4:thread_local_quarantine_size_kb=64"
  export LSAN_OPTIONS="suppressions=$lists/lsan.supp:print_suppressions=0"
  export UBSAN_OPTIONS="print_stacktrace=1"
  # Debian's gRPC and abseil are not instrumented: without ignore_noninstrumented_modules every access
  # that they make through libc counts as a race with ours.
  export TSAN_OPTIONS="suppressions=$lists/tsan.supp:ignore_noninstrumented_modules=1:halt_on_error=1:second_deadlock_stack=1"
  if [[ -x /usr/lib/llvm-19/bin/llvm-symbolizer ]]; then
    local variable
    for variable in ASAN LSAN UBSAN TSAN; do
      export "${variable}_SYMBOLIZER_PATH=/usr/lib/llvm-19/bin/llvm-symbolizer"
    done
  fi
}
