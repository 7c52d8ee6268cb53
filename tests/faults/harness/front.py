"""The shipped front (nginx, deploy/kubernetes/components/front) before a program under test: of the fault cases and of
tests/deploy."""

import os
import socket
import subprocess
import tempfile
import time

from harness import certificates

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
TEMPLATE = os.path.join(ROOT, "deploy/kubernetes/components/front/default.conf.template")
START_SECONDS = 20


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Front:
    """nginx, one worker. `address` (127.0.0.1 and `port`) is where callers connect, with `context` for TLS: its certificate is
    certificates.GOOD."""

    def __init__(self, edugate):
        """Before `edugate.address` (gRPC) and `edugate.admin`."""
        self.folder = tempfile.TemporaryDirectory(prefix="edugate-front-")  # pylint: disable=consider-using-with
        path = self.folder.name
        os.makedirs(os.path.join(path, "tls"))
        certificate, key = certificates.files(certificates.GOOD)
        os.symlink(certificate, os.path.join(path, "tls/tls.crt"))
        os.symlink(key, os.path.join(path, "tls/tls.key"))
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self.context = certificates.client_context()
        self.context.set_alpn_protocols(["h2"])
        with open(TEMPLATE, encoding="utf-8") as file:
            site = file.read()
        for name, value in (("LISTEN", self.address), ("TLS", os.path.join(path, "tls")), ("UPSTREAM_SCHEME", "grpc"),
                            ("UPSTREAM", edugate.address), ("ADMIN", edugate.admin)):
            site = site.replace("${EDUGATE_" + name + "}", value)
        if "${" in site:
            raise RuntimeError(f"the front's template has a variable without a value: {site[site.index('${'):][:40]}")
        folders = "".join(f"{each}_temp_path {path}/{each};\n"
                          for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = os.path.join(path, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"daemon off;\nmaster_process off;\npid {path}/nginx.pid;\nevents {{ worker_connections 4096; }}\n"
                       f"http {{\n{folders}{site}\n}}\n")
        log = os.path.join(path, "log")
        with open(log, "wb") as file:
            self.process = subprocess.Popen(["nginx", "-e", "stderr", "-c", conf], stdout=file, stderr=file)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        with open(log, encoding="utf-8", errors="replace") as file:
            said = file.read()
        self.stop()
        raise RuntimeError(f"the front did not start: {said}")

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()
