"""TcpGate: a TCP proxy between edugate and a provider that behaves as networks do.

The condition can be changed while connections are open. In the direction of the caller's request the bytes pass as they
are, unless the condition says otherwise.
"""

import dataclasses
import select
import socket
import struct
import threading
import time

NO_ACCEPT = "no accept"  # the kernel drops new connections: a SYN black hole
NO_READ = "no read"  # connections are taken and nothing is read from them
NO_ANSWER = "no answer"  # requests go through, answers don't
CLOSE = "close"  # connections are closed as soon as they are there
CLOSE_ON_DATA = "close on data"  # ... as soon as the first byte of the request comes
CORRUPT = "corrupt"  # one bit of each piece of the answer is turned
DELAY = "delay"  # each piece of the answer comes later by `seconds`
TRICKLE = "trickle"  # the answer comes a byte each `seconds`
BANDWIDTH = "bandwidth"  # the answer comes with `rate` bytes a second
SLICING = "slicing"  # the answer comes in pieces of `size` bytes, each in a packet of its own

CONDITIONS = (NO_ACCEPT, NO_READ, NO_ANSWER, CLOSE, CLOSE_ON_DATA, CORRUPT, DELAY, TRICKLE, BANDWIDTH, SLICING)


@dataclasses.dataclass(frozen=True)
class Condition:
    name: str = "open"
    seconds: float = 0.1
    rate: int = 1000
    size: int = 1
    reset: bool = False  # CLOSE and CLOSE_ON_DATA: with a RST


OPEN = Condition()


class TcpGate:
    """A proxy from a port of its own to `target`, a (host, port)."""

    def __init__(self, target, host="127.0.0.1"):
        self.target = target
        self.condition = OPEN
        self.connections = 0
        self._stopped = threading.Event()
        self._fillers = []
        self._lock = threading.Lock()
        self._open = set()
        self._listener = socket.socket()
        self._listener.bind((host, 0))
        self.host, self.port = self._listener.getsockname()
        # A queue of one connection, which NO_ACCEPT fills.
        self._listener.listen(0)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def set(self, name, **parameters):
        """Sets one of CONDITIONS."""
        assert name in CONDITIONS, name
        self.condition = Condition(name, **parameters)
        if name == NO_ACCEPT:
            self._fill()

    def clear(self):
        """Lets everything through again; what is open stays as it is."""
        self.condition = OPEN
        for filler in self._fillers:
            filler.close()
        self._fillers = []

    def drop_connections(self, reset=False):
        with self._lock:
            connections, self._open = self._open, set()
        for sock in connections:
            _end(sock, reset)

    def stop(self):
        self._stopped.set()
        self.clear()
        self._thread.join(5)
        self._listener.close()
        self.drop_connections()

    def _fill(self):
        """Connects to the gate until the kernel's queue is full."""
        time.sleep(0.05)  # the accepting thread has seen the condition
        while len(self._fillers) < 64:
            filler = socket.socket()
            filler.setblocking(False)
            try:
                filler.connect((self.host, self.port))
            except BlockingIOError:
                pass
            self._fillers.append(filler)
            # On loopback a connection is made at once, or its SYN was dropped.
            if not select.select([], [filler], [], 0.1)[1]:
                return

    def _accept(self):
        while not self._stopped.is_set():
            if self.condition.name == NO_ACCEPT:
                time.sleep(0.01)
                continue
            if not select.select([self._listener], [], [], 0.01)[0] or self.condition.name == NO_ACCEPT:
                continue
            client, _ = self._listener.accept()
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        if self.condition.name == CLOSE:
            _end(client, self.condition.reset)
            return
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            upstream = socket.create_connection(self.target, 5)
            upstream.settimeout(None)
        except OSError:
            _end(client)
            return
        with self._lock:
            self._open |= {client, upstream}
        requests = threading.Thread(target=self._pass_requests, args=(client, upstream), daemon=True)
        requests.start()
        self._pass_answers(upstream, client)
        requests.join(60)
        with self._lock:
            self._open -= {client, upstream}
        client.close()
        upstream.close()

    def _pass_requests(self, client, upstream):
        while True:
            while self.condition.name == NO_READ and not self._stopped.is_set():
                if _has_ended(client):
                    break
                time.sleep(0.01)
            try:
                data = client.recv(65536)
                if data and self.condition.name == CLOSE_ON_DATA:
                    _end(client, self.condition.reset)
                    _end(upstream)
                    return
                if not data:
                    _shut(upstream)
                    return
                upstream.sendall(data)
            except OSError:
                _end(upstream)
                return

    def _pass_answers(self, upstream, client):
        while True:
            try:
                data = upstream.recv(65536)
            except OSError:
                data = b""
            if not data:
                _shut(client)
                return
            try:
                self._deliver(data, client)
            except OSError:
                _end(upstream)
                return

    def _deliver(self, data, client):
        condition = self.condition
        if condition.name == NO_ANSWER:
            return
        if condition.name == CORRUPT:
            middle = len(data) // 2
            data = data[:middle] + bytes([data[middle] ^ 0x40]) + data[middle + 1 :]
        if condition.name == DELAY:
            self._stopped.wait(condition.seconds)
        step, pause = len(data), 0.0
        if condition.name == TRICKLE:
            step, pause = 1, condition.seconds
        elif condition.name == BANDWIDTH:
            step = max(condition.rate // 20, 1)
            pause = step / condition.rate
        elif condition.name == SLICING:
            step, pause = condition.size, 0.0005
        for at in range(0, len(data), step):
            client.sendall(data[at : at + step])
            if pause and self._stopped.wait(pause):
                return
            if self.condition is not condition and pause:
                client.sendall(data[at + step :])
                return


def _has_ended(sock):
    try:
        return sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _shut(sock):
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def _end(sock, reset=False):
    try:
        if reset:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            return
        sock.shutdown(socket.SHUT_RDWR)
        sock.close()
    except OSError:
        pass
