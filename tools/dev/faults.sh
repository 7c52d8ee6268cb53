# shellcheck shell=bash
# The fault cases, against the real program. Without arguments all of them, and docs/faults.md anew.

faults() {
  local arguments=("$@")
  if ((${#arguments[@]} == 0)); then arguments=(--markdown docs/faults.md); fi
  need tests "${TEST_PACKAGES[@]}"
  build_preset dev edugate fault_preload fault_malloc open_loop python_messages
  exec "$(faults_python)" -B tests/faults/run.py "${arguments[@]}"
}

# Debian's packages belong to /usr/bin/python3; another python3 may stand before it in PATH.
faults_python() { if [[ -x /usr/bin/python3 ]]; then echo /usr/bin/python3; else command -v python3; fi; }
