import pathlib
import tempfile
import unittest

import fuzz


class FuzzTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.sources = pathlib.Path(folder.name)
        (self.sources / "fuzz_a.cc").write_text("// Any text as an a. The first byte chooses\n// which.\n\n#include <string>\n")
        (self.sources / "fuzz_b.cc").write_text("// Keys: a file\n// of the operator's.\n")

    def test_a_target_is_told_by_the_first_sentence_of_its_file(self):
        self.assertEqual(fuzz.subject(self.sources / "fuzz_a.cc"), "Any text as an a")
        self.assertEqual(fuzz.subject(self.sources / "fuzz_b.cc"), "Keys")

    def test_the_executions_are_libfuzzers(self):
        self.assertEqual(fuzz.executions("Done\nstat::number_of_executed_units: 1234\nstat::x: 5\n"), 1234)
        self.assertEqual(fuzz.executions("==1== ERROR: AddressSanitizer"), 0)

    def test_runs_add_up(self):
        accounts = {}
        run = {"cpu_seconds": 60.5, "executions": 10, "findings": 0, "revision": "one"}
        fuzz.add(accounts, "fuzz_a", run)
        fuzz.add(accounts, "fuzz_a", {**run, "findings": 1, "revision": "two"})
        self.assertEqual(accounts, {"fuzz_a": {"cpu_seconds": 121.0, "executions": 20, "findings": 1, "revision": "two"}})

    def test_accounts_are_written_and_read_back(self):
        path = self.sources / "accounts.json"
        self.assertEqual(fuzz.load(path), {})
        fuzz.store(path, {"b": 1, "a": 2})
        self.assertEqual(fuzz.load(path), {"a": 2, "b": 1})

    def test_the_page_names_every_target_also_one_that_never_ran(self):
        text = fuzz.page(self.sources, {"fuzz_a": {"cpu_seconds": 1800, "executions": 12345, "findings": 0, "revision": "abc"}})
        self.assertIn("2 targets, 1 of them with half an hour or more; 12,345 executions in all.", text)
        self.assertIn("| fuzz_a | Any text as an a | 12,345 | 30.0 | 0 | abc |", text)
        self.assertIn("| fuzz_b | Keys | 0 | 0.0 | 0 | never |", text)

    def test_the_committed_page_is_current(self):
        self.assertEqual(fuzz.PAGE.read_text(), fuzz.page(fuzz.SOURCES, fuzz.load(fuzz.ACCOUNTS)),
                         "tools/fuzz/fuzz.py --write-page writes it anew")


if __name__ == "__main__":
    unittest.main()
