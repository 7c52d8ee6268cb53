"""The first calls of a client in Python: a list, an error, a provider's own method.

    ./dev build python_stubs
    ./dev demo --serve             # leaves edugate running with its sandbox, and prints its ADDRESS
    PYTHONPATH=build/python /usr/bin/python3 tests/clients/python/first_call.py ADDRESS

It needs Debian's python3-grpcio and python3-protobuf (or grpcio and protobuf of PyPI).
"""

import collections
import dataclasses
import datetime
import sys
from typing import Dict, Iterator, Optional

import grpc
from edugate.provider.edx_enterprise.v1 import assignment_pb2 as edx_assignment_pb2
from edugate.provider.edx_enterprise.v1 import edx_enterprise_pb2_grpc
from edugate.v1 import assignment_service_pb2
from edugate.v1 import assignment_service_pb2_grpc
from edugate.v1 import enrollment_service_pb2
from edugate.v1 import enrollment_service_pb2_grpc
from google.rpc import error_details_pb2
from google.rpc import status_pb2

# Every call has a deadline: edugate gives the provider up when it has passed.
TIMEOUT_SECONDS = 30


def enrollment_pages(
    channel: grpc.Channel, request: enrollment_service_pb2.ListEnrollmentsRequest
) -> Iterator[enrollment_service_pb2.ListEnrollmentsResponse]:
    """Yields a list's pages to the last.

    Of `connections/-`, a page's `unreachable_details` say whose records it lacks, and why.
    """
    stub = enrollment_service_pb2_grpc.EnrollmentServiceStub(channel)
    query = enrollment_service_pb2.ListEnrollmentsRequest()
    query.CopyFrom(request)
    while True:
        page = stub.ListEnrollments(query, timeout=TIMEOUT_SECONDS)
        yield page
        if not page.next_page_token:
            return
        query.page_token = page.next_page_token


@dataclasses.dataclass(frozen=True)
class Failure:
    """What a failed call says besides its code and message."""

    # The name of an edugate.v1.ErrorReason without its prefix: what programs decide by.
    reason: str
    # What is variable in the message: connection, provider, operation, provider_status and others.
    metadata: Dict[str, str]
    # How long to wait before the call is worth another try. None: nobody knows, or never.
    retry_delay: Optional[datetime.timedelta]


def failure_of(error: grpc.RpcError) -> Failure:
    """Reads the google.rpc.Status that comes in the trailing metadata of every error of edugate."""
    status = status_pb2.Status()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    info = error_details_pb2.ErrorInfo()
    retry = error_details_pb2.RetryInfo()
    retry_delay = None
    for detail in status.details:
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(retry.DESCRIPTOR):
            detail.Unpack(retry)
            retry_delay = retry.retry_delay.ToTimedelta()
    return Failure(info.reason, dict(info.metadata), retry_delay)


def list_edx_assignments(
    channel: grpc.Channel,
    connection: str,
    request: edx_assignment_pb2.ListAssignmentsRequest,
) -> edx_assignment_pb2.AssignmentPage:
    """Calls a method of edX that the unified API has no counterpart of, with the messages of edX.

    edugate answers for it where `native_calls.enabled` is configured. The metadata say which
    account is meant.
    """
    stub = edx_enterprise_pb2_grpc.EdxEnterpriseV1Stub(channel)
    return stub.ListAssignments(
        request,
        timeout=TIMEOUT_SECONDS,
        metadata=[("edugate-connection", connection)],
    )


def main(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        counts = collections.Counter()
        unreachable = {}
        everywhere = enrollment_service_pb2.ListEnrollmentsRequest(parent="connections/-")
        for page in enrollment_pages(channel, everywhere):
            counts.update(each.name.split("/enrollments/")[0] for each in page.enrollments)
            unreachable.update((each.connection, each.reason) for each in page.unreachable_details)
        for connection, count in sorted(counts.items()):
            print(f"{connection}: {count} enrollments")
        for connection, reason in sorted(unreachable.items()):
            print(f"{connection}: not reached, {reason}")

        allocation = assignment_service_pb2.AllocateAssignmentsRequest(
            parent="connections/edx/policies/policy-locked",
            learner_emails=["jane@example.org"],
            content_key="SandX+C001",
            content_price_cents=1000,
        )
        try:
            assignment_service_pb2_grpc.AssignmentServiceStub(channel).AllocateAssignments(
                allocation, timeout=TIMEOUT_SECONDS
            )
        except grpc.RpcError as error:
            failure = failure_of(error)
            print(f"a locked policy: {error.code().name} {failure.reason}")
            print(f"  worth another try in {failure.retry_delay}")

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
    if len(sys.argv) != 2:
        sys.exit("usage: first_call.py HOST:PORT")
    main(sys.argv[1])
