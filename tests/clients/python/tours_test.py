"""The example of every language against the program with its sandbox: each prints the same."""

import os
import subprocess
import sys
import tempfile
import unittest
import zipfile

import identity
from serving import serve_sandbox

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
CLIENTS = os.path.join(ROOT, "build", "clients")

EXPECTED = """\
connections/edx: 120 enrollments
connections/edx-xml: 120 enrollments
connections/oa: 315 enrollments
connections/tms: 217 enrollments
verification: VERIFICATION_RESULT_ACTIVE
  as of 2022-06-14: MES_COURSE_IN_PRG MES_VF_DAC
catalog: 256 course, 32 course_run, 32 program
download: trc_TSEne2SSjP3GvpVrs5HLol4xor2.zip, application/zip
  140 bytes
refused: INVALID_ARGUMENT ARGUMENT_INVALID
  page_size: must not be negative
refused: NOT_FOUND CONNECTION_UNKNOWN
locked: again in 1 s
gave up: ABORTED PROVIDER_LOCKED
deadline: DEADLINE_EXCEEDED
event: transcript.created
event: transcript.processed
"""


def programs(name):
    """The languages' commands for a program: `tour` or `first_call`."""
    with open(os.path.join(CLIENTS, "java", "classpath"), encoding="utf-8") as file:
        java = os.path.join(CLIENTS, "java", "tour.jar") + ":" + file.read().strip()
    class_name = name.title().replace("_", "")
    return {
        "cpp": [os.path.join(CLIENTS, "cpp", name)],
        "go": [os.path.join(CLIENTS, "go", name)],
        "java": [
            "java", "-XX:TieredStopAtLevel=1", f"-Djava.library.path={CLIENTS}/java/native", "-cp", java, class_name,
        ],
        "node": ["node", os.path.join(CLIENTS, "node", "out", "src", name + ".js")],
        "python": [sys.executable, "-B", os.path.join(ROOT, "clients", "python", name + ".py")],
    }


# Where a program is, and how a Markdown block of its language begins.
FIRST_CALLS = {
    "cpp": ("clients/cpp/first_call.cc", "cpp"),
    "go": ("clients/go/first_call/main.go", "go"),
    "java": ("clients/java/FirstCall.java", "java"),
    "node": ("clients/node/src/first_call.ts", "ts"),
    "python": ("clients/python/first_call.py", "python"),
}


def run(command, arguments):
    return subprocess.run(
        command + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120
    )


class FirstCallsTest(unittest.TestCase):

    def test_every_language_makes_its_first_call(self):
        with serve_sandbox() as address:
            for language, command in programs("first_call").items():
                with self.subTest(language=language):
                    done = run(command, [address])
                    self.assertEqual(done.returncode, 0, done.stderr)
                    lines = done.stdout.splitlines()
                    self.assertEqual(len(lines), 3)
                    self.assertEqual(lines[0], "connections/oa/enrollments/59 Confirmed")

    def test_the_page_of_first_calls_shows_these_programs(self):
        with open(os.path.join(ROOT, "clients", "README.md"), encoding="utf-8") as file:
            page = file.read()
        for path, kind in FIRST_CALLS.values():
            with open(os.path.join(ROOT, path), encoding="utf-8") as file:
                self.assertIn(f"```{kind}\n{file.read()}```\n", page, path)

    def test_the_page_shows_what_the_tours_print(self):
        with open(os.path.join(ROOT, "clients", "README.md"), encoding="utf-8") as file:
            self.assertIn(f"```\n{EXPECTED}```\n", file.read())


class ToursTest(unittest.TestCase):

    def test_every_language_tells_the_same(self):
        config = os.path.join(ROOT, "deploy", "service_config.json")
        for language, command in programs("tour").items():
            # Each with a sandbox of its own: a tour changes what is there.
            with self.subTest(language=language), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "transcript.zip")
                with serve_sandbox() as address:
                    done = run(command, ["--target", address, "--service-config", config, "--download", path])
                self.assertEqual((done.returncode, done.stdout), (0, EXPECTED), done.stderr)
                with zipfile.ZipFile(path) as downloaded:
                    self.assertIsNone(downloaded.testzip())

    def test_every_language_calls_with_tls_and_a_token(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        certificate, key = identity.make_certificate(folder)
        jwks, token = identity.make_token(folder, "tour")
        server_keys = f', tls: {{ certificate_file: "{certificate}", private_key_file: "{key}" }}'
        callers = (
            f'callers: {{ jwt: {{ jwks_file: "{jwks}", issuer: "{identity.ISSUER}", audience: {identity.AUDIENCE} }}, '
            'grants: [ { callers: [ "jwt:tour" ], methods: [ "*" ], connections: [ "*" ] } ] }\n'
        )
        for language, command in programs("tour").items():
            with self.subTest(language=language), serve_sandbox(callers, server_keys) as address:
                arguments = ["--target", address, "--tls-ca", certificate]
                arguments += ["--download", os.path.join(folder, "transcript.zip")]
                stranger = run(command, arguments)
                self.assertEqual((stranger.returncode == 0, stranger.stdout), (False, ""))
                self.assertIn("CALLER_UNAUTHENTICATED", stranger.stderr)
                known = run(command, arguments + ["--token-file", token])
                self.assertEqual((known.returncode, known.stdout), (0, EXPECTED), known.stderr)

    def test_a_token_does_not_go_over_plain_text(self):
        for language, command in programs("tour").items():
            with self.subTest(language=language), tempfile.NamedTemporaryFile() as token:
                done = run(command, ["--target", "127.0.0.1:1", "--token-file", token.name])
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("a token goes over TLS alone", done.stderr)

    def test_an_address_that_nobody_listens_on_is_an_error(self):
        for language, command in programs("tour").items():
            with self.subTest(language=language), tempfile.TemporaryDirectory() as folder:
                done = run(command, ["--target", "127.0.0.1:1", "--download", os.path.join(folder, "t.zip")])
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
