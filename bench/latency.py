"""How long a call takes below the knee, against a GET by libcurl without a gateway."""

import os
import statistics
import subprocess

from processes import BUILD, CLIENTS, SERVICE, STREAMS_PER_CLIENT, Wrong
from workloads import CALLS

# Shares of the most calls a second that edugate was seen to answer.
LOADS = (0.1, 0.25, 0.5, 0.75)
SECONDS = 5


def percentiles(microseconds):
    ordered = sorted(microseconds)
    def at(share):
        return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1000, 3)
    return {"p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "p999_ms": at(0.999)}


# The gateway has a processor of its own, the provider and the callers share another one: what is measured is not
# who has to wait for whom. Nothing is pinned on other machines than of two or more processors.
GATEWAY_CPU, OTHERS_CPU = 0, 1


def pin(pid, cpu):
    """Pins every thread of a process, and those that it starts later."""
    if len(os.sched_getaffinity(0)) < 2:
        return
    for thread in os.listdir(f"/proc/{pid}/task"):
        os.sched_setaffinity(int(thread), {cpu})


def microseconds_of(command):
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                         preexec_fn=lambda: pin(os.getpid(), OTHERS_CPU))
    if run.returncode != 0:
        raise Wrong(run.stderr)
    return [float(line) for line in run.stdout.split()]


def through_edugate(server, rate, answer_bytes):
    call = CALLS["unary"]
    return percentiles(microseconds_of(
        [BUILD / "bench_paced", server.target, f"/{SERVICE}/{call['method']}", call["request"], answer_bytes,
         int(rate * SECONDS), CLIENTS, rate]))


def direct(provider, rate):
    call = CALLS["unary"]
    size = call["provider_file"].stat().st_size
    return percentiles(microseconds_of(
        [BUILD / "bench_get", provider.url + call["provider_path"], size, int(rate * SECONDS),
         CLIENTS * STREAMS_PER_CLIENT, rate]))


def measure(rounds, knee, repeat):
    """`rounds`: the running servers; `knee`: calls a second. Medians of `repeat` turns."""
    pin(rounds.servers["edugate"].pid, GATEWAY_CPU)
    for pid in rounds.provider.pids():
        pin(pid, OTHERS_CPU)
    found = []
    for load in LOADS:
        rate = knee * load
        try:
            turns = [(through_edugate(rounds.servers["edugate"], rate,
                                      rounds.answers["GetEnrollment"]),
                      direct(rounds.provider, rate)) for _ in range(repeat)]
        except Wrong as wrong:
            # Callers at a pace cost more than h2load's, which found the knee; beyond what the two can do together on
            # this machine, edugate turns calls away.
            found.append({"load": load, "calls_per_second": round(rate), "left_out": str(wrong).strip()})
            continue
        def median(index, name):
            return round(statistics.median(turn[index][name] for turn in turns), 3)
        figures = {"load": load, "calls_per_second": round(rate)}
        for name in turns[0][0]:
            figures[name] = median(0, name)
            figures["direct_" + name] = median(1, name)
        figures["added_p99_ms"] = round(
            statistics.median(turn[0]["p99_ms"] - turn[1]["p99_ms"] for turn in turns), 3)
        found.append(figures)
    return found
