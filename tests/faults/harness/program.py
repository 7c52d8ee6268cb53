"""The real program as a process, and what /proc and its admin port tell of it."""

import dataclasses
import http.client
import json
import os
import re
import signal
import subprocess
import tempfile
import time

START_SECONDS = 60


@dataclasses.dataclass
class Sample:
    """What the process takes at one moment."""

    rss_mb: float = 0.0
    peak_mb: float = 0.0
    fds: int = 0  # without sockets to `ports` of the providers and to the callers
    upstream_sockets: int = 0
    threads: int = 0
    cpu_seconds: float = 0.0
    gauges: dict = dataclasses.field(default_factory=dict)


def _status_field(text, name):
    found = re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def cpu_seconds_of(pid):
    """Processor time of a process: of the threads that there are, and of those that have ended."""
    try:
        # The clock of another process: clock_getcpuclockid(3), which Python doesn't have.
        return time.clock_gettime((~pid << 3) | 2)
    except OSError:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def parse_metrics(text):
    """{name with its labels: value} and the set of names that are gauges."""
    values, gauges = {}, set()
    for line in text.splitlines():
        if line.startswith("# TYPE ") and line.endswith(" gauge"):
            gauges.add(line.split()[2])
        elif line and not line.startswith("#"):
            name, _, value = line.rpartition(" ")
            try:
                values[name] = float(value)
            except ValueError:
                continue
    return values, gauges


class Edugate:
    """`edugate serve` with a configuration, which is a dict."""

    def __init__(self, program, config, environment=None, log_to=None):
        self.program = program
        self.config = config
        self.folder = tempfile.TemporaryDirectory(prefix="edugate-faults-")
        self.path = os.path.join(self.folder.name, "config.yaml")
        self.log_path = log_to or os.path.join(self.folder.name, "log")
        self.write(config)
        self._environment = {**os.environ, **(environment or {})}
        self.process = None
        self.address = self.admin = ""
        self.output = []
        self.start()

    def write(self, config):
        """Writes the configuration file. JSON is YAML."""
        self.config = config
        part = self.path + ".part"
        with open(part, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=1)
        os.replace(part, self.path)

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([self.program, "serve", "--config", self.path], stdout=subprocess.PIPE,
                                            stderr=log, env=self._environment, text=True)
        self.address = self.admin = ""
        deadline = time.monotonic() + START_SECONDS
        for line in self.process.stdout:
            self.output.append(line)
            if line.startswith("edugate: listening on "):
                self.address = line.split()[-1]
            elif line.startswith("edugate: admin on "):
                self.admin = line.split()[-1]
            if (self.address and self.admin) or time.monotonic() > deadline:
                break
        if not self.address or not self.admin:
            raise RuntimeError(f"edugate did not start: {self.log()[-2000:]}")

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process.poll() is None

    def kill(self):
        """As a crash would."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Ends it by SIGTERM; its exit code."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(40)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.output += self.process.stdout.readlines() if not self.process.stdout.closed else []
        self.process.stdout.close()
        self.process.wait()
        return self.process.returncode

    def cleanup(self):
        if self.alive():
            self.kill()
        self.folder.cleanup()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def metrics_text(self):
        host, port = self.admin.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        try:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def metrics(self):
        return parse_metrics(self.metrics_text())[0]

    def metric(self, pattern):
        """The sum of all values whose name with labels matches the regular expression."""
        return sum(value for name, value in self.metrics().items() if re.search(pattern, name))

    def gauges(self):
        """Gauges of what is in progress, which have to come back to what they were."""
        values, gauges = parse_metrics(self.metrics_text())
        running = re.compile(r"in_flight|in_progress|queue|waiting|active_|open_streams")
        return {name: value for name, value in values.items()
                if name.split("{")[0] in gauges and running.search(name.split("{")[0])}

    def cpu_seconds(self):
        """Processor time since it began."""
        return cpu_seconds_of(self.pid)

    def most_address_space_mb(self):
        """The most that it ever had, touched or not."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            return _status_field(file.read(), "VmPeak") / 1024

    def reset_peak(self):
        """Makes the peak memory count from now on."""
        with open(f"/proc/{self.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")

    def sample(self, upstream_ports=(), metrics=True):
        with open(f"/proc/{self.pid}/status", encoding="ascii") as file:
            status = file.read()
        sample = Sample(rss_mb=_status_field(status, "VmRSS") / 1024, peak_mb=_status_field(status, "VmHWM") / 1024,
                        threads=_status_field(status, "Threads"), cpu_seconds=self.cpu_seconds())
        front = {int(self.address.rsplit(":", 1)[1]), int(self.admin.rsplit(":", 1)[1])}
        sockets = self._sockets()
        for descriptor in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                link = os.readlink(f"/proc/{self.pid}/fd/{descriptor}")
            except OSError:
                continue
            inode = link[8:-1] if link.startswith("socket:[") else None
            local, remote = sockets.get(inode, (0, 0))
            if remote in upstream_ports:
                sample.upstream_sockets += 1
            elif not (remote and local in front):
                sample.fds += 1
        if metrics:
            sample.gauges = self.gauges()
        return sample

    def _sockets(self):
        """{inode: (local port, remote port)} of TCP."""
        sockets = {}
        for name in ("tcp", "tcp6"):
            try:
                with open(f"/proc/{self.pid}/net/{name}", encoding="ascii") as file:
                    lines = file.readlines()[1:]
            except OSError:
                continue
            for line in lines:
                fields = line.split()
                local, remote = (int(field.rsplit(":", 1)[1], 16) for field in fields[1:3])
                sockets[fields[9]] = (local, remote)
        return sockets
