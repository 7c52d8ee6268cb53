import os
import subprocess
import sys
import tempfile
import unittest

import check_printing


def lines(text):
    return [line for line, _ in check_printing.check_text(text)]


class CheckPrintingTest(unittest.TestCase):

    def test_printing_a_message_is_found(self):
        for statement in (
                "log(message.DebugString());",
                "log(request->ShortDebugString ());",
                "x = m.Utf8DebugString();",
                "google::protobuf::util::MessageToJsonString(m, &json);",
                "google::protobuf::TextFormat::PrintToString(m, &text);",
                "TextFormat ::Print(m, &stream);",
                "m.PrintDebugString();",
        ):
            self.assertEqual([2], lines("\n" + statement + "\n"), statement)

    def test_words_in_comments_and_strings_are_not(self):
        self.assertEqual([], lines('// m.DebugString()\nlog("DebugString()");\nDebugStringOf(x);\n'))

    def test_tests_may_print(self):
        self.assertFalse(check_printing.is_checked("app/server_test.cc"))
        self.assertFalse(check_printing.is_checked("tests/end_to_end/deployment.cc"))
        self.assertTrue(check_printing.is_checked("app/server.cc"))

    def test_the_program_fails_on_a_tree_that_prints(self):
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.join(root, "app"))
            with open(os.path.join(root, "app", "x.cc"), "w", encoding="utf-8") as stream:
                stream.write("void F(const M& m) { Log(m.DebugString()); }\n")
            run = subprocess.run([sys.executable, check_printing.__file__, root],
                                 capture_output=True, text=True, check=False)
        self.assertEqual(1, run.returncode)
        self.assertIn("app/x.cc:1: DebugString shows personal data", run.stdout)


if __name__ == "__main__":
    unittest.main()
