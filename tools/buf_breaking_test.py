"""The check against the last release must find what would break callers."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
CHECK = os.path.join(ROOT, "tools", "buf_breaking.sh")
BUF = os.path.join(ROOT, "build", "tools", "buf", "bin", "buf")


@unittest.skipUnless(os.path.exists(BUF), "./dev test fetches buf")
class BufBreakingTest(unittest.TestCase):

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copy(os.path.join(ROOT, "buf.yaml"), self.folder)
        shutil.copytree(os.path.join(ROOT, "proto"), os.path.join(self.folder, "proto"))
        os.mkdir(os.path.join(self.folder, "build"))
        shutil.copytree(
            os.path.join(ROOT, "build", "googleapis"), os.path.join(self.folder, "build", "googleapis")
        )

    def check(self):
        done = subprocess.run([CHECK, self.folder], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def change(self, path, pattern, replacement):
        path = os.path.join(self.folder, "proto", "edugate", path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1, flags=re.MULTILINE)
        self.assertEqual(count, 1, f"{pattern} is not in {path}")
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)

    def expect_failure(self, words):
        status, output = self.check()
        self.assertEqual(status, 1, output)
        self.assertIn(words, output)
        self.assertIn("the protos break callers of v", output)

    def test_the_protos_as_they_are_break_nobody(self):
        status, output = self.check()
        self.assertEqual(status, 0, output)

    def test_a_new_field_breaks_nobody(self):
        self.change("v1/learner.proto", r"^message Learner \{$", "message Learner {\n  // A field.\n  string extra = 9999;")
        status, output = self.check()
        self.assertEqual(status, 0, output)

    def test_a_removed_field_is_found(self):
        self.change("v1/enrollment_service.proto", r"^  string next_page_token = 2;$", "")
        self.expect_failure('"next_page_token"')

    def test_a_changed_type_is_found(self):
        self.change("v1/enrollment_service.proto", r"^  int32 enrollment_count = 2;$", "  string enrollment_count = 2;")
        self.expect_failure("enrollment_count")

    def test_a_renumbered_enum_value_is_found(self):
        self.change("v1/error_reason.proto", r"ERROR_REASON_NOT_READY = 35;", "ERROR_REASON_NOT_READY = 999;")
        self.expect_failure('"35" on enum "ErrorReason" was deleted')

    def test_a_removed_method_is_found(self):
        self.change("v1/connection_service.proto", r"^  rpc ListDrift\((?:.|\n)*?^  \}$", "")
        self.expect_failure("ListDrift")

    def test_a_field_of_a_provider_that_was_removed_is_found(self):
        self.change("provider/openapply/v3/openapply.proto", r"^  optional string custom_id = \d+[^;]*;$", "")
        self.expect_failure("custom_id")

    def test_without_a_release_the_check_fails(self):
        shutil.rmtree(os.path.join(self.folder, "proto", "releases"))
        os.mkdir(os.path.join(self.folder, "proto", "releases"))
        status, output = self.check()
        self.assertEqual(status, 1)
        self.assertIn("there is no release", output)


if __name__ == "__main__":
    unittest.main()
