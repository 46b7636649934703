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
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
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
def serving(*flags: object) -> Iterator[Signer]:
    """A signer of our own on a free port."""
    command = [sys.executable, "-m", "signer", "serve", *map(str, flags), "--port", "0"]
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


def measure(signer: Signer, bodies: Iterator[bytes], options: argparse.Namespace) -> str:
    """A row of the table: medians over rounds of raw signatures, then served ones."""
    rounds = []
    for _ in range(options.rounds):
        raw, before = raw_sign(0.3), signer.cpu()
        result = asyncio.run(
            load.run(signer.url, signer.pubkeys, bodies, options.connections, options.seconds)
        )
        if result.errors or result.lost:
            raise SystemExit(f"{result.errors} requests were refused, {result.lost} lost")
        cpu = signer.cpu() - before
        each = cpu / len(result.latencies)
        rounds.append(
            (
                raw * 1e6,
                each * 1e6,
                each / raw,
                cpu / result.elapsed,
                result.rate,
                result.percentile(0.5) * 1e3,
                result.percentile(0.99) * 1e3,
            )
        )
    raw, each, ratio, cores, rate, p50, p99 = map(median, zip(*rounds, strict=True))
    return (
        f"{raw:.0f} | {each:.0f} | {ratio:.2f} | {cores:.2f} | {rate:.0f} | {p50:.1f} | {p99:.1f}"
    )


def first_signature() -> float:
    """Seconds from the start of a process with 64 interop keys to its first signature."""
    started = time.perf_counter()
    with serving("--interop", 64) as signer:
        url = f"{signer.url}/api/v1/eth2/sign/{signer.pubkeys[0]}"
        urllib.request.urlopen(url, data=load.attestation(load.SLOT)).close()
        return time.perf_counter() - started


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of load in each round")
    parser.add_argument("--rounds", type=int, default=5, help="whose median is the row")
    parser.add_argument("--flag", action="append", default=[], help="of serve, as --flag=--control")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 16, 64])
    options = parser.parse_args()
    print(
        "| roots | connections | raw µs | CPU µs | ratio | cores | per second | p50 ms | p99 ms |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    counts: list[int] = options.connections
    with serving("--interop", 64, *options.flag) as signer:
        for name, bodies in (("new", load.new_roots()), ("one", load.one_root())):
            for options.connections in counts:
                print(f"| {name} | {options.connections} | {measure(signer, bodies, options)} |")
    start = median(first_signature() for _ in range(options.rounds))
    print(f"\nfrom process start to the first signature, 64 interop keys: {start:.2f} s")


if __name__ == "__main__":
    main()
