"""How long a call takes below the knee, against a GET by libcurl without a gateway."""

import os
import statistics
import subprocess

from processes import BUILD, CLIENTS, SERVICE, STREAMS_PER_CLIENT, Wrong
from workloads import CALLS

# Shares of the knee: the most calls a second at a steady pace that edugate answers, all of them and in time.
LOADS = (0.1, 0.25, 0.5, 0.75)
SECONDS = 5
# Beyond the knee a queue grows for as long as the load lasts, or calls are turned away.
IN_TIME_MS = 20
KNEE_STEPS = 5
KNEE_SECONDS = 3


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


def through_edugate(server, rate, answer_bytes, seconds=SECONDS):
    call = CALLS["unary"]
    return percentiles(microseconds_of(
        [BUILD / "bench_paced", server.target, f"/{SERVICE}/{call['method']}", call["request"], answer_bytes,
         int(rate * seconds), CLIENTS, rate]))


def find_knee(server, answer_bytes, most):
    """Calls a second, by halving the range up to `most`. It is lower than what calls in a closed circle reach: those wait
    for each other and come in batches, each of which costs a wake-up, while calls at a pace cost one each."""
    def in_time(rate):
        try:
            return through_edugate(server, rate, answer_bytes, KNEE_SECONDS)["p99_ms"] <= IN_TIME_MS
        except Wrong:
            return False

    low, high = 0.0, most
    for _ in range(KNEE_STEPS):
        rate = (low + high) / 2
        # The second time is for what else the machine did in the first.
        low, high = (rate, high) if in_time(rate) or in_time(rate) else (low, rate)
    return low


def direct(provider, rate):
    call = CALLS["unary"]
    size = call["provider_file"].stat().st_size
    return percentiles(microseconds_of(
        [BUILD / "bench_get", provider.url + call["provider_path"], size, int(rate * SECONDS),
         CLIENTS * STREAMS_PER_CLIENT, rate]))


def measure(rounds, most, repeat):
    """`rounds`: the running servers; `most`: the calls a second that were answered in a closed circle. Medians of `repeat`
    turns."""
    pin(rounds.servers["edugate"].pid, GATEWAY_CPU)
    for pid in rounds.provider.pids():
        pin(pid, OTHERS_CPU)
    knee = find_knee(rounds.servers["edugate"], rounds.answers["GetEnrollment"], most)
    found = []
    for load in LOADS:
        rate = knee * load
        try:
            turns = [(through_edugate(rounds.servers["edugate"], rate,
                                      rounds.answers["GetEnrollment"]),
                      direct(rounds.provider, rate)) for _ in range(repeat)]
        except Wrong as wrong:
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
    return {"knee_calls_per_second": round(knee), "loads": found}
