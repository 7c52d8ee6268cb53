"""edugate as a program, for the tests of examples."""

import contextlib
import subprocess

ADDRESS_LINE = "edugate: listening on "


@contextlib.contextmanager
def serve(program, *arguments):
    """Runs `edugate serve` and gives the address that it listens on. It must end well."""
    process = subprocess.Popen([program, "serve", *arguments], stdout=subprocess.PIPE, text=True)
    try:
        # The output ends with the program, so that one that cannot start does not hold the test.
        lines = (line for line in process.stdout if line.startswith(ADDRESS_LINE))
        address = next(lines, "")[len(ADDRESS_LINE) :].strip()
        if not address:
            raise AssertionError(f"edugate serve {arguments[0]} ended without saying that it listens")
        yield address
    finally:
        process.terminate()
        process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"edugate ended with {process.returncode}")


def serve_sandbox(program):
    return serve(program, "--sandbox", "--listen", "127.0.0.1:0")
