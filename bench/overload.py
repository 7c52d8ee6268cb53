"""What is left of the useful work when more calls come than can be served, and what a refusal costs.

Run by itself after `./dev bench` has laid its files: `python3 bench/overload.py`. The server and the
provider have one processor, the callers the other.
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile

from processes import BUILD, CLIENTS, Provider, Server, Wrong, h2load, stop
from workloads import CALLS, FOLDERS, edugate_config

# A page of one record, for which the provider sends 50: dear to the server, cheap for its callers, so
# that one processor can make ten times as many calls as another can serve.
ONE_OF_50 = {**CALLS["page50"], "request": BUILD / "one_of_50.bin"}
DEADLINE_MS = 1000
CHANNELS = 16
SECONDS = 5
STREAMS = 50
FIRST_RATE = 1500
ROUNDS = 5
COUNT = {"unary": 10000, "page50": 4000}
CALLS_REFUSED = tuple(COUNT)
SERVER_CPU, CALLERS_CPU = 0, 1
OPEN_LOOP = BUILD / "open_loop"


def offer(target, call, rate, seconds=SECONDS, deadline_ms=DEADLINE_MS):
    """Calls at a rate; what came of them."""
    run = subprocess.run(
        [OPEN_LOOP, target, f"/edugate.v1.EnrollmentService/{call['method']}", call["request"],
         str(rate), str(seconds), str(deadline_ms), str(CHANNELS)],
        capture_output=True, text=True, preexec_fn=lambda: os.sched_setaffinity(0, {CALLERS_CPU}))
    if run.returncode != 0:
        raise Wrong(f"open_loop failed:\n{run.stdout}{run.stderr}")
    found = json.loads(run.stdout)
    found["goodput"] = round(found["ok"] / found["seconds"], 1)
    return found


def start(url, stack, program, more_connections=(), **server):
    config = edugate_config(url)
    config["server"].update(server)
    config["connections"] += more_connections
    folder = tempfile.mkdtemp(prefix="overload-", dir=BUILD)
    path = os.path.join(folder, "edugate.yaml")
    with open(path, "w") as file:
        file.write(json.dumps(config).replace("FOLDER", folder))
    os.sched_setaffinity(0, {SERVER_CPU})
    try:
        return Server("edugate-overload", [program, "serve", "--config", path],
                      stack).wait_for_target()
    finally:
        os.sched_setaffinity(0, {SERVER_CPU, CALLERS_CPU})


def measure_goodput(program, stack):
    call = ONE_OF_50
    call["request"].write_bytes(b"\0\0\0\0\x12\n\x0econnections/oa\x10\x01")
    provider = Provider(FOLDERS[call["folder"]]["folder"], stack)
    server = start(provider.url, stack, program)
    offer(server.target, call, 200, 1)
    peak, rate = 0, FIRST_RATE
    steps = []
    while True:
        found = offer(server.target, call, rate)
        steps.append((rate, found["goodput"]))
        print(f"overload: {rate}/s offered, {found}", file=sys.stderr)
        if found["goodput"] < 0.8 * rate or rate > 40000:
            peak = max(peak, found["goodput"])
            break
        peak = max(peak, found["goodput"])
        rate = int(rate * 1.5)
    result = {"peak": peak, "steps": steps}
    for times in (2, 10):
        found = offer(server.target, call, int(peak * times))
        result[f"at_{times}"] = {**found, "share_of_peak": round(found["goodput"] / peak, 3)}
    return result


def load(target, call, count):
    """Calls one after the other in as many streams as a connection may have: full processors."""
    h2load(target, call["method"], call["request"], "-n", count, "-c", CLIENTS, "-m", STREAMS)


def cost_of(server, call, count):
    """The server's CPU per call, in microseconds."""
    load(server.target, call, count // 10)
    before = server.cpu_seconds()
    load(server.target, call, count)
    return (server.cpu_seconds() - before) / count * 1e6


def measure_refusal(program, name, stack):
    """A served call's CPU against that of one that is refused, both under full load."""
    call = CALLS[name]
    provider = Provider(FOLDERS[call["folder"]]["folder"], stack)
    serving = start(provider.url, stack, program)
    # A call to a provider that never answers has the only place.
    silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    refusing = start(provider.url, stack, program, max_calls=1, more_connections=[
        {"id": "silent", "provider": "openapply", "auth": {"bearer": {"value": "bench"}},
         "base_url": f"http://127.0.0.1:{silent.getsockname()[1]}"}])
    holder = subprocess.Popen(
        [program, "call", "EnrollmentService.ListEnrollments", '{"parent":"connections/silent"}',
         "--target", refusing.target, "--timeout", "100"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(stop, holder)
    silent.accept()
    rounds = []
    for _ in range(ROUNDS):
        before = provider.requests()
        served = cost_of(serving, call, COUNT[name])
        if provider.requests() - before < COUNT[name]:
            raise Wrong("not all were served")
        before = provider.requests()
        refused = cost_of(refusing, call, 2 * COUNT["unary"])
        if provider.requests() != before:
            raise Wrong("not all were refused")
        rounds.append((served, refused))
        print(f"overload: {name}: served {served:.1f} us, refused {refused:.1f} us",
              file=sys.stderr)
    served, refused, ratio = (statistics.median(each) for each in zip(
        *((served, refused, refused / served) for served, refused in rounds)))
    return {"served_us": round(served, 1), "refused_us": round(refused, 1),
            "ratio": round(ratio, 3)}


def main():
    program = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else str(BUILD.parent / "edugate")
    found = {}
    for name in CALLS_REFUSED:
        with contextlib.ExitStack() as stack:
            found[f"refusal_{name}"] = measure_refusal(program, name, stack)
    with contextlib.ExitStack() as stack:
        found["goodput"] = measure_goodput(program, stack)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
