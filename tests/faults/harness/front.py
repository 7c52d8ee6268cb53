"""The shipped front (nginx, deploy/kubernetes/components/front) before a program under test."""

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
    """nginx, one worker. `address` is where callers connect, with `context` for TLS."""

    def __init__(self, edugate):
        self.folder = tempfile.TemporaryDirectory(prefix="edugate-front-")  # pylint: disable=consider-using-with
        path = self.folder.name
        os.makedirs(os.path.join(path, "tls"))
        certificate, key = certificates.files(certificates.GOOD)
        os.symlink(certificate, os.path.join(path, "tls/tls.crt"))
        os.symlink(key, os.path.join(path, "tls/tls.key"))
        port = free_port()
        self.address = f"127.0.0.1:{port}"
        self.context = certificates.client_context()
        self.context.set_alpn_protocols(["h2"])
        with open(TEMPLATE, encoding="utf-8") as file:
            site = file.read()
        for name, value in (("LISTEN", self.address), ("TLS", os.path.join(path, "tls")), ("UPSTREAM_SCHEME", "grpc"),
                            ("UPSTREAM", edugate.address), ("ADMIN", edugate.admin)):
            site = site.replace("${EDUGATE_" + name + "}", value)
        folders = "".join(f"{each}_temp_path {path}/{each};\n"
                          for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = os.path.join(path, "nginx.conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(f"daemon off;\nmaster_process off;\npid {path}/nginx.pid;\nevents {{ worker_connections 4096; }}\n"
                       f"http {{\n{folders}{site}\n}}\n")
        log = open(os.path.join(path, "log"), "wb")  # pylint: disable=consider-using-with
        self.process = subprocess.Popen(["nginx", "-e", "stderr", "-c", conf], stdout=log, stderr=log)
        log.close()
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.02)
        raise RuntimeError("the front did not start")

    def rss_mb(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()
