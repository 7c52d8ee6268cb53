"""`./dev test` runs tests over sockets that failed once more, alone, and no others: tools/dev/test.sh."""

import os
import tempfile
import unittest

import test_verb

# In place of ctest: `unit` and `sockets` are tests, of which $FAIL fail when they run with others and $FAIL_ALONE alone.
SCRIPT = r"""
folder="$1"
check_output() { echo "checked"; }
ctest() {
  local arguments="$*" fail
  if [[ "$arguments" == *" -N "* ]]; then
    [[ "$FAIL" == sockets ]] && echo "Total Tests: 1" || echo "Total Tests: 0"
    return 0
  fi
  echo "ran: $arguments"
  fail="$FAIL"
  if [[ "$arguments" == *"-j 1"* ]]; then fail="$FAIL_ALONE"; fi
  if [[ -z "$fail" ]]; then return 0; fi
  echo "1:$fail" >"$folder/Testing/Temporary/LastTestsFailed.log"
  return 8
}
run_ctest "$folder" || run_failed_alone "$folder"
echo "passed"
"""


class SecondRunTest(unittest.TestCase):
    def outcome(self, fail, fail_alone=""):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "Testing", "Temporary"))
            status, text = test_verb.run(SCRIPT, folder, FAIL=fail, FAIL_ALONE=fail_alone)
        return status, text, text.count("ran: ")

    def test_what_passes_runs_once(self):
        status, text, runs = self.outcome("")
        self.assertEqual((status, runs), (0, 1))
        self.assertIn("passed", text)

    def test_a_test_over_sockets_that_passes_alone_is_said_to_be_unsteady(self):
        status, text, runs = self.outcome("sockets")
        self.assertEqual((status, runs), (0, 2))
        self.assertIn("-R ^(sockets)$", text)
        self.assertIn("UNSTEADY, failed beside others and passed alone: sockets", text)
        # The second run's log replaces that of the first.
        self.assertLess(text.index("checked"), text.rindex("ran: "))

    def test_a_test_over_sockets_that_fails_again_fails(self):
        status, text, runs = self.outcome("sockets", "sockets")
        self.assertEqual((status, runs), (8, 2))
        self.assertNotIn("UNSTEADY", text)

    def test_another_test_has_one_run(self):
        status, text, runs = self.outcome("unit")
        self.assertEqual((status, runs), (1, 1))
        self.assertNotIn("passed", text)


if __name__ == "__main__":
    unittest.main()
