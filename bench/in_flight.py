"""What a call costs in memory while it waits for its provider."""

import contextlib
import re
import resource
import threading
import time
import urllib.request

from processes import Wrong, check_load, h2load
from workloads import CALLS, edugate_config, start_edugate, start_provider

CALLS_IN_FLIGHT = 10_000
PROVIDER_SECONDS = 2
CLIENTS = 100
ATTEMPTS = 3
# Calls a second: all of them have come before the first answer, and no faster than edugate takes
# them, which turns away what has to wait for too long.
PACE = 5_500

# All of them at the provider at once.
UNLIMITED = {"coalesce": False,
             "concurrency": {"max_in_flight": 20_000, "initial": 20_000, "adaptive": False}}


def measure(edugate, answer_bytes):
    """KiB of resident memory for each of CALLS_IN_FLIGHT calls."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * CALLS_IN_FLIGHT:
        return {"left_out": f"only {hard} file descriptors are allowed here"}
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        # On a busy machine the first answers come before the last calls do, or edugate turns some
        # of them away.
        attempts = []
        failure = None
        for _ in range(ATTEMPTS):
            try:
                attempts.append(measure_with_descriptors(edugate, answer_bytes))
            except Wrong as wrong:
                failure = wrong
            if attempts and attempts[-1]["in_flight"] > 0.95 * CALLS_IN_FLIGHT:
                break
        if not attempts:
            raise failure
        return max(attempts, key=lambda found: found["in_flight"])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def measure_with_descriptors(edugate, answer_bytes):
    call = CALLS["unary"]
    with contextlib.ExitStack() as stack:
        provider = start_provider("small", stack, seconds=PROVIDER_SECONDS)
        config = edugate_config(provider.url, UNLIMITED)
        config["server"].update({"max_calls": 2 * CALLS_IN_FLIGHT})
        server = start_edugate(edugate, "in-flight", config, stack)
        ask(server, call, 10, 10, answer_bytes)
        before = server.memory_kb("VmRSS")
        samples = Sampling(server)
        try:
            answered = ask(server, call, CALLS_IN_FLIGHT, CLIENTS, answer_bytes)
        finally:
            samples.end()
        time.sleep(1)
        after = server.memory_kb("VmRSS")
    return {
        "calls": CALLS_IN_FLIGHT,
        "answered": answered,
        "in_flight": samples.calls,
        "rss_mib_before": round(before / 1024, 1),
        "rss_mib_most": round(samples.memory_kb / 1024, 1),
        "rss_mib_after": round(after / 1024, 1),
        "kib_per_call": round((samples.memory_kb - before) / samples.calls, 2),
    }


def ask(server, call, count, clients, answer_bytes):
    """Returns how many calls were answered: a busy machine's edugate turns some of them away."""
    output = h2load(server.target, call["method"], call["request"], "-n", count, "-c", clients,
                    "-m", count // clients, f"--rps={PACE // clients}")
    check_load(output, count, None)
    answered = int(re.search(r"\((\d+)\) data", output).group(1)) // answer_bytes
    if answered < 0.98 * count:
        raise Wrong(f"only {answered} of {count} calls were answered")
    return answered


class Sampling:
    """Looks at the memory of a server and at its calls in flight, at the same time, until it is ended. Keeps the
    moment of the most calls."""

    def __init__(self, server):
        self.server = server
        self.calls = 0
        self.memory_kb = 0
        admin = re.search(r"admin on ([\w.]+:\d+)", server.log.read_text(errors="replace"))
        self.metrics = f"http://{admin.group(1)}/metrics"
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.ended.wait(0.05):
            if self.server.process.poll() is not None:
                return
            with urllib.request.urlopen(self.metrics, timeout=30) as reply:
                text = reply.read().decode()
            memory_kb = self.server.memory_kb("VmRSS")
            calls = sum(int(float(count)) for count in re.findall(r"^edugate_calls_in_flight{[^}]*} (\S+)$", text, re.MULTILINE))
            if calls >= self.calls:
                self.calls, self.memory_kb = calls, memory_kb

    def end(self):
        self.ended.set()
        self.thread.join()
