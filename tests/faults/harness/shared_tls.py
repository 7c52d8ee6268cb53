"""A TLS connection that one thread reads while others write."""

import select
import ssl
import threading
import time


class SharedTls:
    """What is used of a socket, for any number of threads; a piece of sendall()'s must be out before the next is begun.

    OpenSSL's connection is one object, which two threads together break ("bad record mac"): so they take turns, and nobody
    waits within it.
    """

    def __init__(self, sock):
        """Takes an ssl.SSLSocket after its handshake."""
        sock.setblocking(False)
        self._sock = sock
        self._turn = threading.Lock()
        self._seconds = None

    def settimeout(self, seconds):
        self._seconds = seconds

    def recv(self, size):
        return self._when_ready(lambda: self._sock.recv(size))

    def sendall(self, data):
        left = memoryview(data)
        while left:
            rest = left
            left = left[self._when_ready(lambda: self._sock.send(rest)) :]  # pylint: disable=cell-var-from-loop

    def shutdown(self, how):
        with self._turn:
            self._sock.shutdown(how)

    def close(self):
        with self._turn:
            self._sock.close()

    def _when_ready(self, attempt):
        end = None if self._seconds is None else time.monotonic() + self._seconds
        while True:
            try:
                with self._turn:
                    return attempt()
            except ssl.SSLWantReadError:
                event = select.POLLIN
            except ssl.SSLWantWriteError:
                event = select.POLLOUT
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError("the peer takes or sends nothing")
            ready = select.poll()
            ready.register(self._sock, event)
            ready.poll(None if left is None else left * 1000)


def shared(sock):
    """The socket itself where it isn't one of TLS."""
    return SharedTls(sock) if isinstance(sock, ssl.SSLSocket) else sock
