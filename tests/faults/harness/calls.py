"""gRPC calls over the raw HTTP/2 client.

A gRPC library ends a call by its own clock when the deadline passes; here the deadline only travels to the server, so
that what is seen, and when, is the server's doing.
"""

import base64
import dataclasses
import importlib
import pkgutil
import struct
import threading
import time
import urllib.parse

from google.protobuf import symbol_database
from google.rpc import error_details_pb2
from google.rpc import status_pb2

from harness import http2

CODES = ("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
         "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
         "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED")

# Within the server's limit of streams for one connection.
STREAMS_PER_CONNECTION = 90


def _load_services():
    package = importlib.import_module("edugate.v1")
    services = {}
    for module in pkgutil.iter_modules(package.__path__):
        if not module.name.endswith("_pb2"):
            continue
        file = importlib.import_module(f"edugate.v1.{module.name}").DESCRIPTOR
        services.update({service.name: service for service in file.services_by_name.values()})
    return services


_SERVICES = _load_services()


def method_of(name):
    """The descriptor of `EnrollmentService.ListEnrollments`."""
    service, method = name.split(".")
    return _SERVICES[service].methods_by_name[method]


def message_class(descriptor):
    return symbol_database.Default().GetPrototype(descriptor)


def make_request(method, **fields):
    """The method's request. Fields are values, lists, dicts, or messages."""
    return message_class(method_of(method).input_type)(**fields)


def encode_message(message, compressed=False):
    data = message if isinstance(message, bytes) else message.SerializeToString()
    return struct.pack(">BI", int(compressed), len(data)) + data


def request_headers(path, authority, timeout=None, metadata=()):
    headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", authority),
               ("te", "trailers"), ("content-type", "application/grpc")]
    if timeout is not None:
        headers.append(("grpc-timeout", f"{max(int(timeout * 1e6), 1)}u" if timeout < 90 else f"{int(timeout * 1000)}m"))
    return headers + list(metadata)


@dataclasses.dataclass
class Outcome:
    """How one call ended, and what it brought."""

    method: str = ""
    code: str = "none"  # the gRPC status; `none` where no status came, `lost` where the connection ended
    message: str = ""
    reason: str = ""
    metadata: dict = dataclasses.field(default_factory=dict)
    retry_delay: float | None = None
    pushback: str = ""
    trailers: list = dataclasses.field(default_factory=list)
    raw_status: bytes = b""  # every byte of the trailers, for searches
    replies: list = dataclasses.field(default_factory=list)
    seconds: float = 0.0
    timeout: float | None = None
    terminals: int = 0
    started: float = 0.0

    @property
    def reply(self):
        return self.replies[-1] if self.replies else None

    @property
    def ok(self):
        return self.code == "OK"

    def trailer(self, name):
        return next((value for key, value in self.trailers if key == name.encode()), b"").decode()

    def __str__(self):
        return f"{self.code}/{self.reason}" if self.reason else self.code


def _details(outcome, encoded):
    data = base64.b64decode(encoded + b"=" * (-len(encoded) % 4))
    outcome.raw_status += data
    status = status_pb2.Status.FromString(data)
    for any_ in status.details:
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        if any_.Unpack(info):
            outcome.reason = info.reason
            outcome.metadata = dict(info.metadata)
        elif any_.Unpack(retry):
            outcome.retry_delay = retry.retry_delay.ToTimedelta().total_seconds()


class Call:
    """A call in progress."""

    def __init__(self, channel, client, number, method, timeout, reply_class):
        self._channel = channel
        self.client = client
        self.number = number
        self.method = method
        self.timeout = timeout
        self.started = time.monotonic()
        self._reply_class = reply_class

    @property
    def stream(self):
        return self.client.streams[self.number]

    def cancel(self):
        self.client.rst(self.number)

    def messages(self):
        """The messages that have come."""
        return self._messages(bytes(self.stream.data))

    def received(self):
        """How many messages have come."""
        return len(self._messages(bytes(self.stream.data)))

    def wait(self, limit=60):
        """The call's end, awaited for `limit` seconds."""
        self.client.wait_for(self.number, limit)
        stream = self.client.streams[self.number]
        outcome = Outcome(method=self.method, timeout=self.timeout, started=self.started)
        outcome.seconds = (stream.finished_at or time.monotonic()) - self.started
        outcome.terminals = stream.terminals
        trailers = stream.header_blocks[-1] if stream.header_blocks else []
        outcome.trailers = trailers
        outcome.raw_status = b"\n".join(name + b": " + value for block in stream.header_blocks for name, value in block)
        fields = dict(trailers)
        if b"grpc-status" in fields:
            outcome.code = CODES[int(fields[b"grpc-status"])]
            outcome.message = urllib.parse.unquote(fields.get(b"grpc-message", b"").decode(errors="replace"))
            outcome.pushback = fields.get(b"grpc-retry-pushback-ms", b"").decode()
            if b"grpc-status-details-bin" in fields:
                _details(outcome, fields[b"grpc-status-details-bin"])
        elif stream.reset is not None:
            outcome.code = f"RST_{stream.reset}"
        elif stream.lost:
            outcome.code = "lost"
        outcome.raw_status += outcome.message.encode()
        outcome.replies = self._messages(bytes(stream.data))
        self.client.forget(self.number)
        self._channel.done(self.client)
        return outcome

    def _messages(self, data):
        messages, at = [], 0
        while at + 5 <= len(data):
            size = int.from_bytes(data[at + 1 : at + 5], "big")
            if at + 5 + size > len(data):
                break
            messages.append(self._reply_class.FromString(data[at + 5 : at + 5 + size]))
            at += 5 + size
        return messages


class Channel:
    """Calls to one server, over as many connections as the server's limit of streams asks for."""

    def __init__(self, address, context=None):
        self.address = address
        self._context = context
        self._lock = threading.Lock()
        self._clients = {}  # to the number of calls in progress

    def start(self, method, request, timeout=None, metadata=()):
        """Sends a call with one request message."""
        descriptor = method_of(method)
        client = self._take()
        path = f"/{descriptor.containing_service.full_name}/{descriptor.name}"
        number = client.open(request_headers(path, self.address, timeout, metadata))
        call = Call(self, client, number, method, timeout, message_class(descriptor.output_type))
        client.data(number, encode_message(request), end_stream=True)
        return call

    def call(self, method, request, timeout=None, metadata=(), limit=60):
        return self.start(method, request, timeout, metadata).wait(limit)

    def done(self, client):
        with self._lock:
            if client in self._clients:
                self._clients[client] -= 1

    def connections(self):
        with self._lock:
            return sum(not client.closed for client in self._clients)

    def close(self):
        with self._lock:
            clients, self._clients = list(self._clients), {}
        for client in clients:
            client.close()

    def _take(self):
        with self._lock:
            for client, calls in list(self._clients.items()):
                if client.closed or client.goaway:
                    if not calls:
                        del self._clients[client]
                elif calls < STREAMS_PER_CONNECTION:
                    self._clients[client] += 1
                    return client
            client = http2.Client(self.address, self._context)
            self._clients[client] = 1
            return client
