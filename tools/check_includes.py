"""Fails on an include that points the wrong way through the house.

    app -> services -> adapters/ports.h
    app -> adapters/<provider> -> runtime, proto

RULES is the whole rule: a folder may include itself and what its line names, nothing else of
edugate. Usage: check_includes.py [ROOT]
"""

import os
import re
import sys

import cpp_text

# What runtime may know of the generated code: the options that declare a REST API and personal
# fields. They know nothing of education.
OPTIONS = ("edugate/rest/", "edugate/privacy/")

# Folder -> the prefixes that its files may include besides the folder itself. The longest folder
# that holds a file decides. {provider} stands for the folder's own name.
RULES = {
    "runtime": (),
    "runtime/errors": ("edugate/v1/error_reason.pb.h",),
    "runtime/async": (),
    "runtime/digest": (),
    "runtime/http": ("runtime/errors/", "runtime/async/"),
    "runtime/codec": ("runtime/errors/", *OPTIONS),
    "runtime/auth": ("runtime/errors/", "runtime/async/", "runtime/http/", "runtime/codec/",
                     "runtime/config/"),
    "runtime/config": ("runtime/errors/", "runtime/async/", *OPTIONS),
    "runtime/identity": ("runtime/errors/", "runtime/async/", "runtime/config/", "runtime/digest/"),
    "runtime/telemetry": ("runtime/errors/", "runtime/async/", "runtime/codec/", "runtime/http/",
                          *OPTIONS),
    "runtime/resilience": ("runtime/errors/", "runtime/async/", "runtime/http/",
                           "runtime/telemetry/"),
    "runtime/rest": ("runtime/errors/", "runtime/async/", "runtime/http/", "runtime/codec/",
                     "runtime/auth/", "runtime/telemetry/", "runtime/resilience/", *OPTIONS),
    "runtime/store": ("runtime/errors/", "runtime/async/", "runtime/digest/", "runtime/resilience/",
                      "runtime/telemetry/", *OPTIONS),
    "runtime/privacy": ("runtime/errors/", "runtime/async/", "runtime/digest/", "runtime/store/",
                        "runtime/telemetry/", *OPTIONS),
    "adapters": ("runtime/", "edugate/v1/", *OPTIONS),
    "adapters/*": ("runtime/", "adapters/*.h", "edugate/v1/", "edugate/provider/{provider}/",
                   *OPTIONS),
    "services": ("adapters/*.h", "runtime/async/", "runtime/digest/", "runtime/errors/", "runtime/telemetry/",
                 "runtime/store/", "runtime/identity/", "runtime/privacy/", "edugate/v1/", *OPTIONS),
    "sandbox": (),
    "app": ("",),
    "tests": ("",),
    "bench": ("",),
    "cmake": (),
    "tools": (),
    "tools/api": ("adapters/",),
}

# Folder -> what its tests (*_test.cc) may include besides. The provider packages are the codec's
# best examples; only the program itself must not know them.
TEST_RULES = {
    "runtime": ("edugate/provider/", *OPTIONS),
    "adapters": ("sandbox/", "edugate/provider/", "adapters/testing/"),
}

# Folder -> libraries that the folder must not see: services know no HTTP and no JSON.
FORBIDDEN_LIBRARIES = {
    "services": ("curl/", "httplib.h", "nlohmann/", "simdjson.h", "pugixml.hpp", "yaml-cpp/"),
}

# Slow to compile, so only .cc files include them.
HEAVY_LIBRARIES = ("curl/", "httplib.h", "nlohmann/json.hpp", "simdjson.h", "pugixml.hpp",
                   "yaml-cpp/")

OURS = ("runtime/", "adapters/", "services/", "sandbox/", "app/", "tests/", "bench/", "tools/",
        "edugate/")

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)


def is_test_support(path):
    """Fakes and scripted servers stand beside what they replace; any test may include them."""
    return path.rsplit("/", 1)[-1].startswith(("fake_", "scripted_", "test_"))


def rule_of(path):
    """Returns (folder, key of RULES) for the longest folder of RULES that holds path."""
    folder = path.rsplit("/", 1)[0] if "/" in path else ""
    while folder:
        if folder in RULES:
            return folder, folder
        parent = folder.rsplit("/", 1)[0] if "/" in folder else ""
        if parent and parent + "/*" in RULES:
            return folder, parent + "/*"
        folder = parent
    return None, None


def matches(include, prefix):
    """A prefix ending in '/*.h' means the headers of that folder itself, not those below."""
    if prefix.endswith("/*.h"):
        return os.path.dirname(include) == prefix[:-4]
    return include.startswith(prefix)


def check_include(path, include, quoted=True):
    """Returns why the file at path must not include this, or None when it may."""
    folder, key = rule_of(path)
    if key is None:
        return None
    is_test = path.endswith("_test.cc")
    if not include.startswith(OURS):
        for where, libraries in FORBIDDEN_LIBRARIES.items():
            if path.startswith(where + "/") and not is_test and include.startswith(libraries):
                return f"{where} sees no HTTP and no JSON"
        if path.endswith(".h") and include.startswith(HEAVY_LIBRARIES):
            return "this header is slow to compile: only .cc files include it"
        if quoted and "/" not in include and include.endswith(".h"):
            if include.startswith(HEAVY_LIBRARIES):
                return None
            return "an include of edugate is relative to the repository's root"
        return None

    allowed = RULES[key]
    if is_test or is_test_support(path):
        if is_test_support(include):
            return None
        allowed = allowed + TEST_RULES.get(path.split("/", 1)[0], ())
    provider = folder.rsplit("/", 1)[-1]
    allowed = [prefix.replace("{provider}", provider) for prefix in allowed]
    # The ports are not their adapters: below "adapters" each folder has a rule of its own.
    itself = key + "/*.h" if key + "/*" in RULES else folder + "/"
    if matches(include, itself) or any(matches(include, prefix) for prefix in allowed):
        return None
    if not allowed:
        return f"{folder} may include nothing else of edugate"
    return f"{folder} may include only itself and {', '.join(allowed)}"


def check_text(path, text):
    """Yields (line number, message) for every wrong include of a file's text."""
    code = cpp_text.blank(text, keep_strings=True)
    for match in _INCLUDE.finditer(code):
        include = match.group(2)
        reason = check_include(path, include, quoted=match.group(1) == '"')
        if reason:
            line = code.count("\n", 0, match.start(2)) + 1
            yield line, f"{include}: {reason}"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(
        os.path.abspath(__file__)))
    files = wrong = 0
    for path in cpp_text.cpp_files(root):
        files += 1
        for line, message in check_text(path, cpp_text.read(root, path)):
            wrong += 1
            print(f"{path}:{line}: {message}")
    print(f"check_includes: {files} files, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
