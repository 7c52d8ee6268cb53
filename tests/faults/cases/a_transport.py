"""Part A: the way to the provider."""

import gzip
import io
import random
import time
import zipfile

from harness import certificates
from harness import gate
from harness import healthy
from harness import http2_provider
from harness import provider
from harness.trial import case
from harness.trial import load

UNAVAILABLE = "UNAVAILABLE/PROVIDER_UNAVAILABLE"
INVALID = "INTERNAL/PROVIDER_RESPONSE_INVALID"
UNKNOWN_OUTCOME = "UNKNOWN/WRITE_OUTCOME_UNKNOWN"

NO_BREAKER = {"breaker": {"disabled": True}}
ASSIGN = "licenses/assign"


def page_body(t, count=40):
    return healthy.reenrollments(range(1, count + 1), student=t.canary_student)


def whole_page(t, **keywords):
    return provider.reply(page_body(t), **keywords)


@case("A1", good="edx", connection=NO_BREAKER)
def connection_refused(t):
    t.provider.refuse()
    refused = 0
    for call in (t.list, lambda: t.assign("ann"), t.transcript):
        outcome = call()
        t.expect_status(outcome, UNAVAILABLE)
        t.expect(outcome.retry_delay is not None, "the status names no time to come back")
        # The provider has seen none of them.
        made = t.edugate.metric(r'^edugate_provider_attempts_total.*outcome="PROVIDER_UNAVAILABLE"')
        t.expect(1 <= made - refused <= 3, f"{outcome.method}: {made - refused:.0f} attempts")
        refused = made
    t.expect(not t.provider.ledger.effects, "a write happened")


@case("A2", gate=True, attempts=0, connection={"http": {"connect_timeout": "0.4s"}, **NO_BREAKER})
def new_connections_are_dropped(t):
    t.gate.set(gate.NO_ACCEPT)
    t.gate.drop_connections()
    outcome = t.list(timeout=6)
    t.expect_status(outcome, UNAVAILABLE)
    t.expect_time(outcome, 3 * 0.4 + 0.1 + 0.2, least=0.4)
    outcome = t.list(timeout=0.2)
    t.expect_deadline(outcome)
    t.expect_time(outcome, 0.2)


@case("A3", host="provider.test", tls=True, warm=False, attempts=0,
      connection={"http": {"connect_timeout": "0.5s", "allowed_networks": ["127.0.0.0/8"]}, **NO_BREAKER})
def the_name_does_not_resolve(t):
    for answer in ("nxdomain", "servfail", "hang"):
        t.set_hosts(provider_test=answer)
        before = t.edugate.metrics()
        outcome = t.list(timeout=6)
        t.note(**{f"{answer}_ms": round(outcome.seconds * 1000)})
        t.expect_status(outcome, UNAVAILABLE)
        t.expect_time(outcome, 3)
    # The last one took long enough for several looks at the loops: a resolver that hangs holds none of them up.
    lag = t.loop_lag(before)
    t.note(loop_lag_ms=lag * 1000)
    t.expect(lag <= 0.01 + t.slack(outcome.started), f"a loop was {lag * 1000:.0f} ms late")
    t.set_hosts(provider_test="127.0.0.1")


@case("A4", connections={"tms": {"methods": [{"method": "GetClassEnrollment", "attempt_timeout": "0.4s"}]}},
      connection=NO_BREAKER)
def no_answer_comes(t):
    t.provider.script(provider.then_hang())
    outcome = t.list(timeout=1.5)
    t.expect_deadline(outcome)
    t.expect_time(outcome, 1.5, least=1.4)
    # By an attempt's own time before the caller's.
    outcome = t.get(timeout=6)
    t.expect_status(outcome, UNAVAILABLE)
    t.expect_time(outcome, 3 * 0.4 + 0.1 + 0.2, least=0.4)


@case("A5", seconds=16, memory_mb=10, attempts=150, config={"runtime": {"loops": 4}},
      connection={"limits": {"max_attempts": 1}, "concurrency": {"adaptive": False, "max_in_flight": 128},
                  "coalesce": False, **NO_BREAKER})
def the_answer_drips(t):
    body = whole_page(t)

    def drip(exchange):
        for at in range(len(body)):
            exchange.send(body[at : at + 1])
            exchange.sleep(0.5)

    # What a loop needs once for all its calls is not what a call holds.
    for each in [t.start("EnrollmentService.ListEnrollments", 25, parent="connections/oa") for _ in range(40)]:
        t.expect_ok(t.finish(each))
    t.provider.forget()
    t.provider.script(drip)
    before = t.edugate.sample(metrics=False).rss_mb
    running = [t.start("EnrollmentService.ListEnrollments", 25, parent="connections/oa") for _ in range(100)]
    t.expect(t.provider.wait_for(100), f"the provider has only {t.provider.count()} of 100 requests")
    time.sleep(3)
    held = t.edugate.sample(metrics=False).rss_mb - before
    t.note(held_mb=round(held, 1))
    t.expect(held < 5 * t.memory_scale, f"100 calls hold {held:.1f} MB")
    for each in running:
        outcome = t.finish(each)
        t.expect_status(outcome, UNAVAILABLE)
        t.expect_time(outcome, 13, least=9)


@case("A6")
def reset_before_the_first_byte_of_a_get(t):
    t.provider.script(provider.then_reset(), t.healthy)
    t.expect_ok(t.list())
    t.expect_attempts(2)


@case("A7", good="edx")
def reset_before_the_first_byte_of_a_post(t):
    def happens_and_resets(exchange):
        t.healthy.answer(t.provider, exchange.request)
        exchange.reset()

    t.provider.script(happens_and_resets, path=ASSIGN)
    t.expect_status(t.assign("ann", request_id="a7-0000-1"), UNKNOWN_OUTCOME)
    t.expect_attempts(1, path=ASSIGN)
    t.heal()
    # The same request again is not a second write, and says no more than is known.
    t.expect_status(t.assign("ann", request_id="a7-0000-1"), UNKNOWN_OUTCOME)
    t.expect_attempts(1, path=ASSIGN)


def cut_short(t, data, end):
    """A read whose answer is cut once, and one whose answer is always cut."""
    t.provider.script(end(data), t.healthy)
    t.expect_ok(t.list())
    t.expect_attempts(2)
    t.heal()
    t.provider.forget()
    t.provider.script(end(data))
    outcome = t.list()
    t.expect_status(outcome, INVALID, UNAVAILABLE)
    t.expect(not outcome.replies, "a part of the answer was delivered")
    t.expect_attempts(1, 3)
    # A read that is a POST at the provider.
    t.expect_status(t.transcript(), INVALID, UNAVAILABLE)


@case("A8", attempts=8)
def reset_in_the_body(t):
    cut_short(t, whole_page(t)[:1500], provider.then_reset)


@case("A9", attempts=8)
def fewer_bytes_than_content_length(t):
    body = b'{"a": '
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    cut_short(t, head + body, provider.then_close)


@case("A10", attempts=8)
def no_last_chunk(t):
    text = whole_page(t).split(b"\r\n\r\n", 1)[1]
    cut_short(t, provider.chunked(text, end=False), provider.then_close)


def cut_document(t):
    t.provider.script(provider.then_close(whole_page(t, length=False)[:-700]))
    outcome = t.list()
    t.expect_status(outcome, INVALID)
    t.expect(not outcome.replies, "a part of the answer was delivered")
    t.expect_attempts(1)


@case("A11")
def no_length_and_a_close_in_the_document(t):
    cut_document(t)


@case("A12", good="m1")
def no_length_and_a_close_between_records(t):
    record = b'{"Status": 0, "Error": null, "Results": []}'
    t.provider.script(provider.then_close(provider.reply(record + b"\n" + record, length=False)))
    t.expect_status(t.get(), INVALID)
    t.heal()
    # A file's end can't be told from a cut connection, either: one of two entries, with its length and without.
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for entry in ("algebra.csv", "biology.csv"):
            archive.writestr(entry, "course,grade\n")
    first = packed.getvalue()[: packed.getvalue().rindex(b"PK\x03\x04")]
    rows = b"course,grade\nalgebra,A\n"
    name = f"connections/m1/transcripts/{healthy.TRANSCRIPT}"
    t.provider.script(provider.reply(first, content_type="application/zip"))
    t.expect_ok(t.call("TranscriptService.DownloadTranscriptFiles", name=name))
    for data, content_type in ((first, "application/zip"), (rows, "application/zip"), (rows, "text/csv")):
        t.provider.script(provider.then_close(provider.reply(data, content_type=content_type, length=False)))
        outcome = t.call("TranscriptService.DownloadTranscriptFiles", name=name)
        t.expect_status(outcome, INVALID)
        t.expect("cut connection" in outcome.message, f"refused for another reason: {outcome.message!r}")
        t.expect(not outcome.replies, "a part of the file was delivered")


@case("A13", tls=True)
def tls_is_cut_without_close_notify(t):
    cut_document(t)


@case("A14")
def two_content_lengths(t):
    body = b'{"reenrollments": [], "meta": {"page": 1, "pages": 1}}'
    head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body))
    t.provider.script(head + body)
    t.expect_status(t.list(), INVALID)
    t.expect_attempts(1)


@case("A15", background=False)
def a_hundred_thousand_interim_answers(t):
    flood = b"HTTP/1.1 100 Continue\r\n\r\n" * 1000

    def answer(exchange):
        for _ in range(100):
            exchange.send(flood)
        exchange.send(whole_page(t))

    t.provider.script(answer)
    begin = t.edugate.cpu_seconds()
    t.expect_status(t.list(), INVALID)
    used = t.cpu_ms(begin)
    t.note(answer_cpu_ms=round(used, 1))
    t.expect(used < 50 * t.time_scale * load(), f"{used:.0f} ms of CPU")


@case("A16", background=False, memory_mb=3)
def endless_headers(t):
    def endless(exchange):
        line = b"X-Padding: " + b"p" * 1000 + b"\r\n"
        exchange.send(b"HTTP/1.1 200 OK\r\n")
        for _ in range(400 * 1024):
            exchange.send(line)

    long_line = b"HTTP/1.1 200 OK\r\nX-Padding: " + b"p" * 300_000 + b"\r\n\r\n{}"

    def both():
        for answer in (endless, provider.then_close(long_line)):
            t.provider.script(answer)
            t.expect_status(t.list(), INVALID)
            t.heal()

    # What the first ones need once is not what such an answer takes.
    both()
    before = t.edugate.sample(metrics=False).rss_mb
    t.edugate.reset_peak()
    both()
    grown = t.edugate.sample(metrics=False).peak_mb - before
    t.note(again_mb=round(grown, 2))
    t.expect(grown < 1 * t.memory_scale, f"memory grew by {grown:.2f} MB")


@case("A17")
def an_endless_chunked_body(t):
    ended, sent = [], []

    def endless(exchange):
        exchange.send(provider.chunked(b'{"reenrollments": [', end=False))
        piece = b'{"id": 1, "year": 2027},' * 2700
        chunk = b"%x\r\n%s\r\n" % (len(piece), piece)
        try:
            while True:
                exchange.send(chunk)
                sent.append(len(chunk))
        finally:
            ended.append(True)

    t.provider.script(endless)
    t.expect_status(t.list(timeout=20), INVALID)
    t.expect_attempts(1)
    end = time.monotonic() + 5
    while not ended and time.monotonic() < end:
        time.sleep(0.01)
    t.expect(ended, "the connection is still open")
    # Some of it stands in the kernel's buffers, at both ends.
    t.note(sent_mb=round(sum(sent) / 2**20, 1))
    t.expect(8 <= sum(sent) / 2**20 <= 8 + 16, f"{sum(sent) >> 20} MiB were sent")


@case("A18", background=False)
def a_gzip_bomb(t):
    t.provider.script(provider.gzipped(b" " * 100_000_000))
    begin = t.edugate.cpu_seconds()
    t.expect_status(t.list(), INVALID)
    used = t.cpu_ms(begin)
    t.note(answer_cpu_ms=round(used, 1))
    t.expect(used <= 40 * t.time_scale * load(), f"{used:.0f} ms of CPU")


@case("A19")
def encodings_that_are_wrong(t):
    good = provider.reply(page_body(t)).split(b"\r\n\r\n", 1)[1]
    bad = bytearray(gzip.compress(good))
    bad[30:60] = random.Random(19).randbytes(30)
    nested = good
    for _ in range(10):
        nested = gzip.compress(nested)
    for body, encoding in ((bytes(bad), "gzip"), (gzip.compress(good)[:-20], "gzip"), (nested, ", ".join(["gzip"] * 10)),
                           (nested, "gzip"), (good, "br"), (good, "zstd"), (good, "br, zstd")):
        t.provider.script(provider.reply(body, headers=[("Content-Encoding", encoding)]))
        t.expect_status(t.list(), INVALID)


@case("A20", good="edx", attempts=8)
def a_kept_connection_ends_at_its_reuse(t):
    served = set()

    def once_a_connection(exchange):
        if exchange.request.connection in served:
            exchange.close()
        served.add(exchange.request.connection)
        t.healthy(exchange)

    t.provider.script(once_a_connection)
    t.expect_ok(t.list())
    t.expect_ok(t.list())
    t.expect_attempts(3)
    # The next request goes out on the connection that has served one: it was sent, and is not sent again.
    t.expect_status(t.assign("ann"), UNKNOWN_OUTCOME)
    t.expect_attempts(1, path=ASSIGN)
    t.expect(not t.provider.ledger.effects, "the write happened")
    # A connection that ended before is no reason not to write: nothing was sent on it.
    t.heal()
    t.expect_ok(t.list())
    t.provider.drop_connections()
    time.sleep(0.1)
    t.expect_ok(t.assign("bob"))
    t.expect_attempts(2, path=ASSIGN)


@case("A21", good="edx", tls=True, attempts=60, provider_factory=http2_provider.Http2Provider,
      connection={"http": {"http2": True}, "coalesce": False, **NO_BREAKER})
def streams_of_http2_are_refused(t):
    t.provider.script(http2_provider.refuse_stream, t.healthy)
    t.expect_ok(t.list())
    t.provider.script(http2_provider.go_away_before, t.healthy, path="reenrollments")
    t.expect_ok(t.list())
    t.heal()
    t.provider.script(http2_provider.reset_after_headers, path="reenrollments")
    t.expect_status(t.list(), INVALID, UNAVAILABLE)
    t.heal()
    t.provider.max_streams = 1
    t.provider.drop_connections()
    t.provider.most_at_a_time = 0
    t.provider.script(provider.after(0.05, t.healthy), path="reenrollments")
    running = [t.start("EnrollmentService.ListEnrollments", 10, parent="connections/oa") for _ in range(8)]
    for each in running:
        t.expect_ok(t.finish(each))
    t.note(streams_at_a_time=t.provider.most_at_a_time)
    # A write was not looked at either and is sent again, also while reads go on beside it.
    t.heal()
    t.provider.script(provider.after(0.02, t.healthy), path="reenrollments")
    reading = [t.start("EnrollmentService.ListEnrollments", 10, parent="connections/oa") for _ in range(8)]
    for refusal, learner in ((http2_provider.refuse_stream, "ann"), (http2_provider.go_away_before, "bob")):
        t.provider.forget()
        t.provider.script(refusal, t.healthy, path=ASSIGN)
        outcome = t.assign(learner)
        t.note(**{f"write_{refusal.__name__}": str(outcome)})
        t.expect_ok(outcome)
        t.expect_attempts(2, path=ASSIGN)
    for each in reading:
        t.expect_ok(t.finish(each))
    # That one may have been.
    t.heal()
    t.provider.forget()
    t.provider.script(http2_provider.reset_after_headers, path=ASSIGN)
    outcome = t.assign("cat")
    t.expect_status(outcome, UNKNOWN_OUTCOME)
    t.expect_attempts(1, path=ASSIGN)


@case("A22", tls=True, attempts=0, seconds=10)
def certificates_that_prove_nothing(t):
    opened = t.edugate.metric(r"^edugate_breaker_opened_total.*oa")
    kinds = (certificates.EXPIRED, certificates.WRONG_HOST, certificates.SELF_SIGNED, certificates.OLD_TLS)
    refused = 0
    try:
        for kind in kinds:
            t.provider.context = certificates.server_context(kind)
            t.provider.drop_connections()
            before = t.provider.connections
            end = time.monotonic() + 5
            # The circuit opens, and a single call finds out whether the certificate is right by now.
            while (outcome := t.list()).reason == "CIRCUIT_OPEN" and time.monotonic() < end:
                refused += 1
                time.sleep(0.05)
            t.expect_status(outcome, UNAVAILABLE)
            t.expect(t.provider.connections == before + 1, f"{kind}: tried {t.provider.connections - before} times")
        for _ in range(10):
            refused += t.list().reason == "CIRCUIT_OPEN"
    finally:
        t.provider.context = certificates.server_context()
    opened = t.edugate.metric(r"^edugate_breaker_opened_total.*oa") - opened
    t.note(refused_at_once=refused, opened=round(opened))
    t.expect(refused > 0, "the circuit stays closed")
    t.expect(opened > 0, "no metric tells that the circuit opened")


@case("A23")
def a_port_that_speaks_something_else(t):
    for banner in (b"220 mail.test ESMTP ready\r\n", b"<html>so spoke HTTP/0.9</html>", b"\x16\x03\x01\x02\x00\x01"):
        t.provider.script(provider.then_close(banner))
        t.provider.forget()
        t.expect_status(t.list(), INVALID)
        t.expect_attempts(1)


@case("A24", host="provider.test", tls=True, seconds=80, attempts=10_000,
      connection={"http": {"allowed_networks": ["127.0.0.0/8"]}})
def the_providers_address_changes(t):
    # The old address answers well as long as somebody comes, and keeps no connection.
    def parting(exchange):
        answer = t.healthy.answer(t.provider, exchange.request)
        exchange.send(answer.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
        exchange.close()

    t.provider.script(parting)
    moved = provider.Provider("127.0.0.2", t.provider.port, certificates.server_context(), t.healthy)
    t.cleanup(moved.stop)
    t.set_hosts(provider_test="127.0.0.2")
    begin = time.monotonic()
    while not moved.requests and time.monotonic() < begin + 75:
        t.expect_ok(t.list())
        time.sleep(0.25)
    t.note(moved_after_s=round(time.monotonic() - begin, 1))
    t.expect(moved.requests, "nobody came to the new address")
    t.expect(time.monotonic() - begin < 65 + t.slack(begin), "the old address was used for too long")


@case("A25", gate=True, attempts=10_000, seconds=12, connection={"breaker": {"open": "0.5s", "max_open": "1s"}})
def the_provider_is_down_for_a_while(t):
    down = 6.0
    t.gate.set(gate.CLOSE)
    t.gate.drop_connections()
    tried = t.gate.connections
    begin = time.monotonic()
    opened, fast, calls = None, [], 0
    while time.monotonic() < begin + down:
        outcome = t.list(timeout=2)
        calls += 1
        t.expect_status(outcome, UNAVAILABLE, "UNAVAILABLE/CIRCUIT_OPEN")
        if outcome.reason == "CIRCUIT_OPEN":
            if opened is None:
                opened, probes = time.monotonic() - begin, t.gate.connections
            fast.append(outcome.seconds)
        time.sleep(0.02)
    tried = t.gate.connections - tried
    t.expect(opened is not None, "the circuit stays closed")
    t.note(opened_ms=round(opened * 1000), connects=tried, calls_while_down=calls)
    # The calls come one after the other, and the first ones wait at random for their retries: up to half a second in all.
    t.expect(opened <= 1.5 + t.slack(begin), f"the circuit opened after {opened:.2f} s")
    usual = sorted(fast)[len(fast) // 2]
    t.note(refusal_ms=round(usual * 1000, 1))
    t.expect(usual < 0.005 + t.slack(begin), f"a refusal takes {usual * 1000:.1f} ms")
    # Five connections until it opens, those of the attempts in between, and a probe for each time that it half-opens.
    t.expect(tried <= 20 + 2 * down, f"{tried} connections were tried")
    # A probe after half a second and then one a second; a connection of before may be counted a little late.
    probes = t.gate.connections - probes
    t.note(probes=probes)
    t.expect(probes <= down + 2, f"{probes} probes in {down:.0f} s")
    t.gate.clear()
    begin = time.monotonic()
    while not (outcome := t.list()).ok and time.monotonic() < begin + 12:
        time.sleep(0.05)
    t.expect_ok(outcome)
    t.expect(time.monotonic() - begin <= 10 + t.slack(begin), "the recovery took too long")
