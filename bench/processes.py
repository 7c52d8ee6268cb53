"""The processes of a measurement: how they start, what they use, and the load that h2load makes."""

import contextlib
import getpass
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.request

BENCH = pathlib.Path(__file__).resolve().parent
ROOT = BENCH.parent
BUILD = ROOT / "build" / "bench"

# Of Debian's libnginx-mod-http-echo, for a provider that takes its time.
ECHO_MODULE = "/usr/lib/nginx/modules/ngx_http_echo_module.so"

CLIENTS = 4
STREAMS_PER_CLIENT = 16
IN_FLIGHT = CLIENTS * STREAMS_PER_CLIENT

SERVICE = "edugate.v1.EnrollmentService"


class Wrong(Exception):
    """Something measured is not what it should be, so the run has no result."""


class Server:
    """A process that is measured, and where it listens."""

    def __init__(self, name, command, stack):
        self.name = name
        self.log = BUILD / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, cwd=BUILD,
                                            stdin=subprocess.DEVNULL)
        self.stop = stack.callback(stop, self.process)

    @property
    def pid(self):
        return self.process.pid

    def wait_for_target(self, seconds=30):
        """The address from the line `... listening on HOST:PORT`, or its like in JSON."""
        for _ in range(seconds * 10):
            text = self.log.read_text(errors="replace")
            found = re.search(r"listening on ([\w.]+:\d+)", text)
            if found:
                self.target = found.group(1)
                return self
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

    def memory_kb(self, name):
        """A figure of /proc/PID/status, as VmRSS or VmHWM."""
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s*(\d+) kB$", status, re.MULTILINE).group(1))


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


class Provider:
    """An nginx that gives the same bytes to every request."""

    def __init__(self, www, stack, tls=None, seconds=0):
        """Serves the folder's files. `tls`: a certificate and its key, for a second port. `seconds`:
        how long it takes over a record."""
        self.port = free_port()
        self.tls_port = free_port() if tls else None
        self.own_requests = 0
        listen_tls = ""
        if tls:
            listen_tls = (f"listen 127.0.0.1:{self.tls_port} ssl backlog=1024; "
                          f"ssl_certificate {tls[0]}; ssl_certificate_key {tls[1]};")
        modules, record = "", f"alias {www}/record.json;"
        if seconds:
            modules = f"load_module {ECHO_MODULE};"
            record = f"echo_sleep {seconds}; echo_exec @record;"
        folder = BUILD / f"nginx-{www.name}"
        folder.mkdir(exist_ok=True)
        text = (BENCH / "nginx.conf.in").read_text()
        for name, value in (("FOLDER", folder), ("WWW", www), ("PORT", self.port),
                            ("LISTEN_TLS", listen_tls), ("USER", getpass.getuser()),
                            ("MODULES", modules), ("RECORD", record)):
            text = text.replace(f"@{name}@", str(value))
        config = folder / "nginx.conf"
        config.write_text(text)
        errors = folder / "nginx-error.log"
        nginx = subprocess.Popen(["nginx", "-p", folder, "-e", errors, "-c", config],
                                 stdin=subprocess.DEVNULL)
        stack.callback(stop, nginx)
        self.pid = nginx.pid
        for _ in range(100):
            with contextlib.suppress(OSError):
                self.requests()
                return
            time.sleep(0.1)
        raise Wrong("nginx did not start: " + errors.read_text())

    def pids(self):
        """nginx and its workers."""
        children = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [self.pid, *map(int, children.split())]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def tls_url(self):
        return f"https://127.0.0.1:{self.tls_port}"

    def status(self):
        """The words of nginx's stub_status."""
        with urllib.request.urlopen(f"{self.url}/requests", timeout=5) as reply:
            words = reply.read().split()
        self.own_requests += 1
        return words

    def requests(self):
        """The requests that it has answered, without those for this figure."""
        return int(self.status()[9]) - self.own_requests


def h2load(target, method, request, *options, headers=(), scheme="http", service=SERVICE):
    """Runs h2load with gRPC's headers; returns what it printed."""
    command = ["h2load", *map(str, options), "-t", "1", "-d", str(request),
               "-H", "content-type: application/grpc", "-H", "te: trailers"]
    for header in ("grpc-timeout: 20S", *headers):
        command += ["-H", header]
    run = subprocess.run([*command, f"{scheme}://{target}/{service}/{method}"],
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise Wrong(f"h2load failed:\n{run.stdout}{run.stderr}")
    return run.stdout


def drive(target, call, count, answer_bytes, clients=CLIENTS, streams=STREAMS_PER_CLIENT, **how):
    """Makes `count` calls; returns calls a second. Every call must bring a whole answer."""
    output = h2load(target, call["method"], call["request"], "-n", count, "-c", clients, "-m",
                    streams, **how)
    check_load(output, count, answer_bytes)
    return float(re.search(r"finished in .*?, ([\d.]+) req/s", output).group(1))


def answer_bytes_of(target, call, **how):
    """The bytes of the answer to one call."""
    output = h2load(target, call["method"], call["request"], "-n", 1, "-c", 1, **how)
    check_load(output, 1, None)
    size = int(re.search(r"\((\d+)\) data", output).group(1))
    if size == 0:
        raise Wrong(f"{call['method']} has no answer: the call fails")
    return size


def check_load(output, count, answer_bytes):
    succeeded = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", output)
    data = re.search(r"\((\d+)\) data", output)
    if not succeeded or not data:
        raise Wrong(f"h2load failed:\n{output}")
    if [int(part) for part in succeeded.groups()] != [count, 0, 0, 0]:
        raise Wrong(succeeded.group(0))
    # A call that fails has no message, whatever its grpc-status, so one would be missing here.
    if answer_bytes and int(data.group(1)) != count * answer_bytes:
        raise Wrong(f"{data.group(1)} bytes of answers, not {count} times {answer_bytes}")
