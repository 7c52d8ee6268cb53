# shellcheck shell=bash
# The fuzz targets (cmake/Edugate.cmake: edugate_fuzz), each for some seconds of processor time: tools/fuzz/fuzz.py.

fuzz() {
  local seconds="${1:-30}"
  [[ "$seconds" =~ ^[0-9]+$ ]] || die "fuzz takes a number of seconds, not '$seconds'"
  if (($# > 0)); then shift; fi
  configure fuzz
  if ! ninja -C build/fuzz -t query fuzz_targets >/dev/null 2>&1; then
    die "no fuzz targets are built"
  fi
  ninja -C build/fuzz fuzz_targets
  sanitizer_options
  python3 "$ROOT/tools/fuzz/fuzz.py" "$seconds" build/fuzz "$@"
}
