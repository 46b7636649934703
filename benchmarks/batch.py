"""What a batch of signatures costs, and what it costs those who sign beside it."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from statistics import median
from time import perf_counter
from urllib.error import HTTPError

import load
import open_loop
from run import Row, Run
from signers import Signer, serving

RATE = 300  # single signatures per second: a tenth of what two cores can do
CONNECTIONS = 16
MISSING = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


class Batches:
    """Batches of the same keys, each over a new root."""

    def __init__(self, signer: Signer, keys: int, epoch: int) -> None:
        self._url = f"{signer.url}/api/v1/eth2/sign"
        self.keys = signer.pubkeys[:keys]
        self._identifiers = json.dumps(self.keys).encode()
        self._requests = load.new_roots(epoch)

    def sign(self) -> None:
        """Has one signed; ends the benchmark when it is not signed by all keys."""
        parts = self._identifiers, next(self._requests)
        request = urllib.request.Request(
            self._url,
            b'{"identifiers": %s, "signing_request": %s}' % parts,
            {"Content-Type": "application/json", "Accept": "application/json"},
        )
        with urllib.request.urlopen(request) as response:
            # not parsed: that would hold the GIL against the generator beside it
            signed = response.read().count(b'"signature"')
        if signed != len(self.keys):
            raise SystemExit(f"expected {len(self.keys)} signatures of a batch, found {signed}")

    def rate(self, seconds: float) -> float:
        """Signatures a second, one batch after the other."""
        started = perf_counter()
        signed = 0
        while not signed or perf_counter() - started < seconds:
            self.sign()
            signed += len(self.keys)
        return signed / (perf_counter() - started)

    @contextmanager
    def beside(self) -> Iterator[None]:
        """One after the other, as long as the block runs; then waits for the last."""
        stop = threading.Event()

        def sign_until_stopped() -> None:
            while not stop.is_set():
                self.sign()

        with ThreadPoolExecutor(1) as threads:
            signing = threads.submit(sign_until_stopped)
            try:
                yield
            finally:
                stop.set()
            signing.result()


def measure(run: Run) -> None:
    """Two tables, or a line that says that there is no such route."""
    few, many = run.size(1_000, 50), run.size(10_000, 100)
    with serving("--interop", many) as signer:
        try:
            Batches(signer, 1, load.EPOCH).sign()
        except HTTPError as error:
            if error.code not in MISSING:
                raise
            print("\nno batch route")
            return
        # epochs that no other load comes to: their roots would be remembered
        batches = Batches(signer, few, load.EPOCH + 1_000_000)
        run.table(
            "batch",
            f"Batches of {few} keys, over one root each: CPU of the signer's process for each "
            "signature.",
            run.alternate({"one root": partial(_cost, run, signer, batches)}),
        )
        _fairness(run, signer, Batches(signer, many, load.EPOCH + 2_000_000))


def _cost(run: Run, signer: Signer, batches: Batches, raw: float) -> Row:
    before, started = signer.cpu(), perf_counter()
    rate = batches.rate(run.seconds)
    each = (signer.cpu() - before) / (rate * (perf_counter() - started))
    return {"CPU µs": each * 1e6, "x raw": each / raw, "per second": rate}


def _fairness(run: Run, signer: Signer, batches: Batches) -> None:
    """Prints how long single signatures take, idle and beside batches."""
    singles, raws = load.new_roots(), []
    latencies: dict[str, list[float]] = {"idle": [], "beside batches": []}

    def sign_singly() -> list[float]:
        return open_loop.run(
            signer.url, signer.pubkeys, singles, CONNECTIONS, run.seconds, rate=RATE
        ).latencies

    for _ in range(run.rounds):
        raws.append(run.raw())
        latencies["idle"] += sign_singly()
        with batches.beside():
            latencies["beside batches"] += sign_singly()
    raw = median(raws)
    rows = {}
    for name, seconds in latencies.items():
        p99, worst = load.percentile(seconds, 0.99), max(seconds)
        ms = {"p50 ms": load.percentile(seconds, 0.5) * 1e3, "p99 ms": p99 * 1e3}
        rows[name] = ms | {"max ms": worst * 1e3, "p99 x raw": p99 / raw, "max x raw": worst / raw}
    run.table(
        "fairness",
        f"Single signatures, {RATE} due per second, idle and while batches of {len(batches.keys)} "
        "keys are signed one after the other. All rounds together.",
        rows,
    )
