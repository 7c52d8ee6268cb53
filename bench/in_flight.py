"""What a call costs in memory while it waits for its provider."""

import contextlib
import re
import resource
import sys
import threading
import time

from processes import BENCH, Server, Wrong, check_load, h2load, stop
from workloads import CALLS, edugate_config, start_edugate

CALLS_IN_FLIGHT = 10_000
PROVIDER_SECONDS = 2
CLIENTS = 100

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
        return measure_with_descriptors(edugate, answer_bytes)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def measure_with_descriptors(edugate, answer_bytes):
    call = CALLS["unary"]
    with contextlib.ExitStack() as stack:
        slow = Server("slow-provider", [sys.executable, BENCH / "slow_provider.py",
                                        call["provider_file"], str(PROVIDER_SECONDS)], stack)
        slow.wait_for_target()
        config = edugate_config(f"http://{slow.target}", UNLIMITED)
        config["server"].update({"max_calls": 2 * CALLS_IN_FLIGHT})
        server = start_edugate(edugate, "in-flight", config, stack)
        ask(server, call, 10, 10, answer_bytes)
        before = server.memory_kb("VmRSS")
        samples = Sampling(server)
        try:
            ask(server, call, CALLS_IN_FLIGHT, CLIENTS, answer_bytes)
        finally:
            most = samples.end()
        stop(slow.process)
        waiting = int(re.search(r"most waiting: (\d+)", slow.log.read_text()).group(1))
        time.sleep(1)
        after = server.memory_kb("VmRSS")
    if waiting < 0.99 * CALLS_IN_FLIGHT:
        raise Wrong(f"only {waiting} calls were in flight at a time")
    return {
        "calls": CALLS_IN_FLIGHT,
        "at_the_provider": waiting,
        "rss_mib_before": round(before / 1024, 1),
        "rss_mib_most": round(most / 1024, 1),
        "rss_mib_after": round(after / 1024, 1),
        "kib_per_call": round((most - before) / waiting, 2),
    }


def ask(server, call, count, clients, answer_bytes):
    output = h2load(server.target, call["method"], call["request"], "-n", count, "-c", clients,
                    "-m", count // clients)
    check_load(output, count, answer_bytes)


class Sampling:
    """Looks at the memory of a process until it is ended."""

    def __init__(self, server):
        self.server = server
        self.most = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.ended.wait(0.05):
            if self.server.process.poll() is not None:
                return
            self.most = max(self.most, self.server.memory_kb("VmRSS"))

    def end(self):
        self.ended.set()
        self.thread.join()
        return self.most
