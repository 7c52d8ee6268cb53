"""One case: its deployment, the calls that it makes, and the invariants that hold for every case.

A case is a function that takes a Trial and is registered by its id. The runner starts edugate with two providers (the one
that the case treats badly and one that stays well), makes good calls, takes the baseline, runs the function, heals the
provider, and then checks I1 to I9.
"""

import base64
import dataclasses
import os
import re
import statistics
import struct
import threading
import time
import traceback

from harness import calls
from harness import certificates
from harness import gate
from harness import healthy
from harness import program
from harness import provider

GOOD_CALL_SECONDS = 5  # I8
QUIET_SECONDS = 30  # I3: by when memory is back
STATUS_SLACK = 0.1  # I2
CALL_MEMORY_MB = 12  # I3: for each call
BUFFERS_MEMORY_MB = 256  # I3: for all
KEPT_CONNECTIONS = 256  # to a provider; edugate's own limit for each loop

# The limits of memory and time in builds with sanitizers are wider by these; ThreadSanitizer keeps a shadow of four times
# what was ever used.
SANITIZER_MEMORY = 8
SANITIZER_MEMORY_KEPT = {"address": 2.5, "thread": 4}
SANITIZER_TIME = 8
# A sanitizer speaks to its symbolizer through a pipe.
SANITIZER_DESCRIPTORS = 2


SANITIZER_REPORT = re.compile(r"(?:ERROR|WARNING): \w+Sanitizer: [^\n]*|runtime error: [^\n]*")


@dataclasses.dataclass(frozen=True)
class Case:
    id: str
    function: object
    options: dict

    @property
    def part(self):
        return self.id[0]


CASES = {}


def case(identifier, **options):
    """Registers a case. Options:

    good: the call that must work again afterwards (a key of GOOD_CALLS).
    connection: keys for every connection of the provider that is treated badly, {name: {...}} for one in `connections`.
    server, config: further keys of the configuration; config may be a function of the trial.
    tls: the provider speaks HTTPS, with a certificate of this kind.
    gate: a TcpGate stands before the provider.
    host: a name for the provider, which resolves as `hosts` says; needs tls.
    preload: the program is started with the preloaded library, whose wall clock is `trial.set_clock`'s and whose disk
        `trial.set_disk`'s.
    attempts: the most requests that the provider may see; default: three for each call.
    memory_mb: the most memory that the fault may take; default: I3's.
    background: False: no calls to the other provider (for cases that measure the processor); I9 then holds after it.
    traces: whether every call is traced, for I6; default: where there are calls to the other provider.
    provider_factory: what makes the provider instead of provider.Provider.
    restarts: True: the case ends the process itself, so that there is no common baseline.
    more_connections: a function of the trial that gives further connections.
    warm: False: no good call before the fault.
    seconds: about how long the case takes; long ones begin first. alone: it runs when all others are done.
    """

    def register(function):
        assert identifier not in CASES, identifier
        CASES[identifier] = Case(identifier, function, options)
        return function

    return register


class Failed(AssertionError):
    """What a case expected did not happen."""


class LateClock(threading.Thread):
    """How late this machine's scheduler is: the longest time that a short sleep took too long, in a sliding window."""

    STEP = 0.005

    def __init__(self):
        super().__init__(daemon=True)
        self._late = []
        self._lock = threading.Lock()

    def run(self):
        while True:
            begin = time.monotonic()
            time.sleep(self.STEP)
            late = time.monotonic() - begin - self.STEP
            with self._lock:
                self._late.append((begin, late))
                if len(self._late) > 20000:
                    del self._late[:10000]

    def worst_since(self, begin):
        with self._lock:
            return max((late for when, late in self._late if when >= begin - self.STEP), default=0.0)


LATE = LateClock()


def load():
    """How much more is to run than there are processors, from 1."""
    return max(os.getloadavg()[0] / (os.cpu_count() or 1), 1.0)


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0


GOOD_CALLS = {
    "oa": ("EnrollmentService.ListEnrollments", {"parent": "connections/oa"}),
    "tms": ("EnrollmentService.GetEnrollment", {"name": "connections/tms/enrollments/10"}),
    "m1": ("TranscriptService.GetTranscript", {"name": f"connections/m1/transcripts/{healthy.TRANSCRIPT}"}),
    "edx": ("CatalogService.ListCatalogs", {"parent": "connections/edx"}),
    "other": ("EnrollmentService.GetEnrollment", {"name": "connections/other/enrollments/10"}),
}


def merge(into, more):
    for key, value in (more or {}).items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value
    return into


class Background(threading.Thread):
    """Calls to the provider that stays well, one after the other (I9)."""

    PAUSE = 0.03

    def __init__(self, trial, channel=None):
        super().__init__(daemon=True)
        self.trial = trial
        self.channel = channel
        self.samples = []
        self.failures = []
        self._end = threading.Event()

    def run(self):
        # At once, so that a fault that is over in less than a pause has a call beside it, too.
        self.once()
        while not self._end.wait(self.PAUSE):
            self.once()

    def once(self):
        try:
            outcome = self.trial.make_good_call("other", self.channel or self.trial.background_channel)
        except OSError as error:
            self.failures.append(str(error))
            return
        self.samples.append(outcome.seconds)
        if not outcome.ok:
            self.failures.append(str(outcome))

    def finish(self):
        self._end.set()
        self.join(30)


class Trial:
    """What a case's function works with."""

    def __init__(self, case_, settings):
        self.case = case_
        self.options = case_.options
        self.settings = settings  # program, preload, sanitizer
        self.sanitized = bool(settings.get("sanitizer"))
        self.time_scale = SANITIZER_TIME if self.sanitized else 1
        self.memory_scale, self.memory_kept_scale, self.own_descriptors = 1, 1, 0
        if self.sanitized:
            self.memory_scale = SANITIZER_MEMORY
            self.memory_kept_scale = SANITIZER_MEMORY_KEPT[settings["sanitizer"]]
            self.own_descriptors = SANITIZER_DESCRIPTORS
        mark = f"{case_.id}-{os.getpid()}-{time.monotonic_ns() % 10**9}"
        self.canary_secret = f"canary-secret-{mark}"
        self.canary_student = f"canary-student-{mark}"
        self.outcomes = []
        self.writes = []  # (ledger key, outcome)
        self.failures = []
        self.figures = {}
        self.good = self.options.get("good", "oa")
        self.background_channel = None
        self._cleanups = []

    # What a case does.

    def request(self, method, **fields):
        return calls.make_request(method, **fields)

    def start(self, method, timeout=5.0, metadata=(), **fields):
        """Starts a call; finish() ends it."""
        return self.channel.start(method, calls.make_request(method, **fields), timeout, metadata)

    def finish(self, call, limit=60):
        outcome = call.wait(limit)
        self.outcomes.append(outcome)
        return outcome

    def call(self, method, timeout=5.0, metadata=(), limit=60, **fields):
        """A call to its end."""
        return self.finish(self.start(method, timeout, metadata, **fields), limit)

    def list(self, timeout=5.0, **fields):
        return self.call("EnrollmentService.ListEnrollments", timeout, **{"parent": "connections/oa", **fields})

    def stream(self, timeout=20.0, **fields):
        return self.call("EnrollmentService.StreamEnrollments", timeout, **{"parent": "connections/oa", **fields})

    def get(self, timeout=5.0, number="10"):
        return self.call("EnrollmentService.GetEnrollment", timeout, name=f"connections/tms/enrollments/{number}")

    def transcript(self, timeout=5.0):
        """A read that is a POST at the provider."""
        method, fields = GOOD_CALLS["m1"]
        return self.call(method, timeout, **fields)

    def catalogs(self, timeout=5.0):
        return self.call("CatalogService.ListCatalogs", timeout, parent="connections/edx")

    def assign(self, learner, timeout=5.0, request_id=""):
        """A write that isn't repeatable: a license for a learner, whose address is the ledger's key."""
        key = f"{learner}@edugate.test"
        outcome = self.call("LicenseService.AssignLicenses", timeout, request_id=request_id,
                            name=f"connections/edx/subscriptionPlans/{healthy.PLAN}", learner_emails=[key])
        self.writes.append((key, outcome))
        return outcome

    def update(self, number=1, timeout=5.0, request_id="", status="Confirmed"):
        """A write that may be repeated: a PUT."""
        outcome = self.call("EnrollmentService.UpdateEnrollment", timeout, request_id=request_id,
                            enrollment={"name": f"connections/oa/enrollments/{number}", "provider_status": status},
                            update_mask={"paths": ["provider_status"]})
        self.writes.append((str(number), outcome))
        return outcome

    def set_clock(self, seconds):
        """Puts the program's wall clock off; needs the option preload."""
        with open(self._clock_path, "r+b") as file:
            file.write(struct.pack("=q", seconds))

    def set_disk(self, write=0, sync=0):
        """Makes the program's writes at an offset, which SQLite's are, and its syncs fail with these errors; needs preload."""
        with open(self._disk_path, "r+b") as file:
            file.write(struct.pack("=qq", write, sync))

    def set_hosts(self, **names):
        """Scripts name resolution: `provider_test="127.0.0.1"`."""
        part = self._hosts_path + ".part"
        with open(part, "w", encoding="ascii") as file:
            for name, answer in names.items():
                file.write(f"{name.replace('_', '.')} {answer}\n")
        os.replace(part, self._hosts_path)

    def cleanup(self, function):
        """Called when the case is over and judged."""
        self._cleanups.append(function)

    def note(self, **figures):
        """A figure for the table."""
        self.figures.update(figures)

    # What a case expects.

    def expect(self, condition, what):
        if not condition:
            raise Failed(what)

    def expect_status(self, outcome, *expected):
        """One of `CODE/REASON` or `CODE`."""
        right = {str(outcome), outcome.code} & set(expected)
        self.expect(right, f"{outcome.method}: {outcome} ({outcome.message!r}), expected {' or '.join(expected)}")

    def expect_deadline(self, outcome):
        """edugate's own status at the deadline; on a machine that is late, gRPC's bare one may come before it."""
        bare = ("DEADLINE_EXCEEDED", "CANCELLED") if self.late(outcome) else ()
        self.expect_status(outcome, "DEADLINE_EXCEEDED/DEADLINE_EXCEEDED", *bare)

    def ended_once(self, outcome):
        """Whether one end came; on a machine that is late, gRPC sends two where its deadline and a status meet."""
        if outcome.terminals != 2:
            return outcome.terminals == 1
        return outcome.code in ("DEADLINE_EXCEEDED", "CANCELLED") and bool(outcome.timeout) and self.late(outcome)

    def late(self, outcome):
        """Whether the machine was late by more than a call's head start before its deadline."""
        return self.slack(outcome.started) > min(outcome.timeout / 20, 0.05)

    def expect_ok(self, outcome):
        self.expect_status(outcome, "OK")

    def expect_attempts(self, least, most=None, path="", method=None):
        count = self.provider.count(path, method)
        most = least if most is None else most
        self.expect(least <= count <= most, f"the provider saw {count} requests, expected {least} to {most}")

    def expect_time(self, outcome, most, least=0.0):
        """In seconds, on an idle machine."""
        slack = self.slack(outcome.started)
        self.expect(least <= outcome.seconds <= most + slack,
                    f"{outcome.seconds:.3f} s to the status, expected {least} to {most} (+{slack:.3f})")

    def slack(self, since):
        """What a busy machine may add to a time."""
        return (20 * LATE.worst_since(since) + 0.1 * (load() - 1) + STATUS_SLACK) * self.time_scale - STATUS_SLACK

    def loop_lag(self, before):
        """How late a timer of the program's loops has come since `before` (a value of edugate.metrics()), at most: the end
        of the histogram's bucket, in seconds."""
        bucket = re.compile(r'^edugate_loop_lag_seconds_bucket\{.*le="([^"]+)"')
        late = {}
        for name, value in self.edugate.metrics().items():
            if found := bucket.match(name):
                end = float(found.group(1).replace("+Inf", "inf"))
                late[end] = late.get(end, 0) + value - before.get(name, 0)
        self.expect(late and late[float("inf")] > 0, "no timer was measured")
        return min(end for end, count in late.items() if count == late[float("inf")])

    def cpu_ms(self, begin):
        """What the process has used since begin (a value of edugate.cpu_seconds())."""
        return (self.edugate.cpu_seconds() - begin) * 1000

    # The deployment.

    def set_up(self):
        options = self.options
        self.healthy = healthy.HealthyProviders(self.canary_student)
        context = None
        if options.get("tls"):
            kind = certificates.GOOD if options["tls"] is True else options["tls"]
            context = certificates.server_context(kind)
        factory = options.get("provider_factory", provider.Provider)
        self.provider = factory(context=context, default=self.healthy)
        self.other = provider.Provider(default=healthy.HealthyProviders(self.canary_student))
        self._cleanups += [self.provider.stop, self.other.stop]
        self.collector = None
        if options.get("traces", options.get("background", True) and not options.get("restarts")):
            self.collector = provider.Provider(default=provider.reply("{}"))
            self._cleanups.append(self.collector.stop)
        self.gate = None
        if options.get("gate"):
            self.gate = gate.TcpGate((self.provider.host, self.provider.port))
            self._cleanups.append(self.gate.stop)
        environment = self._environment()
        self.edugate = program.Edugate(self.settings["program"], self.configuration(), environment)
        self._cleanups.append(self.edugate.cleanup)
        self.channel = calls.Channel(self.edugate.address)
        self.background_channel = calls.Channel(self.edugate.address)
        self._cleanups += [self.background_channel.close, lambda: self.channel.close()]

    def _environment(self):
        if not (self.options.get("preload") or self.options.get("host")):
            return {}
        self._hosts_path = self._temporary("hosts", b"")
        self._clock_path = self._temporary("clock", struct.pack("=q", 0))
        self._disk_path = self._temporary("disk", struct.pack("=qq", 0, 0))
        if self.options.get("host"):
            self.set_hosts(**{self.options["host"].replace(".", "_"): "127.0.0.1"})
        return {"LD_PRELOAD": self.settings["preload"], "FAULTS_HOSTS": self._hosts_path,
                "FAULTS_CLOCK": self._clock_path, "FAULTS_DISK": self._disk_path}

    def path(self, name):
        """Where a file of the trial's own may stand."""
        return os.path.join(self.settings["folder"], f"{self.canary_secret[14:]}-{name}")

    def _temporary(self, name, content):
        path = self.path(name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def secret_file(self, name, content):
        """A file with a secret; its path."""
        return self._temporary(name, content.encode())

    @property
    def url(self):
        """Where edugate finds the provider that is treated badly."""
        scheme = "https" if self.options.get("tls") else "http"
        host = self.options.get("host", self.provider.host)
        return f"{scheme}://{host}:{(self.gate or self.provider).port}"

    def configuration(self):
        oauth = {"token_url": self.url + healthy.TOKEN_PATH, "client_id": {"value": "client"},
                 "client_secret": {"value": self.canary_secret}}
        connections = {
            "oa": {"provider": "openapply", "base_url": self.url, "auth": {"bearer": {"value": self.canary_secret}}},
            "tms": {"provider": "class_enrollment", "base_url": self.url + "/api/2.0",
                    "auth": {"api_key": {"value": self.canary_secret}}},
            "m1": {"provider": "measureone", "base_url": self.url, "auth": {"bearer": {"value": self.canary_secret}}},
            "edx": {"provider": "edx_enterprise", "base_url": self.url, "auth": {"oauth2_client": oauth},
                    "options": {"enterprise_customer_uuid": "6ae7a56e-6355-4aa8-a649-e6eb209f0000"}},
        }
        for name, connection in connections.items():
            connection["id"] = name
            # Soon well again: I8 leaves five seconds.
            connection["breaker"] = {"open": "0.5s", "max_open": "1s"}
            if self.options.get("tls"):
                connection["http"] = {"ca_file": certificates.authority_file()}
            merge(connection, self.options.get("connection"))
            merge(connection, self.options.get("connections", {}).get(name))
        other = {"id": "other", "provider": "class_enrollment", "base_url": f"http://{self.other.address}/api/2.0",
                 "auth": {"api_key": {"value": self.canary_secret}}}
        config = {
            "server": {"listen": "127.0.0.1:0", "admin_listen": "127.0.0.1:0", "insecure": True,
                       "page_token_key": {"value": self.canary_secret + " and more, to be long enough"}},
            "connections": [*connections.values(), other, *self.options.get("more_connections", lambda _: [])(self)],
        }
        if self.collector is not None:
            config["telemetry"] = {"otlp": {"endpoint": f"http://{self.collector.address}/v1/traces",
                                            "sample_percent": 100}}
        merge(config["server"], self.options.get("server"))
        further = self.options.get("config")
        return merge(config, further(self) if callable(further) else further)

    def tear_down(self):
        for cleanup in reversed(self._cleanups):
            try:
                cleanup()
            except OSError:
                pass

    def heal(self):
        """Ends the fault."""
        self.provider.heal()
        if self.options.get("host"):
            self.set_hosts(**{self.options["host"].replace(".", "_"): "127.0.0.1"})
        if self.gate is not None:
            self.gate.clear()

    def make_good_call(self, name, channel=None, timeout=5.0):
        method, fields = GOOD_CALLS[name]
        return (channel or self.channel).call(method, calls.make_request(method, **fields), timeout)

    def restart(self):
        """The program again, after edugate.kill() or stop()."""
        self.channel.close()
        self.background_channel.close()
        self.edugate.start()
        self.channel = calls.Channel(self.edugate.address)
        self.background_channel = calls.Channel(self.edugate.address)

    def upstream_ports(self):
        return {each.port for each in (self.provider, self.other, self.gate, self.collector) if each}


class Runner:
    """Runs one case and judges it."""

    def __init__(self, case_, settings):
        self.trial = Trial(case_, settings)
        self.case = case_

    def run(self):
        """{id, passed, failures, figures}."""
        trial = self.trial
        begin = time.monotonic()
        try:
            trial.set_up()
            self._run()
        except Failed as failure:
            trial.failures.append(str(failure))
        except Exception:  # pylint: disable=broad-except
            trial.failures.append("the case broke: " + traceback.format_exc(limit=4).strip().replace("\n", " | "))
        finally:
            trial.tear_down()
        trial.figures["seconds"] = round(time.monotonic() - begin, 1)
        # What is reported must not show what is planted.
        failures = [self._without_canaries(each) for each in trial.failures]
        return {"id": self.case.id, "passed": not failures, "failures": failures, "figures": trial.figures}

    def _without_canaries(self, text):
        return text.replace(self.trial.canary_secret, "<secret>").replace(self.trial.canary_student, "<student>")

    def _run(self):
        trial, edugate = self.trial, self.trial.edugate
        self._warm_up()
        restarts = trial.options.get("restarts", False)
        background = Background(trial)
        for _ in range(20):
            background.once()
        usual, background.samples = background.samples, []
        trial.provider.forget()
        seen = trial.provider.total()
        before = edugate.sample(trial.upstream_ports())
        edugate.reset_peak()
        with_background = trial.options.get("background", True) and not restarts
        fault_begin = time.monotonic()
        if with_background:
            background.start()
        try:
            trial.case.function(trial)
        except Failed as failure:
            trial.failures.append(str(failure))
        finally:
            fault_seconds = time.monotonic() - fault_begin
            if with_background:
                background.finish()
        attempts = trial.provider.total() - seen
        if not edugate.alive():
            trial.failures.append("the program has ended")
            return
        after = edugate.sample(trial.upstream_ports(), metrics=False)
        trial.heal()
        if not with_background:
            for _ in range(20):
                background.once()
        self._check_statuses()
        if not restarts:
            self._check_peak(before, after)
        self._check_attempts(attempts)
        self._check_ledger()
        self._check_good_call()
        self._check_other(usual, background, fault_begin)
        if not restarts:
            self._check_baseline(before)
        self._check_canaries()
        self._check_reports()
        trial.note(attempts=attempts, fault_seconds=round(fault_seconds, 2))
        if not restarts:
            trial.note(rss_delta_mb=round(after.peak_mb - before.rss_mb, 1),
                       cpu_ms=round((after.cpu_seconds - before.cpu_seconds) * 1000))

    def _warm_up(self):
        trial = self.trial
        if trial.options.get("warm", True):
            for _ in range(3):
                outcome = trial.make_good_call(trial.good)
                trial.expect(outcome.ok, f"a good call before the fault: {outcome} {outcome.message}")
        for _ in range(5):
            trial.make_good_call("other", trial.background_channel)
        # The threads of the admin port keep some memory, too.
        for _ in range(20):
            trial.edugate.metrics_text()

    def _check_statuses(self):
        """I1 and I2."""
        trial = self.trial
        slowest = 0.0
        for outcome in trial.outcomes:
            if not trial.ended_once(outcome):
                trial.failures.append(f"I1: {outcome.method} ended {outcome.terminals} times ({outcome})")
            if outcome.timeout is not None:
                late = outcome.seconds - outcome.timeout
                bound = STATUS_SLACK + trial.slack(outcome.started)
                if late > bound:
                    trial.failures.append(f"I2: {outcome.method} ended {late:.3f} s after its deadline ({outcome}), "
                                          f"bound {bound:.3f} s")
            slowest = max(slowest, outcome.seconds)
        if trial.outcomes:
            trial.note(status_ms=round(slowest * 1000), calls=len(trial.outcomes))

    def _check_peak(self, before, after):
        """I3, during the fault."""
        trial = self.trial
        cap = trial.options.get("memory_mb")
        if cap is None:
            cap = min(BUFFERS_MEMORY_MB, CALL_MEMORY_MB * max(len(trial.outcomes), 1)) + 8
        grown = after.peak_mb - before.rss_mb
        if grown > cap * trial.memory_scale:
            trial.failures.append(f"I3: memory grew by {grown:.1f} MB, cap {cap} MB")

    def _check_attempts(self, attempts):
        """I5."""
        trial = self.trial
        most = trial.options.get("attempts")
        if most is None:
            most = 3 * max(len(trial.outcomes), 1)
        if attempts > most:
            trial.failures.append(f"I5: the provider saw {attempts} requests, at most {most} were allowed")

    def _check_ledger(self):
        """I7."""
        trial = self.trial
        for key, count in trial.provider.ledger.effects.items():
            if count > 1:
                trial.failures.append(f"I7: the write {key.split('@')[0]} happened {count} times")
        for key, outcome in trial.writes:
            if outcome.ok and trial.provider.ledger.count(key) != 1:
                trial.failures.append(f"I7: the write {key.split('@')[0]} was reported OK and happened "
                                      f"{trial.provider.ledger.count(key)} times")

    def _check_good_call(self):
        """I8."""
        trial = self.trial
        begin = time.monotonic()
        limit = GOOD_CALL_SECONDS * (2 if trial.sanitized else 1)
        while True:
            outcome = trial.make_good_call(trial.good)
            took = time.monotonic() - begin
            if outcome.ok or took > limit:
                break
            time.sleep(0.1)
        trial.note(recovery_ms=round(took * 1000))
        if not outcome.ok:
            trial.failures.append(f"I8: no good call within {limit} s of the fault's end: {outcome} {outcome.message}")

    def _check_other(self, usual, background, since):
        """I9."""
        trial = self.trial
        if background.failures:
            trial.failures.append(f"I9: {len(background.failures)} calls to the other provider failed, the first with "
                                  f"{background.failures[0]}")
        if not background.samples:
            trial.failures.append("I9: no call to the other provider was answered")
            return
        baseline, during = percentile(usual, 0.99), percentile(background.samples, 0.99)
        bound = 2 * baseline + STATUS_SLACK + trial.slack(since)
        trial.note(other_p99_ms=round(during * 1000, 1), other_p50_ms=round(statistics.median(background.samples) * 1000, 1))
        if during > bound:
            trial.failures.append(f"I9: the other provider's p99 went from {baseline * 1000:.1f} to {during * 1000:.1f} "
                                  f"ms, bound {bound * 1000:.1f} ms")

    def _check_baseline(self, before):
        """I3 after the fault, and I4."""
        trial = self.trial
        own = trial.channel.connections() + trial.background_channel.connections()
        end = time.monotonic() + QUIET_SECONDS
        while True:
            now = trial.edugate.sample(trial.upstream_ports())
            faults = []
            allowed = before.rss_mb * 1.2 * trial.memory_kept_scale + 8
            if now.rss_mb > allowed:
                faults.append(f"I3: memory stays at {now.rss_mb:.1f} MB, baseline {before.rss_mb:.1f} MB")
            if now.fds > before.fds + trial.own_descriptors:
                faults.append(f"I4: {now.fds} descriptors, baseline {before.fds}")
            if now.upstream_sockets > KEPT_CONNECTIONS:
                faults.append(f"I4: {now.upstream_sockets} connections to providers")
            if now.threads > before.threads + 8:
                faults.append(f"I4: {now.threads} threads, baseline {before.threads}")
            for name, value in now.gauges.items():
                if value > before.gauges.get(name, 0):
                    faults.append(f"I4: {name} is {value}, baseline {before.gauges.get(name, 0)}")
            if not faults or time.monotonic() > end:
                break
            time.sleep(0.25)
        trial.failures += faults
        trial.note(fds=f"{before.fds}->{now.fds}", kept_sockets=now.upstream_sockets, own_connections=own)

    def _check_reports(self):
        """F13: what a sanitizer has to say."""
        found = SANITIZER_REPORT.search(self.trial.edugate.log())
        if found:
            self.trial.failures.append(f"F13: {found.group(0)}")

    def _check_canaries(self):
        """I6."""
        trial = self.trial
        places = {"log": trial.edugate.log(), "output": "".join(trial.edugate.output),
                  "metrics": trial.edugate.metrics_text()}
        if trial.collector is not None:
            trial.collector.wait_for(1, timeout=5 * trial.time_scale)
            spans = [request.body for request in trial.collector.seen()]
            if not any(b"EnrollmentService" in each for each in spans):
                trial.failures.append("I6: no call was traced")
            places["traces"] = b"".join(spans).decode(errors="replace")
        for number, outcome in enumerate(trial.outcomes):
            if not outcome.ok:
                places[f"status {number} ({outcome})"] = outcome.raw_status.decode(errors="replace")
        for what, canary in (("secret", trial.canary_secret), ("student", trial.canary_student)):
            forms = {canary, base64.b64encode(canary.encode()).decode().rstrip("=")}
            for place, text in places.items():
                if any(form in text for form in forms):
                    trial.failures.append(f"I6: the canary {what} stands in the {place}")


def run_case(case_, settings):
    return Runner(case_, settings).run()
