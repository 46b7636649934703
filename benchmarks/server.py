"""What a signature costs over HTTP, as a ratio to raw blst in the same run.

CPU per signature is the server process's user and system time over the signatures it answered:
steadier than throughput on a machine with other work.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import load
from signer import SecretKey

TICKS = os.sysconf("SC_CLK_TCK")


class Signer(NamedTuple):
    """A signer under load: where, and which process."""

    url: str
    pid: int
    pubkeys: list[str]

    def cpu(self) -> float:
        """Seconds of user and system time of the process so far."""
        with open(f"/proc/{self.pid}/stat") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def serving(keys: int) -> Iterator[Signer]:
    """A signer of our own with interop keys, on a free port."""
    import urllib.request  # noqa: PLC0415

    command = [sys.executable, "-m", "signer", "serve", "--interop", str(keys), "--port", "0"]
    with subprocess.Popen(
        [*command, "--ready-json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        ready = json.loads(process.stdout.readline())
        with urllib.request.urlopen(f"{ready['url']}/api/v1/eth2/publicKeys") as response:
            pubkeys = json.load(response)
        try:
            yield Signer(ready["url"], ready["pid"], pubkeys)
        finally:
            process.terminate()


def raw_sign(seconds: float) -> float:
    """Seconds of CPU for a raw blst signature over a new root, on one thread."""
    key = SecretKey.from_bytes((1).to_bytes(32, "big"))
    count, started = 0, time.process_time()
    while time.process_time() - started < seconds:
        key.sign(count.to_bytes(32, "big"))
        count += 1
    return (time.process_time() - started) / count


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of load for each row")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    options = parser.parse_args()
    raw = raw_sign(1)
    print(f"raw blst signature: {raw * 1e6:.0f} µs of CPU on one thread")
    print("| roots | connections | CPU µs | ratio to raw | cores | per second | p50 ms | p99 ms |")
    print("|---|---|---|---|---|---|---|---|")
    with serving(64) as signer:
        for name, bodies in (("new", load.new_roots()), ("one", load.one_root())):
            for connections in options.connections:
                before = signer.cpu()
                result = asyncio.run(
                    load.run(signer.url, signer.pubkeys, bodies, connections, options.seconds)
                )
                cpu = signer.cpu() - before
                each = cpu / len(result.latencies)
                print(
                    f"| {name} | {connections} | {each * 1e6:.0f} | {each / raw:.2f} "
                    f"| {cpu / result.elapsed:.2f} | {result.rate:.0f} "
                    f"| {result.percentile(0.5) * 1e3:.1f} | {result.percentile(0.99) * 1e3:.1f} |"
                )
                if result.errors or result.lost:
                    print(f"errors: {result.errors}, lost: {result.lost}")
    print(f"raw blst signature again: {raw_sign(1) * 1e6:.0f} µs; the difference is noise")


if __name__ == "__main__":
    main()
