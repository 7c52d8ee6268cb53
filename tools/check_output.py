"""Fails where the output of the tests shows a credential or a person.

What the programs under test log, print and answer goes through the tests' output. None of it may hold a credential of the
sandbox, an e-mail address, a social security number, or a name that the documents' examples give to a person.
Usage: check_output.py OUTPUT [ROOT]
"""

import glob
import json
import os
import re
import sys

PATTERNS = {
    # Tokens that it issues are numbered: sandbox-edx-issued-7-not-a-secret.
    "a credential of the sandbox": re.compile(r"[a-z0-9]-not-a-secret"),
    "an e-mail address": re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[a-z]{2,}"),
    "a social security number": re.compile(r"\b\d{3}-\d{2}-\d{4}\b"),
}
PERSONAL_KEYS = ("first_name", "last_name", "middle_name", "full_name", "ssn", "password", "mfa_token", "user_email", "email")
# Shorter values are words that stand anywhere.
LEAST = 5


def personal_values(value, key=""):
    """Returns the texts below the keys that name a person."""
    if isinstance(value, dict):
        return set().union(*(personal_values(each, name) for name, each in value.items()), set())
    if isinstance(value, list):
        return set().union(*(personal_values(each, key) for each in value), set())
    if isinstance(value, str) and key in PERSONAL_KEYS and len(value) >= LEAST:
        return {value}
    return set()


def example_values(root):
    values = set()
    for path in glob.glob(os.path.join(root, "adapters", "*", "testdata", "*.json")):
        with open(path, encoding="utf-8") as file:
            try:
                values |= personal_values(json.load(file))
            except ValueError:
                continue  # examples that are no JSON are kept as they are
    return values


def findings(text, values):
    """Returns (line, what) for everything that must not be there; never the thing itself."""
    # As words of their own: the digits of a one-time code stand in many a time stamp.
    words = [re.compile(rf"(?<![0-9A-Za-z]){re.escape(value)}(?![0-9A-Za-z])") for value in sorted(values)]
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for what, pattern in PATTERNS.items():
            if pattern.search(line):
                found.append((number, what))
        for word in words:
            if word.search(line):
                found.append((number, "a value of a person in the documents' examples"))
    return found


def main(arguments):
    root = arguments[1] if len(arguments) > 1 else "."
    values = example_values(root)
    if not values:
        print("check_output: the documents' examples are not below", root)
        return 1
    with open(arguments[0], encoding="utf-8", errors="replace") as file:
        text = file.read()
    found = findings(text, values)
    for number, what in found:
        print(f"{arguments[0]}:{number}: shows {what}")
    print(f"check_output: {len(text.splitlines())} lines searched, {len(found)} show what they must not")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
