"""What it costs to stand in front of another signer: the latency that --upstream adds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import load
import open_loop
from run import Row, Run
from signers import Signer, serving

KEYS = 16
CONNECTIONS = 16
RATE = 100  # requests per second of the client with pauses, as a validator client has them


class _Place:
    """Where requests are sent, with the keys of the signer that signs."""

    def __init__(self, signer: Signer, pubkeys: list[str], bodies: Iterator[bytes]) -> None:
        self._signer = signer
        self._pubkeys = pubkeys
        self._bodies = bodies

    def closed(self, run: Run, raw: float) -> Row:
        """Latencies in a closed loop of new roots, and the CPU of this signer's process."""
        whom = self._signer.url, self._pubkeys, self._bodies
        return self._measure(lambda: load.closed_loop(*whom, CONNECTIONS, run.seconds), raw)

    def paced(self, run: Run, raw: float) -> Row:
        """The same of a client that sends RATE requests a second, however long the answers take."""
        whom = self._signer.url, self._pubkeys, self._bodies
        return self._measure(lambda: open_loop.run(*whom, 4, run.seconds, rate=RATE), raw)

    def _measure(self, send: Callable[[], load.Result], raw: float) -> Row:
        before = self._signer.cpu()
        result = send()
        cpu = (self._signer.cpu() - before) / result.count
        return {
            "p50 ms": result.percentile(0.5) * 1e3,
            "p99 ms": result.percentile(0.99) * 1e3,
            "per second": result.rate,
            "CPU µs": cpu * 1e6,
            "CPU x raw": cpu / raw,
        }


def measure(run: Run) -> None:
    """A table of a client with pauses, and one of a closed loop."""
    bodies = load.new_roots(next(load.FIRSTS))
    with ExitStack() as stack:
        behind = stack.enter_context(serving("--interop", KEYS, "--no-metrics"))
        places = {"the signer itself": behind}
        for mode in ("report", "enforce"):
            flags = ["--upstream", behind.url, "--upstream-verify", mode, "--no-metrics"]
            places[f"in front, {mode}"] = stack.enter_context(serving(*flags))
        standing = {name: _Place(signer, behind.pubkeys, bodies) for name, signer in places.items()}
        paced = {name: partial(place.paced, run) for name, place in standing.items()}
        _tell(run, f"{RATE} requests a second", run.alternate(paced))
        closed = {name: partial(place.closed, run) for name, place in standing.items()}
        _tell(run, f"c={CONNECTIONS}", run.alternate(closed))


def _tell(run: Run, how: str, rows: dict[str, Row]) -> None:
    direct = rows["the signer itself"]["p50 ms"]
    for row in rows.values():
        row["added p50 ms"] = row["p50 ms"] - direct
    run.table(
        f"upstream, {how}",
        f"A signature asked of a signer itself, and of one in front of it: {how}. All signers, the "
        "generator and the verification share the cores.",
        rows,
    )
