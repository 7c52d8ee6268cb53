"""`./dev test` installs what Python's programs among the tests import: TEST_PACKAGES of tools/dev/packages.sh."""

import ast
import os
import re
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Debian's package of each module that is neither Python's own nor edugate's.
PACKAGES = {
    "google": "python3-protobuf",
    "grpc": "python3-grpcio",
    "hpack": "python3-hpack",
    "jsonschema": "python3-jsonschema",
    "yaml": "python3-yaml",
}
# The stubs, which ./dev clients makes.
MADE = {"edugate"}


def python_files():
    for top in ("bench", "clients", "tests", "tools"):
        for folder, folders, names in os.walk(os.path.join(ROOT, top)):
            # What npm lays beside the example in TypeScript is nobody's of these.
            folders[:] = [each for each in folders if each not in ("node_modules", "__pycache__")]
            for name in names:
                if name.endswith(".py"):
                    yield os.path.join(folder, name)


def imported(path):
    """The modules that a file imports, wherever in it, each by the first part of its name."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (each.name.split(".")[0] for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


class DevPackagesTest(unittest.TestCase):
    def test_every_module_is_of_a_package_that_is_installed(self):
        with open(os.path.join(ROOT, "tools", "dev", "packages.sh"), encoding="utf-8") as file:
            listed = re.search(r"^TEST_PACKAGES=\((.*?)\)", file.read(), re.MULTILINE | re.DOTALL).group(1).split()
        files = list(python_files())
        own = {os.path.basename(path)[: -len(".py")] for path in files}
        own |= {os.path.basename(os.path.dirname(path)) for path in files}
        foreign = {each for path in files for each in imported(path)} - set(sys.stdlib_module_names) - own - MADE
        self.assertIn("grpc", foreign)
        self.assertEqual({each: PACKAGES.get(each) for each in foreign if PACKAGES.get(each) not in listed}, {})


if __name__ == "__main__":
    unittest.main()
