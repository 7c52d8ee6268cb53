"""clients/python/native_call.py against the program with its sandbox."""

import unittest

import grpc

import native_call
from edugate.provider.edx_enterprise.v1 import assignment_pb2 as edx_assignment_pb2
from edugate.v1 import assignment_service_pb2
from edugate.v1 import assignment_service_pb2_grpc
from edugate_failure import failure_of
from serving import serve_sandbox

POLICY = "connections/edx/policies/904b1785-9d3a-1000-848d-6ae7a56e6355"
CONFIGURATION = "6fc7ef56-d1c4-4aa8-a649-e6eb209f0000"


class NativeCallTest(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.address = cls.enterClassContext(serve_sandbox())
        cls.channel = cls.enterClassContext(grpc.insecure_channel(cls.address))

    def test_a_method_that_the_domain_does_not_cover_is_called_natively(self):
        stub = assignment_service_pb2_grpc.AssignmentServiceStub(self.channel)
        emails = ["native-1@example.org", "native-2@example.org", "native-3@example.org"]
        created = stub.AllocateAssignments(
            assignment_service_pb2.AllocateAssignmentsRequest(
                parent=POLICY, learner_emails=emails, content_key="SandX+C001", content_price_cents=1000
            ),
            timeout=native_call.TIMEOUT_SECONDS,
        ).created
        self.assertEqual(len(created), 3)
        stub.CancelAssignments(
            assignment_service_pb2.CancelAssignmentsRequest(
                parent=f"connections/edx/assignmentConfigurations/{CONFIGURATION}",
                assignments=[created[1].provider_id],
            ),
            timeout=native_call.TIMEOUT_SECONDS,
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
        for connection, code, reason in [
            ("oa", grpc.StatusCode.INVALID_ARGUMENT, "ARGUMENT_INVALID"),
            ("nobody", grpc.StatusCode.NOT_FOUND, "CONNECTION_UNKNOWN"),
        ]:
            with self.subTest(connection=connection), self.assertRaises(grpc.RpcError) as raised:
                self.list_assignments(connection)
            self.assertEqual(raised.exception.code(), code)
            self.assertEqual(failure_of(raised.exception).reason, reason)

    def list_assignments(self, connection, **fields):
        return native_call.list_edx_assignments(
            self.channel,
            connection,
            edx_assignment_pb2.ListAssignmentsRequest(assignment_configuration_uuid=CONFIGURATION, **fields),
        )


if __name__ == "__main__":
    unittest.main()
