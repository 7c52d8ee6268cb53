#!/usr/bin/env python3
"""A provider that takes its time: slow_provider.py FILE SECONDS.

Answers every request with the file's bytes, so many seconds after it has come, over any number of
connections. Prints `listening on HOST:PORT`, and at the end (SIGTERM) the most requests that were
waiting at a time.
"""

import asyncio
import pathlib
import signal
import sys


class Answers:
    def __init__(self, body, seconds):
        self.bytes = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                      + str(len(body)).encode() + b"\r\n\r\n" + body)
        self.seconds = seconds
        self.waiting = 0
        self.most = 0


class Connection(asyncio.Protocol):
    def __init__(self, answers):
        self.answers = answers
        self.received = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.received += data
        while b"\r\n\r\n" in self.received:
            self.received = self.received.split(b"\r\n\r\n", 1)[1]
            self.answers.waiting += 1
            self.answers.most = max(self.answers.most, self.answers.waiting)
            asyncio.get_running_loop().call_later(self.answers.seconds, self.answer)

    def answer(self):
        self.answers.waiting -= 1
        if not self.transport.is_closing():
            self.transport.write(self.answers.bytes)


async def main():
    answers = Answers(pathlib.Path(sys.argv[1]).read_bytes(), float(sys.argv[2]))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answers), "127.0.0.1", 0, backlog=16384)
    print("listening on 127.0.0.1:%d" % server.sockets[0].getsockname()[1], flush=True)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()
    print("most waiting: %d" % answers.most, flush=True)


asyncio.run(main())
