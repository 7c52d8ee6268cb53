"""CPU time of each column, round by round, and system calls."""

import pathlib
import re
import signal
import statistics
import subprocess
import sys
import time

from processes import BUILD, IN_FLIGHT, Wrong, drive
from workloads import CALLS, COLUMNS, FLOOR, FOLDERS, SERVERS, check_answers


# A server that the machine keeps waiting may turn calls away, as it should; then nothing was measured.
MORE_ATTEMPTS = 3


class Rounds:
    """The running processes of one folder, and how one figure of each column is taken."""

    def __init__(self, folder, provider, servers, counts):
        """`counts`: how many calls of each kind a round makes."""
        self.folder = folder
        self.provider = provider
        self.servers = servers
        self.counts = counts
        self.answers = check_answers(folder, servers)
        # How often a figure was taken again.
        self.repeated = {}

    def measure(self, column, call):
        """CPU microseconds of one call, and calls a second where a client saw them."""
        count = self.counts[call]
        if column in SERVERS:
            for _ in range(MORE_ATTEMPTS):
                try:
                    return self.measure_server(self.servers[column], call, count)
                except Wrong as wrong:
                    print(f"bench: {column}, {call}: again, since {wrong}", file=sys.stderr)
                    self.repeated[column] = self.repeated.get(column, 0) + 1
            return self.measure_server(self.servers[column], call, count)
        spec = CALLS[call]
        if column == "get":
            size = spec["provider_file"].stat().st_size
            command = [BUILD / "bench_get", self.provider.url + spec["provider_path"], str(size),
                       str(count), str(IN_FLIGHT)]
        else:
            command = [BUILD / "bench_decode", spec["decode"], FOLDERS[self.folder]["folder"],
                       str(count)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            raise Wrong(run.stderr)
        return {"cpu_us": float(run.stdout)}

    def drive(self, server, call, count):
        return drive(server.target, CALLS[call], count, self.answers[CALLS[call]["method"]])

    def measure_server(self, server, call, count):
        requests = self.provider.requests()
        cpu = server.cpu_seconds()
        rate = self.drive(server, call, count)
        cpu = server.cpu_seconds() - cpu
        requests = self.provider.requests() - requests
        expected = 0 if server is self.servers["echo"] else count
        if requests != expected:
            raise Wrong(f"{server.name} made {requests} requests to the provider, not {expected}: "
                        "a call that is answered from a cache or together with another one "
                        "is not the call that is measured")
        return {"cpu_us": cpu * 1e6 / count, "calls_per_second": rate}

    def round(self, number):
        """One round: every column of every call, each round beginning with another column."""
        turn = number % len(COLUMNS)
        figures = {}
        for call in self.counts:
            measured = {}
            for column in COLUMNS[turn:] + COLUMNS[:turn]:
                measured[column] = self.measure(column, call)
            figures[call] = {column: measured[column] for column in COLUMNS}
        return figures

    def system_calls(self, column, call, count):
        """System calls of one call, counted by strace, which slows the process a lot."""
        server = self.servers[column]
        summary = BUILD / f"strace-{column}.txt"
        self.drive(server, call, count)
        with open(BUILD / "strace.log", "wb+") as log:
            strace = subprocess.Popen(["strace", "-f", "-c", "-o", summary, "-p", str(server.pid)],
                                      stdout=log, stderr=log)
            try:
                wait_until_attached(strace, server.pid)
                self.drive(server, call, count)
            finally:
                strace.send_signal(signal.SIGINT)
                strace.wait(timeout=30)
        counts = strace_counts(summary.read_text())
        return {name: round(calls / count, 2) for name, calls in counts.items()
                if name == "total" or calls / count >= 0.05}


def wait_until_attached(strace, pid):
    """Waits until every thread of the process is traced."""
    for _ in range(100):
        tracers = {line.split()[1]
                   for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status")
                   for line in status.read_text().splitlines() if line.startswith("TracerPid")}
        if tracers == {str(strace.pid)}:
            return
        if strace.poll() is not None:
            break
        time.sleep(0.1)
    raise Wrong("strace could not attach: " + (BUILD / "strace.log").read_text())


def strace_counts(summary):
    """The number of calls by name, from the table of strace -c; `total` is their sum."""
    counts = {}
    for line in summary.splitlines():
        # "% time, seconds, usecs/call, calls, errors, syscall"; errors may be blank.
        fields = line.split()
        if len(fields) >= 5 and re.fullmatch(r"[\d.]+", fields[0]) and fields[-1] != "total":
            counts[fields[-1]] = int(fields[3])
    counts = dict(sorted(counts.items(), key=lambda entry: -entry[1]))
    return {"total": sum(counts.values()), **counts}


def spread(values):
    return {"median": round(statistics.median(values), 3), "min": round(min(values), 3),
            "max": round(max(values), 3)}


def ratios(rounds):
    """The ratios of each round: edugate over the floor and over each peer, by call."""
    found = {}
    for figures in rounds:
        for call, columns in figures.items():
            cpu = {column: columns[column]["cpu_us"] for column in COLUMNS}
            cpu["floor"] = sum(cpu[part] for part in FLOOR)
            for other in ("floor", "go", "node"):
                found.setdefault(f"{call}_{other}_ratio", []).append(cpu["edugate"] / cpu[other])
    return {name: spread(values) for name, values in found.items()}


def summarize(rounds):
    calls = rounds[0]
    return {
        "ratios": ratios(rounds),
        "cpu_us_per_call": {
            call: {
                **{column: spread([figures[call][column]["cpu_us"] for figures in rounds])
                   for column in COLUMNS},
                "floor": spread([sum(figures[call][part]["cpu_us"] for part in FLOOR)
                                 for figures in rounds]),
            } for call in calls
        },
        "calls_per_second": {
            call: {column: spread([figures[call][column]["calls_per_second"] for figures in rounds])
                   for column in SERVERS} for call in calls
        },
        "rounds": [{call: {column: {name: round(value, 3) for name, value in figure.items()}
                           for column, figure in columns.items()}
                    for call, columns in figures.items()} for figures in rounds],
    }


