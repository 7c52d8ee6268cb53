"""A provider that answers byte for byte what a case scripts, over HTTP or HTTPS, and keeps what it saw.

An answer is bytes, sent as they are, or a function that takes the Exchange and does with the connection what it likes.
A script is a list of answers for the requests that match it, in their order; the last one stays.
"""

import collections
import dataclasses
import gzip
import json
import os
import re
import socket
import ssl
import struct
import threading
import time
import urllib.parse

# The largest request that is read.
MOST = 64 << 20


@dataclasses.dataclass
class Request:
    """One request as it came."""

    head: bytes
    body: bytes
    connection: int
    when: float

    @property
    def line(self):
        return self.head.split(b"\r\n", 1)[0]

    @property
    def method(self):
        return self.line.split(b" ")[0].decode("latin-1")

    @property
    def target(self):
        return self.line.split(b" ")[1].decode("latin-1")

    @property
    def path(self):
        return self.target.split("?", 1)[0]

    @property
    def query(self):
        return dict(urllib.parse.parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    @property
    def headers(self):
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [tuple(part.strip() for part in line.split(":", 1)) for line in lines if ":" in line]

    def header(self, name):
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Gone(Exception):
    """The peer has closed the connection, or the provider stops."""


class Exchange:
    """One request and the connection that it came on."""

    def __init__(self, provider, sock, request):
        self.provider = provider
        self.sock = sock
        self.request = request
        self._healed = provider.healed

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Gone from error

    def sleep(self, seconds):
        """Waits; ends with Gone where the provider is healed or the peer closes meanwhile."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._healed.wait(min(left, 0.05)) or self.peer_gone():
                raise Gone

    def peer_gone(self):
        raw = self.sock
        try:
            return raw.fileno() < 0 or _peek(raw) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def hang(self):
        self.sleep(3600)

    def reset(self):
        """Ends the connection with a RST."""
        _set_reset(self.sock)
        _close(self.sock)
        raise Gone

    def close(self):
        """Ends the connection with a FIN; over TLS without a close_notify."""
        _close(self.sock)
        raise Gone


def _peek(sock):
    """What the next byte is, without TLS's reading of it."""
    duplicate = socket.socket(fileno=os.dup(sock.fileno()))
    try:
        return duplicate.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    finally:
        duplicate.close()


def _set_reset(sock):
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass


def _close(sock):
    try:
        sock.close()
    except OSError:
        pass


def reply(body=b"", status=200, content_type="application/json", headers=(), length=True):
    """A whole answer, correctly framed."""
    if not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    lines = [f"HTTP/1.1 {status} {'OK' if status < 400 else 'Trouble'}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    if length and status not in (204, 304):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def chunked(*pieces, end=True, headers=(), content_type="application/json"):
    """An answer in chunks; `end` adds the last one."""
    head = reply(b"", content_type=content_type, headers=(*headers, ("Transfer-Encoding", "chunked")), length=False)
    body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    return head + body + (b"0\r\n\r\n" if end else b"")


def gzipped(body, **keywords):
    headers = (*keywords.pop("headers", ()), ("Content-Encoding", "gzip"))
    return reply(gzip.compress(body), headers=headers, **keywords)


def then_close(data):
    """Sends and closes."""

    def answer(exchange):
        exchange.send(data)
        exchange.close()

    return answer


def then_reset(data=b""):
    """Sends, waits until it has gone, and resets."""

    def answer(exchange):
        if data:
            exchange.send(data)
            time.sleep(0.05)
        exchange.reset()

    return answer


def then_hang(data=b""):
    """Sends and then nothing more."""

    def answer(exchange):
        if data:
            exchange.send(data)
        exchange.hang()

    return answer


def after(seconds, answer):
    """The answer, later."""

    def delayed(exchange):
        exchange.sleep(seconds)
        exchange.provider.give(exchange, answer)

    return delayed


class Ledger:
    """The effects that writes had, by their key."""

    def __init__(self):
        self._lock = threading.Lock()
        self.effects = collections.Counter()
        self._state = {}

    def apply(self, key, state=None):
        """An effect. One that sets what is set already (a PUT of the same) is none."""
        with self._lock:
            if state is not None and self._state.get(key) == state:
                return
            self._state[key] = state
            self.effects[key] += 1

    def count(self, key):
        return self.effects[key]


class Provider:
    """Listens from its construction on. `context` is an ssl.SSLContext for HTTPS."""

    def __init__(self, host="127.0.0.1", port=0, context=None, default=None, backlog=1024):
        self.host = host
        self.context = context
        self.default = default
        self.requests = []
        self.forgotten = 0  # requests that are no longer in `requests`
        self.ledger = Ledger()
        self.connections = 0
        self.handshake_failures = []
        self.healed = threading.Event()
        self.open = set()
        self._lock = threading.Lock()
        self._scripts = []
        self._stopped = False
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind((host, port))
        self.port = self._listener.getsockname()[1]
        self._backlog = backlog
        self._accepting = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._listener.listen(backlog)
        self._accepting.start()

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def script(self, *answers, path="", method=None):
        """Answers for requests whose path matches the regular expression; a later script comes first."""
        entry = {"path": re.compile(path), "method": method, "answers": collections.deque(answers)}
        with self._lock:
            self._scripts.insert(0, entry)

    def heal(self):
        """Ends what hangs and answers well from now on."""
        with self._lock:
            self._scripts.clear()
            healed, self.healed = self.healed, threading.Event()
        healed.set()
        if self._listener.fileno() < 0 and not self._stopped:
            self.listen()

    def forget(self):
        """Starts the record of requests anew."""
        with self._lock:
            self.forgotten += len(self.requests)
            self.requests = []

    def total(self):
        """The requests since the beginning, forgotten ones included."""
        with self._lock:
            return self.forgotten + len(self.requests)

    def seen(self, path="", method=None):
        """The requests whose path matches the regular expression."""
        with self._lock:
            requests = list(self.requests)
        return [each for each in requests
                if re.search(path, each.path) and (method is None or each.method == method)]

    def count(self, path="", method=None):
        return len(self.seen(path, method))

    def wait_for(self, count, path="", timeout=10):
        """Waits until so many requests have come; says whether they have."""
        end = time.monotonic() + timeout
        while self.count(path) < count:
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def drop_connections(self, reset=False):
        """Ends every connection that is open now."""
        with self._lock:
            connections, self.open = self.open, set()
        for sock in connections:
            if reset:
                _set_reset(sock)
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def refuse(self):
        """Stops listening: connections are refused until listen()."""
        self._end_listener()
        self.drop_connections()

    def listen(self):
        """Listens again, on the same port."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end = time.monotonic() + 5
        while True:
            try:
                listener.bind((self.host, self.port))
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)
        listener.listen(self._backlog)
        self._listener = listener
        self._accepting = threading.Thread(target=self._accept, args=(listener,), daemon=True)
        self._accepting.start()

    def stop(self):
        self._stopped = True
        self.heal()
        self._end_listener()
        self.drop_connections()

    def give(self, exchange, answer):
        if callable(answer):
            answer(exchange)
        else:
            exchange.send(answer)

    def _end_listener(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._accepting.join(5)

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
            threading.Thread(target=self._serve, args=(sock, number), daemon=True).start()

    def _serve(self, sock, number):
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.context is not None:
                sock.settimeout(30)
                sock = self.context.wrap_socket(sock, server_side=True)
                sock.settimeout(None)
        except (OSError, ssl.SSLError) as error:
            with self._lock:
                self.handshake_failures.append(str(error))
            _close(sock)
            return
        with self._lock:
            self.open.add(sock)
        try:
            self.serve_connection(sock, number)
        except (OSError, Gone, ValueError):
            pass
        finally:
            with self._lock:
                self.open.discard(sock)
            _close(sock)

    def serve_connection(self, sock, number):
        """Requests of HTTP/1.1, one after the other."""
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                piece = sock.recv(65536)
                if not piece:
                    return
                data += piece
            head, data = data.split(b"\r\n\r\n", 1)
            body, data = self._read_body(sock, head, data)
            self.answer(sock, Request(head, body, number, time.monotonic()))

    def answer(self, sock, request):
        with self._lock:
            self.requests.append(request)
            answer = self._next_answer(request)
            # A heal() that comes after this ends what it does.
            exchange = Exchange(self, sock, request)
        self.give(exchange, answer)

    def _next_answer(self, request):
        for script in self._scripts:
            if not script["path"].search(request.path) or script["method"] not in (None, request.method):
                continue
            answers = script["answers"]
            return answers.popleft() if len(answers) > 1 else answers[0]
        return self.default if self.default is not None else reply("{}", status=404)

    @staticmethod
    def _read_body(sock, head, data):
        fields = head.decode("latin-1").lower()
        length = re.search(r"\r\ncontent-length: *(\d+)", fields)
        if length:
            size = min(int(length.group(1)), MOST)
            while len(data) < size:
                piece = sock.recv(65536)
                if not piece:
                    raise Gone
                data += piece
            return data[:size], data[size:]
        if re.search(r"\r\ntransfer-encoding: *chunked", fields):
            body = b""
            while True:
                while b"\r\n" not in data:
                    data += sock.recv(65536) or _gone()
                line, data = data.split(b"\r\n", 1)
                size = int(line.split(b";")[0], 16)
                while len(data) < size + 2:
                    data += sock.recv(65536) or _gone()
                body, data = body + data[:size], data[size + 2 :]
                if size == 0:
                    return body, data
        return b"", data


def _gone():
    raise Gone
