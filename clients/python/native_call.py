"""A provider's own method, called through edugate with the provider's own messages.

    PYTHONPATH=build/clients/gen/python python3 clients/python/native_call.py --target HOST:PORT
"""

import argparse

import grpc
from edugate.provider.edx_enterprise.v1 import assignment_pb2 as edx_assignment_pb2
from edugate.provider.edx_enterprise.v1 import edx_enterprise_pb2_grpc

from edugate_channel import open_channel

TIMEOUT_SECONDS = 30


def list_edx_assignments(
    channel: grpc.Channel,
    connection: str,
    request: edx_assignment_pb2.ListAssignmentsRequest,
) -> edx_assignment_pb2.AssignmentPage:
    """Calls a method of edX that the unified API has no counterpart of, with the messages of edX.

    edugate answers for it where `native_calls.enabled` is configured. The metadata say which account is meant.
    """
    stub = edx_enterprise_pb2_grpc.EdxEnterpriseV1Stub(channel)
    return stub.ListAssignments(
        request,
        timeout=TIMEOUT_SECONDS,
        metadata=[("edugate-connection", connection)],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="edX's own list of assignments.")
    parser.add_argument("--target", required=True, help="HOST:PORT")
    parser.add_argument("--tls-ca", help="PEM file of the authority of edugate's certificate")
    parser.add_argument("--token-file", help="file with a JSON Web Token")
    options = parser.parse_args()
    with open_channel(options.target, options.tls_ca, options.token_file) as channel:
        page = list_edx_assignments(
            channel,
            "edx",
            edx_assignment_pb2.ListAssignmentsRequest(
                assignment_configuration_uuid="6fc7ef56-d1c4-4aa8-a649-e6eb209f0000",
                state="allocated",
            ),
        )
        print(f"edX's own list of assignments: {page.count} allocated")


if __name__ == "__main__":
    main()
