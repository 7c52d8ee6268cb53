"""./dev bench measures no variant of edugate whose calls fail: bench/variants.py."""

import os
import sys
import tempfile
import types
import unittest
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "bench"))

import variants  # pylint: disable=wrong-import-position
from processes import Wrong  # pylint: disable=wrong-import-position

# In place of h2load, which counts a call as succeeded whatever its grpc-status: $FIRST bytes for one call, $OTHERS for each of
# several.
H2LOAD = """\
#!/usr/bin/env bash
while [[ "$1" != -n ]]; do shift; done
if (($2 == 1)); then bytes="$FIRST"; else bytes="$OTHERS"; fi
echo "finished in 1.00s, $2.00 req/s, 1KB/s"
echo "requests: $2 total, $2 started, $2 done, $2 succeeded, 0 failed, 0 errored, 0 timeout"
echo "traffic: 1KB (1024) total, 1KB (512) headers (space savings 90.00%), 1KB ($(($2 * bytes))) data"
"""
CALL = {"method": "GetEnrollment", "request": "request.bin"}


class VariantsTest(unittest.TestCase):
    def in_turns(self, first, others):
        variant = variants.Variant.__new__(variants.Variant)
        variant.name, variant.headers, variant.scheme = "part", [], "http"
        variant.server = types.SimpleNamespace(target="127.0.0.1:1", cpu_seconds=lambda: 0.0)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "h2load")
            with open(path, "w", encoding="utf-8") as file:
                file.write(H2LOAD)
            os.chmod(path, 0o755)
            environment = {"PATH": folder + ":" + os.environ["PATH"], "FIRST": str(first), "OTHERS": str(others)}
            with mock.patch.dict(os.environ, environment):
                return variants.in_turns([variant], {"unary": (CALL, 10, None, {})}, 1)

    def test_calls_that_bring_whole_answers_are_measured(self):
        self.assertEqual(self.in_turns(81, 81), {"part": {"unary": 0.0}})

    def test_calls_that_all_fail_are_not(self):
        with self.assertRaises(Wrong):
            self.in_turns(0, 0)

    def test_calls_of_which_some_fail_are_not(self):
        with self.assertRaises(Wrong):
            self.in_turns(81, 80)


if __name__ == "__main__":
    unittest.main()
