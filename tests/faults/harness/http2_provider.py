"""A provider that speaks HTTP/2 (over TLS with ALPN) and can end streams and connections as a case says."""

import struct
import threading
import time

import hpack

from harness import http2
from harness import provider
from harness import shared_tls


class Http2Exchange(provider.Exchange):
    """One request on a stream. send() takes an answer of HTTP/1.1 and gives it as HTTP/2."""

    def __init__(self, upstream, connection, stream, request):
        super().__init__(upstream, connection.sock, request)
        self.connection = connection
        self.stream = stream

    def send(self, data):
        head, body = data.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = [(":status", lines[0].split(" ")[1])]
        for line in lines[1:]:
            name, value = line.split(":", 1)
            headers.append((name.strip().lower(), value.strip()))
        self.raw(http2.headers_frames(self.stream, http2.header_block(headers), end_stream=not body))
        for at in range(0, len(body), http2.FRAME_SIZE):
            piece = body[at : at + http2.FRAME_SIZE]
            last = http2.END_STREAM if at + len(piece) == len(body) else 0
            self.raw(http2.pack(http2.DATA, last, self.stream, piece))

    def raw(self, frames):
        if not self.connection.send(frames):
            raise provider.Gone


class _Connection:
    def __init__(self, sock):
        self.sock = sock
        self.stream = shared_tls.shared(sock)
        self._lock = threading.Lock()

    def send(self, data):
        with self._lock:
            try:
                self.stream.sendall(data)
                return True
            except OSError:
                return False


class Http2Provider(provider.Provider):
    """As Provider; every request is answered in a thread of its own. A context for TLS has the protocol h2."""

    max_streams = 100

    def __init__(self, context=None, **keywords):
        if context is not None:
            context.set_alpn_protocols(["h2"])
        self.most_at_a_time = 0
        self._running = 0
        super().__init__(context=context, **keywords)

    def serve_connection(self, sock, number):
        connection = _Connection(sock)
        if http2.read_exactly(connection.stream, len(http2.PREFACE)) != http2.PREFACE:
            return
        connection.send(http2.settings({http2.MAX_CONCURRENT_STREAMS: self.max_streams}))
        connection.send(http2.window_update(0, http2.LARGEST_WINDOW - http2.DEFAULT_WINDOW))
        decoder = hpack.Decoder()
        block, heads, bodies = b"", {}, {}
        while (frame := http2.read_frame(connection.stream)) is not None:
            if frame.kind == http2.SETTINGS and not frame.has(http2.ACK):
                connection.send(http2.settings(ack=True))
            elif frame.kind == http2.PING and not frame.has(http2.ACK):
                connection.send(http2.pack(http2.PING, http2.ACK, 0, frame.payload))
            elif frame.kind in (http2.HEADERS, http2.CONTINUATION):
                block += http2.fragment_of(frame)
                if frame.has(http2.END_HEADERS):
                    heads[frame.stream] = decoder.decode(block)
                    bodies[frame.stream], block = b"", b""
            elif frame.kind == http2.DATA:
                bodies[frame.stream] = bodies.get(frame.stream, b"") + frame.payload
            elif frame.kind == http2.RST_STREAM:
                heads.pop(frame.stream, None)
            ended = frame.kind in (http2.HEADERS, http2.DATA) and frame.has(http2.END_STREAM)
            if ended and frame.stream in heads:
                request = self._request(heads.pop(frame.stream), bodies.pop(frame.stream), number)
                threading.Thread(target=self._give, args=(connection, frame.stream, request), daemon=True).start()

    @staticmethod
    def _request(headers, body, number):
        fields = dict(headers)
        lines = [f"{fields[':method']} {fields[':path']} HTTP/2"]
        lines += [f"{name}: {value}" for name, value in headers if not name.startswith(":")]
        return provider.Request("\r\n".join(lines).encode("latin-1"), body, number, time.monotonic())

    def _give(self, connection, stream, request):
        with self._lock:
            self.requests.append(request)
            answer = self._next_answer(request)
            exchange = Http2Exchange(self, connection, stream, request)
            self._running += 1
            self.most_at_a_time = max(self.most_at_a_time, self._running)
        try:
            self.give(exchange, answer)
        except (provider.Gone, OSError):
            pass
        finally:
            with self._lock:
                self._running -= 1


def refuse_stream(exchange):
    exchange.raw(http2.rst_stream(exchange.stream, http2.REFUSED_STREAM))


def go_away_before(exchange):
    """GOAWAY with a last stream before this one: it was not looked at."""
    exchange.raw(http2.pack(http2.GOAWAY, 0, 0, struct.pack(">II", max(exchange.stream - 2, 0), http2.NO_ERROR)))


def reset_after_headers(exchange):
    headers = http2.header_block([(":status", "200"), ("content-type", "application/json")])
    exchange.raw(http2.headers_frames(exchange.stream, headers))
    time.sleep(0.05)
    exchange.raw(http2.rst_stream(exchange.stream, 2))
