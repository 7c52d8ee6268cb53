"""The conformance client in Python: Debian's python3-grpcio with generated stubs (../conformance/testee.py)."""

import importlib
import json
import sys
import time

import grpc
from google.protobuf import json_format
from google.rpc import error_details_pb2  # the details of errors are found by name
from google.rpc import status_pb2

# Messages that a reply of view FULL carries as Any are found by name, too.
from edugate.provider.class_enrollment.v2 import class_enrollment_pb2
from edugate.provider.edx_enterprise.v1 import edx_enterprise_pb2
from edugate.provider.measureone.v2 import measureone_pb2
from edugate.provider.openapply.v3 import openapply_pb2

SERVICES = {
    "AssignmentService": "assignment_service",
    "CatalogService": "catalog_service",
    "ConnectionService": "connection_service",
    "EnrollmentService": "enrollment_service",
    "LicenseService": "license_service",
    "TranscriptService": "transcript_service",
}


def make_call(channel, call):
    """The replies of a call, as JSON objects. Raises grpc.RpcError."""
    service, method_name = call["method"].rsplit(".", 1)[1].split("/")
    module = "edugate.v1." + SERVICES[service]
    descriptor = importlib.import_module(module + "_pb2").DESCRIPTOR.services_by_name[service]
    method = descriptor.methods_by_name[method_name]
    stub = getattr(importlib.import_module(module + "_pb2_grpc"), service + "Stub")(channel)
    callable_ = getattr(stub, method_name)
    requests = [json_format.ParseDict(each, method.input_type._concrete_class()) for each in call["requests"]]
    options = {
        "timeout": call["timeoutMs"] / 1000,
        "metadata": list(call["metadata"].items()),
    }
    if isinstance(callable_, grpc.StreamUnaryMultiCallable):
        return [callable_(iter(requests), **options)], None
    if isinstance(callable_, grpc.UnaryUnaryMultiCallable):
        return [callable_(requests[0], **options)], None
    replies = []
    stream = callable_(requests[0], **options)
    try:
        for reply in stream:
            replies.append(reply)
            if len(replies) == call.get("cancelAfter"):
                stream.cancel()
    except grpc.RpcError as error:
        return replies, error
    return replies, None


def outcome_of(channel, call):
    start = time.monotonic()
    try:
        replies, error = make_call(channel, call)
    except grpc.RpcError as raised:
        replies, error = [], raised
    outcome = {
        "code": "OK",
        "message": "",
        "details": [],
        "trailers": {},
        "replies": [json_format.MessageToDict(reply) for reply in replies],
    }
    if error is not None:
        outcome["code"] = error.code().name
        outcome["message"] = error.details()
        for key, value in error.trailing_metadata() or ():
            if key == "grpc-status-details-bin":
                status = status_pb2.Status.FromString(value)
                outcome["details"] = [json_format.MessageToDict(each) for each in status.details]
            elif not key.endswith("-bin"):
                outcome["trailers"][key] = value
    outcome["elapsedMs"] = int((time.monotonic() - start) * 1000)
    return outcome


def main():
    channels = {}
    for line in sys.stdin:
        call = json.loads(line)
        config = call.get("serviceConfig")
        key = (call["address"], config)
        if key not in channels:
            options = [("grpc.service_config", config)] if config else [("grpc.enable_retries", 0)]
            channels[key] = grpc.insecure_channel(call["address"], options=options)
        print(json.dumps(outcome_of(channels[key], call)), flush=True)


if __name__ == "__main__":
    main()
