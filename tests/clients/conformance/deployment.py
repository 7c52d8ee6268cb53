"""edugate and its sandbox as programs of their own, on free ports, and the sandbox's control API."""

import json
import os
import subprocess
import urllib.request

# What the conformance cases need beside the sandbox's own connections. {url} is the sandbox's address.
CONNECTIONS_OF_THE_CASES = """\
  # edugate makes one attempt, so that what comes after it is the caller's own doing.
  - id: oa-once
    provider: openapply
    base_url: {url}/openapply
    auth: {{ bearer: {{ value: sandbox-openapply-token-not-a-secret }} }}
    limits: {{ max_attempts: 1 }}
  # Nobody listens there.
  - id: dead
    provider: openapply
    base_url: http://127.0.0.1:1
    auth: {{ bearer: {{ value: none }} }}
    limits: {{ max_attempts: 1 }}
    breaker: {{ disabled: true }}
"""


class Deployment:
    """A started sandbox and an edugate that is configured for it, with further connections and keys."""

    def __init__(self, program, folder, more_connections="", more_keys="", server_keys=""):
        self._processes = []
        try:
            sandbox = self._start([program, "sandbox"])
            text = self._read_until(sandbox, lambda text: "response_format: xml" in text)
            self.sandbox_url = text.split("The sandbox listens on ", 1)[1].split(". ", 1)[0]
            connections = text.split("\nconnections:\n", 1)[1].rstrip() + "\n"
            configuration = os.path.join(folder, "edugate.yaml")
            with open(configuration, "w", encoding="utf-8") as file:
                file.write('server: { listen: "127.0.0.1:0", admin_listen: "127.0.0.1:0", default_deadline: 20s')
                file.write(server_keys + " }\n")
                file.write("connections:\n" + connections + more_connections.format(url=self.sandbox_url) + more_keys)
            server = self._start([program, "serve", "--config", configuration])
            text = self._read_until(server, lambda text: "admin on " in text)
            self.address = text.split("listening on ", 1)[1].split()[0]
            self.admin_address = text.split("admin on ", 1)[1].split()[0]
        except BaseException:
            self.stop()
            raise

    def reset(self):
        """The sandbox as freshly started, with edugate's address for its webhooks."""
        self.control("POST", "reset")
        self.control("DELETE", "faults")
        self.control("DELETE", "requests")
        self.control(
            "POST",
            "settings",
            {
                "provider": "measureone",
                "processing_time_ms": 50,
                "webhook_url": f"http://{self.admin_address}/webhooks/m1",
            },
        )

    def control(self, method, what, body=None):
        """One request of the sandbox's control API; its answer."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.sandbox_url}/_sandbox/{what}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text.strip().startswith((b"{", b"[")) else {}

    def stop(self):
        """Ends the programs. Raises AssertionError where one of them didn't end well."""
        failed = []
        for process in reversed(self._processes):
            process.terminate()
            process.communicate()
            if process.returncode != 0:
                failed.append(f"{process.args[1]} ended with {process.returncode}")
        self._processes = []
        if failed:
            raise AssertionError(", ".join(failed))

    def _start(self, arguments):
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self._processes.append(process)
        return process

    @staticmethod
    def _read_until(process, complete):
        # The output ends with the program, so that one that cannot start does not hold the test.
        text = ""
        for line in process.stdout:
            text += line
            if complete(text):
                return text
        raise AssertionError(f"{' '.join(process.args[:2])} ended without saying that it listens")
