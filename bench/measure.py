#!/usr/bin/env python3
"""Measures edugate, the parts it is made of, and a Go server that does the same.

run.sh builds everything and starts this. One run interleaves all columns, round by round, so that
what disturbs the machine disturbs all of them; ratios are taken within a round, and their medians
reported. README.md says what each figure means.
"""

import argparse
import contextlib
import datetime
import getpass
import json
import os
import pathlib
import platform
import re
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILD = ROOT / "build" / "bench"
WWW = BUILD / "www"

CLIENTS = 4
STREAMS_PER_CLIENT = 16
IN_FLIGHT = CLIENTS * STREAMS_PER_CLIENT

# What is asked for, and where its bytes come from.
CALLS = {
    "unary": {
        "method": "GetEnrollment",
        "request": WWW / "get_request.bin",
        "provider_path": "/api/2.0/GetClassEnrollment/10",
        "provider_file": WWW / "record.json",
        "decode": "record",
    },
    "page50": {
        "method": "ListEnrollments",
        "request": WWW / "list_request.bin",
        "provider_path": "/api/v3/reenrollments?page=1&per_page=50",
        "provider_file": WWW / "page.json",
        "decode": "page",
    },
}

# The columns: three servers and two loops. The sum of FLOOR is what no gateway of these parts can
# be below.
SERVERS = ("echo", "edugate", "go")
COLUMNS = ("echo", "get", "decode_map", "edugate", "go")
FLOOR = ("echo", "get", "decode_map")

# What is aimed at: the ratio may be at most this.
AIMS = {
    "unary_floor_ratio": 1.35,
    "page50_floor_ratio": 1.25,
    "unary_go_ratio": 0.75,
    "page50_go_ratio": 0.30,
}

EDUGATE_CONFIG = """\
server: {{ listen: "127.0.0.1:0" }}
log: {{ level: warn }}
state: {{ sqlite: {{ path: "{folder}/edugate.db" }} }}
connections:
  - id: tms
    provider: class_enrollment
    base_url: http://127.0.0.1:{port}/api/2.0
    auth: {{ api_key: {{ value: bench }} }}
  - id: oa
    provider: openapply
    base_url: http://127.0.0.1:{port}
    auth: {{ bearer: {{ value: bench }} }}
"""

# The long stream: how many records, and after how many its memory is noted.
STREAM_RECORDS = 1_000_000
STREAM_MARK = 100_000
# Where its figures stand in the results. They are of a run of their own.
STREAM_KEY = "stream_million"
# The most that edugate's memory may grow by from the first mark on, in percent: flat is what a
# stream of any length needs.
STREAM_MAX_GROWTH_PERCENT = 10

STREAM_CONFIG = """\
server: {{ listen: "127.0.0.1:0" }}
log: {{ level: warn }}
connections:
  - id: oa
    provider: openapply
    base_url: http://{provider}
    auth: {{ bearer: {{ value: bench }} }}
"""


class Wrong(Exception):
    """Something measured is not what it should be, so the run has no result."""


# Processes


class Server:
    """A process that is measured, and where it listens."""

    def __init__(self, name, command, stack):
        self.name = name
        self.log = BUILD / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=BUILD,
                                            stdin=subprocess.DEVNULL)
        stack.callback(stop, self.process)

    @property
    def pid(self):
        return self.process.pid

    def wait_for_target(self):
        """The address from the line `... listening on HOST:PORT`."""
        for _ in range(300):
            found = re.search(r"listening on (\S+:\d+)", self.log.read_text(errors="replace"))
            if found:
                self.target = found.group(1)
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise Wrong(f"{self.name} did not start:\n{self.log.read_text(errors='replace')}")

    def cpu_seconds(self):
        """User and system time of all its threads, the ended ones included.

        The clock of another process (clock_getcpuclockid(3)), which counts nanoseconds where
        /proc/PID/stat counts hundredths of a second.
        """
        return time.clock_gettime((~self.pid << 3) | 2)


def stop(process):
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_provider(stack):
    """Starts nginx; returns its port."""
    port = free_port()
    text = (BENCH / "nginx.conf.in").read_text()
    for name, value in (("FOLDER", BUILD), ("PORT", port), ("USER", getpass.getuser())):
        text = text.replace(f"@{name}@", str(value))
    config = BUILD / "nginx.conf"
    config.write_text(text)
    nginx = subprocess.Popen(["nginx", "-p", BUILD, "-e", BUILD / "nginx-error.log", "-c", config],
                             stdin=subprocess.DEVNULL)
    stack.callback(stop, nginx)
    for _ in range(100):
        with contextlib.suppress(OSError):
            requests_served(port)
            return port
        time.sleep(0.1)
    raise Wrong("nginx did not start: " + (BUILD / "nginx-error.log").read_text())


def start_servers(port, edugate, stack):
    config = BUILD / "edugate.yaml"
    config.write_text(EDUGATE_CONFIG.format(port=port, folder=BUILD))
    provider = f"http://127.0.0.1:{port}"
    servers = {
        "echo": Server("echo", [BUILD / "bench_echo", WWW], stack),
        "edugate": Server("edugate", [edugate, "serve", "--config", config], stack),
        "go": Server("go", [BUILD / "go_peer", "-provider", provider], stack),
    }
    for server in servers.values():
        server.wait_for_target()
    return servers


# Measuring


def requests_served(port):
    """The requests that nginx has answered, without those for this figure."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/requests", timeout=5) as reply:
        total = int(reply.read().split()[9])
    requests_served.own += 1
    return total - requests_served.own


requests_served.own = 0


def check_answers(servers):
    """Has every server checked; returns the answers' sizes on the wire."""
    targets = [server.target for server in servers.values()]
    check = subprocess.run([BUILD / "bench_check", WWW, *targets], capture_output=True, text=True)
    if check.returncode != 0:
        raise Wrong(check.stderr)
    unary, page = check.stdout.split()
    return {"unary": int(unary), "page50": int(page)}


def drive(target, call, count, answer_bytes):
    """Makes `count` calls with h2load; returns what it saw. Every call must bring a whole answer."""
    spec = CALLS[call]
    command = ["h2load", "-n", str(count), "-c", str(CLIENTS), "-m", str(STREAMS_PER_CLIENT),
               "-t", "1", "-d", str(spec["request"]),
               "-H", "content-type: application/grpc", "-H", "te: trailers",
               "-H", "grpc-timeout: 20S",
               f"http://{target}/edugate.v1.EnrollmentService/{spec['method']}"]
    run = subprocess.run(command, capture_output=True, text=True)
    output = run.stdout
    succeeded = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    data = re.search(r"\((\d+)\) data", output)
    rate = re.search(r"finished in .*?, ([\d.]+) req/s", output)
    if run.returncode != 0 or not succeeded or not data or not rate:
        raise Wrong(f"h2load failed:\n{output}{run.stderr}")
    if [int(part) for part in succeeded.groups()] != [count, 0, 0, 0]:
        raise Wrong(f"{call} at {target}: {succeeded.group(0)}")
    # A call that fails has no message, whatever its grpc-status, so one would be missing here.
    if int(data.group(1)) != count * answer_bytes:
        raise Wrong(f"{call} at {target}: {data.group(1)} bytes of answers, "
                    f"not {count} times {answer_bytes}")
    return float(rate.group(1))


class Bench:
    """The running processes, and how one figure of each column is taken."""

    def __init__(self, port, servers, counts):
        self.port = port
        self.servers = servers
        self.counts = counts
        self.answers = check_answers(servers)

    def measure(self, column, call):
        """CPU microseconds of one call, and calls a second where a client saw them."""
        count = self.counts[call]
        if column in SERVERS:
            return self.measure_server(self.servers[column], call, count)
        spec = CALLS[call]
        if column == "get":
            url = f"http://127.0.0.1:{self.port}{spec['provider_path']}"
            size = spec["provider_file"].stat().st_size
            command = [BUILD / "bench_get", url, str(size), str(count), str(IN_FLIGHT)]
        else:
            command = [BUILD / "bench_decode", spec["decode"], WWW, str(count)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            raise Wrong(run.stderr)
        return {"cpu_us": float(run.stdout)}

    def measure_server(self, server, call, count):
        requests = requests_served(self.port)
        cpu = server.cpu_seconds()
        rate = drive(server.target, call, count, self.answers[call])
        cpu = server.cpu_seconds() - cpu
        requests = requests_served(self.port) - requests
        expected = 0 if server.name == "echo" else count
        if requests != expected:
            raise Wrong(f"{server.name} made {requests} requests to the provider, not {expected}: "
                        "a call that is answered from a cache or together with another one "
                        "is not the call that is measured")
        return {"cpu_us": cpu * 1e6 / count, "calls_per_second": rate}

    def round(self, number):
        """One round: every column of every call, each round beginning with another column."""
        turn = number % len(COLUMNS)
        figures = {}
        for call in CALLS:
            measured = {}
            for column in COLUMNS[turn:] + COLUMNS[:turn]:
                measured[column] = self.measure(column, call)
            figures[call] = {column: measured[column] for column in COLUMNS}
        return figures

    def system_calls(self, column, call, count):
        """System calls of one call, counted by strace, which slows the process a lot."""
        server = self.servers[column]
        summary = BUILD / f"strace-{column}.txt"
        drive(server.target, call, count, self.answers[call])
        with open(BUILD / "strace.log", "wb+") as log:
            strace = subprocess.Popen(["strace", "-f", "-c", "-o", summary, "-p", str(server.pid)],
                                      stdout=log, stderr=log)
            try:
                wait_until_attached(strace, server.pid)
                drive(server.target, call, count, self.answers[call])
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
        if len(fields) >= 5 and fields[0].replace(".", "").isdigit() and fields[-1] != "total":
            counts[fields[-1]] = int(fields[3])
    counts = dict(sorted(counts.items(), key=lambda entry: -entry[1]))
    return {"total": sum(counts.values()), **counts}


def memory_mb(pid, name):
    """A figure of /proc/PID/status, as VmHWM."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return round(int(re.search(rf"^{name}:\s*(\d+) kB$", status, re.MULTILINE).group(1)) / 1024, 1)


def measure_stream(edugate):
    """Reads STREAM_RECORDS records in one StreamEnrollments; returns what edugate's memory did."""
    config = BUILD / "stream.yaml"
    with contextlib.ExitStack() as stack:
        provider = Server("stream-provider", [BUILD / "bench_pages", str(STREAM_RECORDS)], stack)
        provider.wait_for_target()
        config.write_text(STREAM_CONFIG.format(provider=provider.target))
        server = Server("stream-edugate", [edugate, "serve", "--config", config], stack)
        server.wait_for_target()
        command = [BUILD / "bench_stream", server.target, str(server.pid), str(STREAM_RECORDS),
                   str(STREAM_MARK)]
        log = BUILD / "stream.log"
        marks = []
        with open(log, "wb") as errors:
            reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
            stack.callback(stop, reader)
            for line in reader.stdout:
                records, seconds, kilobytes = line.split()
                marks.append((int(records), float(seconds), round(int(kilobytes) / 1024, 1)))
                print(f"{marks[-1][0]:>9} records {marks[-1][1]:>8.1f} s {marks[-1][2]:>8.1f} MB",
                      flush=True)
        if reader.wait() != 0:
            raise Wrong(log.read_text())
        peak = memory_mb(server.pid, "VmHWM")
    (_, _, before), *marks = marks
    rss = [megabytes for _, _, megabytes in marks]
    return {
        "records": marks[-1][0],
        "seconds": marks[-1][1],
        "rss_mb": rss,
        "rss_mb_before": before,
        "peak_rss_mb": peak,
        "growth_percent": round(100 * (max(rss[1:]) / rss[0] - 1), 1),
    }


# What comes of it


def spread(values):
    return {"median": round(statistics.median(values), 3), "min": round(min(values), 3),
            "max": round(max(values), 3)}


def ratios(rounds):
    """The ratios of each round."""
    found = {name: [] for name in AIMS}
    for figures in rounds:
        for call, columns in figures.items():
            cpu = {column: columns[column]["cpu_us"] for column in COLUMNS}
            found[f"{call}_floor_ratio"].append(cpu["edugate"] / sum(cpu[part] for part in FLOOR))
            found[f"{call}_go_ratio"].append(cpu["edugate"] / cpu["go"])
    return found


def summarize(rounds, system_calls):
    by_round = ratios(rounds)
    results = {name: round(statistics.median(values), 3) for name, values in by_round.items()}
    unary = system_calls["unary"]["edugate"]
    results["futex_per_unary_call"] = unary.get("futex", 0)
    results["system_calls_per_unary_call"] = unary["total"]
    results["ratios"] = {name: {**spread(values), "aim": AIMS[name]}
                         for name, values in by_round.items()}
    results["cpu_us_per_call"] = {
        call: {
            **{column: spread([figures[call][column]["cpu_us"] for figures in rounds])
               for column in COLUMNS},
            "floor": spread([sum(figures[call][part]["cpu_us"] for part in FLOOR)
                             for figures in rounds]),
        } for call in CALLS
    }
    results["calls_per_second"] = {
        call: {column: spread([figures[call][column]["calls_per_second"] for figures in rounds])
               for column in SERVERS} for call in CALLS
    }
    results["system_calls_per_call"] = system_calls
    return results


def first_line(*command):
    run = subprocess.run(command, capture_output=True, text=True)
    return (run.stdout or run.stderr).strip().splitlines()[0]


def package(name):
    return first_line("dpkg-query", "-W", "-f", "${Version}", name)


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "revision": first_line("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "cores": os.cpu_count(),
        "cpu": cpu.group(1) if cpu else platform.machine(),
        "kernel": platform.release(),
        "load_average_before": os.getloadavg()[0],
    }


def surroundings():
    return {
        **machine(),
        "versions": {
            "clang": first_line("clang++-19", "--version"),
            "grpc": package("libgrpc++-dev"),
            "protobuf": package("libprotobuf-dev"),
            "libcurl": package("libcurl4-openssl-dev"),
            "simdjson": package("libsimdjson-dev"),
            "go": first_line("go", "version"),
            "grpc-go": package("golang-google-grpc-dev"),
            "nginx": first_line("nginx", "-v"),
            "h2load": first_line("h2load", "--version"),
        },
    }


def processor_time():
    """Hundredths of a second of all processors: (not idle, stolen by the machine's host)."""
    total = pathlib.Path("/proc/stat").read_text().splitlines()[0]
    fields = [int(field) for field in total.split()[1:]]
    return sum(fields[:8]) - fields[3] - fields[4], fields[7]


def read_results(path):
    return json.loads(path.read_text()) if path.exists() else {}


def write_results(path, results):
    path.write_text(json.dumps(results, indent=2) + "\n")


def print_table(results):
    unit = "CPU us/call"
    print(f"\n{unit:<14}{'unary':>26}{'page of 50':>26}")
    labels = {"echo": "gRPC echo", "get": "libcurl GET", "decode_map": "decode+map",
              "floor": "= floor", "edugate": "edugate", "go": "Go server"}
    for column, label in labels.items():
        cells = []
        for call in CALLS:
            figure = results["cpu_us_per_call"][call][column]
            cells.append(f"{figure['median']:.1f} ({figure['min']:.1f}-{figure['max']:.1f})")
        print(f"{label:<14}{cells[0]:>26}{cells[1]:>26}")
    print(f"\n{'calls/s':<14}{'unary':>26}{'page of 50':>26}")
    for column in SERVERS:
        cells = [f"{results['calls_per_second'][call][column]['median']:.0f}" for call in CALLS]
        print(f"{labels[column]:<14}{cells[0]:>26}{cells[1]:>26}")
    print(f"\n{'system calls':<14}{'total':>26}{'futex':>26}")
    for column in SERVERS:
        counts = results["system_calls_per_call"]["unary"][column]
        print(f"{labels[column]:<14}{counts['total']:>26.1f}{counts.get('futex', 0):>26.1f}")
    print(f"\n{'ratio of medians within rounds':<32}{'median':>8}{'min':>8}{'max':>8}{'aim':>8}")
    for name, figure in results["ratios"].items():
        verdict = "met" if figure["median"] <= figure["aim"] else "MISSED"
        print(f"{name:<32}{figure['median']:>8.2f}{figure['min']:>8.2f}{figure['max']:>8.2f}"
              f"{figure['aim']:>8.2f}  {verdict}")


def parse_arguments():
    def count(name, default):
        return int(os.environ.get(name, default))

    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=count("BENCH_ROUNDS", 7),
                        help="rounds that count; one more comes first (BENCH_ROUNDS)")
    parser.add_argument("--unary-calls", type=int, default=count("BENCH_UNARY_CALLS", 20000),
                        help="calls of a column in a round (BENCH_UNARY_CALLS)")
    parser.add_argument("--page-calls", type=int, default=count("BENCH_PAGE_CALLS", 4000),
                        help="the same for pages (BENCH_PAGE_CALLS)")
    parser.add_argument("--stream", action="store_true",
                        help=f"only read {STREAM_RECORDS:,} records in one stream, for its memory")
    parser.add_argument("--output", type=pathlib.Path, default=BENCH / "results.json")
    parser.add_argument("--edugate", type=pathlib.Path, default=ROOT / "build" / "edugate",
                        help="the program to measure")
    return parser.parse_args()


def run(arguments):
    counts = {"unary": arguments.unary_calls, "page50": arguments.page_calls}
    before = surroundings()
    with contextlib.ExitStack() as stack:
        port = start_provider(stack)
        bench = Bench(port, start_servers(port, arguments.edugate, stack), counts)
        print("bench: every server gives the right answers", file=sys.stderr)
        bench.round(0)
        rounds = []
        busy, stolen = processor_time()
        for number in range(1, arguments.rounds + 1):
            rounds.append(bench.round(number))
            print(f"bench: round {number} of {arguments.rounds}", file=sys.stderr)
        busy, stolen = (after - start for after, start in zip(processor_time(), (busy, stolen)))
        system_calls = {
            "unary": {column: bench.system_calls(column, "unary", max(1, counts["unary"] // 5))
                      for column in SERVERS},
        }
    results = {
        **summarize(rounds, system_calls),
        **before,
        "stolen_share": round(stolen / max(1, busy), 4),
        "settings": {
            "rounds": arguments.rounds,
            "calls": counts,
            "clients": CLIENTS,
            "streams_per_client": STREAMS_PER_CLIENT,
            "provider_bytes": {call: spec["provider_file"].stat().st_size
                               for call, spec in CALLS.items()},
            "answer_bytes": bench.answers,
        },
        "rounds": [{call: {column: {name: round(value, 3) for name, value in figure.items()}
                           for column, figure in columns.items()}
                    for call, columns in figures.items()} for figures in rounds],
    }
    kept = read_results(arguments.output)
    if STREAM_KEY in kept:
        results[STREAM_KEY] = kept[STREAM_KEY]
    write_results(arguments.output, results)
    print_table(results)
    print(f"\nwrote {os.path.relpath(arguments.output)}")


def run_stream(arguments):
    """Leaves the other figures of the results as they are."""
    before = machine()
    stream = measure_stream(arguments.edugate)
    write_results(arguments.output,
                  {**read_results(arguments.output), STREAM_KEY: {**stream, **before}})
    growth = stream["growth_percent"]
    print(f"peak {stream['peak_rss_mb']} MB; growth after the first {STREAM_MARK:,}: {growth} % "
          f"(at most {STREAM_MAX_GROWTH_PERCENT})")
    print(f"wrote {os.path.relpath(arguments.output)}")
    if growth > STREAM_MAX_GROWTH_PERCENT:
        raise Wrong("the memory of the stream is not flat")


def main():
    # So that the processes that were started are stopped, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        arguments = parse_arguments()
        if arguments.stream:
            run_stream(arguments)
        else:
            run(arguments)
    except Wrong as wrong:
        sys.exit(f"bench: {wrong}")


if __name__ == "__main__":
    main()
