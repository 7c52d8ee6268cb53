#!/usr/bin/env python3
"""Measures edugate, the parts it is made of, and servers in Go and Node that do the same.

run.sh builds everything and starts this. Each section writes its figures to results.json and leaves
the others as they are. README.md says what each figure means.
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import signal
import subprocess
import sys
import time

import in_flight
import instructions
import latency
import report
import stream
import variants
from processes import BENCH, CLIENTS, ROOT, STREAMS_PER_CLIENT, Wrong
from rounds import Rounds, summarize
from workloads import CALLS, SERVERS, start_provider, start_servers

# What is aimed at: the figure may be at most this.
AIMS = {
    "unary_floor_ratio": 1.35,
    "page50_floor_ratio": 1.25,
    "unary_instructions_ratio": 1.25,
    "unary_go_ratio": 0.75,
    "page50_go_ratio": 0.30,
    "unary_node_ratio": 0.45,
    "page50_node_ratio": 0.30,
    "futex_per_unary_call": 4,
    "system_calls_per_unary_call": 12,
    "added_p99_ms_at_half_load": 1.0,
    "kib_per_call_in_flight": 24,
    "stream_growth_percent": stream.MAX_GROWTH_PERCENT,
}

SECTIONS = ("rounds", "large", "instructions", "latency", "in_flight", "tls", "formats", "parts",
            "stream")
# What a run does that is told nothing: all but the long stream, which takes a minute for itself.
USUAL = SECTIONS[:-1]
QUICK = ("rounds", "instructions", "in_flight")


class Run:
    """One run: its sizes, and what it has found so far."""

    def __init__(self, arguments):
        self.edugate = arguments.edugate
        self.output = arguments.output
        self.rounds = arguments.rounds
        self.few = max(1, min(3, arguments.rounds))
        self.counts = {"unary": arguments.unary_calls, "page50": arguments.page_calls,
                       "unary16k": max(100, arguments.unary_calls // 3),
                       "page200": max(50, arguments.page_calls // 4)}
        self.results = json.loads(self.output.read_text()) if self.output.exists() else {}
        self.before = machine()

    def keep(self, section, figures):
        """Writes what a section found, with when and on which machine."""
        self.results[section] = {**figures, "taken": self.before}
        self.results["versions"] = versions()
        self.results["settings"] = {
            "rounds": self.rounds, "calls": self.counts, "clients": CLIENTS,
            "streams_per_client": STREAMS_PER_CLIENT,
            "provider_bytes": {call: spec["provider_file"].stat().st_size
                               for call, spec in CALLS.items() if spec["provider_file"].exists()}}
        self.results.update(headline(self.results))
        self.output.write_text(json.dumps(self.results, indent=2) + "\n")

    def several_rounds(self, folder, calls, count, then=None):
        with contextlib.ExitStack() as stack:
            provider = start_provider(folder, stack)
            servers = start_servers(folder, provider, self.edugate, stack)
            rounds = Rounds(folder, provider, servers, {call: self.counts[call] for call in calls})
            rounds.round(0)
            busy, stolen = processor_time()
            figures = []
            for number in range(1, count + 1):
                figures.append(rounds.round(number))
                print(f"bench: {folder}: round {number} of {count}", file=sys.stderr)
            busy, stolen = (after - start
                            for after, start in zip(processor_time(), (busy, stolen)))
            found = {**summarize(figures), "answer_bytes": rounds.answers,
                     "repeated": rounds.repeated,
                     "stolen_share": round(stolen / max(1, busy), 4)}
            if then is not None:
                then(rounds, found)
            return found

    def section_rounds(self):
        def system_calls(rounds, found):
            found["system_calls_per_call"] = {
                call: {column: rounds.system_calls(column, call, max(1, self.counts[call] // share))
                       for column in SERVERS}
                for call, share in (("unary", 5), ("page50", 8))
            }
        return self.several_rounds("small", ("unary", "page50"), self.rounds, system_calls)

    def section_large(self):
        return self.several_rounds("large", ("unary16k", "page200"), self.few)

    def section_instructions(self):
        return instructions.measure(self.edugate, self.answers())

    def section_latency(self):
        most = self.results["rounds"]["calls_per_second"]["unary"]["edugate"]["median"]
        with contextlib.ExitStack() as stack:
            provider = start_provider("small", stack)
            servers = start_servers("small", provider, self.edugate, stack)
            rounds = Rounds("small", provider, servers, {"unary": self.counts["unary"]})
            rounds.round(0)
            return latency.measure(rounds, most, self.few)

    def section_in_flight(self):
        return in_flight.measure(self.edugate, self.answers()["GetEnrollment"])

    def section_tls(self):
        return variants.measure_tls(self.edugate, self.answers(), self.few,
                                    {"unary": self.counts["unary"] // 2,
                                     "page50": self.counts["page50"] // 2})

    def section_formats(self):
        return variants.measure_formats(self.edugate, self.few, self.counts["page50"])

    def section_parts(self):
        return variants.measure_parts(self.edugate, self.answers(), self.few,
                                      self.counts["unary"] // 2)

    def section_stream(self):
        return stream.measure(self.edugate)

    def answers(self):
        return self.results["rounds"]["answer_bytes"]


def headline(results):
    """The figures that have an aim, and whether they reach it."""
    found = {}
    rounds = results.get("rounds", {})
    for name in AIMS:
        if name in rounds.get("ratios", {}):
            found[name] = rounds["ratios"][name]["median"]
    if rounds:
        unary = rounds["system_calls_per_call"]["unary"]["edugate"]
        found["futex_per_unary_call"] = unary.get("futex", 0)
        found["system_calls_per_unary_call"] = unary["total"]
    if "instructions" in results:
        found["unary_instructions_ratio"] = results["instructions"]["unary"]["ratio"]
    for figures in results.get("latency", {}).get("loads", []):
        if figures["load"] == 0.5 and "added_p99_ms" in figures:
            found["added_p99_ms_at_half_load"] = figures["added_p99_ms"]
    if "kib_per_call" in results.get("in_flight", {}):
        found["kib_per_call_in_flight"] = results["in_flight"]["kib_per_call"]
    if "stream" in results:
        found["stream_growth_percent"] = results["stream"]["growth_percent"]
    return {**found, "aims": {name: {"figure": found[name], "at_most": AIMS[name],
                                     "met": found[name] <= AIMS[name]}
                              for name in AIMS if name in found}}


def first_line(*command):
    if shutil.which(command[0]) is None:
        return "none"
    run = subprocess.run(command, capture_output=True, text=True)
    return ((run.stdout or run.stderr).strip().splitlines() or ["none"])[0]


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
        "load_average_before": round(os.getloadavg()[0], 2),
    }


def versions():
    peer = BENCH / "node_peer" / "package.json"
    return {
        "clang": first_line("clang++-19", "--version"),
        "grpc": package("libgrpc++-dev"),
        "protobuf": package("libprotobuf-dev"),
        "libcurl": package("libcurl4-openssl-dev"),
        "simdjson": package("libsimdjson-dev"),
        "go": first_line("go", "version"),
        "grpc-go": package("golang-google-grpc-dev"),
        "node": first_line("node", "--version"),
        **{name: version for name, version in json.loads(peer.read_text())["dependencies"].items()},
        "nginx": first_line("nginx", "-v"),
        "h2load": first_line("h2load", "--version"),
    }


def processor_time():
    """Hundredths of a second of all processors: (not idle, stolen by the machine's host)."""
    total = pathlib.Path("/proc/stat").read_text().splitlines()[0]
    fields = [int(field) for field in total.split()[1:]]
    return sum(fields[:8]) - fields[3] - fields[4], fields[7]


def print_aims(results):
    print(f"\n{'figure':<34}{'measured':>10}{'at most':>10}")
    for name, aim in results.get("aims", {}).items():
        verdict = "met" if aim["met"] else "MISSED"
        print(f"{name:<34}{aim['figure']:>10.3f}{aim['at_most']:>10.2f}  {verdict}")


def parse_arguments():
    def count(name, default):
        return int(os.environ.get(name, default))

    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true",
                        help=f"only {', '.join(QUICK)}, with fewer rounds: some three minutes")
    parser.add_argument("--only", metavar="SECTION[,SECTION]",
                        help=f"sections of {', '.join(SECTIONS)}; all but stream otherwise")
    parser.add_argument("--stream", action="store_true",
                        help=f"only read {stream.RECORDS:,} records in one stream, for its memory")
    parser.add_argument("--rounds", type=int, default=None,
                        help="rounds that count; one more comes first (7; 3 with --quick)")
    parser.add_argument("--unary-calls", type=int, default=count("BENCH_UNARY_CALLS", 20000),
                        help="calls of a column in a round (BENCH_UNARY_CALLS)")
    parser.add_argument("--page-calls", type=int, default=count("BENCH_PAGE_CALLS", 4000),
                        help="the same for pages (BENCH_PAGE_CALLS)")
    parser.add_argument("--output", type=pathlib.Path, default=BENCH / "results.json")
    parser.add_argument("--edugate", type=pathlib.Path, default=ROOT / "build" / "edugate",
                        help="the program to measure")
    parser.add_argument("--no-report", action="store_true",
                        help="leave docs/performance.md as it is")
    arguments = parser.parse_args()
    if arguments.rounds is None:
        arguments.rounds = 3 if arguments.quick else count("BENCH_ROUNDS", 7)
    arguments.sections = USUAL
    if arguments.quick:
        arguments.sections = QUICK
    if arguments.stream:
        arguments.sections = ("stream",)
    if arguments.only:
        arguments.sections = tuple(arguments.only.split(","))
        unknown = set(arguments.sections) - set(SECTIONS)
        if unknown:
            parser.error(f"no section {', '.join(sorted(unknown))}")
    return arguments


def main():
    # So that the processes that were started are stopped, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    arguments = parse_arguments()
    run = Run(arguments)
    failed = []
    for section in arguments.sections:
        began = time.monotonic()
        try:
            run.keep(section, getattr(run, f"section_{section}")())
            if section == "stream":
                stream.check(run.results["stream"])
        except Wrong as wrong:
            failed.append(section)
            print(f"bench: {section}: {wrong}", file=sys.stderr)
        print(f"bench: {section} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    print_aims(run.results)
    print(f"\nwrote {os.path.relpath(arguments.output)}")
    if not arguments.no_report:
        report.write(run.results)
    if failed:
        sys.exit(f"bench: no figures of {', '.join(failed)}")


if __name__ == "__main__":
    main()
