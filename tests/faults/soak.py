"""Half of the time calls, half of the time none, with one of a hundred answers of the provider a fault of parts A and B.

soak.py [--minutes N] runs it for so long, prints memory, descriptors and the p99 each half minute, and a verdict. The
case F12 is a short one.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.insert(0, os.environ.get("EDUGATE_STUBS", os.path.join(ROOT, "build", "python")))

# pylint: disable=wrong-import-position
from harness import healthy
from harness import provider
from harness import trial

# So that a hundred faults a minute neither open the breaker nor use the retry budget up: what is looked at is what they
# leave behind.
CONNECTION = {"breaker": {"disabled": True}, "concurrency": {"adaptive": False}, "coalesce": False,
              "http": {"connect_timeout": "1s"}}


def CONFIG(t):  # pylint: disable=invalid-name
    return {"state": {"sqlite": {"path": t.path("state.sqlite")}}}


def _endless(exchange):
    piece = b'{"id": 1, "year": 2027},' * 2700
    exchange.send(provider.chunked(b'{"reenrollments": [', end=False))
    while True:
        exchange.send(b"%x\r\n%s\r\n" % (len(piece), piece))


def _endless_headers(exchange):
    exchange.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        exchange.send(b"X-Padding: " + b"p" * 1000 + b"\r\n")


class Faulty:
    """Well, but for a share of the answers."""

    def __init__(self, well, share, seed=12):
        self.well = well
        self.share = share
        self.faults = 0
        self._luck = random.Random(seed)
        self._lock = threading.Lock()
        page = provider.reply(healthy.reenrollments([1, 2, 3]))
        text = page.split(b"\r\n\r\n", 1)[1]
        html = "<html>down for a while</html>"
        self._answers = (
            provider.then_reset(),
            provider.then_reset(page[:1500]),
            provider.then_close(page[:-700]),
            provider.then_close(provider.chunked(text, end=False)),
            provider.then_hang(),
            _endless,
            _endless_headers,
            provider.then_close(b"220 mail.test ESMTP ready\r\n"),
            provider.reply(html, status=500, content_type="text/html"),
            provider.reply("{}", status=503, headers=[("Retry-After", "1")]),
            provider.reply("{}", status=429, headers=[("Retry-After", "1")]),
            provider.then_close(provider.reply(text, length=False)[:-300]),
            provider.gzipped(b" " * 20_000_000),
            provider.reply(text, headers=[("Content-Encoding", "gzip")]),
            provider.reply(text, headers=[("Content-Encoding", "br")]),
            provider.then_close(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000 + page),
            provider.reply(b"[" * 100_000),
            provider.reply(b'{"reenrollments": [' + b"{}," * 300_000 + b"{}]}"),
            provider.reply(text.replace(b"Pending", b"\xff\xfe")),
            provider.reply(html, content_type="text/html"),
            provider.reply(b""),
            provider.reply(b"null"),
        )

    def __call__(self, exchange):
        # A write is not answered by what looks like success and is none.
        answers = self._answers[:10] if exchange.request.method == "POST" else self._answers
        with self._lock:
            answer = self._luck.choice(answers) if self._luck.random() < self.share else self.well
            self.faults += answer is not self.well
        exchange.provider.give(exchange, answer)


class Caller(threading.Thread):
    """Calls of every kind, and as long a pause after each as it took."""

    def __init__(self, soak, number):
        super().__init__(daemon=True)
        self.soak = soak
        self.luck = random.Random(number)
        self.number = number

    def run(self):
        t = self.soak.trial
        count = 0
        while not self.soak.over.is_set():
            count += 1
            key = f"soak-0000-{self.number}-{count}"
            method, fields = self.luck.choice((
                ("EnrollmentService.ListEnrollments", {"parent": "connections/oa"}),
                ("EnrollmentService.ListEnrollments", {"parent": "connections/-", "page_size": 2}),
                ("EnrollmentService.StreamEnrollments", {"parent": "connections/oa"}),
                ("EnrollmentService.GetEnrollment", {"name": "connections/tms/enrollments/10"}),
                ("TranscriptService.GetTranscript", {"name": f"connections/m1/transcripts/{healthy.TRANSCRIPT}"}),
                ("CatalogService.ListCatalogs", {"parent": "connections/edx"}),
                ("LicenseService.AssignLicenses", {
                    "name": f"connections/edx/subscriptionPlans/{healthy.PLAN}", "learner_emails": [f"{key}@edugate.test"],
                    "request_id": key}),
            ))
            try:
                outcome = t.channel.call(method, t.request(method, **fields), 2)
            except OSError as error:
                self.soak.broken.append(str(error))
                time.sleep(0.1)
                continue
            self.soak.ended(key, method, outcome)
            self.soak.over.wait(min(outcome.seconds, 0.5))


class Soak:
    """The load on a Trial's deployment, and what it shows."""

    def __init__(self, t, seconds, interval, threads=4, share=0.01, tell=None):
        self.trial = t
        self.seconds = seconds
        self.interval = interval
        self.threads = threads
        self.tell = tell or (lambda line: None)
        self.over = threading.Event()
        self.broken = []
        self.looks = []  # (seconds, MB, descriptors, sockets to providers), often
        self.p99s = []  # (seconds, ms), one for each interval
        self.calls = 0
        self.codes = {}
        self.faulty = Faulty(t.healthy, share)
        self._recent = []
        self._lock = threading.Lock()

    def ended(self, key, method, outcome):
        with self._lock:
            self.calls += 1
            self.codes[outcome.code] = self.codes.get(outcome.code, 0) + 1
            if outcome.ok:
                self._recent.append(outcome.seconds)
            if not self.trial.ended_once(outcome):
                self.broken.append(f"{method} ended {outcome.terminals} times")
            late = outcome.seconds - outcome.timeout - trial.STATUS_SLACK
            if late > 0 and late > self.trial.slack(outcome.started):
                self.broken.append(f"{method} ended {late + trial.STATUS_SLACK:.3f} s after its deadline")
            if not outcome.ok and any(canary.encode() in outcome.raw_status
                                      for canary in (self.trial.canary_secret, self.trial.canary_student)):
                self.broken.append(f"a canary stands in the status of {method} ({outcome})")
        if method.endswith("AssignLicenses") and outcome.ok and self.trial.provider.ledger.count(f"{key}@edugate.test") != 1:
            self.broken.append("a write that was reported OK did not happen once")

    def run(self):
        t = self.trial
        t.provider.script(self.faulty)
        callers = [Caller(self, number) for number in range(self.threads)]
        begin = time.monotonic()
        for each in callers:
            each.start()
        told = 0.0
        try:
            while (elapsed := time.monotonic() - begin) < self.seconds:
                if not t.edugate.alive():
                    self.broken.append("the program has ended")
                    return
                self._look(elapsed)
                if elapsed - told >= self.interval:
                    told = elapsed
                    self._tell(elapsed)
                time.sleep(min(1.0, self.interval / 10))
            self._tell(time.monotonic() - begin)
        finally:
            self.over.set()
            for each in callers:
                each.join(30)

    def _look(self, elapsed):
        sample = self.trial.edugate.sample(self.trial.upstream_ports(), metrics=False)
        self.looks.append((elapsed, sample.rss_mb, sample.fds, sample.upstream_sockets))

    def _tell(self, elapsed):
        with self._lock:
            recent, self._recent = self._recent, []
        p99 = trial.percentile(recent, 0.99) * 1000
        self.p99s.append((elapsed, p99))
        # The provider remembers every request; that is of no use here.
        self.trial.provider.forget()
        _, rss, fds, sockets = self.looks[-1]
        self.tell(f"{elapsed / 60:6.1f} min  {rss:7.1f} MB  {fds:4} descriptors  {sockets:3} connections  p99 {p99:7.1f} ms  "
                  f"{self.calls:8} calls  {self.faulty.faults:6} faults")

    def _halves(self, samples):
        """Of what came after the first third (of a long run: after the first hour)."""
        late = [each for each in samples if each[0] > min(self.seconds / 3, 3600)]
        return late[: len(late) // 2], late[len(late) // 2 :]

    def slope(self):
        """Megabytes an hour, by least squares. Large answers take some megabytes for a moment: of a short run it says
        nothing."""
        first, last = self._halves(self.looks)
        late = first + last
        if len(late) < 3:
            return 0.0
        return statistics.linear_regression([each[0] / 3600 for each in late], [each[1] for each in late]).slope

    @staticmethod
    def _floor(samples):
        """What is taken when no large answer is there."""
        return sorted(each[1] for each in samples)[len(samples) // 10]

    def figures(self):
        (first, last), (early, late) = self._halves(self.looks), self._halves(self.p99s)
        if not (first and last and early and late):
            return {"soak_calls": self.calls}
        return {"soak_calls": self.calls, "soak_faults": self.faulty.faults,
                "soak_rss_floor_mb": f"{self._floor(first):.1f}->{self._floor(last):.1f}",
                "soak_slope_mb_per_h": round(self.slope(), 1), "soak_fds": f"{self._middle(first, 2)}->{self._middle(last, 2)}",
                "soak_p99_ms": f"{self._middle(early, 1):.0f}->{self._middle(late, 1):.0f}", "soak_codes": self.codes}

    @staticmethod
    def _middle(samples, index):
        return statistics.median_low(each[index] for each in samples)

    def verdict(self, short=False):
        """What is not as it should be."""
        failures = list(dict.fromkeys(self.broken))
        (first, last), (early, late) = self._halves(self.looks), self._halves(self.p99s)
        if not (first and last and early and late):
            return [*failures, "there are too few samples"]
        # A few seconds are still a warm-up: a short run only shows what grows fast.
        grown = self._floor(last) - self._floor(first)
        most = (20.0 if short else max(2.0, 0.05 * self._floor(first))) * self.trial.memory_scale
        if grown > most:
            failures.append(f"memory grew by {grown:.1f} MB, at most {most:.1f} MB are allowed")
        if self.seconds >= 2 * 3600 and self.slope() >= 1:
            failures.append(f"memory grows by {self.slope():.1f} MB an hour after the first")
        if self._middle(last, 2) > self._middle(first, 2) + 2:
            failures.append(f"descriptors went from {self._middle(first, 2)} to {self._middle(last, 2)}")
        if max(each[3] for each in first + last) > trial.KEPT_CONNECTIONS:
            failures.append("there are too many connections to the provider")
        # A short run's p99 is of a few calls.
        before, after = self._middle(early, 1), self._middle(late, 1)
        if not short and after > 1.2 * before + 5 + 1000 * self.trial.slack(time.monotonic() - 60):
            failures.append(f"the p99 went from {before:.1f} to {after:.1f} ms")
        if self.codes.get("OK", 0) < 0.9 * self.calls:
            failures.append(f"only {self.codes.get('OK', 0)} of {self.calls} calls were answered")
        return failures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--threads", type=int, default=4, help="callers")
    parser.add_argument("--interval", type=float, default=30, help="seconds between two lines")
    arguments = parser.parse_args()
    trial.LATE.start()
    with tempfile.TemporaryDirectory(prefix="edugate-soak-") as folder:
        settings = {"program": os.environ.get("EDUGATE_PROGRAM", os.path.join(ROOT, "build", "edugate")), "preload": "",
                    "sanitizer": os.environ.get("EDUGATE_SANITIZER", ""), "folder": folder}
        one = trial.Case("soak", None, {"connection": CONNECTION, "config": CONFIG, "traces": False})
        deployment = trial.Trial(one, settings)
        try:
            deployment.set_up()
            soak = Soak(deployment, arguments.minutes * 60, min(arguments.interval, arguments.minutes * 6), arguments.threads,
                        tell=lambda line: print(line, flush=True))
            soak.run()
            failures = soak.verdict()
            print(", ".join(f"{name.removeprefix('soak_').replace('_', ' ')} {value}"
                            for name, value in soak.figures().items()))
        finally:
            deployment.tear_down()
    for failure in failures:
        print("FAIL:", failure)
    print("the soak " + ("fails" if failures else "passes"))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
