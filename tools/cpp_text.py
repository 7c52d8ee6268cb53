"""What the checkers share: finding our C++ files, and blanking out what is not code."""

import os
import re

FOLDERS = ("adapters", "app", "bench", "cmake", "runtime", "sandbox", "services", "tests", "tools")

# Comments, raw strings, strings, characters. A digit separator (1'000) does not open a character.
_NOT_CODE = re.compile(
    r'//(?:[^\n\\]|\\.|\\\n)*'
    r'|/\*.*?\*/'
    r'|R"(?P<delimiter>[^()\s\\]{0,16})\(.*?\)(?P=delimiter)"'
    r'|"(?:[^"\\\n]|\\.|\\\n)*"'
    r"|(?<![0-9A-Za-z_])(?:u8|[uUL])?'(?:[^'\\\n]|\\.)+'",
    re.DOTALL)


def cpp_files(root):
    """Yields the paths, relative to root and with '/', of edugate's own .cc and .h files."""
    for folder in FOLDERS:
        for where, folders, names in os.walk(os.path.join(root, folder)):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".cc", ".h")):
                    yield os.path.relpath(os.path.join(where, name), root).replace(os.sep, "/")


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as stream:
        return stream.read()


def blank(text, keep_strings=False):
    """Returns text with comments (and strings, unless kept) blanked; every position stays."""

    def blanks(match):
        found = match.group(0)
        if found.startswith("/"):
            return re.sub(r"[^\n]", " ", found)
        if keep_strings:
            return found
        # A string stays a token of one kind, so that `F("a?b")` does not look like `F()`.
        return '"' + re.sub(r"[^\n]", "_", found[1:-1]) + '"'

    return _NOT_CODE.sub(blanks, text)
