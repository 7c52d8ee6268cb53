"""The example of every language against the program with its sandbox: each prints the same."""

import os
import subprocess
import sys
import tempfile
import unittest
import zipfile

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


def tours():
    """The languages' commands."""
    with open(os.path.join(CLIENTS, "java", "classpath"), encoding="utf-8") as file:
        java = os.path.join(CLIENTS, "java", "tour.jar") + ":" + file.read().strip()
    return {
        "cpp": [os.path.join(CLIENTS, "cpp", "tour")],
        "go": [os.path.join(CLIENTS, "go", "tour")],
        "java": ["java", "-XX:TieredStopAtLevel=1", "-cp", java, "Tour"],
        "node": ["node", os.path.join(CLIENTS, "node", "out", "src", "tour.js")],
        "python": [sys.executable, "-B", os.path.join(ROOT, "clients", "python", "tour.py")],
    }


class ToursTest(unittest.TestCase):

    def run_tour(self, language, arguments):
        done = subprocess.run(
            tours()[language] + arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120
        )
        return done

    def test_every_language_tells_the_same(self):
        config = os.path.join(ROOT, "deploy", "service_config.json")
        for language in tours():
            # Each with a sandbox of its own: a tour changes what is there.
            with self.subTest(language=language), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "transcript.zip")
                with serve_sandbox(os.environ["EDUGATE_PROGRAM"]) as address:
                    done = self.run_tour(
                        language, ["--target", address, "--service-config", config, "--download", path]
                    )
                self.assertEqual((done.returncode, done.stdout), (0, EXPECTED), done.stderr)
                with zipfile.ZipFile(path) as downloaded:
                    self.assertIsNone(downloaded.testzip())

    def test_a_token_does_not_go_over_plain_text(self):
        for language in tours():
            with self.subTest(language=language), tempfile.NamedTemporaryFile() as token:
                done = self.run_tour(language, ["--target", "127.0.0.1:1", "--token-file", token.name])
                self.assertNotEqual(done.returncode, 0)
                self.assertIn("a token goes over TLS alone", done.stderr)

    def test_an_address_that_nobody_listens_on_is_an_error(self):
        for language in tours():
            with self.subTest(language=language), tempfile.TemporaryDirectory() as folder:
                done = self.run_tour(
                    language, ["--target", "127.0.0.1:1", "--download", os.path.join(folder, "t.zip")]
                )
                self.assertNotEqual(done.returncode, 0)
                self.assertEqual(done.stdout, "")


if __name__ == "__main__":
    unittest.main()
