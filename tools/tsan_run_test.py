"""`./dev test --tsan` runs both parts of the tests, and is no success where it runs none: tools/dev/test.sh."""

import unittest

import test_verb

# In place of ctest: `unit` is a test without gRPC and `calls` one with it. $FAIL fails.
SCRIPT = r"""
TEST_PACKAGES=()
for name in need preset_folder build_preset fetch_buf fetch_openapi_schemas sanitizer_options; do
  eval "$name() { :; }"
done
ctest() {
  local arguments=" $* " tests=(unit calls) found=() test
  if [[ "$arguments" == *" -LE grpc "* ]]; then tests=(unit); fi
  if [[ "$arguments" == *" -L grpc "* ]]; then tests=(calls); fi
  for test in "${tests[@]}"; do
    if [[ "$arguments" != *" -R "* || "$arguments" == *" -R $test "* ]]; then found+=("$test"); fi
  done
  if [[ "$arguments" == *" -N "* ]]; then
    echo "Total Tests: ${#found[@]}"
    return 0
  fi
  if ((${#found[@]} == 0)); then
    echo "No tests were found!!!"
    if [[ "$arguments" == *" --no-tests=error "* ]]; then return 8; fi
    return 0
  fi
  echo "ran: ${found[*]}"
  if [[ " ${found[*]} " == *" $FAIL "* ]]; then return 8; fi
}
run_tests --tsan "$@"
echo "passed"
"""


class TsanRunTest(unittest.TestCase):
    def outcome(self, *arguments, fail="none"):
        status, text = test_verb.run(SCRIPT, *arguments, FAIL=fail)
        return status, text.splitlines()

    def test_both_parts_run_one_after_the_other(self):
        self.assertEqual(self.outcome(), (0, ["ran: unit", "ran: calls", "passed"]))

    def test_a_part_without_a_test_is_left_out(self):
        self.assertEqual(self.outcome("-R", "calls"), (0, ["ran: calls", "passed"]))

    def test_the_second_part_runs_where_the_first_fails(self):
        self.assertEqual(self.outcome(fail="unit"), (8, ["ran: unit", "ran: calls"]))

    def test_a_name_that_no_test_has_is_no_success(self):
        self.assertEqual(self.outcome("-R", "typo"), (8, ["No tests were found!!!"]))


if __name__ == "__main__":
    unittest.main()
