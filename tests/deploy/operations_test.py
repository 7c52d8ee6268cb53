"""docs/operations.md speaks of what there is: metrics, reasons, keys of the configuration, files, commands."""

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

    def test_every_file_is_there(self):
        for path in re.findall(r"`((?:deploy|proto|docs)/[\w./-]+)`", self.page):
            with self.subTest(path):
                self.assertTrue(os.path.exists(os.path.join(ROOT, path)))

    def test_every_link_leads_somewhere(self):
        for path in re.findall(r"\]\(([\w.-]+)(?:#[\w-]+)?\)", self.page):
            with self.subTest(path):
                self.assertTrue(os.path.exists(os.path.join(ROOT, "docs", path)))


if __name__ == "__main__":
    unittest.main()
