"""Part B: what the provider's answers say."""

import ctypes
import email.utils
import json
import os
import struct
import time

from harness import healthy
from harness import provider
from harness.trial import case
from harness.trial import load

UNAVAILABLE = "UNAVAILABLE/PROVIDER_UNAVAILABLE"
INVALID = "INTERNAL/PROVIDER_RESPONSE_INVALID"
XML = {"edx": {"options": {"response_format": "xml"}}}


def year_of(enrollment):
    """The school year as text; empty where there is none."""
    session = enrollment.academic_session
    return str(session.school_year) if session.HasField("school_year") else ""


def page_of(text):
    """A page of reenrollments whose records are written by hand."""
    return provider.reply(b'{"reenrollments": [' + text + b'], "meta": {"page": 1, "pages": 1}}')


def record(**fields):
    return json.dumps(healthy.reenrollment(1, **fields)).encode()


def with_field(name, raw):
    """A record in which a field has this text as its value."""
    return record(**{name: "<here>"}).replace(b'"<here>"', raw)


@case("B1", attempts=12)
def names_that_are_not_utf8(t):
    def ask(bad):
        t.provider.script(page_of(record().replace(b"Ada", b"Ada" + bad)))
        listed = t.list(view="VIEW_FULL")
        t.provider.script(provider.reply(b'{"Status": 0, "Results": [{"Id": 10, "ExternalId": "' + bad + b'"}]}'))
        return listed, t.get()

    for bad in (b"\xff\xfe", b"\xc3", b"\xed\xa0\x80"):
        for outcome in ask(bad):
            t.expect_status(outcome, INVALID)
    # An escape that stands for no character fits no text: it is kept beside the record, and counted.
    drift = r'^edugate_provider_drift_total.*kind="ill_fitting"'
    before = t.edugate.metric(drift)
    for outcome in ask(b"\\ud800"):
        t.expect_ok(outcome)
    t.note(escape_counted=round(t.edugate.metric(drift) - before))
    t.expect(t.edugate.metric(drift) - before >= 2, "no metric counts the text that is none")


@case("B2", background=False, attempts=20)
def nesting_without_end(t):
    worst = most = 0.0
    for depth in (100_000, 1_000_000):
        nested = b"[" * depth + b"]" * depth
        for body in (nested, b'{"reenrollments": ' + nested + b"}", b'{"surprise": ' + nested + b"}",
                     b'{"a":' * depth):
            t.provider.script(provider.reply(body))
            begin, used = time.monotonic(), t.edugate.cpu_seconds()
            t.expect_status(t.list(), INVALID)
            worst = max(worst, (time.monotonic() - begin) * 1000)
            most = max(most, t.cpu_ms(used))
        # Where errors are read, too.
        t.provider.script(provider.reply(nested, status=422))
        t.expect_status(t.list(), "INVALID_ARGUMENT/PROVIDER_REJECTED_REQUEST")
    t.note(slowest_ms=round(worst, 1), most_cpu_ms=round(most, 1))
    t.expect(most < 15 * t.time_scale * load(), f"{most:.1f} ms of CPU")
    t.expect(worst < 60 + 1000 * t.slack(time.monotonic() - 1), f"{worst:.0f} ms to the status")


@case("B3", memory_mb=32)
def a_list_of_a_million_nothings(t):
    body = b'{"reenrollments": [' + b"{}," * (4_000_000 // 3) + b"{}]}"
    t.provider.script(provider.reply(body))
    outcome = t.list(timeout=20)
    t.expect_status(outcome, INVALID)


@case("B4", attempts=40)
def numbers_and_nulls_at_their_limits(t):
    def ask(text):
        t.provider.script(page_of(text))
        return t.list(view="VIEW_FULL")

    digits = b"1" + b"0" * 1_000_000
    for name, became in (("id", lambda enrollment: enrollment.provider_id), ("year", year_of)):
        outcome = ask(with_field(name, digits))
        t.expect_status(outcome, INVALID, "OK")
        # No number of the record holds it.
        t.expect(not outcome.ok or became(outcome.reply.enrollments[0]) == "", f"a million digits became an {name}")
    # A number that fits no year is none: what came stands beside the record.
    for raw in (b"1e400", b"-1e400", b"1.5", b'"twelve"', b"null"):
        outcome = ask(with_field("year", raw))
        t.expect_ok(outcome)
        enrollment = outcome.reply.enrollments[0]
        t.expect(year_of(enrollment) == "", f"the year {raw} became {year_of(enrollment)}")
        kept = {each.path: each.json for each in enrollment.unknown_fields}
        t.expect(raw == b"null" or kept.get("year") == raw.decode(), f"the year {raw} is lost: {kept}")
    # Text where a number is declared is taken where it is exact.
    t.expect(year_of(ask(with_field("year", b'"2027"')).reply.enrollments[0]) == "2027", "the text 2027 is not taken for a year")
    # Ids survive beyond what a double holds, and none is rounded into another.
    for raw, expected in ((b"9007199254740993", "9007199254740993"), (b"9223372036854775807", "9223372036854775807"),
                          (b'"12"', "12")):
        outcome = ask(with_field("id", raw))
        t.expect_ok(outcome)
        t.expect(outcome.reply.enrollments[0].provider_id == expected, f"{raw} became "
                 f"{outcome.reply.enrollments[0].provider_id}")
    outcome = ask(with_field("id", b"9223372036854775808"))
    t.expect_status(outcome, "OK", INVALID)
    t.expect(not outcome.ok or outcome.reply.enrollments[0].provider_id in ("", "9223372036854775808"),
             "2^63 became another id")
    outcome = ask(with_field("id", b"null"))
    t.expect_status(outcome, "OK", INVALID)
    t.expect(not outcome.ok or not outcome.reply.enrollments[0].provider_id, "null became an id")
    # The same for every provider: the last one of two.
    outcome = ask(record().replace(b'"id": 1,', b'"id": 1, "id": 2,', 1))
    t.expect_ok(outcome)
    first = outcome.reply.enrollments[0].provider_id
    t.provider.script(provider.reply(b'{"Status": 0, "Results": [{"Id": 9, "Id": 10, "Grade": 1, "Grade": 2}]}'))
    outcome = t.get()
    t.expect_ok(outcome)
    t.note(duplicate_keys="last" if first == "2" else "first")
    t.expect((first, outcome.reply.provider_id) == ("2", "10"), f"{first} and {outcome.reply.provider_id}")


@case("B5", attempts=6)
def a_login_page(t):
    page = f"<!DOCTYPE html><html><body>Hello {t.canary_student}, sign in {t.canary_secret}</body></html>"
    for content_type in ("text/html", "text/html; charset=utf-8", "application/json"):
        t.provider.script(provider.reply(page, content_type=content_type))
        t.expect_status(t.list(), INVALID)
    t.expect_attempts(3)


@case("B6", good="edx", attempts=40)
def nothing_where_something_is_expected(t):
    for name, answer in (("empty", provider.reply(b"")), ("204", provider.reply(b"", status=204)),
                         ("null", provider.reply(b"null")), ("object", provider.reply(b"{}")),
                         ("untyped", provider.reply(b"", content_type=None)), ("list", provider.reply(b"[]"))):
        t.provider.script(answer)
        outcomes = [t.list(), t.get(), t.transcript(), t.catalogs()]
        t.provider.heal()
        for outcome in outcomes:
            t.expect(str(outcome) == INVALID, f"{name}: {outcome.method} ends with {outcome}")


class Openings:
    """Tells whether a file is opened (inotify)."""

    IN_OPEN, IN_NONBLOCK = 0x20, 0o4000

    def __init__(self, path):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(self.IN_NONBLOCK)
        if self.fd < 0 or libc.inotify_add_watch(self.fd, path.encode(), self.IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def count(self):
        try:
            return len(os.read(self.fd, 4096)) // struct.calcsize("iIII")
        except BlockingIOError:
            return 0

    def close(self):
        os.close(self.fd)


@case("B7", good="edx", connections=XML, background=False)
def xml_that_attacks(t):
    secret = t.secret_file("entity", t.canary_secret)
    trap = provider.Provider()
    openings = Openings(secret)
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    root = (f"<root><count>1</count><results><list-item><uuid>{healthy.CATALOG}</uuid><title>{{}}</title></list-item>"
            "</results></root>")
    depth = 1_000_000
    try:
        # What surrounds the attacks is an answer that is taken.
        good = provider.reply('<?xml version="1.0"?>' + root.format("x"), content_type="application/xml")
        t.provider.script(good, path="enterprise-catalogs")
        outcome = t.catalogs()
        t.expect_ok(outcome)
        t.expect([each.title for each in outcome.reply.catalogs] == ["x"], "the catalog is another one")
        worst = 0.0
        for body in (
            f'<?xml version="1.0"?><!DOCTYPE root [<!ENTITY l0 "lol">{laughs}]>' + root.format("&l9;"),
            f'<?xml version="1.0"?><!DOCTYPE root [<!ENTITY x SYSTEM "file://{secret}">]>' + root.format("&x;"),
            f'<?xml version="1.0"?><!DOCTYPE root [<!ENTITY x SYSTEM "http://{trap.address}/">]>' + root.format("&x;"),
            f'<!DOCTYPE root SYSTEM "http://{trap.address}/root.dtd">' + root.format("x"),
            "<a>" * depth + "</a>" * depth,
            "<root>" + "<a>" * depth,
        ):
            t.provider.script(provider.reply(body, content_type="application/xml"), path="enterprise-catalogs")
            begin = time.monotonic()
            t.expect_status(t.catalogs(), INVALID)
            worst = max(worst, time.monotonic() - begin)
        t.note(slowest_ms=round(worst * 1000, 1))
        t.expect(worst < 0.1 + t.slack(time.monotonic() - 1), f"{worst * 1000:.0f} ms to the status")
        t.expect(openings.count() == 0, "the file of an entity was opened")
        t.expect(trap.connections == 0, "the URL of an entity was fetched")
    finally:
        openings.close()
        trap.stop()


@case("B8")
def the_schema_drifts(t):
    def drift(kind, path):
        labels = f'connection="oa",kind="{kind}",message="[^"]*",path="{path}"'
        return t.edugate.metric(rf"^edugate_provider_drift_total\{{.*{labels}\}}")

    new = record(surprise=t.canary_student, status={"name": "Gone Fishing", "updated_at": None})
    t.provider.script(page_of(new))
    outcome = t.list(view="VIEW_FULL")
    t.expect_ok(outcome)
    enrollment = outcome.reply.enrollments[0]
    t.expect(enrollment.provider_status == "Gone Fishing", "the provider's new word is lost")
    t.expect(drift("unknown_field", "surprise") >= 1, "no metric counts the new field")
    t.expect(drift("new_enum_value", "status") >= 1, "no metric counts the new word")
    t.provider.script(page_of(record().replace(b'"year": 2027, ', b"")))
    t.expect_ok(t.list())
    # A value that doesn't fit is kept beside the record and counted; one that makes the envelope no envelope is refused.
    t.provider.script(page_of(with_field("year", b'{"of": "%s"}' % t.canary_student.encode())))
    outcome = t.list(view="VIEW_FULL")
    t.expect_ok(outcome)
    t.expect(drift("ill_fitting", "year") >= 1, "no metric counts the changed type")
    t.expect("year" in {each.path for each in outcome.reply.enrollments[0].unknown_fields}, "the changed value is lost")
    t.provider.script(provider.reply({"reenrollments": f"none for {t.canary_student}", "meta": {"page": 1}}))
    outcome = t.list()
    t.expect_status(outcome, INVALID)
    t.expect("reenrollments" in outcome.message, f"the message names no path: {outcome.message!r}")


@case("B9", attempts=60)
def times_to_come_back(t):
    page = f"<html>oops {t.canary_student}</html>"
    t.provider.script(provider.reply(page, status=500, content_type="text/html"))
    t.expect_status(t.list(timeout=3), "UNAVAILABLE/PROVIDER_ERROR")
    in_two_minutes = email.utils.formatdate(time.time() + 120, usegmt=True)
    in_two_days = email.utils.formatdate(time.time() + 172800, usegmt=True)
    yesterday = email.utils.formatdate(time.time() - 86400, usegmt=True)
    for value, least, most in (("120", 119, 120), (in_two_minutes, 115, 121), (in_two_days, 3599, 3600),
                               (yesterday, 0, 1), ("-1", 0, 5), ("99999999999", 3599, 3600), ("9" * 400, 3599, 3600),
                               ("soon", 0, 5), ("1e9", 0, 5), ("", 0, 5)):
        t.provider.script(provider.reply(page, status=503, content_type="text/html", headers=[("Retry-After", value)]))
        outcome = t.list(timeout=2)
        t.expect_status(outcome, UNAVAILABLE, "UNAVAILABLE/CIRCUIT_OPEN")
        t.expect(outcome.retry_delay is not None and least <= outcome.retry_delay <= most,
                 f"Retry-After {value[:20]!r} became {outcome.retry_delay}")
        t.expect(outcome.pushback.isdigit() and abs(int(outcome.pushback) - outcome.retry_delay * 1000) < 2,
                 f"the pushback is {outcome.pushback!r} beside {outcome.retry_delay}")


@case("B10", attempts=100_000, seconds=8, connection={"coalesce": False})
def too_many_requests_all_the_time(t):
    t.provider.script(provider.reply({"error": "slow down"}, status=429))
    limit = r"^edugate_.*concurrency.*limit.*connection=\"oa\""
    before = t.edugate.metric(limit)
    begin = time.monotonic()
    made, refused = 0, 0
    least_limit = before
    while time.monotonic() < begin + 5:
        running = [t.start("EnrollmentService.ListEnrollments", 2, parent="connections/oa") for _ in range(20)]
        made += len(running)
        for each in running:
            outcome = each.wait()
            t.expect_status(outcome, "RESOURCE_EXHAUSTED/PROVIDER_RATE_LIMITED", "RESOURCE_EXHAUSTED/LOCAL_LIMIT")
            t.expect(outcome.retry_delay is not None, "the status names no time to come back")
            refused += outcome.reason == "LOCAL_LIMIT"
        least_limit = min(least_limit, t.edugate.metric(limit))
        time.sleep(0.05)
    attempts = t.provider.count()
    t.note(calls_made=made, refused_here=refused, limit=f"{before:g}->{least_limit:g}")
    t.expect(attempts <= 1.2 * made + 10, f"{attempts} attempts for {made} calls")
    t.expect(before > 0, "no metric tells the limit")
    t.expect(least_limit < before, f"the limit stays at {before:g}")


@case("B11", good="tms")
def errors_that_say_200(t):
    t.provider.script(provider.reply({"Status": 10, "Error": f"no {t.canary_student}", "Results": None}))
    t.expect_status(t.get(), "UNAVAILABLE/PROVIDER_ERROR")
    t.provider.script(provider.reply({"Status": 20, "Error": None, "Results": []}))
    t.expect_status(t.get(), "NOT_FOUND/RESOURCE_NOT_FOUND")
    t.provider.script(provider.reply({"Status": 30, "Error": t.canary_secret, "Results": []}))
    t.expect_status(t.get(), "FAILED_PRECONDITION/PROVIDER_CREDENTIALS_INVALID")
    t.provider.script(provider.reply({"Status": 77, "Error": "?", "Results": []}))
    t.expect_status(t.get(), INVALID)
    t.provider.script(provider.reply({"Error": "?", "Results": []}))
    t.expect_status(t.get(), INVALID)
    # No list that has no records, but something else.
    t.provider.script(provider.reply({"error": f"no {t.canary_student}"}))
    t.expect_status(t.list(), INVALID)
    t.provider.script(provider.reply({"detail": f"no {t.canary_student}"}), path="enterprise-catalogs")
    t.expect_status(t.catalogs(), INVALID)


@case("B12", good="oa")
def cookies(t):
    def with_cookie(exchange):
        answer = t.healthy.answer(t.provider, exchange.request)
        cookie = f"Set-Cookie: session={t.canary_student}; Path=/\r\n".encode()
        exchange.send(answer.replace(b"\r\n", b"\r\n" + cookie, 1))

    t.provider.script(with_cookie)
    for _ in range(3):
        t.expect_ok(t.list())
        t.expect_ok(t.get())
        t.expect_ok(t.transcript())
    t.expect(not any(request.header("Cookie") for request in t.provider.seen()), "a cookie was sent")
