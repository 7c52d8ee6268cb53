#!/usr/bin/env python3
"""Runs fuzz targets and keeps account of how much each has run.

    fuzz.py SECONDS FOLDER           each target of FOLDER (as built by the preset `fuzz`) for SECONDS of processor time
      --only a,b                     these alone
      --jobs N                       so many at a time (1)
      --top-up                       only what its account lacks of SECONDS
      --window SECONDS               a run's longest time by the clock, after which its account is written (120)
    fuzz.py --write-page             docs/fuzzing.md from the accounts, and nothing else

What libFuzzer finds new goes to FOLDER/corpus, what fails to FOLDER/findings; the committed corpus is only read. The
accounts are tests/fuzz/accounts.json. Exits with 1 where a target has a finding.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "fuzz"
ACCOUNTS = SOURCES / "accounts.json"
PAGE = ROOT / "docs" / "fuzzing.md"
# What every target is to have had, in seconds of processor time.
WHOLE = 1800


def targets(sources):
    return sorted(path.stem for path in sources.glob("fuzz_*.cc"))


def subject(source):
    """What a target is fed with: the first sentence of its file's comment."""
    lines = []
    for line in source.read_text().splitlines():
        if not line.startswith("//"):
            break
        lines.append(line.removeprefix("//").strip())
    return re.match(r".*?(?:[.:](?= |$)|$)", " ".join(lines)).group(0).rstrip(".:")


def executions(output):
    """libFuzzer's count; 0 where a run ended before it could say it."""
    found = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
    return int(found.group(1)) if found else 0


def add(accounts, name, run):
    """Adds a run to the account of its target."""
    account = accounts.setdefault(name, {"cpu_seconds": 0, "executions": 0, "findings": 0})
    for key in ("cpu_seconds", "executions", "findings"):
        account[key] += run[key]
    account["revision"] = run["revision"]


def load(path):
    return json.loads(path.read_text()) if path.exists() else {}


def store(path, accounts):
    text = json.dumps(dict(sorted(accounts.items())), indent=2) + "\n"
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        file.write(text)
    os.replace(file.name, path)


def page(sources, accounts):
    """The page that says how much each target has run."""
    names = targets(sources)
    empty = {"cpu_seconds": 0, "executions": 0, "findings": 0}
    rows = [(name, subject(sources / f"{name}.cc"), accounts.get(name, empty)) for name in names]
    whole = sum(account["cpu_seconds"] >= WHOLE for _, _, account in rows)
    total = sum(account["executions"] for _, _, account in rows)
    lines = [
        "# Fuzzing",
        "",
        "Everything that parses bytes from outside has a libFuzzer target in tests/fuzz, built with ASan and UBSan. Their seeds",
        "(tests/fuzz/corpus) are replayed by every `./dev test`; `./dev fuzz SECONDS` runs all targets for so long. This page is written by",
        "`./dev fuzz` from tests/fuzz/accounts.json: processor time and executions of all runs together, the last one at the revision named.",
        "",
        f"{len(rows)} targets, {whole} of them with half an hour or more; {total:,} executions in all.",
        "",
        "| target | what it is fed with | executions | minutes of CPU | findings open | last run at |",
        "|---|---|---|---|---|---|",
    ]
    for name, what, account in rows:
        lines.append(f"| {name} | {what} | {account['executions']:,} | {account['cpu_seconds'] / 60:.1f} | {account['findings']} | "
                     f"{account.get('revision', 'never')} |")
    return "\n".join(lines) + "\n"


class Runner:
    def __init__(self, folder, seconds, window, revision):
        self.folder = folder
        self.seconds = seconds
        self.window = window
        self.revision = revision
        self.lock = threading.Lock()

    def run(self, name, had):
        """Runs a target until it has had its seconds, or has a finding; whether it has none."""
        spent = had
        while spent < self.seconds:
            run = self.run_once(name, max(1, min(self.window, round(self.seconds - spent))))
            spent += max(run["cpu_seconds"], 0.1)
            with self.lock:
                accounts = load(ACCOUNTS)
                add(accounts, name, run)
                store(ACCOUNTS, accounts)
                PAGE.write_text(page(SOURCES, accounts))
            print(f"fuzz: {name}: {run['executions']:,} executions in {run['cpu_seconds']:.0f} s of CPU", file=sys.stderr)
            if run["findings"]:
                print(f"fuzz: {name}: A FINDING, see {self.folder / 'findings'}", file=sys.stderr)
                return False
        return True

    def run_once(self, name, seconds):
        corpora = [self.folder / "corpus" / name]
        corpora[0].mkdir(parents=True, exist_ok=True)
        findings = self.folder / "findings"
        findings.mkdir(exist_ok=True)
        if (SOURCES / "corpus" / name).is_dir():
            corpora.append(SOURCES / "corpus" / name)
        with tempfile.TemporaryFile() as log:
            process = subprocess.Popen(
                [self.folder / "fuzz" / name, f"-max_total_time={seconds}", "-print_final_stats=1", "-rss_limit_mb=2048",
                 "-timeout=60", f"-artifact_prefix={findings}/{name}-", *corpora], stdout=log, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            output = log.read().decode(errors="replace")
        if process.returncode != 0:
            (findings / f"{name}.log").write_text(output)
        return {"cpu_seconds": round(usage.ru_utime + usage.ru_stime, 1), "executions": executions(output),
                "findings": int(process.returncode != 0), "revision": self.revision}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("seconds", type=int, nargs="?", default=0)
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--window", type=int, default=120)
    parser.add_argument("--top-up", action="store_true")
    parser.add_argument("--write-page", action="store_true")
    arguments = parser.parse_args()
    if arguments.write_page:
        PAGE.write_text(page(SOURCES, load(ACCOUNTS)))
        return 0
    known = targets(SOURCES)
    names = [name for name in arguments.only.split(",") if name] or known
    for name in names:
        if name not in known:
            parser.error(f"there is no target {name}; there are {', '.join(known)}")
    revision = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    runner = Runner(arguments.folder.resolve(), arguments.seconds, arguments.window, revision or "unknown")
    accounts = load(ACCOUNTS)
    had = {name: accounts.get(name, {}).get("cpu_seconds", 0) if arguments.top_up else 0 for name in names}
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        good = list(pool.map(lambda name: runner.run(name, had[name]), names))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
