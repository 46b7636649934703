"""What more cores would bring: a model of measured parts, checked with signatures that sleep."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import load
import wrk
from batch import Batches
from run import Row, Run
from signer.testing.process import SignerProcess
from signers import Signer

SLEEPING = Path(__file__).with_name("sleeping.py")
CORES = [1, 2, 4, 8, 16]  # that sign, next to the one of the event loop
MANY = 1_000  # cores: whatever limits the signer then, it is not its signatures
CONNECTIONS = 256
KEYS = 1_000  # of a batch


@contextmanager
def sleeping(cores: int, seconds: float) -> Iterator[Signer]:
    """A signer on a free port, with this many cores that sign; a signature sleeps `seconds`."""
    command = [sys.executable, "-P", str(SLEEPING), str(cores), str(seconds * 1e6)]
    flags = ["--interop", str(KEYS), "--port", "0", "--ready-json"]
    with SignerProcess([*command, *flags], {**os.environ, "PYTHONPATH": ""}) as process:
        yield Signer(process.url, process.pid)


def measure(run: Run) -> None:
    """Two tables: single requests, and batches, each with what the model says."""
    seconds = run.raw()
    run.table(
        "single requests on more cores",
        f"Requests a second with {CONNECTIONS} connections, when signatures are sleeps of "
        f"{seconds * 1e6:.0f} µs on these cores, next to the one of the event loop. The model: "
        f"all cores sign all the time, until the event loop is busy, as with {MANY:,} cores.",
        _next_to_model(run, seconds, partial(_singles, run)),
    )
    run.table(
        "batches on more cores",
        f"Signatures a second in batches of {KEYS:,} keys, the same way.",
        _next_to_model(run, seconds, partial(_batches, run)),
    )


def _next_to_model(run: Run, seconds: float, rate: Callable[[Signer], float]) -> dict[str, Row]:
    def measured(cores: int, _raw: float) -> Row:
        with sleeping(cores, seconds) as signer:
            return {"per second": rate(signer)}

    counts = [*CORES[: run.size(len(CORES), 1)], MANY]
    rows = run.alternate({f"{cores:,}": partial(measured, cores) for cores in counts})
    limit = rows[f"{MANY:,}"]["per second"]
    for cores in counts:
        row = rows[f"{cores:,}"]
        row["model"] = min(cores / seconds, limit)
        row["of model"] = row["per second"] / row["model"]
    return rows


def _singles(run: Run, signer: Signer) -> float:
    pubkeys = signer.pubkeys[:64]
    if run.wrk:
        return wrk.closed_loop(
            signer.url,
            pubkeys,
            load.TEMPLATE,
            new_roots=True,
            connections=CONNECTIONS,
            seconds=run.seconds,
        ).rate
    roots = load.new_roots(next(load.FIRSTS))
    return load.closed_loop(signer.url, pubkeys, roots, CONNECTIONS, run.seconds).rate


def _batches(run: Run, signer: Signer) -> float:
    return Batches(signer, KEYS, next(load.FIRSTS)).rate(run.seconds)
