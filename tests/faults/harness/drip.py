"""A peer that is given little at a time."""

import time


def seconds_until_end(sock, pieces, pause, most):
    """Sends one of the pieces after each pause, reading what comes meanwhile; after how many seconds, of at most so many, the
    peer ended the connection."""
    begin = time.monotonic()
    sock.settimeout(pause)
    while time.monotonic() < begin + most:
        try:
            if not sock.recv(4096):
                break
        except TimeoutError:
            pass
        except OSError:
            break
        try:
            sock.sendall(next(pieces, b""))
        except OSError:
            break
    return time.monotonic() - begin
