#!/usr/bin/env python3
"""Fails where a verb of ./dev asks for a target that the build doesn't have.

check_dev_targets.py ROOT BUILD: reads the calls of `build_preset PRESET TARGET...` in ROOT/dev and ROOT/tools/dev/*.sh, and
the targets of BUILD.
"""

import glob
import os
import re
import subprocess
import sys

CALL = re.compile(r"^\s*build_preset (?:dev|\"\$preset\") ([a-z_ ]+)$", re.MULTILINE)


def asked_for(root):
    """(file, target) of every call that names its targets."""
    found = []
    for path in [os.path.join(root, "dev"), *sorted(glob.glob(os.path.join(root, "tools", "dev", "*.sh")))]:
        with open(path, encoding="utf-8") as file:
            for call in CALL.finditer(file.read()):
                found += [(os.path.relpath(path, root), target) for target in call.group(1).split()]
    return found


def main():
    root, build = sys.argv[1:]
    listed = subprocess.run(["ninja", "-C", build, "-t", "targets", "all"], check=True, capture_output=True, text=True)
    targets = {line.split(":")[0] for line in listed.stdout.splitlines()}
    asked = asked_for(root)
    missing = [each for each in asked if each[1] not in targets]
    for path, target in missing:
        print(f"{path}: there is no target {target}")
    print(f"check_dev_targets: {len(asked)} targets, {len(missing)} missing")
    return 1 if missing or not asked else 0


if __name__ == "__main__":
    sys.exit(main())
