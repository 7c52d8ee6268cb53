# shellcheck shell=bash
# Load with faults for a long time: memory, descriptors and the p99 each half minute, and a verdict.

soak() {
  need tests "${TEST_PACKAGES[@]}"
  build_preset dev edugate python_messages
  exec "$(faults_python)" -B tests/faults/soak.py --minutes "${1:-10}"
}
