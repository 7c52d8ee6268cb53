"""A tour of edugate: lists, a verification, a stream, a download, errors and events.

    PYTHONPATH=build/clients/gen/python python3 clients/python/tour.py --target HOST:PORT
"""

import argparse
import collections
import sys
from typing import Iterator

import grpc
from edugate.v1 import assignment_service_pb2
from edugate.v1 import assignment_service_pb2_grpc
from edugate.v1 import catalog_service_pb2
from edugate.v1 import catalog_service_pb2_grpc
from edugate.v1 import enrollment_service_pb2
from edugate.v1 import enrollment_service_pb2_grpc
from edugate.v1 import transcript_pb2
from edugate.v1 import transcript_service_pb2
from edugate.v1 import transcript_service_pb2_grpc
from edugate.v1 import verification_pb2

from edugate_channel import open_channel
from edugate_failure import failure_of, with_retries

# Every call has a deadline: edugate gives the provider up when it has passed.
TIMEOUT_SECONDS = 30

CATALOG = "connections/edx/catalogs/3f56a21c-76c8-47c0-add8-a99714d40d94"
TRANSCRIPT = "connections/m1/transcripts/trc_TSEne2SSjP3GvpVrs5HLol4xor2"


def enrollment_pages(
    stub: enrollment_service_pb2_grpc.EnrollmentServiceStub, parent: str
) -> Iterator[enrollment_service_pb2.ListEnrollmentsResponse]:
    """Yields a list's pages to the last."""
    request = enrollment_service_pb2.ListEnrollmentsRequest(parent=parent, page_size=200)
    while True:
        page = stub.ListEnrollments(request, timeout=TIMEOUT_SECONDS)
        yield page
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def list_across_connections(channel: grpc.Channel) -> None:
    stub = enrollment_service_pb2_grpc.EnrollmentServiceStub(channel)
    counts = collections.Counter()
    unreachable = {}
    for page in enrollment_pages(stub, "connections/-"):
        counts.update(each.name.split("/enrollments/")[0] for each in page.enrollments)
        # Whose records the page lacks, and why.
        unreachable.update((each.connection, each.reason) for each in page.unreachable_details)
    for connection, count in sorted(counts.items()):
        print(f"{connection}: {count} enrollments")
    for connection, reason in sorted(unreachable.items()):
        print(f"{connection}: not reached, {reason}")


def verify(channel: grpc.Channel) -> None:
    stub = enrollment_service_pb2_grpc.EnrollmentServiceStub(channel)
    request = enrollment_service_pb2.VerifyEnrollmentRequest(
        parent="connections/m1",
        data_request="dr_TSEne2SSjP3GvpVrs5HLol4xor2",
        wait=True,  # until the provider has an answer, or the deadline has passed
    )
    verification = stub.VerifyEnrollment(request, timeout=TIMEOUT_SECONDS)
    result = verification_pb2.VerificationResult.Name(verification.result)
    print(f"verification: {result}")
    for finding in verification.findings:
        codes = " ".join(each.code for each in finding.reason_codes)
        print(f"  as of {finding.as_of_time.ToDatetime():%Y-%m-%d}: {codes}")


def stream_catalog(channel: grpc.Channel) -> None:
    stub = catalog_service_pb2_grpc.CatalogServiceStub(channel)
    request = catalog_service_pb2.StreamCatalogItemsRequest(parent=CATALOG)
    kinds = collections.Counter(
        item.WhichOneof("item") for item in stub.StreamCatalogItems(request, timeout=300)
    )
    print("catalog:", ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))


def download(channel: grpc.Channel, path: str) -> None:
    stub = transcript_service_pb2_grpc.TranscriptServiceStub(channel)
    request = transcript_service_pb2.DownloadTranscriptFilesRequest(name=TRANSCRIPT)
    size = 0
    with open(path, "wb") as file:
        for part in stub.DownloadTranscriptFiles(request, timeout=300):
            if part.WhichOneof("part") == "info":
                print(f"download: {part.info.file_name}, {part.info.content_type}")
            else:
                size += file.write(part.chunk)
    print(f"  {size} bytes")


def read_errors(channel: grpc.Channel) -> None:
    stub = enrollment_service_pb2_grpc.EnrollmentServiceStub(channel)
    requests = [
        enrollment_service_pb2.ListEnrollmentsRequest(parent="connections/tms", page_size=-1),
        enrollment_service_pb2.ListEnrollmentsRequest(parent="connections/nobody"),
    ]
    for request in requests:
        try:
            stub.ListEnrollments(request, timeout=TIMEOUT_SECONDS)
        except grpc.RpcError as error:
            failure = failure_of(error)
            print(f"refused: {failure.code.name} {failure.reason}")
            for field, description in failure.fields.items():
                print(f"  {field}: {description}")


def wait_and_try_again(channel: grpc.Channel) -> None:
    stub = assignment_service_pb2_grpc.AssignmentServiceStub(channel)
    request = assignment_service_pb2.AllocateAssignmentsRequest(
        parent="connections/edx/policies/policy-locked",
        learner_emails=["learner@example.org"],
        content_key="SandX+C001",
        content_price_cents=1000,
    )
    try:
        with_retries(
            lambda: stub.AllocateAssignments(request, timeout=TIMEOUT_SECONDS),
            attempts=2,
            on_wait=lambda failure: print(f"locked: again in {failure.retry_delay.total_seconds():.0f} s"),
        )
    except grpc.RpcError as error:
        print(f"gave up: {error.code().name} {failure_of(error).reason}")


def meet_a_deadline(channel: grpc.Channel) -> None:
    stub = transcript_service_pb2_grpc.TranscriptServiceStub(channel)
    # A watch has no end of its own.
    watch = stub.WatchTranscriptEvents(
        transcript_service_pb2.WatchTranscriptEventsRequest(parent="connections/m1"), timeout=0.5
    )
    try:
        for _ in watch:
            pass
    except grpc.RpcError as error:
        print(f"deadline: {error.code().name}")


def watch_events(channel: grpc.Channel) -> None:
    stub = transcript_service_pb2_grpc.TranscriptServiceStub(channel)
    source = transcript_pb2.TranscriptSource(
        document=transcript_pb2.SourceDocument(
            uri="https://school.example/transcript.pdf", media_type="application/pdf", http_method="GET"
        )
    )
    created = stub.CreateTranscript(
        transcript_service_pb2.CreateTranscriptRequest(
            parent="connections/m1",
            transcript=transcript_pb2.Transcript(external_id="student-1", sources=[source]),
        ),
        timeout=TIMEOUT_SECONDS,
    )
    # A program that goes on watching keeps the last event's resume_token, and begins with it after a failure.
    watch = stub.WatchTranscriptEvents(
        transcript_service_pb2.WatchTranscriptEventsRequest(parent="connections/m1"), timeout=TIMEOUT_SECONDS
    )
    for event in watch:
        if event.transcript != created.name:
            continue
        print(f"event: {event.provider_type}")
        if event.type == transcript_pb2.TRANSCRIPT_EVENT_TYPE_PROCESSED:
            watch.cancel()
            return


def main() -> None:
    parser = argparse.ArgumentParser(description="A tour of edugate.")
    parser.add_argument("--target", required=True, help="HOST:PORT")
    parser.add_argument("--tls-ca", help="PEM file of the authority of edugate's certificate")
    parser.add_argument("--token-file", help="file with a JSON Web Token")
    parser.add_argument("--service-config", help="file with gRPC's service config")
    parser.add_argument("--download", default="transcript.zip", help="where the transcript goes")
    options = parser.parse_args()
    with open_channel(options.target, options.tls_ca, options.token_file, options.service_config) as channel:
        try:
            list_across_connections(channel)
            verify(channel)
            stream_catalog(channel)
            download(channel, options.download)
            read_errors(channel)
            wait_and_try_again(channel)
            meet_a_deadline(channel)
            watch_events(channel)
        except grpc.RpcError as error:
            failure = failure_of(error)
            sys.exit(f"{failure.code.name} {failure.reason}: {failure.message}")


if __name__ == "__main__":
    main()
