"""Part D: OAuth, and what travels in headers and paths."""

import collections
import os
import re
import threading
import time
import urllib.parse

from harness import calls
from harness import healthy
from harness import provider
from harness.trial import case

UNAVAILABLE = "UNAVAILABLE/PROVIDER_UNAVAILABLE"
INVALID = "INTERNAL/PROVIDER_RESPONSE_INVALID"
REFUSED = "FAILED_PRECONDITION/PROVIDER_CREDENTIALS_INVALID"
TOKENS = "^/oauth2/"
CATALOGS = "enterprise-catalogs"
ASSIGN = "licenses/assign"
LIST = "CatalogService.ListCatalogs"
UUID = "6ae7a56e-6355-4aa8-a649-e6eb209f0000"

# As many at a time as ever, and a queue for all the others.
ROOMY = {"concurrency": {"adaptive": False, "max_queued": 2000}, "coalesce": False}


def give_token(t, life):
    """A script for the token endpoint with tokens of this life, which may be anything or missing."""

    def answer(exchange):
        t.healthy.tokens += 1
        body = healthy.token(f"token-{t.healthy.tokens}", life)
        if life is None:
            del body["expires_in"]
        exchange.send(provider.reply(body))

    return answer


@case("D1", good="edx", attempts=1010, connection=ROOMY, warm=False, seconds=8)
def a_thousand_calls_and_an_expired_token(t):
    t.provider.script(give_token(t, 1), path=TOKENS)
    t.expect_ok(t.catalogs())
    time.sleep(1.2)
    t.provider.forget()
    t.provider.script(provider.after(0.5, give_token(t, 3600)), path=TOKENS)
    running = [t.start(LIST, 30, parent="connections/edx") for _ in range(1000)]
    outcomes = [t.finish(each) for each in running]
    for outcome in outcomes:
        t.expect_ok(outcome)
    t.note(token_requests=t.provider.count(TOKENS))
    t.expect_attempts(1, path=TOKENS)


@case("D2", good="edx", attempts=30, connection=ROOMY, warm=False, seconds=6)
def a_slow_token_endpoint(t):
    t.provider.script(provider.after(3, give_token(t, 3600)), path=TOKENS)
    patient = t.start(LIST, 10, parent="connections/edx")
    hasty = [t.start(LIST, 1, parent="connections/edx") for _ in range(10)]
    for each in hasty:
        outcome = t.finish(each)
        t.expect_deadline(outcome)
        t.expect_time(outcome, 1)
    outcome = t.finish(patient)
    t.expect_ok(outcome)
    t.expect_time(outcome, 3.3, least=2.9)
    t.expect_attempts(1, path=TOKENS)
    t.expect_attempts(1, path=CATALOGS)


def edx(t, name, **oauth):
    """A further connection with a token endpoint of its own."""
    return {"id": name, "provider": "edx_enterprise", "base_url": t.url,
            "auth": {"oauth2_client": {"token_url": f"{t.url}/oauth2/{name}", "client_id": {"value": "client"},
                                       "client_secret": {"value": t.canary_secret}, **oauth}},
            "options": {"enterprise_customer_uuid": UUID}, "breaker": {"open": "0.5s", "max_open": "1s"}}


def refusals(t):
    page = f"<html>{t.canary_secret} {t.canary_student}</html>"
    return {
        "grant": (provider.reply({"error": "invalid_grant", "error_description": t.canary_secret}, status=400), REFUSED),
        "denied": (provider.reply({"error": "invalid_client"}, status=401), REFUSED),
        "broken": (provider.reply(page, status=500, content_type="text/html"), UNAVAILABLE),
        "page": (provider.reply(page, content_type="text/html"), INVALID),
        "nothing": (provider.reply({}), INVALID),
        "unsafe": (provider.reply({"access_token": "a\r\nX-Injected: 1", "expires_in": 60}), INVALID),
    }


@case("D3", attempts=60, more_connections=lambda t: [edx(t, name) for name in refusals(t)])
def the_token_endpoint_refuses(t):
    for name, (answer, expected) in refusals(t).items():
        path = f"^/oauth2/{name}$"
        t.provider.script(answer, path=path)
        begin = time.monotonic()
        outcomes = [t.call(LIST, 3, parent=f"connections/{name}") for _ in range(10)]
        for outcome in outcomes:
            t.expect_status(outcome, expected)
        # A failure is remembered for a second at first: no storm.
        most = 1 + int((time.monotonic() - begin) / 1.0) * 2
        if expected == UNAVAILABLE:
            most += 2
        t.expect(t.provider.count(path) <= most, f"{name}: {t.provider.count(path)} token requests for 10 calls")
        # And forgotten soon.
        t.provider.script(give_token(t, 3600), path=path)
        while not (outcome := t.call(LIST, 3, parent=f"connections/{name}")).ok and time.monotonic() < begin + 12:
            time.sleep(0.2)
        t.expect_ok(outcome)
    t.expect(not any(b"X-Injected" in request.head for request in t.provider.seen()), "a token began another header")


@case("D4", good="edx", attempts=60)
def a_401_for_a_token_that_should_hold(t):
    def only(good):
        def answer(exchange):
            token = exchange.request.header("Authorization")
            exchange.provider.give(exchange, t.healthy if token.endswith(good()) else provider.reply("{}", status=401))

        return answer

    for call, path in ((t.catalogs, CATALOGS), (lambda: t.assign("ann"), ASSIGN)):
        # The token that is in use is refused, the next one is taken.
        refused = f"token-{t.healthy.tokens}"
        t.provider.script(lambda exchange, refused=refused: exchange.provider.give(
            exchange, provider.reply("{}", status=401) if exchange.request.header("Authorization").endswith(refused)
            else t.healthy), path=path)
        t.provider.forget()
        t.expect_ok(call())
        t.expect_attempts(2, path=path)
        t.expect_attempts(1, path=TOKENS)
        t.heal()
        time.sleep(1.1)  # the least time between two token requests
    # No token is taken: one more token, one more attempt, and the truth.
    for call, path in ((t.catalogs, CATALOGS), (lambda: t.assign("bob"), ASSIGN)):
        t.provider.script(provider.reply("{}", status=401), path=path)
        t.provider.forget()
        t.expect_status(call(), REFUSED)
        t.expect_attempts(2, path=path)
        t.expect_attempts(1, path=TOKENS)
        t.heal()
        time.sleep(1.1)


LIVES = {"zero": 0, "negative": -5, "endless": 10**18, "missing": None, "text": "3600", "word": "soon", "fraction": 0.5}


@case("D5", attempts=20_000, seconds=10, more_connections=lambda t: [edx(t, name) for name in LIVES])
def lives_that_are_none(t):
    for name, life in LIVES.items():
        t.provider.script(give_token(t, life), path=f"^/oauth2/{name}$")
    begin = time.monotonic()
    while time.monotonic() < begin + 4:
        for name in LIVES:
            t.expect_ok(t.call(LIST, 4, parent=f"connections/{name}"))
    seconds = time.monotonic() - begin
    counts = {name: t.provider.count(f"^/oauth2/{name}$") for name in LIVES}
    t.note(token_requests="/".join(f"{name} {count}" for name, count in counts.items()))
    for name, count in counts.items():
        most = seconds + 2 if name in ("zero", "negative", "fraction") else 1
        t.expect(count <= most, f"{name}: {count} token requests in {seconds:.1f} s")


@case("D6", good="edx", restarts=True, attempts=30)
def a_crash_after_a_token_came(t):
    # Client credentials have no refresh token to lose: after a crash a new token is fetched, whatever became of the old.
    def crash(exchange):
        exchange.send(t.healthy.answer(t.provider, exchange.request))
        time.sleep(0.02)
        t.edugate.process.kill()

    t.edugate.stop()
    t.restart()
    t.provider.forget()
    t.provider.script(crash, path=TOKENS)
    lost = t.channel.start(LIST, t.request(LIST, parent="connections/edx"), 5)
    t.edugate.process.wait()
    lost.wait(5)
    used = t.healthy.tokens
    t.heal()
    t.restart()
    # The old token is worth nothing any more.
    t.provider.script(lambda exchange: exchange.provider.give(
        exchange, t.healthy if not exchange.request.header("Authorization").endswith(f"token-{used}")
        else provider.reply("{}", status=401)), path=CATALOGS)
    t.expect_ok(t.catalogs())
    t.expect_attempts(2, path=TOKENS)


@case("D7", good="edx", preload=True, attempts=300, seconds=12)
def the_clock_jumps(t):
    t.expect_ok(t.catalogs())
    held = t.healthy.tokens
    for jump in (3600, -3600, 7200, 0):
        t.set_clock(jump)
        # Long enough for clocks that are only looked at now and then.
        for _ in range(10):
            t.expect_ok(t.catalogs())
            t.expect_ok(t.list())
            time.sleep(0.25)
    t.expect(t.healthy.tokens == held, f"{t.healthy.tokens - held} further tokens")
    t.expect_attempts(0, path=TOKENS)


@case("D8", good="tms", attempts=60,
      connections={"tms": {"auth": {"api_key": {"header": "X-Api-Key"}}}})
def redirects(t):
    evil = provider.Provider(default=healthy.HealthyProviders(t.canary_student))
    try:
        for status in (301, 302, 303, 307, 308):
            for target in (f"http://{evil.address}/api/2.0/GetClassEnrollment/10", f"//{evil.address}/x",
                           f"https://{evil.address}/x", f"http://localhost:{evil.port}/x", "/api/2.0/elsewhere"):
                t.provider.script(provider.reply("{}", status=status, headers=[("Location", target)]))
                t.provider.forget()
                t.expect_status(t.get(), INVALID)
                t.expect_attempts(1)
                # It had something to give away.
                t.expect(t.provider.seen()[0].header("X-Api-Key"), "the request had no key")
        # The endpoint of tokens, too.
        t.heal()
        t.provider.script(provider.reply("{}", status=307, headers=[("Location", f"http://{evil.address}/oauth2/t")]),
                          path=TOKENS)
        t.expect_status(t.catalogs(), INVALID)
        t.expect(evil.connections == 0, f"the other host saw {evil.connections} connections")
    finally:
        evil.stop()


def rotating(t):
    return [{"id": "rotating", "provider": "openapply", "base_url": t.url,
             "auth": {"bearer": {"file": t.secret_file("bearer", f"{t.canary_secret}-old\n")}}}]


@case("D9", attempts=10_000, more_connections=rotating, seconds=6)
def a_secret_file_is_replaced(t):
    path = os.path.join(t.settings["folder"], f"{t.canary_secret[14:]}-bearer")
    taken = {f"Bearer {t.canary_secret}-old"}

    def answer(exchange):
        right = exchange.request.header("Authorization") in taken
        exchange.provider.give(exchange, t.healthy if right else provider.reply("{}", status=401))

    t.provider.script(answer, path="reenrollments")
    outcomes, end = [], threading.Event()

    def load():
        while not end.is_set():
            outcomes.append(t.call("EnrollmentService.ListEnrollments", 5, parent="connections/rotating"))

    workers = [threading.Thread(target=load, daemon=True) for _ in range(3)]
    for worker in workers:
        worker.start()
    time.sleep(0.3)
    # As operators rotate: the provider takes both, the file changes, and soon the old one is refused.
    taken.add(f"Bearer {t.canary_secret}-new")
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(f"{t.canary_secret}-new\n")
    os.replace(path + ".part", path)
    time.sleep(2.5)
    taken.discard(f"Bearer {t.canary_secret}-old")
    time.sleep(0.5)
    # And in haste: the old one is refused as soon as the file holds the new one, before it has been read. The new one is
    # taken before that: a look at the file may come in between.
    taken.add(f"Bearer {t.canary_secret}-third")
    with open(path + ".part", "w", encoding="utf-8") as file:
        file.write(f"{t.canary_secret}-third\n")
    os.replace(path + ".part", path)
    taken.discard(f"Bearer {t.canary_secret}-new")
    time.sleep(1.5)
    end.set()
    for worker in workers:
        worker.join(10)
    failed = [each for each in outcomes if not each.ok]
    t.note(calls_made=len(outcomes), failed=len(failed))
    t.expect(len(outcomes) > 50, f"only {len(outcomes)} calls were made")
    t.expect(not failed, f"{len(failed)} of {len(outcomes)} calls failed, the first with {failed[:1] and failed[0]}")


@case("D10", attempts=200)
def metadata_that_would_inject(t):
    attacks = [(name, value) for name in ("authorization", "traceparent", "edugate-purpose", "edugate-connection", "x-other")
               for value in (b"Bearer a\r\nX-Injected: 1", b"a\nX-Injected: 1", b"a\x00b", b"\x80\xff", b"a" * 9000)]
    seen = collections.Counter()
    for name, value in attacks:
        if len(value) < 8192:
            outcome = t.list(metadata=[(name, value)], limit=10)
        else:
            # Beyond the transport's limit, which gRPC tells the client in its SETTINGS: it may end the connection, or
            # take a call that came before they were acknowledged.
            channel = calls.Channel(t.edugate.address)
            request = t.request("EnrollmentService.ListEnrollments", parent="connections/oa")
            outcome = channel.call("EnrollmentService.ListEnrollments", request, 5, [(name, value)], 10)
            channel.close()
        seen[str(outcome)] += 1
        t.expect(outcome.code != "none", f"{name} with {value[:12]!r}: no status")
        # What edugate reads is refused as the caller's fault, and what is of no concern to it is ignored, unless the
        # transport refuses it before.
        right = "INVALID_ARGUMENT/ARGUMENT_INVALID" if name == "edugate-purpose" else "OK"
        t.expect(str(outcome) == right or len(value) > 8192 and not outcome.reason,
                 f"{name} with {value[:12]!r}: {outcome}, expected {right}")
    t.note(statuses="/".join(f"{status} {count}" for status, count in sorted(seen.items())))
    for request in t.provider.seen():
        t.expect(not request.header("X-Injected"), "a header was injected")
        t.expect(b"X-Injected" not in request.head and b"\x00" not in request.head, "metadata reached the provider")
        t.expect(all(32 <= byte < 127 or byte in (13, 10) for byte in request.head), "raw bytes reached the provider")


@case("D11", good="tms", attempts=200)
def ids_that_would_inject(t):
    base = "/api/2.0/GetClassEnrollment/"
    for identifier in ("../../admin", "1?as_user_id=2", "%2e%2e", "%2e%2e%2fadmin", "a/b", "a\\b", "10#x", "a b", "a;b=c",
                       "a&b", "\u00e9\u00fc", "\U0001f600", "a%00b", "1\r\nX-Injected: 1", "10 HTTP/1.1\r\n\r\nGET /admin"):
        t.provider.forget()
        name = "connections/tms/enrollments/" + urllib.parse.quote(identifier, safe="")
        outcome = t.call("EnrollmentService.GetEnrollment", 3, name=name)
        lines = [request.line for request in t.provider.seen()]
        t.expect(lines, f"{identifier!r}: {outcome} and no request")
        expected = f"GET {base}{urllib.parse.quote(identifier, safe='-._~')} HTTP/1.1".encode()
        t.expect(set(lines) == {expected}, f"{identifier!r} became {lines}")
        t.expect(not any(request.header("X-Injected") for request in t.provider.seen()), "a header was injected")
    # Dot segments mean something even where they are encoded: they are refused.
    for identifier in ("..", "."):
        t.provider.forget()
        t.expect_status(t.call("EnrollmentService.GetEnrollment", 3, name=f"connections/tms/enrollments/{identifier}"),
                        "INVALID_ARGUMENT")
        t.expect_attempts(0)
    # In a query.
    t.provider.forget()
    t.expect_ok(t.list(filter='provider_status = "Pending&per_page=9&x=\\"#/?"'))
    line = t.provider.seen("reenrollments")[0].line.decode()
    t.expect(re.fullmatch(r"GET /api/v3/reenrollments\?[A-Za-z0-9%=&._~*+-]* HTTP/1.1", line), f"{line}")
    query = urllib.parse.parse_qs(line.split(" ")[1].partition("?")[2])
    t.expect(query.get("status") == ['Pending&per_page=9&x="#/?'], f"{query}")
