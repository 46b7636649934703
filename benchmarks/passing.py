"""What it costs to stand in front of another signer: the latency that --upstream adds."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import load
from run import Row, Run
from signers import Signer, serving

KEYS = 16
CONNECTIONS = (1, 16)


class _Place:
    """Where requests are sent, with the keys of the signer that signs."""

    def __init__(self, signer: Signer, pubkeys: list[str], requests: Iterator[bytes]) -> None:
        self._signer = signer
        self._pubkeys = pubkeys
        self._requests = requests

    def measure(self, run: Run, connections: int, raw: float) -> Row:
        """Latencies in a closed loop of new roots, and the CPU of this signer's process."""
        before = self._signer.cpu()
        result = load.closed_loop(
            self._signer.url, self._pubkeys, self._requests, connections, run.seconds
        )
        cpu = (self._signer.cpu() - before) / result.count
        return {
            "p50 ms": result.percentile(0.5) * 1e3,
            "p99 ms": result.percentile(0.99) * 1e3,
            "per second": result.rate,
            "CPU µs": cpu * 1e6,
            "CPU x raw": cpu / raw,
        }


def measure(run: Run) -> None:
    """A table for each number of connections."""
    requests = load.new_roots(next(load.FIRSTS))
    with ExitStack() as stack:
        behind = stack.enter_context(serving("--interop", KEYS, "--no-metrics"))
        places = {"the signer itself": behind}
        for mode in ("report", "enforce"):
            flags = ["--upstream", behind.url, "--upstream-verify", mode, "--no-metrics"]
            places[f"in front, {mode}"] = stack.enter_context(serving(*flags))
        for connections in CONNECTIONS:
            measures = {
                name: partial(_Place(signer, behind.pubkeys, requests).measure, run, connections)
                for name, signer in places.items()
            }
            _tell(run, connections, run.alternate(measures))


def _tell(run: Run, connections: int, rows: dict[str, Row]) -> None:
    direct = rows["the signer itself"]["p50 ms"]
    for row in rows.values():
        row["added p50 ms"] = row["p50 ms"] - direct
    run.table(
        f"upstream, c={connections}",
        f"A signature asked of a signer itself, and of one in front of it, with {connections} "
        "connections. All signers, the generator and the verification share the cores.",
        rows,
    )
