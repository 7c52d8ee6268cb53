"""HTTP/2 by hand (RFC 9113): frames as bytes, so that what no library would send can be sent, too.

Header blocks are written as literals without indexing and without Huffman codes, so that their bytes are what stands in
the source; those of the other side are read with python3-hpack.
"""

import collections
import dataclasses
import socket
import struct
import threading
import time

import hpack

from harness import shared_tls

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
HAS_PRIORITY = 0x20

HEADER_TABLE_SIZE = 1
MAX_CONCURRENT_STREAMS = 3
INITIAL_WINDOW_SIZE = 4
MAX_FRAME_SIZE = 5

NO_ERROR = 0
REFUSED_STREAM = 7
CANCEL = 8

LARGEST_WINDOW = 2**31 - 1
DEFAULT_WINDOW = 65535
FRAME_SIZE = 16384


@dataclasses.dataclass(frozen=True)
class Frame:
    kind: int
    flags: int
    stream: int
    payload: bytes

    def has(self, flag):
        return bool(self.flags & flag)


def pack(kind, flags=0, stream=0, payload=b""):
    """One frame. The length is the payload's, whatever the other side allows."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def settings(values=None, ack=False):
    """A SETTINGS frame from {identifier: value}."""
    payload = b"".join(struct.pack(">HI", key, value) for key, value in (values or {}).items())
    return pack(SETTINGS, ACK if ack else 0, 0, payload)


def window_update(stream, increment):
    return pack(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def rst_stream(stream, code=CANCEL):
    return pack(RST_STREAM, 0, stream, struct.pack(">I", code))


def goaway(last_stream, code=NO_ERROR, debug=b""):
    return pack(GOAWAY, 0, 0, struct.pack(">II", last_stream, code) + debug)


def _prefixed_integer(value, bits):
    """RFC 7541, 5.1, below a first byte whose other bits are zero."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([value])
    out = bytearray([most])
    value -= most
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    out.append(value)
    return bytes(out)


def _bytes(text):
    return text if isinstance(text, bytes) else text.encode()


def header_block(headers):
    """The headers as literals without indexing, names new, no Huffman (RFC 7541, 6.2.2)."""
    out = bytearray()
    for name, value in headers:
        out.append(0)
        for text in (_bytes(name), _bytes(value)):
            out += _prefixed_integer(len(text), 7) + text
    return bytes(out)


def headers_frames(stream, block, end_stream=False, size=FRAME_SIZE):
    """HEADERS and as many CONTINUATIONs as the block needs."""
    pieces = [block[i : i + size] for i in range(0, len(block), size)] or [b""]
    out = b""
    for i, piece in enumerate(pieces):
        flags = END_HEADERS if i + 1 == len(pieces) else 0
        if i == 0 and end_stream:
            flags |= END_STREAM
        out += pack(HEADERS if i == 0 else CONTINUATION, flags, stream, piece)
    return out


def read_exactly(sock, size):
    """The bytes, or fewer where the stream ends."""
    out = bytearray()
    while len(out) < size:
        try:
            piece = sock.recv(size - len(out))
        except (ConnectionError, TimeoutError, OSError):
            break
        if not piece:
            break
        out += piece
    return bytes(out)


def read_frame(sock):
    """The next frame; None at the end."""
    head = read_exactly(sock, 9)
    if len(head) < 9:
        return None
    length = int.from_bytes(head[:3], "big")
    kind, flags, stream = struct.unpack(">BBI", head[3:])
    payload = read_exactly(sock, length)
    return Frame(kind, flags, stream & 0x7FFFFFFF, payload) if len(payload) == length else None


def fragment_of(frame):
    """The header block fragment of a HEADERS or CONTINUATION frame."""
    payload = frame.payload
    if frame.kind != HEADERS:
        return payload
    padding = 0
    if frame.has(PADDED):
        padding, payload = payload[0], payload[1:]
    if frame.has(HAS_PRIORITY):
        payload = payload[5:]
    return payload[: len(payload) - padding]


class Stream:
    """What came on one stream."""

    def __init__(self, number):
        self.number = number
        self.header_blocks = []  # each a list of (name, value) in bytes
        self.data = bytearray()
        self.ended = False
        self.reset = None  # the error code
        self.lost = False  # the connection ended first
        self.finished_at = None
        self.terminals = 0  # ends: trailers or a body's end, resets
        self.window = DEFAULT_WINDOW  # for what we send


class Client:
    """One connection to a server. Frames are read by a thread of its own; every method may be called from any thread."""

    def __init__(self, address, context=None, acknowledge=True, window=LARGEST_WINDOW, more_settings=None,
                 source=None):
        host, port = address.rsplit(":", 1)
        self.sock = socket.create_connection((host.strip("[]"), int(port)), timeout=10, source_address=source)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            self.sock = shared_tls.shared(context.wrap_socket(self.sock, server_hostname=host))
        self.sock.settimeout(None)
        self.acknowledge = acknowledge
        self.streams = {}
        self.goaway = None  # (last stream, error code, debug data)
        self.closed = False
        self.server_settings = {}
        self.pings_answered = 0
        self.frames = collections.Counter()  # by kind
        self._next = 1
        self._window = DEFAULT_WINDOW
        self._sending = threading.Lock()
        self._changed = threading.Condition()
        own = {HEADER_TABLE_SIZE: 0, INITIAL_WINDOW_SIZE: window, **(more_settings or {})}
        first = PREFACE + settings(own)
        if window == LARGEST_WINDOW:
            first += window_update(0, LARGEST_WINDOW - DEFAULT_WINDOW)
        self.send(first)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, data):
        """Raw bytes. False where the connection is gone."""
        with self._sending:
            try:
                self.sock.sendall(data)
                return True
            except OSError:
                return False

    def open(self, headers, end_stream=False):
        """Opens a stream with these headers and returns its number."""
        block = header_block(headers)
        with self._sending:
            number = self._next
            self._next += 2
            with self._changed:
                stream = Stream(number)
                stream.window = self.server_settings.get(INITIAL_WINDOW_SIZE, DEFAULT_WINDOW)
                stream.lost = self.closed
                self.streams[number] = stream
            try:
                self.sock.sendall(headers_frames(number, block, end_stream))
            except OSError:
                stream.lost = True
        return number

    def data(self, stream, payload, end_stream=False, timeout=10):
        """Sends a body within the server's windows. False where they don't open in time."""
        end = time.monotonic() + timeout
        at = 0
        while True:
            with self._changed:
                state = self.streams[stream]
                most = min(len(payload) - at, FRAME_SIZE)
                while most > 0 and min(self._window, state.window) <= 0:
                    left = end - time.monotonic()
                    if left <= 0 or self.closed or state.finished_at:
                        return False
                    self._changed.wait(left)
                size = min(most, max(self._window, 0), max(state.window, 0)) if most else 0
                self._window -= size
                state.window -= size
            last = at + size >= len(payload)
            if not self.send(pack(DATA, END_STREAM if last and end_stream else 0, stream, payload[at : at + size])):
                return False
            at += size
            if last:
                return True

    def rst(self, stream, code=CANCEL):
        return self.send(rst_stream(stream, code))

    def ping(self, payload=b"8 octets"):
        return self.send(pack(PING, 0, 0, payload))

    def stream(self, number):
        return self.streams[number]

    def wait(self, condition, timeout):
        """Waits until condition(self) holds; says whether it does."""
        end = time.monotonic() + timeout
        with self._changed:
            while not condition(self):
                left = end - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
        return True

    def wait_for(self, number, timeout):
        """Waits for a stream's end; says whether it came."""
        return self.wait(lambda client: client.streams[number].finished_at is not None or client.streams[number].lost,
                         timeout)

    def forget(self, number):
        with self._changed:
            self.streams.pop(number, None)

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._reader.join(5)
        self.sock.close()

    def _read(self):
        decoder = hpack.Decoder()
        decoder.max_header_list_size = 1 << 20
        block, opened = b"", None
        while True:
            frame = read_frame(self.sock)
            if frame is None:
                break
            answer = b""
            with self._changed:
                self.frames[frame.kind] += 1
                stream = self.streams.get(frame.stream)
                if frame.kind == SETTINGS and not frame.has(ACK):
                    self._apply(frame.payload)
                    answer = settings(ack=True) if self.acknowledge else b""
                elif frame.kind == PING and not frame.has(ACK):
                    answer = pack(PING, ACK, 0, frame.payload)
                elif frame.kind == PING:
                    self.pings_answered += 1
                elif frame.kind == GOAWAY:
                    last, code = struct.unpack(">II", frame.payload[:8])
                    self.goaway = (last, code, frame.payload[8:])
                elif frame.kind == WINDOW_UPDATE:
                    increment = struct.unpack(">I", frame.payload)[0] & 0x7FFFFFFF
                    if frame.stream == 0:
                        self._window += increment
                    elif stream is not None:
                        stream.window += increment
                elif frame.kind in (HEADERS, CONTINUATION):
                    block += fragment_of(frame)
                    opened = frame if frame.kind == HEADERS else opened
                    if frame.has(END_HEADERS):
                        decoded = [(bytes(name), bytes(value)) for name, value in decoder.decode(block, raw=True)]
                        block = b""
                        if stream is not None:
                            stream.header_blocks.append(decoded)
                            if opened.has(END_STREAM):
                                self._finish(stream)
                elif frame.kind == DATA and stream is not None:
                    stream.data += frame.payload
                    if frame.has(END_STREAM):
                        self._finish(stream)
                elif frame.kind == RST_STREAM and stream is not None:
                    stream.reset = struct.unpack(">I", frame.payload)[0]
                    if not stream.ended:
                        self._finish(stream)
                self._changed.notify_all()
            if answer:
                self.send(answer)
        with self._changed:
            self.closed = True
            for stream in self.streams.values():
                stream.lost = stream.finished_at is None
            self._changed.notify_all()

    def _apply(self, payload):
        before = self.server_settings.get(INITIAL_WINDOW_SIZE, DEFAULT_WINDOW)
        for at in range(0, len(payload) - 5, 6):
            key, value = struct.unpack(">HI", payload[at : at + 6])
            self.server_settings[key] = value
        change = self.server_settings.get(INITIAL_WINDOW_SIZE, DEFAULT_WINDOW) - before
        for stream in self.streams.values():
            stream.window += change

    def _finish(self, stream):
        stream.terminals += 1
        stream.ended = True
        if stream.finished_at is None:
            stream.finished_at = time.monotonic()
