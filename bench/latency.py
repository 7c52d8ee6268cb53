"""How long a call takes below the knee, against a GET by libcurl without a gateway."""

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


def microseconds_of(command):
    run = subprocess.run([str(part) for part in command], capture_output=True, text=True)
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
    found = []
    for load in LOADS:
        rate = knee * load
        turns = [(through_edugate(rounds.servers["edugate"], rate,
                                  rounds.answers["GetEnrollment"]),
                  direct(rounds.provider, rate)) for _ in range(repeat)]
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
