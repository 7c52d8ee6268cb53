#!/usr/bin/env python3
"""What the failed tests of a ctest log said, short enough to be read last.

failed_tests.py LOG: LOG is CTest's LastTest.log. Prints, of each entry that did not pass, the failures that
GoogleTest and Python's tests report, or else the last lines. Exits with 0.
"""

import re
import sys

MOST_LINES = 60
# A failure of GoogleTest runs to the next mark of its own, or to the next line of a program's log.
BEGIN = re.compile(r": Failure$|^FAIL: |^ERROR: |^Traceback |: FAILED|Sanitizer: |^F\d{4} |terminate called")
END = re.compile(r"^\[ +(OK|FAILED|RUN) |^\d{4}-\d\d-\d\dT|^-{5,}$")


def entries(log):
    """(name, output, passed) of each entry."""
    for part in re.split(r"^(?=\d+/\d+ Test: )", log, flags=re.MULTILINE)[1:]:
        name = re.match(r"\d+/\d+ Test: (.*)", part).group(1)
        output, _, rest = part.partition("<end of output>")
        yield name, output, "Test Passed." in rest


def digest(output):
    """The lines that say what failed."""
    kept, keeping = [], False
    for line in output.splitlines():
        if BEGIN.search(line):
            keeping = True
        elif END.search(line):
            keeping = False
            if re.match(r"\[ +FAILED ", line):
                kept.append(line)
        if keeping:
            kept.append(line)
    return kept or output.splitlines()[-MOST_LINES:]


def main():
    with open(sys.argv[1], errors="replace") as file:
        log = file.read()
    for name, output, passed in entries(log):
        if passed:
            continue
        lines = digest(output)
        print(f"---- {name}")
        print("\n".join(lines[:MOST_LINES]))
        if len(lines) > MOST_LINES:
            print(f"({len(lines) - MOST_LINES} more lines are in the log)")


if __name__ == "__main__":
    main()
