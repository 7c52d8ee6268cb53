import unittest

import failed_tests

LOG = """Start testing: Nov 22 04:40 UTC
----------------------------------------------------------
1/2 Testing: good_test
1/2 Test: good_test
Command: "good_test"
Output:
----------------------------------------------------------
[ RUN      ] A.B
[       OK ] A.B (1 ms)
<end of output>
Test time =   0.70 sec
----------------------------------------------------------
Test Passed.

2/2 Testing: bad_test
2/2 Test: bad_test
Command: "bad_test"
Output:
----------------------------------------------------------
[ RUN      ] C.D
2026-01-02T03:04:05.678Z info call {}
c_test.cc:160: Failure
Expected equality of these values:
  1
  0
2026-01-02T03:04:05.679Z info call {}
[  FAILED  ] C.D (14 ms)
<end of output>
Test time =   0.10 sec
----------------------------------------------------------
Test Failed.
"""


class FailedTestsTest(unittest.TestCase):
    def test_only_what_did_not_pass_is_told(self):
        self.assertEqual([(name, passed) for name, _, passed in failed_tests.entries(LOG)],
                         [("good_test", True), ("bad_test", False)])

    def test_a_failure_is_told_without_the_log_around_it(self):
        output = list(failed_tests.entries(LOG))[1][1]
        self.assertEqual(failed_tests.digest(output), [
            "c_test.cc:160: Failure", "Expected equality of these values:", "  1", "  0", "[  FAILED  ] C.D (14 ms)"])

    def test_without_a_report_the_last_lines_are_told(self):
        self.assertEqual(failed_tests.digest("one\ntwo"), ["one", "two"])

    def test_a_test_that_was_cut_off_has_not_passed(self):
        (_, _, first), (_, _, second) = failed_tests.entries(LOG.replace("Test Failed.", "Test timeout computed"))
        self.assertEqual((first, second), (True, False))


if __name__ == "__main__":
    unittest.main()
