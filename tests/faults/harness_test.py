"""The harness does what the cases take for granted."""

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.insert(0, os.environ.get("EDUGATE_STUBS", os.path.join(ROOT, "build", "python")))

from harness import calls
from harness import certificates
from harness import gate
from harness import healthy
from harness import http2
from harness import program
from harness import provider
from harness import shared_tls

GET = b"GET /api/v3/reenrollments HTTP/1.1\r\nHost: x\r\n\r\n"


def exchange(port, request=GET, timeout=30.0, most=1 << 20):
    """What comes back within the time, and whether the connection has ended, and how."""
    data, end = b"", ""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as sock:
            sock.settimeout(timeout)
            sock.sendall(request)
            while len(data) < most:
                piece = sock.recv(65536)
                if not piece:
                    return data, "closed"
                data += piece
    except TimeoutError:
        end = "open"
    except ConnectionError:
        end = "reset"
    return data, end


class ProviderTest(unittest.TestCase):

    def setUp(self):
        self.provider = provider.Provider(default=provider.reply("{}"))
        self.addCleanup(self.provider.stop)

    def test_answers_follow_each_other_and_the_last_stays(self):
        self.provider.script(provider.then_close(b"one"), provider.then_close(b"two"))
        seen = [exchange(self.provider.port)[0] for _ in range(3)]
        self.assertEqual(seen, [b"one", b"two", b"two"])

    def test_requests_are_recorded_byte_for_byte(self):
        self.provider.script(provider.then_close(b""))
        exchange(self.provider.port, b"POST /a%2Fb?x=1&y= HTTP/1.1\r\nX-Odd:  v \r\nContent-Length: 3\r\n\r\nabc")
        request = self.provider.requests[0]
        self.assertEqual(request.line, b"POST /a%2Fb?x=1&y= HTTP/1.1")
        self.assertEqual((request.path, request.query, request.body), ("/a%2Fb", {"x": "1", "y": ""}, b"abc"))
        self.assertEqual(request.header("x-odd"), "v")

    def test_chunked_bodies_are_read(self):
        self.provider.script(provider.then_close(b""))
        exchange(self.provider.port,
                 b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        self.assertEqual(self.provider.requests[0].body, b"abcde")

    def test_a_reset_is_a_reset(self):
        self.provider.script(provider.then_reset())
        self.assertEqual(exchange(self.provider.port), (b"", "reset"))

    def test_healing_ends_what_hangs(self):
        def heal():
            self.provider.wait_for(1, timeout=30)
            self.provider.heal()

        self.provider.script(provider.then_hang())
        threading.Thread(target=heal, daemon=True).start()
        self.assertEqual(exchange(self.provider.port)[1], "closed")

    def test_it_refuses_and_listens_again_on_its_port(self):
        self.provider.refuse()
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", self.provider.port), 1)
        self.provider.heal()
        whole = provider.reply("{}")
        self.assertEqual(exchange(self.provider.port, most=len(whole))[0], whole)

    def test_the_ledger_counts_changes(self):
        ledger = provider.Ledger()
        for state in ("a", "a", "b"):
            ledger.apply("put", state)
        ledger.apply("post")
        ledger.apply("post")
        self.assertEqual(dict(ledger.effects), {"put": 2, "post": 2})


class GateTest(unittest.TestCase):

    def setUp(self):
        self.provider = provider.Provider(default=provider.then_close(provider.reply('{"a": 1}')))
        self.gate = gate.TcpGate(("127.0.0.1", self.provider.port))
        self.addCleanup(self.provider.stop)
        self.addCleanup(self.gate.stop)
        self.whole = provider.reply('{"a": 1}')

    def test_it_lets_everything_through(self):
        self.assertEqual(exchange(self.gate.port), (self.whole, "closed"))

    def test_no_accept(self):
        self.gate.set(gate.NO_ACCEPT)
        with self.assertRaises(TimeoutError):
            socket.create_connection(("127.0.0.1", self.gate.port), 0.3)
        self.gate.clear()
        self.assertEqual(exchange(self.gate.port), (self.whole, "closed"))

    def test_no_read_and_no_answer(self):
        self.gate.set(gate.NO_READ)
        self.assertEqual(exchange(self.gate.port, timeout=0.3), (b"", "open"))
        self.assertEqual(self.provider.count(), 0)
        self.gate.set(gate.NO_ANSWER)
        self.assertEqual(exchange(self.gate.port, timeout=0.3)[0], b"")
        self.assertTrue(self.provider.wait_for(1, timeout=30))

    def test_close(self):
        self.gate.set(gate.CLOSE)
        self.assertEqual(exchange(self.gate.port)[0], b"")
        self.gate.set(gate.CLOSE_ON_DATA, reset=True)
        self.assertEqual(exchange(self.gate.port), (b"", "reset"))
        self.assertEqual(self.provider.count(), 0)

    def test_corrupt(self):
        self.gate.set(gate.CORRUPT)
        data, _ = exchange(self.gate.port)
        self.assertEqual(len(data), len(self.whole))
        self.assertNotEqual(data, self.whole)

    def test_delay_and_slicing(self):
        self.gate.set(gate.DELAY, seconds=0.3)
        begin = time.monotonic()
        self.assertEqual(exchange(self.gate.port)[0], self.whole)
        self.assertGreaterEqual(time.monotonic() - begin, 0.3)
        self.gate.set(gate.SLICING, size=3)
        self.assertEqual(exchange(self.gate.port)[0], self.whole)

    def test_trickle_and_bandwidth(self):
        for condition in ({"name": gate.TRICKLE, "seconds": 0.05}, {"name": gate.BANDWIDTH, "rate": 20}):
            self.gate.set(**condition)
            data, end = exchange(self.gate.port, most=5)
            self.assertTrue(self.whole.startswith(data) and 0 < len(data) < len(self.whole), (condition, data, end))


class CertificatesTest(unittest.TestCase):

    def verify(self, kind):
        """Why a client that trusts the authority refuses; empty where it doesn't."""
        upstream = provider.Provider(context=certificates.server_context(kind))
        self.addCleanup(upstream.stop)
        client = ssl.create_default_context(cafile=certificates.authority_file())
        try:
            with socket.create_connection(("127.0.0.1", upstream.port), 5) as sock:
                client.wrap_socket(sock, server_hostname="localhost").close()
        except ssl.SSLError as error:
            return str(error)
        return ""

    def test_each_is_wrong_in_its_own_way(self):
        self.assertEqual(self.verify(certificates.GOOD), "")
        self.assertIn("expired", self.verify(certificates.EXPIRED))
        self.assertIn("Hostname mismatch", self.verify(certificates.WRONG_HOST))
        self.assertIn("self", self.verify(certificates.SELF_SIGNED))
        self.assertNotEqual(self.verify(certificates.OLD_TLS), "")


class ProgramTest(unittest.TestCase):

    def test_processor_time_counts_threads_that_have_ended(self):
        code = ("import threading, time\n"
                "def work():\n"
                "    while time.thread_time() < 0.3: pass\n"
                "worker = threading.Thread(target=work)\n"
                "worker.start(); worker.join()\n"
                "print('done', flush=True)\n"
                "input()\n")
        with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            self.assertEqual(process.stdout.readline(), b"done\n")
            self.assertGreaterEqual(program.cpu_seconds_of(process.pid), 0.3)
            process.communicate(b"\n")


class SharedTlsTest(unittest.TestCase):

    def test_is_read_and_written_at_the_same_time(self):
        size = 8_000_000
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)

        def echo():
            sock = certificates.server_context(certificates.GOOD).wrap_socket(listener.accept()[0], server_side=True)
            both = shared_tls.shared(sock)
            while data := both.recv(65536):
                both.sendall(data)
            both.close()

        threading.Thread(target=echo, daemon=True).start()
        plain = socket.create_connection(listener.getsockname(), 10)
        client = shared_tls.shared(certificates.client_context().wrap_socket(plain, server_hostname="localhost"))
        self.addCleanup(client.close)
        client.settimeout(30)
        sent = os.urandom(size)
        back = []
        reader = threading.Thread(target=lambda: back.append(http2.read_exactly(client, size)))
        reader.start()
        client.sendall(sent)
        reader.join(60)
        self.assertTrue(back and back[0] == sent, f"{len(back[0]) if back else 0} bytes came back")

    def test_nothing_to_read_in_time_is_said(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        context = certificates.server_context(certificates.GOOD)
        kept = []
        threading.Thread(target=lambda: kept.append(context.wrap_socket(listener.accept()[0], server_side=True)),
                         daemon=True).start()
        plain = socket.create_connection(listener.getsockname(), 10)
        client = shared_tls.shared(certificates.client_context().wrap_socket(plain, server_hostname="localhost"))
        self.addCleanup(client.close)
        client.settimeout(0.05)
        with self.assertRaises(TimeoutError):
            client.recv(1)


class RawClientTest(unittest.TestCase):
    """The raw HTTP/2 client against the program."""

    @classmethod
    def setUpClass(cls):
        cls.provider = provider.Provider(default=healthy.HealthyProviders())
        cls.addClassCleanup(cls.provider.stop)
        cls.edugate = program.Edugate(
            os.environ.get("EDUGATE_PROGRAM", os.path.join(ROOT, "build", "edugate")),
            {"server": {"listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0", "insecure": True},
             "connections": [{"id": "oa", "provider": "openapply", "base_url": f"http://{cls.provider.address}",
                              "auth": {"bearer": {"value": "x"}}}]})
        cls.addClassCleanup(cls.edugate.cleanup)

    def client(self, **keywords):
        client = http2.Client(self.edugate.address, **keywords)
        self.addCleanup(client.close)
        return client

    def test_a_call_and_its_status(self):
        channel = calls.Channel(self.edugate.address)
        self.addCleanup(channel.close)
        method = "EnrollmentService.ListEnrollments"
        outcome = channel.call(method, calls.make_request(method, parent="connections/oa"), 5)
        self.assertEqual((outcome.code, outcome.terminals), ("OK", 1))
        self.assertEqual(len(outcome.reply.enrollments), 3)
        outcome = channel.call(method, calls.make_request(method, parent="connections/nobody"), 5)
        self.assertEqual(str(outcome), "NOT_FOUND/CONNECTION_UNKNOWN")
        self.assertEqual(outcome.metadata["connection"], "nobody")

    def test_pings_settings_and_resets(self):
        client = self.client()
        client.ping()
        self.assertTrue(client.wait(lambda each: each.pings_answered == 1, 5))
        self.assertIn(http2.MAX_CONCURRENT_STREAMS, client.server_settings)
        number = client.open(calls.request_headers("/edugate.v1.Nothing/Nothing", "x"))
        client.rst(number)
        number = client.open(calls.request_headers("/edugate.v1.Nothing/Nothing", "x"), end_stream=True)
        self.assertTrue(client.wait_for(number, 5))
        self.assertEqual(dict(client.stream(number).header_blocks[-1])[b"grpc-status"], b"12")

    def test_what_breaks_the_protocol_ends_the_connection(self):
        client = self.client()
        client.send(http2.pack(http2.CONTINUATION, 0, 1, b"of nothing"))
        self.assertTrue(client.wait(lambda each: each.closed or each.goaway, 5))

    def test_what_the_program_takes(self):
        sample = self.edugate.sample({self.provider.port})
        self.assertGreater(sample.rss_mb, 5)
        self.assertGreaterEqual(sample.peak_mb, sample.rss_mb)
        self.assertGreater(sample.fds, 5)
        self.assertGreater(sample.threads, 2)
        self.assertTrue(any(name.startswith("edugate_calls_total") for name in self.edugate.metrics()))


if __name__ == "__main__":
    unittest.main()
