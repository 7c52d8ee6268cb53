"""Runs the fault cases against the real program.

run.py [--part A]... [--case A1]... [--jobs N] [--markdown FILE] [--results FILE]

Every case is run; one that is known to fail stands in known_failures.txt with its reason. The run fails where another one
fails, and where a known one passes. --markdown writes the table of all cases.
"""

import argparse
import concurrent.futures
import glob
import importlib
import json
import os
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
sys.path.insert(0, os.environ.get("EDUGATE_STUBS", os.path.join(ROOT, "build", "python")))

try:
    import google.protobuf
    import hpack
except ImportError as missing:
    sys.exit(f"{missing}, for {sys.executable}. On Debian 12: apt-get install python3-protobuf python3-hpack")

import catalogue  # pylint: disable=wrong-import-position
from harness import trial  # pylint: disable=wrong-import-position

PARTS = "ABCDEF"


def load_cases():
    for path in sorted(glob.glob(os.path.join(HERE, "cases", "*.py"))):
        importlib.import_module("cases." + os.path.basename(path)[:-3])
    unknown = set(trial.CASES) - {each.id for each in catalogue.CASES}
    assert not unknown, f"no such cases: {unknown}"


def known_failures():
    """{id: reason} of known_failures.txt."""
    known = {}
    with open(os.path.join(HERE, "known_failures.txt"), encoding="utf-8") as file:
        for line in file:
            line = line.strip()
            if line and not line.startswith("#"):
                identifier, reason = line.split(":", 1)
                known[identifier.strip()] = reason.strip()
    return known


def run(cases, settings, jobs):
    """{id: result}. The cases that take long begin first."""
    results = {}
    lock = threading.Lock()
    ordered = sorted(cases, key=lambda each: -each.options.get("seconds", 5))
    alone = [each for each in ordered if each.options.get("alone")]
    together = [each for each in ordered if not each.options.get("alone")]

    def one(each):
        result = trial.run_case(each, settings)
        with lock:
            results[each.id] = result
            word = "ok  " if result["passed"] else "FAIL"
            figures = " ".join(f"{name}={value}" for name, value in sorted(result["figures"].items()))
            print(f"{word} {each.id:4} {figures}", flush=True)
            for failure in result["failures"]:
                print(f"       {failure}", flush=True)

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(one, together))
    for each in alone:
        one(each)
    return results


def judge(results, known):
    """What is not as it is known to be."""
    surprises = []
    for identifier, result in sorted(results.items()):
        if not result["passed"] and identifier not in known:
            surprises.append(f"{identifier} fails")
        elif result["passed"] and identifier in known:
            surprises.append(f"{identifier} passes, and is known to fail: take it out of known_failures.txt")
    return surprises


def cell(text):
    return str(text).replace("|", "\\|").replace("\n", " ")


FIGURES = (("status_ms", "time to status", " ms"), ("attempts", "attempts", ""), ("calls", "calls", ""),
           ("rss_delta_mb", "memory", " MB"), ("cpu_ms", "CPU", " ms"), ("recovery_ms", "recovery", " ms"),
           ("other_p99_ms", "other p99", " ms"))
HIDDEN = {"seconds", "fault_seconds", "fds", "kept_sockets", "own_connections", "other_p50_ms"}


def figures_of(result):
    figures = result["figures"]
    parts = [f"{title} {figures[name]}{unit}" for name, title, unit in FIGURES if name in figures]
    shown = {name for name, _, _ in FIGURES} | HIDDEN
    parts += [f"{name.replace('_', ' ')} {value}" for name, value in figures.items() if name not in shown]
    return ", ".join(parts)


def markdown(results, known):
    """docs/faults.md."""
    passed = sum(result["passed"] for result in results.values())
    lines = ["# Faults", "",
             "What can go wrong between a caller, edugate and a provider, and what edugate did in the last run of "
             "`./dev faults`, which writes this page. Each case drives the real program; tests/faults/README.md says how, "
             "and what is asserted in every case besides its own expectation (I1 to I9).", "",
             f"{len(catalogue.CASES)} cases: {passed} pass, {len(results) - passed} fail, "
             f"{len(catalogue.CASES) - len(results)} were not run. The figures are of one run on a machine with "
             f"{os.cpu_count()} processors: the longest time from a call to its status, the requests that the provider "
             "saw, the peak of memory above the baseline and the processor time of the whole case (calls to the other "
             "provider included), the time from the fault's end to the next good call, and the p99 of calls to the other "
             "provider meanwhile.", ""]
    for part in PARTS:
        lines += [f"## {part}. {catalogue.PARTS[part]}", "", "| # | fault | expected | result | figures |",
                  "|---|---|---|---|---|"]
        for each in catalogue.CASES:
            if each.id[0] != part:
                continue
            result = results.get(each.id)
            if result is None:
                word, figures = "not run", ""
            elif result["passed"]:
                word, figures = "pass", figures_of(result)
            else:
                why = known.get(each.id) or "; ".join(result["failures"])
                word, figures = f"**FAIL**: {why}", figures_of(result)
            lines.append(f"| {each.id} | {cell(each.fault)} | {cell(each.expected)} | {cell(word)} | {cell(figures)} |")
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", action="append", choices=list(PARTS), help="only this part")
    parser.add_argument("--case", action="append", help="only this case")
    parser.add_argument("--jobs", type=int, default=3, help="how many cases at a time")
    parser.add_argument("--markdown", help="write the table of all cases to this file")
    parser.add_argument("--results", help="write the results to this file, as JSON")
    arguments = parser.parse_args()
    load_cases()
    wanted = [each for each in trial.CASES.values()
              if (not arguments.part or each.part in arguments.part)
              and (not arguments.case or each.id in arguments.case)]
    if not wanted:
        sys.exit("no such cases")
    known = known_failures()
    trial.LATE.start()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="edugate-faults-") as folder:
        settings = {
            "program": os.environ.get("EDUGATE_PROGRAM", os.path.join(ROOT, "build", "edugate")),
            "preload": os.environ.get("EDUGATE_FAULT_PRELOAD",
                                      os.path.join(ROOT, "build", "tests", "faults", "libfault_preload.so")),
            "tests": os.environ.get("EDUGATE_TESTS", os.path.join(ROOT, "build")),
            "open_loop": os.environ.get("EDUGATE_OPEN_LOOP", os.path.join(ROOT, "build", "bench", "open_loop")),
            "sanitizer": os.environ.get("EDUGATE_SANITIZER", ""),
            "folder": folder,
        }
        results = run(wanted, settings, arguments.jobs)
    surprises = judge(results, known)
    passed = sum(result["passed"] for result in results.values())
    print(f"{len(results)} cases in {time.monotonic() - begin:.0f} s: {passed} pass, {len(results) - passed} fail "
          f"({sum(each in known for each in results if not results[each]['passed'])} of them known to)")
    for identifier in sorted(results):
        if not results[identifier]["passed"] and identifier in known:
            print(f"known to fail: {identifier}: {known[identifier]}")
    for surprise in surprises:
        print("NOT AS KNOWN:", surprise)
    if arguments.results:
        with open(arguments.results, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1, sort_keys=True)
    if arguments.markdown:
        with open(arguments.markdown, "w", encoding="utf-8") as file:
            file.write(markdown(results, known))
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
