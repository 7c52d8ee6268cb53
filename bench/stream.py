"""Whether a stream of any length takes the same memory."""

import contextlib
import subprocess

from processes import BUILD, Server, Wrong, stop
from workloads import start_edugate

# How many records, and after how many the memory is noted.
RECORDS = 1_000_000
MARK = 100_000
# The most that edugate's memory may grow by from the first mark on, in percent.
MAX_GROWTH_PERCENT = 10


def measure(edugate):
    """Reads RECORDS records in one StreamEnrollments; returns what edugate's memory did."""
    with contextlib.ExitStack() as stack:
        provider = Server("stream-provider", [BUILD / "bench_pages", str(RECORDS)], stack)
        provider.wait_for_target()
        config = {
            "server": {"listen": "127.0.0.1:0"},
            "log": {"level": "warn"},
            "connections": [{"id": "oa", "provider": "openapply",
                             "base_url": f"http://{provider.target}",
                             "auth": {"bearer": {"value": "bench"}}}],
        }
        server = start_edugate(edugate, "stream-edugate", config, stack)
        command = [BUILD / "bench_stream", server.target, str(server.pid), str(RECORDS), str(MARK)]
        log = BUILD / "stream.log"
        marks = []
        with open(log, "wb") as errors:
            reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
            stack.callback(stop, reader)
            for line in reader.stdout:
                records, seconds, kilobytes = line.split()
                marks.append((int(records), float(seconds), round(int(kilobytes) / 1024, 1)))
                print(f"{marks[-1][0]:>9} records {marks[-1][1]:>8.1f} s {marks[-1][2]:>8.1f} MB",
                      flush=True)
        if reader.wait() != 0:
            raise Wrong(log.read_text())
        peak = round(server.memory_kb("VmHWM") / 1024, 1)
    (_, _, before), *marks = marks
    rss = [megabytes for _, _, megabytes in marks]
    return {
        "records": marks[-1][0],
        "seconds": marks[-1][1],
        "rss_mb": rss,
        "rss_mb_before": before,
        "peak_rss_mb": peak,
        "growth_percent": round(100 * (max(rss[1:]) / rss[0] - 1), 1),
    }


def check(figures):
    if figures["growth_percent"] > MAX_GROWTH_PERCENT:
        raise Wrong(f"the memory of the stream grew by {figures['growth_percent']} % after the "
                    f"first {MARK:,} records (at most {MAX_GROWTH_PERCENT})")
