"""docs/performance.md and its plots, from results.json."""

from plots import bars, lines
from processes import ROOT
from workloads import FLOOR

DOCUMENT = ROOT / "docs" / "performance.md"
PLOTS = ROOT / "docs" / "performance"

LABELS = {"echo": "gRPC echo", "get": "GET by libcurl", "decode_map": "decode and map",
          "floor": "floor (the sum of these)", "edugate": "edugate", "go": "Go gateway",
          "node": "Node gateway"}
CALLS = {"unary": "unary, 475 B", "page50": "page of 50, 23 KB", "unary16k": "unary, 16 KB",
         "page200": "page of 200, 91 KB"}

AIM_WORDS = {
    "unary_floor_ratio": "CPU of a unary call / its floor",
    "page50_floor_ratio": "CPU of a page of 50 / its floor",
    "unary_instructions_ratio": "instructions of a unary call / its floor",
    "unary_go_ratio": "unary call / Go gateway",
    "page50_go_ratio": "page of 50 / Go gateway",
    "unary_node_ratio": "unary call / Node gateway",
    "page50_node_ratio": "page of 50 / Node gateway",
    "futex_per_unary_call": "futex calls of a unary call",
    "system_calls_per_unary_call": "system calls of a unary call",
    "added_p99_ms_at_half_load": "p99 added at half load, ms",
    "kib_per_call_in_flight": "memory of a call in flight, KiB",
    "stream_growth_percent": "growth of memory in a stream of 1,000,000 records, %",
}

INTRODUCTION = """\
# What edugate costs

Written by `./dev bench` from [bench/results.json](../bench/results.json); [bench/README.md](../bench/README.md)
says how each figure is taken and what may be compared with what. CPU time is that of all threads of
a process, user and system, per call, with 64 calls in flight. The floor is what gRPC, libcurl and the decoder cost by
themselves, measured in the same rounds: a bare gRPC server that only answers, bare GETs, and edugate's own decoding in a loop.
Edugate has its circuit breaker, adaptive limit, retries, metrics and access log on; the Go and Node gateways have none of these.
"""


def table(head, rows):
    lines_ = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines_ += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines_) + "\n"


def taken(figures):
    where = figures["taken"]
    return (f"{where['date'][:16].replace('T', ' ')} UTC, revision {where['revision']}, "
            f"{where['cores']} processors ({where['cpu']}), Linux {where['kernel']}, load average "
            f"{where['load_average_before']} before")


def aims(results):
    rows = [(AIM_WORDS[name], f"{aim['figure']:g}", f"{aim['at_most']:g}",
             "met" if aim["met"] else "**missed**") for name, aim in results["aims"].items()]
    return "## What is aimed at\n\n" + table(("figure", "measured", "at most", ""), rows)


def cpu(results):
    text = ["## CPU time\n"]
    for section in ("rounds", "large"):
        if section not in results:
            continue
        figures = results[section]["cpu_us_per_call"]
        calls = list(figures)
        rows = [(LABELS[column], *(f"{figures[call][column]['median']:.1f} "
                                   f"({figures[call][column]['min']:.1f}-"
                                   f"{figures[call][column]['max']:.1f})" for call in calls))
                for column in LABELS]
        text.append(f"Microseconds a call: the median of {len(results[section]['rounds'])} rounds "
                    f"(the smallest and the largest). {taken(results[section])}.\n")
        text.append(table(("", *(CALLS[call] for call in calls)), rows))
        ratios = results[section]["ratios"]
        rows = [(LABELS[other].split(" (")[0], *(
            f"{ratios[f'{call}_{other}_ratio']['median']:.2f} "
            f"({ratios[f'{call}_{other}_ratio']['min']:.2f}-"
            f"{ratios[f'{call}_{other}_ratio']['max']:.2f})" for call in calls))
            for other in ("floor", "go", "node")]
        text.append("Edugate over:\n")
        text.append(table(("", *(CALLS[call] for call in calls)), rows))
        for call in calls:
            text.append(f"![CPU time of a call: {CALLS[call]}](performance/{call}.svg)\n")
    rates = results["rounds"]["calls_per_second"]
    text.append("Calls a second, with the load and the provider on the same processors:\n")
    text.append(table(("", *(CALLS[call] for call in rates)),
                      [(LABELS[column], *(f"{rates[call][column]['median']:,.0f}"
                                          for call in rates)) for column in rates["unary"]]))
    return "\n".join(text)


def cpu_plot(call, figures):
    parts = [figures[part]["median"] for part in FLOOR]
    rows = [("floor", parts)]
    rows += [(LABELS[column], [0, 0, 0, figures[column]["median"]])
             for column in ("edugate", "go", "node")]
    return bars(f"CPU time of a call in microseconds: {CALLS[call]}", rows,
                [LABELS[part] for part in FLOOR] + ["whole server"])


def instructions(results):
    figures = {call: each for call, each in results["instructions"].items() if call in CALLS}
    rows = [(LABELS[column], *(f"{each[column]:,}" for each in figures.values()))
            for column in ("echo", "get", "decode_map", "floor", "edugate")]
    rows.append(("edugate over the floor", *(f"{each['ratio']:.2f}" for each in figures.values())))
    return ("## Instructions\n\nOf one call, in user space, counted by callgrind: nobody else on "
            "the machine changes them.\n\n"
            + table(("", *(CALLS[call] for call in figures)), rows))


def system_calls(results):
    text = ["## System calls\n\nOf one call, counted by strace, which slows the process: compare "
            "the columns, and trust no decimal.\n"]
    for call, columns in results["rounds"]["system_calls_per_call"].items():
        names = ["total", "futex"] + [name for name in columns["edugate"]
                                      if name not in ("total", "futex")]
        rows = [(LABELS[column], *(f"{counts.get(name, 0):.2f}" for name in names))
                for column, counts in columns.items()]
        text.append(table((CALLS[call], *names), rows))
    return "\n".join(text)


def latency(results):
    figures = measured_loads(results)
    rows = [(f"{each['load']:.0%}", f"{each['calls_per_second']:,}", each["p50_ms"],
             each["direct_p50_ms"], each["p99_ms"], each["direct_p99_ms"], each["added_p99_ms"])
            for each in figures]
    return ("## Latency below the knee\n\nMilliseconds, at shares of the most calls a second at a steady pace that "
            f"edugate answered in time ({results['latency']['knee_calls_per_second']:,}), beside GETs of the same bytes by "
            "libcurl at the same pace. The gateway has a processor of its own; callers and provider share the other. Calls in "
            "a closed circle, as above, come in batches, each of which costs one wake-up; calls at a pace cost one each.\n\n"
            + table(("load", "calls/s", "p50", "p50 direct", "p99", "p99 direct", "added p99"),
                    rows) + "".join(
                f"\n{each['load']:.0%} ({each['calls_per_second']:,} calls/s) is left out: with these callers beside it, "
                f"edugate turned calls away ({each['left_out']}).\n"
                for each in results["latency"]["loads"] if "left_out" in each)
            + "\n![Latency over load](performance/latency.svg)\n")


def measured_loads(results):
    """Without those that are left out."""
    return [each for each in results["latency"]["loads"] if "left_out" not in each]


def memory(results):
    text = ["## Memory\n"]
    held = results.get("in_flight", {})
    if "kib_per_call" in held:
        text.append(f"{held['in_flight']:,} calls in flight at a provider that takes two seconds: "
                    f"{held['rss_mib_before']} MiB before, {held['rss_mib_most']} MiB at the most, "
                    f"{held['rss_mib_after']} MiB a second later: {held['kib_per_call']} KiB a "
                    "call, its sockets in user space, gRPC's and libcurl's buffers included.\n")
    elif held:
        text.append(f"Calls in flight: left out, {held['left_out']}.\n")
    if "stream" in results:
        streamed = results["stream"]
        text.append(f"One stream of {streamed['records']:,} records, MB after each tenth: "
                    f"{', '.join(map(str, streamed['rss_mb']))}; {streamed['rss_mb_before']} "
                    f"before, {streamed['peak_rss_mb']} at the most.\n")
    return "\n".join(text)


def variants(results):
    text = []
    if "parts" in results:
        figures = results["parts"]
        rows = [(name, f"{value:.1f}", f"{figures['added_us'].get(name, 0):+.1f}")
                for name, value in figures["cpu_us"].items()]
        text.append("## What each part costs\n\nMicroseconds of a unary call with one part on at a "
                    "time. Differences below 1 are noise.\n")
        text.append(table(("on", "CPU us", "added"), rows))
        for each in figures["left_out"]:
            text.append(f"Left out: {each['part']} ({each['why']}).\n")
        text.append("![What each part adds](performance/parts.svg)\n")
    if "tls" in results:
        figures = results["tls"]["cpu_us"]
        text.append("## TLS\n\nMicroseconds a call, connections kept.\n")
        text.append(table(("", "unary", "page of 50"),
                          [(name, each["unary"], each["page50"])
                           for name, each in figures.items()]))
    if "formats" in results:
        figures = {name: each for name, each in results["formats"].items() if name != "taken"}
        text.append("## JSON and XML\n\nThe same course of edX.\n")
        text.append(table(("", "provider's bytes", "CPU us"),
                          [(name, f"{each['provider_bytes']:,}", each["cpu_us"])
                           for name, each in figures.items()]))
    return "\n".join(text)


def losses(results):
    missed = [AIM_WORDS[name] for name, aim in results["aims"].items() if not aim["met"]]
    text = ["## Where edugate loses\n"]
    text.append("Aims missed: " + ("; ".join(missed) if missed else "none") + ".\n")
    rounds = results["rounds"]["cpu_us_per_call"]
    for call, figures in rounds.items():
        parts = ", ".join(f"{LABELS[part]} {figures[part]['median']:.1f}" for part in FLOOR)
        over = figures["edugate"]["median"] - figures["floor"]["median"]
        text.append(f"- {CALLS[call]}: {over:.1f} us over the floor ({parts}). The echo answers whole "
                    "batches of calls at once, where a gateway's answers come as its provider sends them.")
    return "\n".join(text) + "\n"


def versions(results):
    return "## Versions\n\n" + table(("", "version"), results["versions"].items())


def write(results):
    """Writes what the results hold; sections that were never measured are left out."""
    if "rounds" not in results:
        return
    PLOTS.mkdir(exist_ok=True)
    parts = [INTRODUCTION, aims(results), cpu(results), system_calls(results)]
    for section in ("rounds", "large"):
        for call, figures in results.get(section, {}).get("cpu_us_per_call", {}).items():
            (PLOTS / f"{call}.svg").write_text(cpu_plot(call, figures))
    if "instructions" in results:
        parts.append(instructions(results))
    if "latency" in results:
        parts.append(latency(results))
        loads = measured_loads(results)
        (PLOTS / "latency.svg").write_text(lines(
            "Latency in milliseconds", "calls a second",
            [each["calls_per_second"] for each in loads],
            [("p99", [each["p99_ms"] for each in loads]),
             ("p99 direct", [each["direct_p99_ms"] for each in loads]),
             ("p50", [each["p50_ms"] for each in loads]),
             ("p50 direct", [each["direct_p50_ms"] for each in loads])]))
    parts.append(memory(results))
    if "parts" in results:
        (PLOTS / "parts.svg").write_text(bars(
            "CPU time of a unary call in microseconds, with one part on at a time",
            [(name, [value]) for name, value in results["parts"]["cpu_us"].items()]))
    parts += [variants(results), losses(results), versions(results)]
    DOCUMENT.write_text("\n".join(part for part in parts if part))
