"""The documents speak of what there is: metrics, reasons, keys of the configuration and their ranges, files."""

import glob
import os
import re
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def text(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


class OperationsTest(unittest.TestCase):
    page = text("docs/operations.md")

    def test_every_metric_is_one_that_telemetry_lists(self):
        listed = set(re.findall(r"\bedugate_[a-z_]+", text("docs/telemetry.md")))
        self.assertEqual(set(re.findall(r"\bedugate_[a-z_]+", self.page)) - listed, set())

    def test_every_reason_exists(self):
        reasons = set(re.findall(r"ERROR_REASON_([A-Z_]+)", text("proto/edugate/v1/error_reason.proto")))
        table = self.page.split("## Troubleshoot", 1)[1]
        named = {each for row in re.findall(r"^\| ([A-Z_, ]+) \|", table, re.MULTILINE) for each in row.split(", ")}
        self.assertGreater(len(named), 20)
        self.assertEqual(named - reasons, set())

    def test_every_key_is_one_of_the_configuration(self):
        fields = set(re.findall(r"\b([a-z_]+) = \d+", text("proto/edugate/v1/config.proto")))
        parents = {"server", "concurrency", "limits", "breaker", "cache", "state", "runtime", "webhook", "http", "callers"}
        for parent, key in re.findall(r"`([a-z_]+)\.([a-z_]+)`", self.page):
            if parent in parents:
                with self.subTest(f"{parent}.{key}"):
                    self.assertIn(key, fields)


class PagesTest(unittest.TestCase):
    # Not docs/api, which is made of the protos.
    pages = ["README.md", "CONTRIBUTING.md"] + [
        os.path.relpath(path, ROOT)
        for pattern in ("docs/*.md", "docs/decisions/*.md", "docs/openapi/*.md", "clients/**/*.md", "*/README.md",
                        "tests/*/README.md")
        for path in glob.glob(os.path.join(ROOT, pattern), recursive=True) if "node_modules" not in path]

    def test_every_file_is_there(self):
        found = 0
        for page in self.pages:
            for path in re.findall(r"`((?:\.ci|adapters|app|bench|clients|deploy|docs|proto|runtime|sandbox|services|tests|tools)"
                                   r"/[\w./-]+)`", text(page)):
                # A release that has no number yet.
                if "X.Y.Z" in path:
                    continue
                found += 1
                with self.subTest(f"{page}: {path}"):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, path)))
        self.assertGreater(found, 30)

    def test_every_link_leads_somewhere(self):
        found = 0
        for page in self.pages:
            for path in re.findall(r"\]\((?!https?:)([\w./-]+)(?:#[\w-]+)?\)", text(page)):
                found += 1
                with self.subTest(f"{page}: {path}"):
                    self.assertTrue(os.path.exists(os.path.join(ROOT, os.path.dirname(page), path)))
        self.assertGreater(found, 60)


SECONDS = {"Milliseconds": 0.001, "Seconds": 1, "Minutes": 60, "Hours": 3600}


def number(expression):
    """What a number or a time in C++ is, in seconds if it is one."""
    plain = re.sub(r"absl::(\w+)\(([^()]*)\)", lambda m: f"({m[2] or 0}) * {SECONDS.get(m[1], 0)}", expression)
    plain = re.sub(r"int64_t\{(\d+)\}", r"\1", plain.replace("'", ""))
    return round(float(eval(plain)), 6)  # pylint: disable=eval-used


class RangesTest(unittest.TestCase):
    """The ranges of config.proto are those that a configuration is held to."""

    # 0 is the default; the most is another key's value.
    EXCEPTIONS = {"loops", "default_deadline"}

    def test_every_range_is_the_one_that_is_checked(self):
        checked = {}
        for path in glob.glob(os.path.join(ROOT, "app/*_check.cc")):
            for name, least, most in re.findall(r'(?:Number|Span)Range\{"(\w+)", ([^,]+), ([^,]+)\},?\s*[\n}]', text(path)):
                checked.setdefault(name, set()).add((number(least), number(most)))
        self.assertGreater(len(checked), 50)
        fields = re.findall(r"((?: *//.*\n)+) *(?:optional )?(?:int32|int64|google\.protobuf\.Duration) (\w+) = \d+",
                            text("proto/edugate/v1/config.proto"))
        told = {}
        for comment, name in fields:
            words = " ".join(line.strip("/ ") for line in comment.splitlines())
            for least, most in re.findall(r"Range: ([\d.]+?)s? to ([\d.]+?)s?[.,](?!\d)", words):
                told.setdefault(name, set()).add((float(least), float(most)))
        for name in set(checked) - self.EXCEPTIONS:
            with self.subTest(name):
                self.assertEqual(told.get(name), checked[name])


if __name__ == "__main__":
    unittest.main()
