"""`./dev test` with functions in place of what it calls: tools/dev/test.sh."""

import os
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

BEGIN = r"""
set -euo pipefail
say() { echo "dev: $*"; }
python3() { :; }
ROOT="$1"
shift
source "$ROOT/tools/dev/test.sh"
"""


def run(script, *arguments, **environment):
    """Runs a script that knows what tools/dev/test.sh defines; the status and what it printed."""
    ended = subprocess.run(["bash", "-c", BEGIN + script, "bash", ROOT, *arguments], capture_output=True, text=True,
                           env=dict(os.environ, **environment))
    return ended.returncode, ended.stdout
