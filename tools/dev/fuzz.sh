# shellcheck shell=bash
# Every fuzz target for some seconds, from its corpus. cmake/Edugate.cmake: edugate_fuzz.

fuzz() {
  local seconds="${1:-30}" target name corpora failed=0
  [[ "$seconds" =~ ^[0-9]+$ ]] || die "fuzz takes a number of seconds, not '$seconds'"
  configure fuzz
  if ! ninja -C build/fuzz -t query fuzz_targets >/dev/null 2>&1; then
    die "no fuzz targets are built"
  fi
  ninja -C build/fuzz fuzz_targets
  sanitizer_options
  for target in build/fuzz/fuzz/fuzz_*; do
    [[ -x "$target" ]] || die "no fuzz targets are built"
    name="$(basename "$target")"
    # What a run finds goes to the first folder; the committed corpus is only read.
    corpora=("build/fuzz/corpus/$name")
    mkdir -p "${corpora[0]}" build/fuzz/findings
    if [[ -d "tests/fuzz/corpus/$name" ]]; then corpora+=("tests/fuzz/corpus/$name"); fi
    say "$name: $seconds seconds"
    "$target" -max_total_time="$seconds" -print_final_stats=1 -rss_limit_mb=2048 -timeout=10 \
      -artifact_prefix="build/fuzz/findings/$name-" "${corpora[@]}" || {
      say "$name: A FINDING, see build/fuzz/findings"
      failed=1
    }
  done
  return "$failed"
}
