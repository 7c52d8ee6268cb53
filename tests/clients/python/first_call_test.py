"""first_call.py against the program with its sandbox, over a real socket."""

import collections
import contextlib
import datetime
import io
import os
import subprocess
import sys
import unittest

try:
    import google.protobuf
    import grpc
except ImportError as missing:
    sys.exit(
        f"{missing}, for {sys.executable}. "
        "On Debian 12: apt-get install python3-grpcio python3-protobuf"
    )

import first_call
from edugate.provider.edx_enterprise.v1 import assignment_pb2 as edx_assignment_pb2
from edugate.v1 import assignment_service_pb2
from edugate.v1 import assignment_service_pb2_grpc
from edugate.v1 import enrollment_service_pb2
from edugate.v1 import enrollment_service_pb2_grpc

POLICY = "connections/edx/policies/904b1785-9d3a-1000-848d-6ae7a56e6355"
CONFIGURATION = "6fc7ef56-d1c4-4aa8-a649-e6eb209f0000"
# The sandbox's connections that list enrollments.
CONNECTIONS = ("connections/edx", "connections/edx-xml", "connections/oa", "connections/tms")

ADDRESS_LINE = "edugate: listening on "


class FirstCallTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        program = subprocess.Popen(
            [os.environ["EDUGATE_PROGRAM"], "serve", "--sandbox", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            text=True,
        )
        cls.addClassCleanup(cls.stop, program)
        # The output ends with the program, so that one that cannot start does not hold the test.
        lines = (line for line in program.stdout if line.startswith(ADDRESS_LINE))
        cls.address = next(lines, "")[len(ADDRESS_LINE) :].strip()
        if not cls.address:
            raise AssertionError("edugate serve --sandbox ended without saying that it listens")
        cls.channel = grpc.insecure_channel(cls.address)
        cls.addClassCleanup(cls.channel.close)

    @staticmethod
    def stop(program):
        program.terminate()
        program.communicate()
        if program.returncode != 0:
            raise AssertionError(f"edugate ended with {program.returncode}")

    def names_of_stream(self, parent):
        stub = enrollment_service_pb2_grpc.EnrollmentServiceStub(self.channel)
        request = enrollment_service_pb2.StreamEnrollmentsRequest(parent=parent)
        stream = stub.StreamEnrollments(request, timeout=first_call.TIMEOUT_SECONDS)
        return [each.name for each in stream]

    def allocate(self, **fields):
        request = assignment_service_pb2.AllocateAssignmentsRequest(
            content_key="SandX+C001", content_price_cents=1000, **fields
        )
        stub = assignment_service_pb2_grpc.AssignmentServiceStub(self.channel)
        return stub.AllocateAssignments(request, timeout=first_call.TIMEOUT_SECONDS)

    def failure_of(self, call, *arguments, **fields):
        with self.assertRaises(grpc.RpcError) as raised:
            call(*arguments, **fields)
        return raised.exception.code(), first_call.failure_of(raised.exception)

    def test_the_pages_across_all_connections_hold_every_record_once(self):
        request = enrollment_service_pb2.ListEnrollmentsRequest(
            parent="connections/-", page_size=70
        )
        pages = list(first_call.enrollment_pages(self.channel, request))
        listed = collections.Counter(each.name for page in pages for each in page.enrollments)
        # Asked one by one and streamed, so by another way.
        streamed = {parent: self.names_of_stream(parent) for parent in CONNECTIONS}
        for parent, names in streamed.items():
            self.assertGreater(len(names), 70, parent)
        self.assertEqual(listed, collections.Counter(sum(streamed.values(), [])))
        self.assertEqual(set(listed.values()), {1})
        self.assertGreater(len(pages), 4)
        self.assertLessEqual(max(len(page.enrollments) for page in pages), 70)
        self.assertEqual([name for page in pages for name in page.unreachable], [])
        self.assertEqual(request.page_token, "")

    def test_an_error_says_why_and_when_to_try_again(self):
        code, failure = self.failure_of(
            self.allocate,
            parent="connections/edx/policies/policy-locked",
            learner_emails=["jane@example.org"],
        )
        self.assertEqual(code, grpc.StatusCode.ABORTED)
        self.assertEqual(failure.reason, "PROVIDER_LOCKED")
        self.assertEqual(failure.metadata["connection"], "edx")
        self.assertEqual(failure.metadata["provider_status"], "429")
        self.assertGreater(failure.retry_delay, datetime.timedelta())

    def test_an_error_that_waiting_does_not_help_has_no_delay(self):
        stub = enrollment_service_pb2_grpc.EnrollmentServiceStub(self.channel)
        request = enrollment_service_pb2.GetEnrollmentRequest(
            name="connections/tms/enrollments/31337"
        )
        code, failure = self.failure_of(
            stub.GetEnrollment, request, timeout=first_call.TIMEOUT_SECONDS
        )
        self.assertEqual(code, grpc.StatusCode.NOT_FOUND)
        self.assertEqual(failure.reason, "RESOURCE_NOT_FOUND")
        self.assertIsNone(failure.retry_delay)

    def test_a_method_that_the_domain_does_not_cover_is_called_natively(self):
        emails = ["native-1@example.org", "native-2@example.org", "native-3@example.org"]
        created = self.allocate(parent=POLICY, learner_emails=emails).created
        self.assertEqual(len(created), 3)
        assignment_service_pb2_grpc.AssignmentServiceStub(self.channel).CancelAssignments(
            assignment_service_pb2.CancelAssignmentsRequest(
                parent=f"connections/edx/assignmentConfigurations/{CONFIGURATION}",
                assignments=[created[1].provider_id],
            ),
            timeout=first_call.TIMEOUT_SECONDS,
        )
        cancelled = self.list_assignments("edx", state="cancelled")
        self.assertEqual([each.uuid for each in cancelled.results], [created[1].provider_id])
        self.assertEqual(cancelled.results[0].learner_email, created[1].learner_email)
        self.assertEqual(cancelled.results[0].content_quantity, -1000)
        # Null at the provider, so absent here and not 0.
        self.assertFalse(cancelled.results[0].HasField("lms_user_id"))
        first = self.list_assignments("edx", page_size=1)
        self.assertEqual((first.count, len(first.results)), (3, 1))
        self.assertTrue(first.next)

    def test_a_native_call_names_an_account_of_the_provider(self):
        code, failure = self.failure_of(self.list_assignments, "oa")
        self.assertEqual(code, grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(failure.reason, "ARGUMENT_INVALID")
        code, failure = self.failure_of(self.list_assignments, "nobody")
        self.assertEqual(code, grpc.StatusCode.NOT_FOUND)
        self.assertEqual(failure.reason, "CONNECTION_UNKNOWN")

    def list_assignments(self, connection, **fields):
        return first_call.list_edx_assignments(
            self.channel,
            connection,
            edx_assignment_pb2.ListAssignmentsRequest(
                assignment_configuration_uuid=CONFIGURATION, **fields
            ),
        )

    def test_the_example_runs(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            first_call.main(self.address)
        for words in (*CONNECTIONS, "ABORTED PROVIDER_LOCKED", "list of assignments: "):
            self.assertIn(words, out.getvalue())
        self.assertNotIn("not reached", out.getvalue())


if __name__ == "__main__":
    unittest.main()
