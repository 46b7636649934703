"""What a reader of GET /_signer/events costs a signature: CPU with one, and without.

The load is the same in both, an open loop, so that the batches of signing are too. The reader is a
plain script: a browser would take its own share of the cores.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import load
import open_loop
from run import Row, Run
from signers import Signer, serving

RATE = 900  # signatures per second; below what two shared cores sign with --control
CONNECTIONS = 32
READER = """
import sys, urllib.request
with urllib.request.urlopen(sys.argv[1] + "/_signer/events") as response:
    while response.read1(1 << 20):
        pass
"""


@contextmanager
def reading(signer: Signer) -> Iterator[None]:
    """A reader as a process of its own."""
    with subprocess.Popen([sys.executable, "-c", READER, signer.url]) as process:
        time.sleep(0.3)
        try:
            yield
        finally:
            process.kill()


def measure(run: Run) -> None:
    """One table."""
    with serving("--interop", 64, "--control", "--no-metrics") as signer:
        _cpu(run, signer, 0.0, with_reader=False)  # warms up
        measures = {
            "without a reader": partial(_cpu, run, signer, with_reader=False),
            "with a reader": partial(_cpu, run, signer, with_reader=True),
        }
        rows = run.alternate(measures)
    run.table(
        "events",
        f"{RATE} signatures per second with --control, of new roots. CPU is that of the signer's "
        "process for each signature.",
        rows,
    )


def _cpu(run: Run, signer: Signer, raw: float, *, with_reader: bool) -> Row:
    bodies = load.new_roots(next(load.FIRSTS), load.TEMPLATE)
    reader = reading(signer) if with_reader else nullcontext()
    with reader:
        before = signer.cpu()
        result = open_loop.run(
            signer.url, signer.pubkeys, bodies, CONNECTIONS, run.seconds, rate=RATE
        )
        each = (signer.cpu() - before) / result.count
    return {"CPU µs": each * 1e6, "x raw": each / raw if raw else 0.0}
