"""What a failed call says besides its code and message, and when it is worth another try."""

import dataclasses
import datetime
import time
from typing import Callable, Dict, Optional, TypeVar

import grpc
from google.rpc import error_details_pb2
from google.rpc import status_pb2

Reply = TypeVar("Reply")


@dataclasses.dataclass(frozen=True)
class Failure:
    code: grpc.StatusCode
    message: str
    # The name of an edugate.v1.ErrorReason without its prefix: what programs decide by. "" of an error that edugate
    # has not made, as when nobody listens.
    reason: str
    # What is variable in the message: connection, provider, operation, provider_status and others.
    metadata: Dict[str, str]
    # Which fields of the request are wrong, and in what.
    fields: Dict[str, str]
    # How long to wait before the call is worth another try. None: nobody knows, or never.
    retry_delay: Optional[datetime.timedelta]


def failure_of(error: grpc.RpcError) -> Failure:
    """Reads the google.rpc.Status that comes in the trailing metadata of every error of edugate."""
    status = status_pb2.Status()
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    info = error_details_pb2.ErrorInfo()
    request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    retry_delay = None
    for detail in status.details:
        if detail.Is(info.DESCRIPTOR):
            detail.Unpack(info)
        elif detail.Is(request.DESCRIPTOR):
            detail.Unpack(request)
        elif detail.Is(retry.DESCRIPTOR):
            detail.Unpack(retry)
            retry_delay = retry.retry_delay.ToTimedelta()
    return Failure(
        code=error.code(),
        message=error.details(),
        reason=info.reason,
        metadata=dict(info.metadata),
        fields={each.field: each.description for each in request.field_violations},
        retry_delay=retry_delay,
    )


def with_retries(
    call: Callable[[], Reply], attempts: int, on_wait: Callable[[Failure], None] = lambda failure: None
) -> Reply:
    """Makes a call again after the time that its failure names, for what the channel doesn't retry by itself.

    A failure without such a time is final: another attempt would end as this one did.
    """
    for attempt in range(1, attempts + 1):
        try:
            return call()
        except grpc.RpcError as error:
            failure = failure_of(error)
            if failure.retry_delay is None or attempt == attempts:
                raise
            on_wait(failure)
            time.sleep(failure.retry_delay.total_seconds())
    raise ValueError("attempts must be positive")
