"""Part E: what callers do to the gRPC port. What Debian's gRPC 1.51 can't hold off alone is run both ways: at a process of
its own without a front (figures only: it has to live on), and at the shipped front, where it must not matter."""

import gzip
import json
import resource
import socket
import struct
import subprocess
import threading
import time

from harness import calls
from harness import certificates
from harness import front
from harness import gate
from harness import http2
from harness import program
from harness import provider
from harness.drip import seconds_until_end
from harness.trial import Background
from harness.trial import case
from harness.trial import load
from harness.trial import percentile

LIST = "EnrollmentService.ListEnrollments"
LIST_PATH = "/edugate.v1.EnrollmentService/ListEnrollments"
GET_PATH = "/edugate.v1.EnrollmentService/GetEnrollment"
DEADLINE = "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED"
OPEN = r"^process_open_fds"
# How many good calls come in beside attacks at the front.
GOOD_CALLS_MEANWHILE = 10


def naked(t):
    """A further process with the same configuration, reached without a front."""
    process = program.Edugate(t.settings["program"], t.configuration())
    t.cleanup(process.cleanup)
    return process


def fronted(t):
    """The shipped front before the process under test."""
    before = front.Front(t.edugate)
    t.cleanup(before.stop)
    return before


def attack(address, context, frames, acknowledge=True, seconds=20):
    """Sends frames, made by a function of the client, until they are sent or the connection is gone; the client."""
    try:
        client = http2.Client(address, context, acknowledge=acknowledge)
    except OSError:
        return None
    client.sock.settimeout(seconds)
    client.wait(lambda each: each.server_settings or each.closed, 5)
    for chunk in frames(client):
        if client.closed or not client.send(chunk):
            break
    client.wait(lambda each: each.closed or each.goaway, 2)
    return client


def resets(count):
    """HEADERS of a good call and at once RST_STREAM."""

    def frames(client):
        block = http2.header_block(calls.request_headers(LIST_PATH, "edugate.test", 5))
        for begin in range(0, count, 500):
            yield b"".join(http2.headers_frames(2 * i + 1, block) + http2.rst_stream(2 * i + 1)
                           for i in range(begin, min(begin + 500, count)))

    return frames


def open_streams(count):
    def frames(client):
        block = http2.header_block(calls.request_headers(LIST_PATH, "edugate.test", 30))
        for begin in range(0, count, 500):
            yield b"".join(http2.headers_frames(2 * i + 1, block) for i in range(begin, min(begin + 500, count)))

    return frames


def continuations(count):
    def frames(client):
        block = http2.header_block(calls.request_headers(LIST_PATH, "edugate.test", 5))
        yield http2.pack(http2.HEADERS, 0, 1, block)
        piece = http2.pack(http2.CONTINUATION, 0, 1, http2.header_block([("x-filler", "y" * 100)]))
        for _ in range(0, count, 200):
            yield piece * 200

    return frames


def call_through(t, name, channel):
    """A good call at the front. Once in some twenty attacks nginx drops a connection on which nobody speaks just then; a gRPC
    library connects anew, and so does this, once."""
    for _ in range(2):
        try:
            outcome = t.make_good_call(name, channel, 10)
        except OSError as error:
            outcome = calls.Outcome(code="lost", message=str(error))
        if outcome.code != "lost":
            break
    return outcome


class GoodTraffic(Background):
    """Good calls at the front, one after the other."""

    PAUSE = 0.002
    attacked = False
    meanwhile = 0  # those that an attack went on beside

    def once(self):
        begin, attacked = time.monotonic(), self.attacked
        outcome = call_through(self.trial, "other", self.channel)
        self.samples.append(time.monotonic() - begin)
        self.meanwhile += attacked or self.attacked
        if not outcome.ok:
            self.failures.append(str(outcome))


def compare(t, name, frames, most_mb, front_frames=None, acknowledge=True):
    """The attack both ways: figures of the naked process; asserts at the front, where it may be of other frames. One attack
    may cost `most_mb`; for all of them the case's own bound holds. What one attack at the front cost behind it in processor
    time, and how many streams the front refused to one at most."""
    alone = naked(t)
    before = alone.sample(metrics=False)
    alone.reset_peak()
    client = attack(alone.address, None, frames, acknowledge)
    after = alone.sample(metrics=False)
    t.note(**{f"{name}_naked_mb": round(after.peak_mb - before.rss_mb, 1),
              f"{name}_naked_cpu_ms": round((after.cpu_seconds - before.cpu_seconds) * 1000)})
    if client is not None:
        client.close()
    t.expect(alone.alive(), f"{name}: the process without a front has ended")

    shield = fronted(t)
    traffic = GoodTraffic(t, calls.Channel(shield.address, shield.context))
    for _ in range(20):
        traffic.once()
    usual, traffic.samples = traffic.samples, []
    before, front_before = t.edugate.sample(metrics=False), shield.rss_mb()
    open_before = t.edugate.metric(OPEN)
    t.edugate.reset_peak()
    begin = time.monotonic()
    traffic.start()
    over, refused = [], []
    # The front ends an attack in less time than a few good calls take: one follows the other until there were enough.
    while not over or traffic.meanwhile < GOOD_CALLS_MEANWHILE and time.monotonic() < begin + 20:
        # The list's attack is that of one connection: what it left behind the front goes first.
        while over and t.edugate.metric(OPEN) > open_before + 20 and time.monotonic() < begin + 20:
            time.sleep(0.05)
        traffic.attacked = True
        client = attack(shield.address, shield.context, front_frames or frames, acknowledge)
        traffic.attacked = False
        if client is None:
            t.expect(time.monotonic() < begin + 20, f"{name}: the front takes no connection")
            continue
        # Before this end closes it, too.
        over.append(client.closed or client.goaway is not None)
        refused.append(client.frames[http2.RST_STREAM])
        client.close()
        if len(over) == 1:
            grown, front_grown = t.edugate.sample(metrics=False).peak_mb - before.rss_mb, shield.rss_mb() - front_before
    traffic.finish()
    traffic.channel.close()
    usual, during = percentile(usual, 0.99), percentile(traffic.samples, 0.99)
    through = calls.Channel(shield.address, shield.context)
    outcome = call_through(t, "oa", through)
    after = t.edugate.sample(metrics=False)
    cpu = (after.cpu_seconds - before.cpu_seconds) / len(over)
    t.note(**{f"{name}_front_mb": round(grown, 1), f"{name}_nginx_mb": round(front_grown, 1),
              f"{name}_front_mb_of_all": round(after.peak_mb - before.rss_mb, 1), f"{name}_front_cpu_ms": round(cpu * 1000), f"{name}_attacks": len(over), f"{name}_ended": sum(over)})
    through.close()
    t.expect_ok(outcome)
    t.expect(all(over), f"{name}: the front goes on with {over.count(False)} of {len(over)} connections")
    t.expect(grown <= most_mb * t.memory_scale, f"{name}: memory behind the front grew by {grown:.1f} MB")
    t.expect(front_grown <= most_mb, f"{name}: the front's memory grew by {front_grown:.1f} MB")
    t.note(**{f"{name}_good_p99_ms": round(during * 1000, 1), f"{name}_good_usual_p99_ms": round(usual * 1000, 1),
              f"{name}_good_calls": traffic.meanwhile})
    t.expect(traffic.meanwhile >= GOOD_CALLS_MEANWHILE, f"{name}: only {traffic.meanwhile} good calls came in between")
    bound = 2 * usual + 0.1 + t.slack(begin)
    t.expect(not traffic.failures, f"{name}: {len(traffic.failures)} good calls failed, the first with {traffic.failures[:1]}")
    t.expect(during <= bound, f"{name}: good calls' p99 is {during * 1000:.0f} ms, bound {bound * 1000:.0f} ms")
    return cpu, max(refused)


@case("E1", memory_mb=60, attempts=100_000, background=False, seconds=30, alone=True)
def streams_that_are_reset_at_once(t):
    # A process without a front takes some 1.4 GB for 100,000 of them: there it is 30,000.
    count, at_the_front = (3_000, 10_000) if t.sanitized else (30_000, 100_000)
    for name, acknowledge in (("acked", True), ("unacked", False)):
        cpu, _ = compare(t, name, resets(count), 50, resets(at_the_front), acknowledge)
        t.expect(cpu <= 1 * t.time_scale * load(), f"{name}: {cpu:.1f} s of processor time behind the front")


@case("E2", memory_mb=60, attempts=60_000, background=False, seconds=20, alone=True)
def streams_that_are_never_ended(t):
    count = 2_000 if t.sanitized else 20_000
    busiest = []
    looking = threading.Event()

    def look():
        while not looking.wait(0.05):
            busiest.append(t.edugate.metric(r"^edugate_calls_in_flight"))

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    try:
        _, refused = compare(t, "streams", open_streams(count), 20, acknowledge=False)
    finally:
        looking.set()
        looker.join(10)
    # The front ends the connection before it has refused all the others.
    t.note(streams_refused=refused, streams_in_edugate=round(max(busiest)))
    t.expect(max(busiest) <= 101, f"{max(busiest):.0f} calls reached the process")


@case("E3", memory_mb=60, background=False, seconds=10, alone=True)
def headers_that_never_end(t):
    compare(t, "continuation", continuations(20_000), 20)


def one(t, headers, body=b"", channel=None, timeout=5):
    """A raw call on a connection of its own: (grpc-status or what ended it, the client)."""
    client = http2.Client(t.edugate.address) if channel is None else channel
    # gRPC's limits hold once its SETTINGS are acknowledged, which the answer to a PING after that shows.
    client.wait(lambda each: each.server_settings or each.closed, timeout)
    client.ping()
    client.wait(lambda each: each.pings_answered or each.closed, timeout)
    number = client.open(headers, end_stream=not body)
    if body:
        client.data(number, body, end_stream=True, timeout=timeout)
    client.wait_for(number, timeout)
    stream = client.stream(number)
    fields = dict(stream.header_blocks[-1]) if stream.header_blocks else {}
    status = fields.get(b"grpc-status")
    if status is not None:
        return calls.CODES[int(status)], client
    if fields.get(b":status", b"200") != b"200":
        return "HTTP " + fields[b":status"].decode(), client
    if stream.reset is not None:
        return f"RST_{stream.reset}", client
    return "lost" if stream.lost else "none", client


def request(t):
    return calls.encode_message(t.request(LIST, parent="connections/oa"))


@case("E4", attempts=60, seconds=5)
def metadata_that_are_too_much_or_wrong(t):
    head = calls.request_headers(LIST_PATH, t.edugate.address, 5)
    attacks = {
        "huge": head + [("x-huge", "y" * 200_000)],
        "many": head + [(f"x-{i}", "y" * 30) for i in range(400)],
        "bad_bin": head + [("x-bin", "!!! no base64 !!!")],
        "bad_te": [(name, "nonsense" if name == "te" else value) for name, value in head] + [("x", "y" * 9000)],
        "bad_scheme": [(name, "gopher" if name == ":scheme" else value) for name, value in head] + [("x", "y" * 9000)],
    }
    for name, headers in attacks.items():
        running = t.start(LIST, 5, parent="connections/oa")
        status, client = one(t, headers, request(t))
        t.note(**{name: status})
        t.expect(status != "OK" or name == "bad_te", f"{name}: taken")
        t.expect(status != "none", f"{name}: neither a status nor an end")
        client.close()
        t.expect_ok(t.finish(running))
        t.expect(t.edugate.alive(), f"{name}: the process has ended")


def flood(t, name, frames, bound_cpu):
    begin = t.edugate.cpu_seconds()
    client = attack(t.edugate.address, None, frames)
    used = t.edugate.cpu_seconds() - begin
    end = "connection lost" if client is None or (client.closed and not client.goaway) else (
        f"GOAWAY {client.goaway[1]} {client.goaway[2].decode(errors='replace')}" if client.goaway else "served")
    answered = 0 if client is None else sum(client.frames.values())
    t.note(**{f"{name}_cpu_ms": round(used * 1000), f"{name}_end": end.strip(), f"{name}_answers": answered})
    t.expect(used <= bound_cpu * t.time_scale, f"{name}: {used:.2f} s of processor time, at most {bound_cpu}")
    outcome = t.list(5)
    t.expect_ok(outcome)
    if client is not None:
        client.close()
    return end


@case("E5", memory_mb=60, background=False, attempts=20, seconds=12, alone=True)
def floods_of_small_frames(t):
    pings = flood(t, "pings", lambda client: [http2.pack(http2.PING, 0, 0, b"8 octets") * 100 for _ in range(50)], 1)
    t.expect("too_many_pings" in pings or "lost" in pings, f"5,000 pings: {pings}")
    empty = http2.pack(http2.SETTINGS, 0, 0, b"")
    count = 20 if t.sanitized else 200
    flood(t, "settings", lambda client: [empty * 1000 for _ in range(count)], 1)
    flood(t, "windows", lambda client: [http2.window_update(0, 1) * 1000 for _ in range(count)], 1)

    def zero_data(client):
        number = client.open(calls.request_headers(LIST_PATH, t.edugate.address, 5))
        for _ in range(count):
            yield http2.pack(http2.DATA, 0, number, b"") * 1000

    flood(t, "empty_data", zero_data, 1)


def field(tag, value):
    """A field with a length, as protobuf writes it."""
    size, encoded = len(value), bytearray([tag])
    while size > 0x7F:
        encoded.append(size & 0x7F | 0x80)
        size >>= 7
    encoded.append(size)
    return bytes(encoded) + value


def nested_metadata(depth):
    """A VerifyEnrollmentRequest whose metadata hold a list in a list in a list..."""
    value = b"\x08\x00"
    for _ in range(depth):
        value = field(0x32, field(0x0A, value))  # Value.list_value, ListValue.values
    return field(0x2A, field(0x0A, field(0x0A, b"k") + field(0x12, value)))


@case("E6", memory_mb=48, attempts=20, seconds=5)
def messages_that_are_not_what_they_say(t):
    head = calls.request_headers(LIST_PATH, t.edugate.address, 5)
    compressed = gzip.compress(b"\0" * (64 << 20), 9)
    verify = calls.request_headers("/edugate.v1.EnrollmentService/VerifyEnrollment", t.edugate.address, 5)
    attacks = {
        "declared_2_gb": (head, struct.pack(">BI", 0, 0x7FFFFFFF) + b"x" * 100,
                          ("RESOURCE_EXHAUSTED", "UNIMPLEMENTED", "INTERNAL")),
        "sent_5_mb": (head, struct.pack(">BI", 0, 5 << 20) + b"x" * (5 << 20),
                      ("RESOURCE_EXHAUSTED", "UNIMPLEMENTED", "INTERNAL")),
        "compressed_flag": (head, struct.pack(">BI", 1, 3) + b"abc", ("INTERNAL", "UNIMPLEMENTED")),
        "unknown_encoding": (head + [("grpc-encoding", "zstd")], struct.pack(">BI", 1, 3) + b"abc",
                             ("INTERNAL", "UNIMPLEMENTED")),
        "no_protobuf": (head, struct.pack(">BI", 0, 4) + b"\xff\xff\xff\xff", ("INTERNAL", "INVALID_ARGUMENT", "UNIMPLEMENTED")),
        "gzip_bomb": (head + [("grpc-encoding", "gzip")], struct.pack(">BI", 1, len(compressed)) + compressed,
                      ("UNIMPLEMENTED",)),
    }
    # Memory that is asked for and not touched counts in no RSS.
    before = t.edugate.most_address_space_mb()
    deep = nested_metadata(5_000)
    attacks["nested"] = (verify, struct.pack(">BI", 0, len(deep)) + deep,
                         ("INTERNAL", "INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED"))
    for name, (headers, body, expected) in attacks.items():
        status, client = one(t, headers, body)
        client.close()
        t.note(**{name: status})
        t.expect(status in expected, f"{name}: {status}, expected {' or '.join(expected)}")
        t.expect(t.edugate.alive(), f"{name}: the process has ended")
    asked = t.edugate.most_address_space_mb() - before
    t.note(address_space_mb=round(asked))
    t.expect(asked < 1024, f"{asked:.0f} MB of address space were asked for: a declared size was taken at its word")


def silence(t, address, drip=b""):
    """After how many seconds a connection ends on which nothing is said, or these bytes slowly. The handshake's time is five."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as sock:
        begin = time.monotonic()
        # The server's SETTINGS come, then the end.
        took = seconds_until_end(sock, (bytes([each]) for each in drip), 0.1, 20 * t.time_scale)
    t.expect(4.5 <= took <= 6 + t.slack(begin), f"a connection in its handshake ended after {took:.1f} s")
    return round(took, 1)


def is_closed(connection):
    """Whether the other side has ended it, or does within a second."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


@case("E7", memory_mb=120, background=False, attempts=20, seconds=20, alone=True, server={"max_connections": 2_010})
def connections_that_do_nothing(t):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(2_000, hard - 500)
    host, port = t.edugate.address.rsplit(":", 1)
    before = t.edugate.sample(metrics=False)
    idle = []
    try:
        for _ in range(count):
            each = socket.create_connection((host, int(port)), timeout=10)
            each.sendall(http2.PREFACE + http2.settings())
            idle.append(each)
        t.expect_ok(t.list(5))
        time.sleep(0.5)
        grown = t.edugate.sample(metrics=False).rss_mb - before.rss_mb
        t.note(idle_connections=count, kb_per_idle_connection=round(grown * 1024 / count, 1))
        t.expect(grown * 1024 / count <= 30 * t.memory_scale, f"{grown * 1024 / count:.1f} KB for an idle connection")
        # Beyond the cap a connection is closed at once, and those that there are go on.
        counted = r"^edugate_connections_refused_total"
        beyond = [socket.create_connection((host, int(port)), timeout=5) for _ in range(30)]
        for each in beyond:
            each.settimeout(1)
        idle += beyond
        end = time.monotonic() + 5 * t.time_scale
        while t.edugate.metric(counted) < 20 and time.monotonic() < end:
            time.sleep(0.02)
        closed = sum(is_closed(each) for each in beyond)
        t.note(refused_beyond_the_cap=closed)
        t.expect(count < 2_000 or 20 <= closed <= 30, f"{closed} of 30 connections beyond the cap were closed")
        t.expect_ok(t.list(5))
        # They make room.
        for each in idle:
            each.close()
        end = time.monotonic() + 5 * t.time_scale
        refused = True
        while refused and time.monotonic() < end:
            with socket.create_connection((host, int(port)), timeout=5) as next_one:
                refused = is_closed(next_one)
        t.expect(not refused, "no connection is taken though there is room")
        # Half open: no preface comes. Over TLS, not even a handshake, or one byte of it now and then.
        t.note(half_open_ended_after_s=silence(t, t.edugate.address))
        certificate, key = certificates.files(certificates.GOOD)
        config = t.configuration()
        config["server"]["tls"] = {"certificate_file": certificate, "private_key_file": key}
        secure = program.Edugate(t.settings["program"], config)
        t.cleanup(secure.cleanup)
        t.note(no_handshake_ended_after_s=silence(t, secure.address), slow_handshake_ended_after_s=silence(
            t, secure.address, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200))
    finally:
        for each in idle:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


ROOMY = {"concurrency": {"adaptive": False, "max_in_flight": 3000, "max_queued": 3000}, "coalesce": False}


# Seconds. Long enough for a thousand threads of ours to answer a ping on a machine that is busy besides.
PING_TIMEOUT = 5


# The provider's silence ends nothing before edugate has noticed the caller's.
@case("E8", connection={**ROOMY, "http": {"stall_time": "60s"}}, attempts=3000, memory_mb=160, background=False,
      seconds=30, alone=True, server={"keepalive_time": "1s", "keepalive_timeout": f"{PING_TIMEOUT}s"})
def callers_that_vanish(t):
    count = 200 if t.sanitized else 1000
    busy = r"edugate_calls_in_flight\{.*ListEnrollments"

    def hang_calls(address):
        channel = calls.Channel(address)
        seen = t.provider.count()
        for _ in range(count):
            channel.start(LIST, t.request(LIST, parent="connections/oa"), 100)
        end = time.monotonic() + 40 * t.time_scale
        while t.edugate.metric(busy) < count and time.monotonic() < end:
            time.sleep(0.05)
        t.expect(t.edugate.metric(busy) >= count, f"{t.edugate.metric(busy)} calls run")
        # There are as many transfers to cancel.
        t.expect(t.provider.wait_for(seen + count, timeout=40 * t.time_scale),
                 f"the provider has only {t.provider.count() - seen} of {count} requests")
        return channel

    def await_none(limit):
        begin = time.monotonic()
        while t.edugate.metric(busy) > 0 and time.monotonic() < begin + limit + t.slack(begin):
            time.sleep(0.02)
        took = time.monotonic() - begin
        t.expect(t.edugate.metric(busy) == 0, f"{t.edugate.metric(busy)} calls still run after {took:.2f} s")
        # Their transfers are gone, too: the provider sees its connections end.
        while len(t.provider.open) > kept and time.monotonic() < begin + limit + 1 + t.slack(begin):
            time.sleep(0.02)
        t.expect(len(t.provider.open) <= kept, f"{len(t.provider.open)} connections to the provider are still open")
        return round(took, 2)

    kept = len(t.provider.open)
    t.provider.script(provider.then_hang())
    gone = hang_calls(t.edugate.address)
    gone.close()
    # A tenth of a second for one; a thousand at once, and the looks at them, take a little more.
    t.note(ended_after_fin_s=await_none(1 * t.time_scale))

    # A cable that is pulled: nothing more arrives, and nobody says so.
    cable = gate.TcpGate(tuple([t.edugate.address.rsplit(":", 1)[0], int(t.edugate.address.rsplit(":", 1)[1])]))
    t.cleanup(cable.stop)
    silent = hang_calls(cable.address)
    cable.set(gate.NO_READ)
    t.note(ended_after_silence_s=await_none((1 + PING_TIMEOUT + 4) * t.time_scale))
    cable.clear()
    cable.drop_connections()
    silent.close()


@case("E9", attempts=400, seconds=75)
def a_reader_that_does_not_read(t):
    from cases import c_pages  # pylint: disable=import-outside-toplevel

    c_pages.a_stream_that_nobody_reads(t)


@case("E10", server={"reflection": False})
def methods_that_there_are_not(t):
    for path in ("/edugate.v1.EnrollmentService/Nothing", "/no.such.Service/Method", "/",
                 "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                 "/edugate.provider.openapply.v3.OpenApplyV3/ListReenrollments"):
        status, client = one(t, calls.request_headers(path, t.edugate.address, 5), b"\0\0\0\0\0")
        client.close()
        t.expect(status == "UNIMPLEMENTED", f"{path}: {status}")
    t.expect_attempts(0)


@case("E11", server={"max_deadline": "2s", "default_deadline": "1s"}, attempts=12, background=False)
def deadlines_of_any_kind(t):
    head = [each for each in calls.request_headers(LIST_PATH, t.edugate.address) if each[0] != "grpc-timeout"]
    body = request(t)
    for text in ("0m", "0n", "-5S", "1u", "1m"):
        seen = t.provider.count()
        status, client = one(t, head + [("grpc-timeout", text)], body)
        client.close()
        t.note(**{f"timeout_{text.strip('-')}{'_negative' if '-' in text else ''}": status})
        ended = status in ("DEADLINE_EXCEEDED", "CANCELLED", "RST_8")
        if text in ("0m", "0n"):
            t.expect(ended, f"{text}: {status}")
            t.expect(t.provider.count() == seen, f"{text}: the provider was asked")
        else:
            # gRPC counts in milliseconds: within one, a call may be answered. "-5S" is no timeout by its grammar: it may be
            # refused, or taken for none.
            t.expect(ended or status == "OK", f"{text}: {status}")
    t.provider.script(provider.then_hang())
    # A year, and none: the server's own limits hold.
    for text, least, most in (("8760H", 1.8, 2.3), (None, 0.8, 1.3)):
        begin = time.monotonic()
        status, client = one(t, head + ([("grpc-timeout", text)] if text else []), body, timeout=30)
        seconds = time.monotonic() - begin
        client.close()
        t.note(**{f"capped_{text or 'none'}_s": round(seconds, 2)})
        t.expect(status == "DEADLINE_EXCEEDED", f"{text}: {status}")
        t.expect(least <= seconds <= most + t.slack(begin), f"{text}: {seconds:.2f} s")


@case("E12", connection={"concurrency": {"adaptive": False, "max_in_flight": 8, "max_queued": 8}, "coalesce": False},
      attempts=100_000, memory_mb=60, background=False, seconds=20, alone=True)
def ten_times_the_calls_that_can_be_served(t):
    """The provider is asked 8 things at a time and takes 50 ms: at most 160 calls a second, whoever calls. (What the
    process itself can serve, and what a refusal costs, is measured by bench/overload.py: docs/performance.md.)"""
    t.provider.script(provider.after(0.05, t.healthy))
    body = t.secret_file("request", "")
    with open(body, "wb") as file:
        file.write(request(t))

    def offer(rate, seconds):
        run = subprocess.run([t.settings["open_loop"], t.edugate.address, LIST_PATH, body, str(rate), str(seconds), "2000",
                              "8"], stdout=subprocess.PIPE, text=True, check=True)
        found = json.loads(run.stdout)
        found["goodput"] = found["ok"] / found["seconds"]
        return found

    usual = offer(130, 4)
    peak = offer(300, 4)
    begin = time.monotonic()
    crowd = offer(1600, 6)
    after = offer(130, 3)
    t.note(goodput_usual=round(usual["goodput"]), goodput_2x=round(peak["goodput"]), goodput_10x=round(crowd["goodput"]),
           refused_10x=crowd["refused"], late_10x=crowd["late"], failed_10x=crowd["failed"], p99_usual_ms=usual["p99_ms"],
           p99_10x_ms=crowd["p99_ms"], goodput_after=round(after["goodput"]))
    best = max(usual["goodput"], peak["goodput"])
    slow = 0.5 if t.sanitized else 0.9
    t.expect(crowd["goodput"] >= slow * best, f"goodput fell from {best:.0f} to {crowd['goodput']:.0f} calls a second")
    t.expect(crowd["late"] + crowd["failed"] <= crowd["made"] * 0.01, f"{crowd['late']} late, {crowd['failed']} failed")
    t.expect(crowd["p99_ms"] <= 3 * usual["p99_ms"] + 1000 * t.slack(begin), f"p99 of the served: {crowd['p99_ms']} ms")
    t.expect(after["ok"] >= 0.95 * after["made"], f"after it {after['ok']} of {after['made']} were served")
