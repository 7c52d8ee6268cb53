"""Part C: lists in pages."""

import base64
import collections
import time

from harness import certificates
from harness import healthy
from harness import http2
from harness import calls
from harness import provider
from harness.trial import case

INVALID = "INTERNAL/PROVIDER_RESPONSE_INVALID"
LOOP = "INTERNAL/PAGINATION_LOOP"
TOKEN_INVALID = "INVALID_ARGUMENT/PAGE_TOKEN_INVALID"
LIST = "EnrollmentService.ListEnrollments"
STREAM = "EnrollmentService.StreamEnrollments"
TRAILER = "edugate-next-page-token"


def catalogs_page(t, following):
    return provider.reply({"count": 9, "next": following, "previous": None, "results": [healthy.catalog(t.canary_student)]})


def paged(t, pages, answer=None):
    """A school of one record a page; `answer` may give another answer for a page."""

    def give(exchange):
        page = int(exchange.request.query.get("page", "1"))
        special = answer(page) if answer else None
        if special is not None:
            exchange.provider.give(exchange, special)
            return
        numbers = [page] if page <= pages else []
        exchange.send(provider.reply(healthy.reenrollments(numbers, page, pages, t.canary_student)))

    return give


def ids(outcome):
    """The providers' ids of everything that the outcome brought."""
    records = outcome.replies if outcome.method == STREAM else [each for reply in outcome.replies
                                                                for each in reply.enrollments]
    return [int(each.provider_id) for each in records]


@case("C1", good="edx", attempts=40)
def pages_in_a_circle(t):
    def leads_to(table):
        def answer(exchange):
            page = int(exchange.request.query.get("page", "1"))
            following = f"{t.url}/enterprise/v2/enterprise-catalogs?page={table[page]}" if table.get(page) else None
            exchange.send(catalogs_page(t, following))

        return answer

    for table, pages in (({1: 1}, 1), ({1: 2, 2: 2}, 2), ({1: 2, 2: 1}, 2), ({1: 2, 2: 3, 3: 2}, 3), ({1: 2, 2: 3, 3: 1}, 3)):
        t.provider.script(leads_to(table), path="enterprise-catalogs")
        t.provider.forget()
        t.expect_status(t.catalogs(), LOOP)
        t.expect_attempts(pages, pages + 2, path="enterprise-catalogs")
    # A list that gives its first page for every number, with and without saying so.
    first = healthy.reenrollments([1], 1, 9, t.canary_student)
    for body in (first, {"reenrollments": healthy.reenrollments([1, 2])["reenrollments"]}):
        t.provider.script(provider.reply(body), path="reenrollments")
        t.provider.forget()
        t.expect_status(t.list(page_size=50), LOOP)
        t.expect_attempts(2, 4, path="reenrollments")
    t.provider.forget()
    t.expect_status(t.stream(), LOOP)
    t.expect_attempts(2, 4, path="reenrollments")


@case("C2", good="edx", attempts=200)
def next_leads_elsewhere(t):
    evil = provider.Provider(default=healthy.HealthyProviders(t.canary_student))
    port = evil.port
    inner = f"{t.provider.host}:{t.provider.port}"
    try:
        for start in (f"http://{evil.address}", f"https://{evil.address}", "http://evil.test", f"//{evil.address}",
                      f"http://{inner}@{evil.address}", f"http:\\\\{evil.address}", f"\\\\{evil.address}",
                      f"/\\{evil.address}", f"http://{inner}\\@{evil.address}", f"http://xn--e1afmkfd.test:{port}",
                      f"http://127.0.0.1:{port}", f"http://0177.0.0.1:{port}", f"http://2130706433:{port}",
                      f"http://[::ffff:127.0.0.1]:{port}", f"http://127.1:{port}", "http://169.254.169.254",
                      "file:///etc/passwd?", f"gopher://{evil.address}", f" http://{evil.address}",
                      f"http://{evil.address}#@{inner}"):
            following = start + "/enterprise/v2/enterprise-catalogs?page=2"

            def answer(exchange, following=following):
                page = exchange.request.query.get("page", "1")
                exchange.send(catalogs_page(t, following if page == "1" else None))

            t.provider.script(answer, path="enterprise-catalogs")
            t.provider.forget()
            outcome = t.catalogs()
            t.expect_ok(outcome)
            t.expect(len(outcome.reply.catalogs) == 2, f"{len(outcome.reply.catalogs)} records with {following}")
            lines = [request.line for request in t.provider.seen("enterprise-catalogs")]
            t.expect(len(lines) == 2 and all(b"/enterprise/v2/enterprise-catalogs?" in line for line in lines),
                     f"the provider saw {lines}")
        t.expect(evil.connections == 0, f"the other host saw {evil.connections} connections")
    finally:
        evil.stop()


@case("C3", host="provider.test", tls=True, warm=False, attempts=20, config={"runtime": {"loops": 2}},
      connection={"http": {"allowed_networks": ["127.0.0.2/32"]}, "limits": {"max_attempts": 1},
                  "breaker": {"disabled": True}})
def the_name_leads_inwards_on_the_second_page(t):
    # The mock is at an address that is exempt; what it names later is the loopback address that isn't. Each loop of the
    # program resolves for itself, so that the second page is asked for where nothing is remembered.
    mock = provider.Provider("127.0.0.2", t.provider.port, certificates.server_context(), paged(t, 5))
    try:
        t.set_hosts(provider_test="127.0.0.2")
        token, refused, answered = "", 0, 0
        for _ in range(6):
            outcome = t.list(page_size=1, page_token=token)
            if outcome.ok:
                answered += 1
                token = outcome.reply.next_page_token
                t.set_hosts(provider_test="127.0.0.1")
            else:
                refused += 1
                t.expect_status(outcome, "UNAVAILABLE/PROVIDER_UNAVAILABLE")
        t.note(pages_answered=answered, refused=refused)
        t.expect(answered >= 1 and refused >= 1, f"{answered} answered, {refused} refused")
        t.expect(t.provider.connections == 0, "the address behind the name was called")
    finally:
        mock.stop()
        t.options = {**t.options, "host": None}
        t.set_hosts(provider_test="127.0.0.2")
        t.good = "other"


# No page is asked for twice; how many of them come before the caller has gone is a matter of speed.
@case("C4", attempts=10_050, seconds=15)
def ten_thousand_pages(t):
    t.provider.script(paged(t, 10_000))
    outcome = t.list(page_size=1000, timeout=20)
    t.expect_ok(outcome)
    t.expect_attempts(20)
    t.expect(ids(outcome) == list(range(1, 21)) and outcome.reply.next_page_token, "no token after max_pages")
    outcome = t.list(page_size=1000, timeout=20, page_token=outcome.reply.next_page_token)
    t.expect(ids(outcome) == list(range(21, 41)), "the token doesn't go on where the page ended")
    # A stream has no such limit, and takes no more memory with each page.
    running = t.start(STREAM, 60 * t.time_scale, parent="connections/oa")
    sizes = []
    for mark in (200, 1000, 2000, 3000):
        while running.received() < mark and not running.stream.finished_at:
            time.sleep(0.02)
        t.expect(running.received() >= mark, f"the stream ended after {running.received()} pages")
        sizes.append(t.edugate.sample(metrics=False).rss_mb)
    running.cancel()
    t.note(rss_at_pages="/".join(f"{size:.1f}" for size in sizes))
    t.expect(sizes[-1] - sizes[0] < 3 * t.memory_scale, f"memory went {sizes}")
    # A page of one record, and then one of a million.
    huge = b'{"reenrollments": [' + b'{"id": 1},' * 1_000_000 + b'{"id": 2}], "meta": {"page": 2, "pages": 3}}'
    t.provider.script(paged(t, 3, lambda page: provider.reply(huge) if page == 2 else None))
    t.expect_status(t.list(page_size=5, timeout=20), INVALID)


@case("C5", attempts=40)
def the_third_page_of_five_fails(t):
    broken = [True]
    failing = paged(t, 5, lambda page: provider.reply("{}", status=500) if page == 3 and broken[0] else None)
    t.provider.script(failing)
    outcome = t.list(page_size=5)
    if outcome.ok:
        t.expect(outcome.reply.next_page_token, "OK with fewer records and no token")
        t.expect(ids(outcome) == [1, 2], f"{ids(outcome)}")
        token = outcome.reply.next_page_token
    else:
        t.expect_status(outcome, "UNAVAILABLE/PROVIDER_ERROR")
    outcome = t.stream()
    t.expect_status(outcome, "UNAVAILABLE/PROVIDER_ERROR")
    t.expect(ids(outcome) == [1, 2], f"the stream brought {ids(outcome)}")
    token = outcome.trailer(TRAILER)
    t.expect(token, "the stream's end doesn't say where to go on")
    broken[0] = False
    rest = t.list(page_size=5, page_token=token)
    t.expect_ok(rest)
    t.expect(ids(rest) == [3, 4, 5], f"the token leads to {ids(rest)}")


@case("C6", attempts=40)
def the_deadline_passes_between_pages(t):
    t.provider.script(paged(t, 5, lambda page: provider.then_hang() if page == 3 else None))
    outcome = t.stream(timeout=1.0)
    for _ in range(3):
        if outcome.reason or not t.late(outcome):
            break
        outcome = t.stream(timeout=1.0)
    t.expect_status(outcome, "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED")
    t.expect(ids(outcome) == [1, 2], f"the stream brought {ids(outcome)}")
    token = outcome.trailer(TRAILER)
    t.expect(token, "the stream's end doesn't say where to go on")
    t.provider.heal()
    t.provider.script(paged(t, 5))
    rest = t.stream(page_token=token)
    t.expect_ok(rest)
    t.expect(ids(rest) == [3, 4, 5], f"the token leads to {ids(rest)}")


@case("C7", attempts=40)
def records_come_and_go_between_pages(t):
    # Pages are the provider's, by number: what moves between two of them is read twice or not at all, and edugate neither
    # hides nor invents it. Within what the provider gave, no record is lost or doubled by edugate.
    held = list(range(1, 13))
    given = []

    def answer(exchange):
        page = int(exchange.request.query["page"])
        size = int(exchange.request.query["per_page"])
        numbers = held[(page - 1) * size : page * size]
        given.extend(numbers)
        exchange.send(provider.reply(healthy.reenrollments(numbers, page, -(-len(held) // size), t.canary_student)))

    t.provider.script(answer)
    first = t.list(page_size=4)
    t.expect(ids(first) == [1, 2, 3, 4], f"{ids(first)}")
    held.insert(0, 100)
    second = t.list(page_size=4, page_token=first.reply.next_page_token)
    t.expect(ids(second) == [4, 5, 6, 7], f"{ids(second)}")
    del held[:3]
    third = t.list(page_size=4, page_token=second.reply.next_page_token)
    t.expect_ok(third)
    t.expect(not third.reply.next_page_token, "the list doesn't end")
    delivered = ids(first) + ids(second) + ids(third)
    t.expect(delivered == given, f"the provider gave {given}, the caller got {delivered}")
    doubled = [number for number, count in collections.Counter(delivered).items() if count > 1]
    t.note(read_twice=len(doubled), missed=len(set(held) - set(delivered)))


@case("C8", preload=True, attempts=10)
def tokens_that_are_not_ours(t):
    t.provider.script(paged(t, 5))
    token = t.list(page_size=1).reply.next_page_token
    t.expect(token, "there is no token")
    t.provider.forget()
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))

    def sealed(data):
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    tampered = [sealed(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]) for at in range(0, len(raw), max(len(raw) // 16, 1))]
    took, begin = [], time.monotonic()
    for bad in (*tampered, token[:-4], token[:8], "x", "=", token + "AAAA", "A" * 1_000_000, "\u00e9" * 40):
        outcome = t.list(page_size=1, page_token=bad)
        t.expect_status(outcome, TOKEN_INVALID)
        if len(bad) < 100_000:
            took.append(outcome.seconds)
    slowest, usual = max(took), sorted(took)[len(took) // 2]
    t.note(slowest_ms=round(slowest * 1000, 1), usual_ms=round(usual * 1000, 2))
    t.expect(usual < 0.001 + t.slack(begin), f"usually {usual * 1000:.2f} ms")
    t.expect(slowest < 0.01 + t.slack(begin), f"{slowest * 1000:.1f} ms")
    # Of another connection, another query, another method.
    t.expect_status(t.list(parent="connections/tms", page_token=token), TOKEN_INVALID)
    t.expect_status(t.list(filter="year = 2027", page_token=token), TOKEN_INVALID)
    t.expect_status(t.call("CatalogService.ListCatalogs", parent="connections/edx", page_token=token), TOKEN_INVALID)
    t.set_clock(2 * 86400)
    t.expect_status(t.list(page_size=1, page_token=token), TOKEN_INVALID)
    t.set_clock(0)
    t.expect_attempts(0)
    t.expect_ok(t.list(page_size=1, page_token=token))


@case("C9", attempts=400, seconds=75)
def a_stream_that_nobody_reads(t):
    big = healthy.reenrollments(range(1, 201), student=t.canary_student + "-" * 400)["reenrollments"]

    def answer(exchange):
        page = int(exchange.request.query.get("page", "1"))
        exchange.send(provider.reply({"reenrollments": big, "meta": {"page": page, "pages": 10_000}}))

    t.provider.script(answer)
    client = http2.Client(t.edugate.address, window=2000)
    try:
        path = "/edugate.v1.EnrollmentService/StreamEnrollments"
        number = client.open(calls.request_headers(path, t.edugate.address, 300))
        client.data(number, calls.encode_message(t.request(STREAM, parent="connections/oa")), end_stream=True)
        t.expect(t.provider.wait_for(1), "the provider saw nothing")
        time.sleep(2)
        pages = t.provider.count()
        before = t.edugate.metric(r"calls_total.*RESOURCE_EXHAUSTED")
        begin = time.monotonic()
        while t.edugate.metric(r"calls_total.*RESOURCE_EXHAUSTED") == before and time.monotonic() < begin + 75:
            time.sleep(0.5)
        t.note(pages_read=t.provider.count(), ended_after_s=round(time.monotonic() - begin + 2))
        # The one that is being told, and the next.
        t.expect(pages <= 2 and t.provider.count() == pages, f"{t.provider.count()} pages were read ahead of the reader")
        t.expect(58 < time.monotonic() - begin + 2 < 70 + t.slack(begin), "the stream did not end after a minute")
        # A status would come after the message that nobody takes: the stream is reset.
        t.expect(client.wait_for(number, 10), "the stream doesn't end")
        t.note(end=f"RST_STREAM {client.stream(number).reset}")
        logged = [line for line in t.edugate.log().splitlines() if "StreamEnrollments" in line]
        t.expect(any('"RESOURCE_EXHAUSTED"' in line for line in logged), f"the log says nothing of it: {logged[-1:]}")
    finally:
        client.close()
