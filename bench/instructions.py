"""Instructions of one call, counted by callgrind: they don't depend on who else uses the machine."""

import contextlib
import re
import subprocess

from processes import BUILD, Server, Wrong, drive
from workloads import CALLS, FLOOR, FOLDERS, edugate_config, start_edugate, start_provider

# Valgrind of Debian 12 can't read clang's debug information, so the programs are stripped of it.
CALLGRIND = ["valgrind", "--tool=callgrind"]
# So slow a server turns calls away where more than these wait.
FEW = {"clients": 1, "streams": 8}


def stripped(program):
    copy = BUILD / f"{program.name}.stripped"
    subprocess.run(["strip", "-g", "-o", copy, program], check=True)
    return copy


def total_of(path):
    """The instructions that a file of callgrind's sums up to."""
    found = re.search(r"^(?:summary|totals): (\d+)", path.read_text(), re.MULTILINE)
    if not found:
        raise Wrong(f"callgrind counted nothing: {path}")
    return int(found.group(1))


def of_program(name, command, few, many):
    """A program that makes as many calls as it is told: the difference of two runs of it."""
    totals = []
    for count in (few, many):
        out = BUILD / f"callgrind.{name}.{count}"
        run = subprocess.run([*CALLGRIND, f"--callgrind-out-file={out}", *command(count)],
                             capture_output=True, text=True)
        if run.returncode != 0:
            raise Wrong(run.stderr)
        totals.append(total_of(out))
    # A loop makes a tenth more calls, to warm up.
    return round((totals[1] - totals[0]) / ((many - few) * 1.1))


def of_server(name, start, call, count, answer_bytes):
    """A server: what it counts between two moments."""
    out = BUILD / f"callgrind.{name}"
    for old in BUILD.glob(f"callgrind.{name}*"):
        old.unlink()
    with contextlib.ExitStack() as stack:
        wrapper = [*CALLGRIND, "--instr-atstart=no", f"--callgrind-out-file={out}"]
        server = start(wrapper, stack)
        server.wait_for_target(60)
        drive(server.target, call, count, answer_bytes, **FEW)
        control(server, "-i", "on")
        drive(server.target, call, count, answer_bytes, **FEW)
        control(server, "-d")
    return round(total_of(out.with_name(out.name + ".1")) / count)


def control(server, *what):
    subprocess.run(["callgrind_control", *what, str(server.pid)], check=True, capture_output=True)


def measure(edugate, answers, calls=("unary", "page50")):
    """By call and column. `answers`: the answers' bytes by method."""
    echo = stripped(BUILD / "bench_echo")
    get = stripped(BUILD / "bench_get")
    decode = stripped(BUILD / "bench_decode")
    program = stripped(edugate)
    www = FOLDERS["small"]["folder"]
    found = {}
    with contextlib.ExitStack() as stack:
        provider = start_provider("small", stack)
        config = edugate_config(provider.url)
        for name in calls:
            call = CALLS[name]
            size = answers[call["method"]]
            few, many, count = (200, 1200, 1000) if name == "unary" else (100, 400, 300)
            url = provider.url + call["provider_path"]
            file_bytes = str(call["provider_file"].stat().st_size)
            figures = {
                "echo": of_server(
                    "echo", lambda wrapper, own: Server("callgrind-echo",
                                                        [*wrapper, echo, www], own),
                    call, count, size),
                "get": of_program("get", lambda n: [get, url, file_bytes, str(n), str(FEW["streams"])],
                                  few, many),
                "decode_map": of_program("decode", lambda n: [decode, call["decode"], www, str(n)],
                                         few, many),
                "edugate": of_server(
                    "edugate", lambda wrapper, own: start_edugate(program, "callgrind-edugate",
                                                                  config, own, wrapper),
                    call, count, size),
            }
            figures["floor"] = sum(figures[part] for part in FLOOR)
            figures["ratio"] = round(figures["edugate"] / figures["floor"], 3)
            found[name] = figures
    return found
