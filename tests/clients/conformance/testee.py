"""A client in some language, as a process that makes the calls it is told and says what came of them.

One JSON object a line on its standard input is a call, one on its standard output its outcome:

    {"address": "127.0.0.1:7443", "method": "edugate.v1.EnrollmentService/ListEnrollments", "requests": [{...}],
     "metadata": {"edugate-purpose": "audit"}, "timeoutMs": 5000, "cancelAfter": 2, "serviceConfig": "{...}"}
    {"code": "OK", "message": "", "details": [{"@type": "...", ...}], "replies": [{...}],
     "trailers": {"grpc-retry-pushback-ms": "1000"}, "elapsedMs": 12}

Requests, replies and details are messages in protobuf's JSON, read and written by the language's own library. A code is
the name of gRPC's list. `cancelAfter` cancels the call after so many replies. `serviceConfig` is what the channel is made
with; without it the channel doesn't retry.
"""

import json
import subprocess
import threading


class Testee:

    def __init__(self, command, environment=None):
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
        )

    def call(self, call, patience_seconds):
        """The outcome of a call. Raises AssertionError where the client dies or says nothing in time."""
        self._process.stdin.write(json.dumps(call) + "\n")
        self._process.stdin.flush()
        watchdog = threading.Timer(patience_seconds, self._process.kill)
        watchdog.start()
        try:
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise AssertionError(f"the client ended, or was silent for {patience_seconds} s, during {call['method']}")
        return json.loads(line)

    def stop(self):
        """Ends the client by ending its input. Raises AssertionError where it doesn't end well."""
        self._process.stdin.close()
        try:
            status = self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._process.stdout.close()
        if status != 0:
            raise AssertionError(f"the client ended with {status}")
