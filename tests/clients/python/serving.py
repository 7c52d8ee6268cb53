"""edugate with its sandbox, for the tests of examples."""

import contextlib
import os
import tempfile

from deployment import Deployment


@contextlib.contextmanager
def serve_sandbox(more_keys="", server_keys=""):
    """Runs edugate with the sandbox's connections, native calls allowed, and gives the address that it listens on."""
    with tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(
            os.environ["EDUGATE_PROGRAM"],
            folder,
            more_keys="native_calls: { enabled: true }\n" + more_keys,
            server_keys=server_keys,
        )
        try:
            deployment.reset()
            yield deployment.address
        finally:
            deployment.stop()
