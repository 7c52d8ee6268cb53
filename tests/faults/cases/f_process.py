"""Part F: the process itself, what it keeps, and what operators do to it."""

import errno
import http.client
import itertools
import json
import os
import random
import resource
import signal
import socket
import struct
import subprocess
import threading
import time

import soak
from harness import calls
from harness import front
from harness import healthy
from harness import http2
from harness import program
from harness import provider
from harness.drip import seconds_until_end
from harness.trial import SANITIZER_REPORT
from harness.trial import case
from harness.trial import percentile

ASSIGN = "LicenseService.AssignLicenses"
ASSIGN_PATH = "licenses/assign"
LIST = "EnrollmentService.ListEnrollments"
WATCH = "TranscriptService.WatchTranscriptEvents"
LIST_PATH = "/edugate.v1.EnrollmentService/ListEnrollments"
UNKNOWN_OUTCOME = "UNKNOWN/WRITE_OUTCOME_UNKNOWN"
STORE = "UNAVAILABLE/STORE_UNAVAILABLE"
INVALID = "INTERNAL/PROVIDER_RESPONSE_INVALID"
IN_PROGRESS = "ABORTED/REQUEST_IN_PROGRESS"
REUSED = "INVALID_ARGUMENT/REQUEST_ID_REUSED"
DAY = 86400

# As many at a time as the provider gets, and a queue for the rest.
ROOMY = {"concurrency": {"adaptive": False, "max_in_flight": 256, "max_queued": 2000}, "coalesce": False}
SECRETS = ("the first webhook secret", "the second webhook secret")
WEBHOOKS = {"m1": {"webhook": {"secrets": [{"value": each} for each in SECRETS]}}}


def kept_in_a_file(t):
    return {"state": {"sqlite": {"path": t.path("state.sqlite")}}}


def assign_request(t, key):
    return t.request(ASSIGN, name=f"connections/edx/subscriptionPlans/{healthy.PLAN}", learner_emails=[f"{key}@edugate.test"],
                     request_id=key)


def webhook(t, transcript, secret=SECRETS[0], body=None, admin=None):
    """Sends a webhook; the status of the answer, 0 where none came."""
    host, port = (admin or t.edugate.admin).rsplit(":", 1)
    connection = http.client.HTTPConnection(host, int(port), timeout=20)
    body = body or json.dumps({"transcript_id": transcript, "event": "transcript.processed"}).encode()
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["Authorization"] = secret
    try:
        connection.request("POST", "/webhooks/m1", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def events(t, awaited, seconds=20, quiet=0.3):
    """The events from the beginning, awaited until there are so many, and a little longer for those that must not be."""
    call = t.channel.start(WATCH, t.request(WATCH, parent="connections/m1"))
    end = time.monotonic() + seconds * t.time_scale
    while call.received() < awaited and time.monotonic() < end:
        time.sleep(0.02)
    time.sleep(quiet)
    found = call.messages()
    call.cancel()
    call.wait(0.1)
    return found


@case("F1", good="edx", restarts=True, attempts=1600, seconds=10, connection=ROOMY, config=kept_in_a_file)
def killed_with_five_hundred_writes_in_flight(t):
    count = 500
    luck = random.Random(1)
    at_work, answered = [], []

    killed = threading.Event()

    # Some happen long before they are answered, some just before; the kill comes in between: for most of them, however late
    # it is.
    def now_or_later(exchange):
        at_work.append(True)
        answer = t.healthy.answer(t.provider, exchange.request) if luck.random() < 0.5 else None
        time.sleep(luck.random() * 0.5)
        if len(answered) >= 80:
            killed.wait(60)
        answer = answer or t.healthy.answer(t.provider, exchange.request)
        at_work.pop()
        exchange.send(answer)
        answered.append(True)

    t.provider.script(now_or_later, path=ASSIGN_PATH)
    keys = [f"f1-0000-{number}" for number in range(count)]
    running = {key: t.channel.start(ASSIGN, assign_request(t, key), 30) for key in keys}
    begin = time.monotonic()
    while sum(call.stream.finished_at is not None for call in running.values()) < 40 and time.monotonic() < begin + 20:
        time.sleep(0.005)
    t.edugate.kill()
    killed.set()
    first = {key: call.wait(10) for key, call in running.items()}
    t.heal()
    # What the provider has, it does, whoever is still there to hear of it.
    while at_work and time.monotonic() < begin + 30:
        time.sleep(0.01)
    done = len(t.provider.ledger.effects)
    before = [key for key in keys if first[key].ok]
    t.expect(0 < len(before) < count, f"{len(before)} of {count} were over before the kill")
    t.restart()
    second = {}
    for key in keys:
        outcome = t.channel.call(ASSIGN, assign_request(t, key), 10)
        while str(outcome) == IN_PROGRESS:
            outcome = t.channel.call(ASSIGN, assign_request(t, key), 10)
        second[key] = outcome
    unknown = []
    for key in keys:
        effects = t.provider.ledger.count(f"{key}@edugate.test")
        t.expect_status(second[key], "OK", UNKNOWN_OUTCOME)
        t.expect(effects <= 1, f"{key} happened {effects} times")
        t.expect(not first[key].ok or second[key].ok, f"{key} was reported OK and is {second[key]} now")
        t.expect(not (first[key].ok or second[key].ok) or effects == 1, f"{key} was reported OK and is lost")
        if not second[key].ok:
            unknown.append(key)
    # Whoever is told so looks at the provider, and writes anew what isn't there.
    lost = [key for key in unknown if not t.provider.ledger.count(f"{key}@edugate.test")]
    for key in lost:
        request = assign_request(t, key)
        request.request_id = key + "-again"
        t.expect_ok(t.channel.call(ASSIGN, request, 10))
    t.expect(len(t.provider.ledger.effects) == count, f"{len(t.provider.ledger.effects)} of {count} happened in the end")
    t.note(writes=count, ok_before_the_kill=len(before), done_of_those_sent_before_the_kill=done,
           ok_afterwards=count - len(unknown), outcome_unknown=len(unknown), of_them_not_done=len(lost))


class Retrying(threading.Thread):
    """A client of several replicas, one call after the other: at most five attempts each, at the replicas by turns."""

    def __init__(self, t, number, addresses):
        super().__init__(daemon=True)
        self.t, self.number, self.addresses = t, number, addresses
        self.channels = [calls.Channel(address) for address in addresses]
        self.failed, self.calls, self.repeated = [], 0, 0
        self.end = threading.Event()

    def run(self):
        while not self.end.is_set():
            self.calls += 1
            key = f"f2-0000-{self.number}-{self.calls}"
            write = self.calls % 4 == 0
            request = assign_request(self.t, key) if write else self.t.request(LIST, parent="connections/oa")
            outcome = self.attempts(ASSIGN if write else LIST, request)
            if write:
                self.t.writes.append((f"{key}@edugate.test", outcome))
            if not outcome.ok:
                self.failed.append(str(outcome))
        for channel in self.channels:
            channel.close()

    def attempts(self, method, request):
        for attempt in range(5):
            try:
                outcome = self.channels[0].call(method, request, 10)
            except OSError as error:
                outcome = calls.Outcome(method=method, code=f"no connection: {error}")
            if outcome.ok:
                return outcome
            self.repeated += 1
            self.channels.append(self.channels.pop(0))
            time.sleep(0.02 * attempt)
        return outcome


@case("F2", good="edx", restarts=True, attempts=100_000, seconds=8, connection=ROOMY)
def sigterm_under_load(t):
    replica = program.Edugate(t.settings["program"], t.configuration())
    t.cleanup(replica.cleanup)
    t.provider.script(provider.after(0.05, t.healthy))
    clients = [Retrying(t, number, (t.edugate.address, replica.address)) for number in range(16)]
    for each in clients:
        each.start()
    time.sleep(1.5)
    # Longer than all others, and in progress when the signal comes.
    t.provider.script(provider.after(1.5, t.healthy), path="GetClassEnrollment")
    slow = [t.start("EnrollmentService.GetEnrollment", 20, name=f"connections/tms/enrollments/{number}")
            for number in range(20, 28)]
    t.expect(t.provider.wait_for(8, path="GetClassEnrollment"), "the slow calls are not in progress")
    begin = time.monotonic()
    code = t.edugate.stop()
    took = time.monotonic() - begin
    for each in slow:
        t.expect_ok(t.finish(each))
    time.sleep(1)
    for each in clients:
        each.end.set()
    for each in clients:
        each.join(60)
    failed = [failure for each in clients for failure in each.failed]
    t.note(calls_of_clients=sum(each.calls for each in clients), failed=len(failed),
           repeated=sum(each.repeated for each in clients), exit_s=round(took, 2))
    t.restart()
    t.expect(code == 0, f"it ended with {code}")
    t.expect(took <= 30 + t.slack(begin), f"it took {took:.1f} s to end")
    t.expect(not failed, f"{len(failed)} calls failed, the first with {failed[:1]}")


@case("F3", good="edx", preload=True, connections=WEBHOOKS, config=kept_in_a_file, attempts=60)
def the_store_can_not_be_written(t):
    def limit(size):
        resource.prlimit(t.edugate.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    faults = {
        "no_file_may_grow": (lambda: limit(1), lambda: limit(resource.RLIM_INFINITY)),
        "no_space": (lambda: t.set_disk(write=errno.ENOSPC), t.set_disk),
        "read_only": (lambda: t.set_disk(write=errno.EROFS), t.set_disk),
        "write_error": (lambda: t.set_disk(write=errno.EIO), t.set_disk),
        "sync_error": (lambda: t.set_disk(sync=errno.EIO), t.set_disk),
    }
    kept = []
    for number, (name, (harm, mend)) in enumerate(faults.items()):
        t.expect_ok(t.assign(f"before-{number}", request_id=f"f3-0000-before-{number}"))
        harm()
        t.provider.forget()
        t.expect_status(t.assign(f"during-{number}", request_id=f"f3-0000-during-{number}"), STORE)
        t.expect(t.provider.count(ASSIGN_PATH) == 0, f"{name}: the provider has heard of it")
        status = webhook(t, f"trc_during_{number}")
        t.expect(status == 503, f"{name}: the webhook was answered {status}")
        t.expect_ok(t.list())
        mend()
        begin = time.monotonic()
        while not (outcome := t.assign(f"during-{number}", request_id=f"f3-0000-during-{number}")).ok:
            t.expect(time.monotonic() < begin + 5 * t.time_scale, f"{name}: still {outcome} when it is mended")
            time.sleep(0.05)
        t.note(**{f"{name}_mended_ms": round((time.monotonic() - begin) * 1000)})
        kept.append(f"trc_after_{number}")
        status = webhook(t, kept[-1])
        t.expect(status == 200, f"{name}: the webhook was answered {status} when it is mended")
    names = [event.transcript.rsplit("/", 1)[1] for event in events(t, len(kept))]
    t.expect([each for each in names if each in kept] == kept, f"of {kept} there are {names}")


@case("F4", seconds=8, background=False)
def out_of_descriptors(t):
    before = resource.prlimit(t.edugate.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(t.edugate.pid, resource.RLIMIT_NOFILE, (128, before[1]))
    host, port = t.edugate.address.rsplit(":", 1)
    crowd = []
    try:
        for _ in range(200):
            one = socket.socket()
            crowd.append(one)
            one.settimeout(5)
            one.connect((host, int(port)))
        end = time.monotonic() + 10
        while (open_now := len(os.listdir(f"/proc/{t.edugate.pid}/fd"))) < 126 and time.monotonic() < end:
            time.sleep(0.05)
        t.expect(open_now >= 126, f"it has only {open_now} descriptors open: nothing was tried")
        used, begin = t.edugate.cpu_seconds(), time.monotonic()
        time.sleep(3)
        share = (t.edugate.cpu_seconds() - used) / (time.monotonic() - begin)
        t.note(descriptors=open_now, cpu_share_percent=round(share * 100, 1))
        t.expect(share < 0.2, f"{share:.0%} of a processor while nothing can be done")
        # No descriptor is left for a connection to the provider, either; a caller that is in is told so, in time.
        t.provider.drop_connections()
        t.provider.refuse()
        outcome = t.list(timeout=3)
        t.note(without_a_socket=str(outcome))
        t.expect_status(outcome, "UNAVAILABLE/PROVIDER_UNAVAILABLE", "UNAVAILABLE/CIRCUIT_OPEN", "DEADLINE_EXCEEDED")
    finally:
        for each in crowd:
            each.close()
    # It recovers with the same limit.
    t.provider.listen()
    fresh = calls.Channel(t.edugate.address)
    begin = time.monotonic()
    while not (outcome := fresh.call(LIST, t.request(LIST, parent="connections/oa"), 5)).ok:
        t.expect(time.monotonic() < begin + 5 * t.time_scale, f"no call works when there are descriptors again: {outcome}")
        time.sleep(0.1)
    t.note(descriptors_back_ms=round((time.monotonic() - begin) * 1000))
    fresh.close()
    resource.prlimit(t.edugate.pid, resource.RLIMIT_NOFILE, before)


class Starved:
    """A process of its own whose allocations fail by a script."""

    def __init__(self, t):
        self.t = t
        self.script = t.secret_file("malloc", "\0" * 24)
        preload = os.path.join(os.path.dirname(t.settings["preload"]), "libfault_malloc.so")
        t.expect(os.path.exists(preload), f"there is no {preload}")
        config = {**t.configuration(), "state": {"sqlite": {"path": t.path("starved.sqlite")}}}
        self.process = program.Edugate(t.settings["program"], config,
                                       {"LD_PRELOAD": preload, "FAULTS_MALLOC": self.script})
        t.cleanup(self.process.cleanup)
        self.warm()

    def warm(self):
        self.channel = calls.Channel(self.process.address)
        for _ in range(3):
            self.t.expect_ok(self.call(LIST))

    def renew(self):
        self.channel.close()
        self.process.kill()
        self.process.start()
        self.warm()

    def arm(self, left, again=0):
        with open(self.script, "r+b") as file:
            file.write(struct.pack("=qqq", left, again, 0))

    def state(self):
        with open(self.script, "rb") as file:
            return struct.unpack("=qqq", file.read(24))

    def call(self, method, key="f5-0000-0", timeout=5):
        request = (assign_request(self.t, key) if method == ASSIGN else self.t.request(LIST, parent="connections/oa"))
        try:
            return self.channel.call(method, request, timeout, limit=20)
        except OSError:
            return calls.Outcome(method=method, code="lost")

    def call_after(self, method, key):
        """The outcome of a call after an allocation failed, and how the process ended if it did only now.

        A thread that found no memory may end the process long after the call was answered, which another one does then.
        """
        outcome = self.call(method, key)
        word = self.end(outcome)
        return (outcome if word is None else self.call(method, key)), word

    def end(self, outcome):
        """How the process ended in the call with this outcome, after which a new one runs; None where it lives."""
        if outcome.code in ("lost", "none") or not self.process.alive():
            try:
                self.process.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        if self.process.alive():
            return None
        code = self.process.process.returncode
        # Some library doesn't look at what it got and follows a null pointer: an end as good as an abort.
        self.t.expect(code in (-signal.SIGABRT, -signal.SIGSEGV), f"it ended with {code}")
        self.renew()
        return "aborted" if code == -signal.SIGABRT else "null_pointer"


@case("F5", good="edx", attempts=100_000, seconds=40, background=False, connection=ROOMY, config=kept_in_a_file)
def allocations_fail(t):
    if t.sanitized:
        t.note(skipped="a sanitizer's allocator is not to be replaced; F13 has the rest")
        return
    starved = Starved(t)
    reference = starved.call(LIST).reply
    luck = random.Random(5)
    ended = {"ok": 0, "refused": 0, "aborted": 0, "null_pointer": 0}
    statuses = {}
    fired = 0
    for method in (LIST, ASSIGN):
        starved.renew()
        starved.arm(1 << 40)
        t.expect_ok(starved.call(method, "f5-0000-measured"))
        needed = (1 << 40) - starved.state()[0]
        t.note(**{f"allocations_of_{method.split('.')[1]}": needed})
        begin = time.monotonic()
        # One allocation fails, everywhere on the way; then every so-manieth, until the call is over.
        plans = [(1 + needed * step // 40, 0) for step in range(40)] + [(1 + luck.randrange(needed), 7) for _ in range(6)]
        for number, (left, again) in enumerate(plans):
            key = f"f5-0000-{number}"
            starved.arm(left, again)
            outcome = starved.call(method, key)
            failed = starved.state()[2]
            starved.arm(0)
            fired += failed
            ends = [starved.end(outcome)]
            # Nothing is wrong that it says afterwards: the same page, and no write twice.
            after, late = starved.call_after(LIST, key)
            ends.append(late)
            t.expect_ok(after)
            t.expect(after.reply == reference, f"{method}, allocation {left}: another page than before")
            if method == ASSIGN:
                address = f"{key}@edugate.test"
                # That no token could be fetched is remembered for a second, with what was wrong.
                tried = time.monotonic()
                while True:
                    again_, late = starved.call_after(ASSIGN, key)
                    ends.append(late)
                    if again_.ok or str(again_) == UNKNOWN_OUTCOME or time.monotonic() > tried + 5:
                        break
                    time.sleep(0.1)
                t.expect_status(again_, "OK", UNKNOWN_OUTCOME)
                effects = t.provider.ledger.count(address)
                t.expect(effects <= 1, f"allocation {left}: the write happened {effects} times")
                t.expect(effects == 1 or not (outcome.ok or again_.ok),
                         f"allocation {left}: reported OK ({outcome}, then {again_}) and happened {effects} times")
            words = [word for word in ends if word is not None]
            t.expect(len(words) <= 1, f"{method}, allocation {left}: a process ended that lacked nothing: {words}")
            if not words:
                words = ["ok" if outcome.ok else "refused"]
                if not outcome.ok:
                    statuses[str(outcome)] = statuses.get(str(outcome), 0) + 1
            ended[words[0]] += 1
            if time.monotonic() > begin + 25:
                break
    t.note(runs=sum(ended.values()), failed_allocations=fired, **ended, statuses=statuses or "none")
    t.expect(fired > 0, "no allocation failed")


@case("F6", seconds=15, attempts=100_000, memory_mb=256, background=False,
      connection={"limits": {"max_attempts": 1}, "coalesce": False})
def everything_large_at_once(t):
    begin_mb = t.edugate.sample(metrics=False).rss_mb
    piece = b'{"id": 1, "year": 2027},' * 2700

    def endless(exchange):
        exchange.send(provider.chunked(b'{"reenrollments": [', end=False))
        while True:
            exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece))

    bomb = provider.gzipped(b" " * 100_000_000)
    nothings = provider.reply(b'{"reenrollments": [' + b"{}," * (4_000_000 // 3) + b"{}]}")
    t.provider.script(endless, bomb, nothings, *[endless, bomb, nothings] * 15, path="reenrollments")
    resets = threading.Thread(target=reset_rapidly, args=(t,), daemon=True)
    resets.start()
    running = [t.start(LIST, 40, parent="connections/oa") for _ in range(45)]
    outcomes = [t.finish(each, 90) for each in running]
    resets.join(60)
    for outcome in outcomes:
        t.expect_status(outcome, INVALID, "RESOURCE_EXHAUSTED/LOCAL_LIMIT", "UNAVAILABLE/PROVIDER_UNAVAILABLE")
    # The mix was one: a third of the large answers came at least, and the resets beside them.
    large = sum(str(outcome) == INVALID for outcome in outcomes)
    t.note(large_answers=large)
    t.expect(large >= 15, f"only {large} of 45 answers came")
    sent = t.figures.get("resets_at_the_front", 0)
    t.expect(sent >= (3_000 if t.sanitized else 30_000), f"only {sent} calls were reset at the front")
    peak = t.edugate.sample(metrics=False).peak_mb
    t.note(peak_mb=round(peak, 1), before_mb=round(begin_mb, 1))
    t.expect(peak <= 256 * t.memory_scale, f"the peak is {peak:.0f} MB")


def reset_rapidly(t):
    """30,000 calls that are reset at once, at the shipped front; after each connection that it ends, another."""
    before = front.Front(t.edugate)
    end = time.monotonic() + 45
    try:
        block = http2.header_block(calls.request_headers(LIST_PATH, "edugate.test", 5))
        sent = 0
        while sent < 30_000 and time.monotonic() < end:
            try:
                client = http2.Client(before.address, before.context)
            except OSError:
                # nginx may drop a connection before it has read from it.
                time.sleep(0.02)
                continue
            number = 1
            while sent < 30_000 and not client.closed and not client.goaway:
                frames = b"".join(http2.headers_frames(each, block) + http2.rst_stream(each)
                                  for each in range(number, number + 200, 2))
                number += 200
                if not client.send(frames):
                    break
                sent += 100
            client.close()
        t.note(resets_at_the_front=sent)
    finally:
        before.stop()


def drained(reader):
    """What a pipe holds, until it holds nothing for a while."""
    text, quiet = b"", 0
    while quiet < 10:
        try:
            text += os.read(reader, 1 << 20)
            quiet = 0
        except BlockingIOError:
            quiet += 1
            time.sleep(0.05)
    return text


@case("F7", seconds=12, traces=False)
def the_log_is_not_read(t):
    path = t.path("log-pipe")
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    config = t.configuration()
    config["log"] = {"level": "debug"}
    process = program.Edugate(t.settings["program"], config, log_to=path)
    t.cleanup(lambda: os.close(reader))
    t.cleanup(process.cleanup)
    channel = calls.Channel(process.address)
    begin = time.monotonic()

    def some_calls(count):
        outcomes = [channel.call(LIST, t.request(LIST, parent="connections/oa"), 5) for _ in range(count)]
        t.outcomes.extend(outcomes)
        for outcome in outcomes:
            t.expect_ok(outcome)
        return [outcome.seconds for outcome in outcomes]

    # Until the pipe and edugate's own buffer are full.
    seconds = some_calls(300)
    while not process.metric("^edugate_log_lines_dropped_total"):
        seconds += some_calls(300)
        t.expect(len(seconds) < 60_000, f"no line was dropped in {len(seconds)} calls")
    before = process.metric("^edugate_log_lines_dropped_total")
    blocked = some_calls(1000)
    dropped = process.metric("^edugate_log_lines_dropped_total")
    t.note(lines_dropped=round(dropped), calls_until_it_is_full=len(seconds), calls_when_it_is=len(blocked),
           p99_before_ms=round(percentile(seconds, 0.99) * 1000, 1), p99_blocked_ms=round(percentile(blocked, 0.99) * 1000, 1),
           slowest_blocked_ms=round(max(blocked) * 1000, 1))
    t.expect(dropped - before > 500, f"{dropped - before:.0f} lines were dropped in 1000 calls")
    t.expect(max(seconds + blocked) < 1 + t.slack(begin), f"a call took {max(seconds + blocked):.2f} s")
    # Somebody reads again, and finds no canary.
    text = drained(reader)
    t.expect(len(text) > 60_000, f"only {len(text)} bytes were in the pipe")
    some_calls(5)
    text_again = drained(reader)
    t.expect(b"ListEnrollments" in text_again, "nothing is logged when the log is read again")
    text += text_again
    t.expect(t.canary_secret.encode() not in text and t.canary_student.encode() not in text, "I6: a canary is in the log")
    channel.close()
    begin = time.monotonic()
    code = process.stop()
    t.note(exit_s=round(time.monotonic() - begin, 2))
    t.expect(code == 0, f"it ended with {code}")


def reload(t, config=None, text=None):
    """Writes a configuration, and waits until it is taken or refused; which."""
    before = t.edugate.metrics()
    if text is not None:
        with open(t.edugate.path + ".part", "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(t.edugate.path + ".part", t.edugate.path)
    elif config is not None:
        t.edugate.write(config)
    t.edugate.process.send_signal(signal.SIGHUP)
    end = time.monotonic() + 10 * t.time_scale
    while time.monotonic() < end:
        now = t.edugate.metrics()
        for result in ("applied", "refused"):
            name = f'edugate_config_reload_total{{result="{result}"}}'
            if now.get(name, 0) > before.get(name, 0):
                return result
        time.sleep(0.005)
    return "nothing"


@case("F8", seconds=25, attempts=100_000)
def reloads(t):
    good = json.loads(json.dumps(t.edugate.config))
    for text in ("server: [", "server: {}\n", "", "\0\0\0", json.dumps({**good, "colour": "red"}),
                 json.dumps({**good, "connections": []})):
        result = reload(t, text=text)
        t.expect(result == "refused", f"{text[:20]!r} was {result}")
        t.expect_ok(t.list())
    without_provider = json.loads(json.dumps(good))
    del without_provider["connections"][0]["provider"]
    t.expect(reload(t, without_provider) == "refused", "a connection without a provider was taken")
    t.expect_ok(t.list())
    # A provider that isn't there is the calls' business.
    lost = json.loads(json.dumps(good))
    lost["connections"].append({**good["connections"][0], "id": "lost", "base_url": "http://127.0.0.1:9"})
    t.expect(reload(t, lost) == "applied", "a connection to nowhere was not taken")
    t.expect_ok(t.list())
    t.expect_status(t.list(parent="connections/lost"), "UNAVAILABLE/PROVIDER_UNAVAILABLE", "UNAVAILABLE/CIRCUIT_OPEN")
    count = 300 if t.sanitized else 1000
    samples, fds = [], []
    begin = time.monotonic()
    for number in range(count):
        config = good if number % 2 else lost
        t.edugate.write(config)
        generation = t.edugate.metric("^edugate_config_generation")
        t.edugate.process.send_signal(signal.SIGHUP)
        while t.edugate.metric("^edugate_config_generation") == generation:
            t.expect(time.monotonic() < begin + 120 * t.time_scale, f"{number} reloads took too long")
            time.sleep(0.001)
        if number % 20 == 0:
            t.expect_ok(t.list())
            sample = t.edugate.sample(t.upstream_ports(), metrics=False)
            samples.append(sample.rss_mb)
            fds.append(sample.fds)
    t.expect(reload(t, good) == "applied", "the last configuration was not taken")
    took = time.monotonic() - begin
    third = len(samples) // 3
    grown = sum(samples[-third:]) / third - sum(samples[third : 2 * third]) / third
    t.note(reloads=count, reload_ms=round(took / count * 1000, 1), reload_rss_growth_mb=round(grown, 2),
           reload_rss_mb=f"{samples[0]:.0f}->{samples[-1]:.0f}", reload_fds=f"{fds[0]}->{max(fds[-third:])}")
    # A sanitizer's allocator grows with so many allocations; what leaks it says itself, at the end.
    t.expect(t.sanitized or grown < 3, f"memory grew by {grown:.1f} MB in {count // 3} reloads")
    t.expect(max(fds[-third:]) <= fds[0] + 8, f"descriptors went from {fds[0]} to {max(fds[-third:])}")


@case("F9", good="edx", preload=True, seconds=12, attempts=130, connection=ROOMY, config=kept_in_a_file)
def one_key_many_times(t):
    t.provider.script(provider.after(0.3, t.healthy), path=ASSIGN_PATH)
    running = [t.channel.start(ASSIGN, assign_request(t, "f9-0000-same"), 10) for _ in range(50)]
    outcomes = [t.finish(each) for each in running]
    for outcome in outcomes:
        t.expect_status(outcome, "OK", IN_PROGRESS)
        t.writes.append(("f9-0000-same@edugate.test", outcome))
    done = [outcome for outcome in outcomes if outcome.ok]
    t.note(same_key_ok=len(done), same_key_in_progress=50 - len(done))
    t.expect(done, "none of them was carried out")
    t.expect(all(outcome.reply == done[0].reply for outcome in done), "their answers differ")
    t.expect_attempts(1, path=ASSIGN_PATH)
    t.heal()
    again = t.channel.call(ASSIGN, assign_request(t, "f9-0000-same"), 5)
    t.expect_ok(again)
    t.expect(again.reply == done[0].reply, "the answer is another one than the first time")
    other = assign_request(t, "f9-0000-same")
    other.learner_emails[:] = ["another@edugate.test"]
    t.expect_status(t.channel.call(ASSIGN, other, 5), REUSED)
    t.expect(t.provider.ledger.count("another@edugate.test") == 0, "the other request's write happened")
    t.expect_attempts(1, path=ASSIGN_PATH)
    # Remembered for a day (state.request_id_retention), and then no more.
    for hours, expected in ((0, 1), (23, 1), (25, 2)):
        t.set_clock(hours * 3600)
        # The clock is only looked at now and then.
        for _ in range(12):
            t.expect_ok(t.list())
            time.sleep(0.25)
        t.expect_ok(t.update(7, request_id="f9-0000-update"))
        t.expect_attempts(expected, path="/api/v3/reenrollments/7", method="PUT")
    t.set_clock(0)


def slow_webhook(t):
    """A webhook that is sent byte by byte; after how many seconds edugate has had enough of it."""
    host, port = t.edugate.admin.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=20) as sock:
        sock.sendall(b"POST /webhooks/m1 HTTP/1.1\r\nHost: edugate.test\r\n")
        return seconds_until_end(sock, itertools.repeat(b"X"), 0.25, 30)


def stalled_webhook(t):
    """The same for one that says nothing after its first lines."""
    host, port = t.edugate.admin.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=30) as sock:
        begin = time.monotonic()
        sock.sendall(b"POST /webhooks/m1 HTTP/1.1\r\nHost: edugate.test\r\nContent-Length: 100\r\n\r\n{")
        try:
            while sock.recv(4096):
                pass
        except OSError:
            pass
        return time.monotonic() - begin


@case("F10", good="m1", seconds=12, connections=WEBHOOKS, config=kept_in_a_file, attempts=20)
def webhooks_that_attack(t):
    expected = []

    def expect_answer(right, transcript, **options):
        status = webhook(t, transcript, **options)
        t.expect(status == right, f"{transcript}: answered {status}, expected {right}")
        if right == 200 and transcript not in expected:
            expected.append(transcript)

    expect_answer(401, "trc_wrong", secret="the wrong webhook secret")
    expect_answer(401, "trc_near", secret=SECRETS[0][:-1])
    expect_answer(401, "trc_none", secret=None)
    expect_answer(401, "trc_empty", secret="")
    for number, secret in enumerate(SECRETS):
        expect_answer(200, f"trc_secret_{number}", secret=secret)
    for _ in range(3):
        expect_answer(200, "trc_replayed")
    large = json.dumps({"transcript_id": "trc_large", "event": "transcript.processed", "x": "x" * (2 << 20)}).encode()
    # It may be refused before it is read to its end: then the sender sees the connection close.
    status = webhook(t, "trc_large", body=large)
    t.expect(status in (413, 0), f"2 MB: answered {status}")
    refused = t.edugate.metric(r'^edugate_webhooks_total.*too_large')
    t.expect(refused == 1, f"of the webhook of 2 MB {refused:g} are counted")
    t.note(large_answer=status)
    slow = {}
    trickling = [threading.Thread(target=lambda name=name, run=run: slow.__setitem__(name, run(t)), daemon=True)
                 for name, run in (("dripping", slow_webhook), ("stalled", stalled_webhook))]
    for each in trickling:
        each.start()
    # As many as this machine can send.
    acknowledged, refusals, lock = [], {}, threading.Lock()
    end = time.monotonic() + 2

    def send(sender):
        host, port = t.edugate.admin.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=20)
        number = 0
        while time.monotonic() < end:
            number += 1
            name = f"trc_{sender}_{number}"
            try:
                connection.request("POST", "/webhooks/m1",
                                   json.dumps({"transcript_id": name, "event": "transcript.processed"}),
                                   {"Authorization": SECRETS[0], "Content-Type": "application/json"})
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                connection.close()
                status = 0
            with lock:
                if status == 200:
                    acknowledged.append(name)
                else:
                    refusals[status] = refusals.get(status, 0) + 1
        connection.close()

    begin = time.monotonic()
    senders = [threading.Thread(target=send, args=(sender,), daemon=True) for sender in range(24)]
    for each in senders:
        each.start()
    for each in senders:
        each.join(60)
    took = time.monotonic() - begin
    # One where the connection was closed is nothing that was acknowledged, either.
    t.expect(set(refusals) <= {0, 429, 503}, f"answers of {refusals}")
    expected += acknowledged
    found = [event.transcript.rsplit("/", 1)[1] for event in events(t, len(expected), seconds=30)]
    lost = set(expected) - set(found)
    t.note(webhooks_a_second=round(len(acknowledged) / took), webhooks_acknowledged=len(acknowledged),
           webhooks_refused=sum(refusals.values()))
    t.expect(not lost, f"{len(lost)} of {len(expected)} acknowledged events are lost, {sorted(lost)[:3]}")
    twice = len(found) - len(set(found))
    t.expect(twice == 0, f"{twice} events are there twice")
    t.expect(not {"trc_wrong", "trc_near", "trc_none", "trc_empty", "trc_large"} & set(found), "a refused one was kept")
    for each in trickling:
        each.join(40)
    t.note(too_large=round(refused), **{f"{name}_closed_s": round(seconds, 1) for name, seconds in slow.items()})
    t.expect(len(slow) == len(trickling), f"of the slow connections only {sorted(slow)} came to an end")
    for name, seconds in slow.items():
        t.expect(4.5 <= seconds <= 6 + t.slack(begin), f"{name}: the connection was closed after {seconds:.1f} s")


@case("F11", good="m1", seconds=6, restarts=True, connections=WEBHOOKS, config=kept_in_a_file, attempts=20)
def a_crash_before_the_event_is_told(t):
    names = [f"trc_{number}" for number in range(20)]
    for name in names[:10]:
        t.expect(webhook(t, name) == 200, f"{name} was not taken")
    seen = {event.transcript: event.event_id for event in events(t, 10)}
    # Nobody watches now.
    for name in names[10:]:
        t.expect(webhook(t, name) == 200, f"{name} was not taken")
    t.edugate.kill()
    t.restart()
    first = events(t, 20)
    again = events(t, 20)
    t.expect([event.transcript.rsplit("/", 1)[1] for event in first] == names, f"{len(first)} of 20 events were told")
    t.expect([event.event_id for event in first] == [event.event_id for event in again], "the ids change")
    t.expect(all(seen[event.transcript] == event.event_id for event in first[:10]), "the ids changed with the restart")
    # The sender, who knows nothing of the crash, may send one again.
    t.expect(webhook(t, names[-1]) == 200, "the repetition was refused")
    t.expect(len(events(t, 20)) == 20, "a repeated event is told twice")
    t.note(events_kept=len(first))


@case("F12", seconds=24, attempts=1_000_000, background=False, connection=soak.CONNECTION, config=soak.CONFIG, memory_mb=160)
def a_short_soak(t):
    load = soak.Soak(t, seconds=18, interval=2, threads=4)
    load.run()
    t.note(**load.figures())
    for failure in load.verdict(short=True):
        t.expect(False, failure)


@case("F13", good="edx", seconds=10, restarts=True, attempts=100_000, connection=soak.CONNECTION, config=soak.CONFIG)
def what_sanitizers_report_at_the_end(t):
    load = soak.Soak(t, seconds=4, interval=2, threads=4, share=0.1)
    load.run()
    t.provider.heal()
    code = t.edugate.stop()
    found = SANITIZER_REPORT.findall(t.edugate.log())
    t.note(sanitizer=t.settings.get("sanitizer") or "none (a plain build: only the exit is seen)", exit_code=code,
           reports=len(found), soak_calls=load.figures()["soak_calls"])
    t.restart()
    t.expect(code == 0, f"it ended with {code}")
    t.expect(not found, f"{found[:1]}")
    t.expect(not load.broken, f"{load.broken[:1]}")
