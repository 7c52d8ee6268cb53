"""Fails where a message is made text outside of the redactor (runtime/privacy/redactor.h).

A message may hold names, grades and passwords, and protobuf's own printing shows them all. ALLOWED
says where it is right all the same, and why. Tests may print what they like. Usage:
check_printing.py [ROOT]
"""

import os
import re
import sys

import cpp_text

# File -> why its text goes nowhere but to whom the message is for.
ALLOWED = {
    "app/call_command.cc": "the client's own side: it prints the reply to the person that called",
    "adapters/measureone/measureone_source_fields.cc": "a value that is sent to the provider as JSON",
    "adapters/measureone/measureone_verification_mapping.cc":
        "a value that is sent to the provider, or returned to the caller, as JSON",
}

_PRINTING = re.compile(
    r"\b(?:(?:Short|Utf8|Unredacted)?DebugString|MessageToJson(?:String|Stream)|BinaryToJson(?:String|Stream)"
    r"|PrintDebugString|TextFormat\s*::\s*\w+|PrintToString|PrintFieldValueToString|ShortFormat|Utf8Format)\s*\(")


def check_text(text):
    """Yields (line number, message) for every place in a file's text that prints a message."""
    code = cpp_text.blank(text)
    for match in _PRINTING.finditer(code):
        line = code.count("\n", 0, match.start()) + 1
        yield line, f"{match.group(0).rstrip('(').strip()} shows personal data: use privacy::Redactor"


def is_checked(path):
    return not (path.startswith("tests/") or path.endswith("_test.cc") or "/testing/" in path)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))
    files = wrong = 0
    unused = set(ALLOWED)
    for path in cpp_text.cpp_files(root):
        if not is_checked(path):
            continue
        files += 1
        found = list(check_text(cpp_text.read(root, path)))
        if found:
            unused.discard(path)
        if path in ALLOWED:
            continue
        for line, message in found:
            wrong += 1
            print(f"{path}:{line}: {message}")
    for path in sorted(unused):
        wrong += 1
        print(f"{path}: is allowed to print messages and doesn't: take it out of ALLOWED")
    print(f"check_printing: {files} files, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
