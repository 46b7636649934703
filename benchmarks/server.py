"""What a signature costs over HTTP, how many there are in a second, and how long each takes."""

from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from typing import NamedTuple

import load
import open_loop
import wrk
from run import Row, Run
from signer.threads import cores
from signers import Signer, constant, serving

CONNECTIONS = [1, 16, 64, 256]
SATURATED = 64  # connections of the throughput that open loops take a share of, and of their own
SHARES = 0.5, 0.8
BOUND = 0.8  # of the generator's own limit: from there on the figure may be the generator's
ROOTS = "new", "one"


class Target(NamedTuple):
    """Whom to load, and with what."""

    signer: Signer
    pubkeys: list[str]
    new_roots: bool
    template: bytes = load.TEMPLATE

    def bodies(self) -> Iterator[bytes]:
        """For our own generator."""
        if self.new_roots:
            return load.new_roots(next(load.FIRSTS), self.template)
        return load.one_root(template=self.template)


def measure(run: Run, url: str | None = None, upstream: str | None = None) -> None:
    """Two tables: closed loops, then open ones; of the signer at `url`, or of one of our own.

    With `upstream`, where that one serves, also our throughput in its own.
    """
    with (
        constant() as nothing,
        nullcontext(Signer(url)) if url else serving("--interop", 64) as signer,
    ):
        sides = {"": (signer, load.TEMPLATE)}
        if upstream:
            sides["upstream, "] = Signer(upstream), load.UPSTREAM
        targets = {
            f"{side}{roots}": Target(whom, whom.pubkeys, roots == "new", template)
            for side, (whom, template) in sides.items()
            for roots in ROOTS
        }
        targets["constant"] = Target(nothing, signer.pubkeys, new_roots=False)
        for side in sides:
            _load(run, targets[f"{side}one"], 16)  # warms up
        rates = _throughput(run, targets)
        _latency(run, targets, rates)


def closed(run: Run, target: Target, connections: int, raw: float) -> Row:
    """CPU, throughput and latency in a closed loop; CPU only where the process is ours."""
    before = target.signer.cpu()
    result = _load(run, target, connections)
    cpu = target.signer.cpu() - before
    each = cpu / result.count
    own = {"CPU µs": each * 1e6, "x raw": each / raw, "cores": cpu / result.elapsed}
    return (own if target.signer.pid else {}) | {
        "per second": result.rate,
        "of raw": result.rate * raw / cores(),
        "p50 ms": result.percentile(0.5) * 1e3,
        "p99 ms": result.percentile(0.99) * 1e3,
    }


def _load(run: Run, target: Target, connections: int) -> load.Result | wrk.Result:
    signer, pubkeys, new_roots, template = target
    if run.wrk:
        return wrk.closed_loop(
            signer.url,
            pubkeys,
            template,
            new_roots=new_roots,
            connections=connections,
            seconds=run.seconds,
        )
    return load.closed_loop(signer.url, pubkeys, target.bodies(), connections, run.seconds)


def _row(name: str, connections: int) -> str:
    return f"{name}, c={connections}"


def _throughput(run: Run, targets: dict[str, Target]) -> dict[str, float]:
    """Prints the table of closed loops; signatures per second when saturated, by kind of root."""
    counts = CONNECTIONS[1:3] if run.quick else CONNECTIONS
    measured = run.alternate(
        {
            _row(name, connections): partial(closed, run, target, connections)
            for name, target in targets.items()
            for connections in counts
        }
    )
    rows: dict[str, dict[str, float | str]] = {name: {**row} for name, row in measured.items()}
    for connections in counts:
        limit = measured[_row("constant", connections)]["per second"]
        for roots in ROOTS:
            share = measured[_row(roots, connections)]["per second"] / limit
            bound = "generator-bound" if share >= BOUND else ""
            rows[_row(roots, connections)] |= {"of constant": share, "remark": bound}
            if upstream := measured.get(_row(f"upstream, {roots}", connections)):
                ours = measured[_row(roots, connections)]["per second"]
                rows[_row(roots, connections)]["x upstream"] = ours / upstream["per second"]
    run.table(
        "closed loop",
        f"With c connections of {'wrk' if run.wrk else 'our own generator'}. CPU is user and "
        "system time of the signer's process for each signature; `of raw` is throughput in that of "
        "raw blst on all cores, of which the generator takes its part. `constant` signs nothing: "
        "it is the generator's own limit.",
        rows,
    )
    return {roots: measured[_row(roots, SATURATED)]["per second"] for roots in ROOTS}


def _latency(run: Run, targets: dict[str, Target], rates: dict[str, float]) -> None:
    """Prints the table of open loops."""
    measures = {
        f"{roots}, {share:.0%}": partial(_open, run, targets[roots], share * rates[roots])
        for roots in ROOTS
        for share in SHARES
    }
    most = max(SHARES) * max(rates.values())
    measures["constant"] = partial(_open, run, targets["constant"], most)
    run.table(
        "open loop",
        f"Latency at a share of the throughput with {SATURATED} connections, from when a request "
        "was due. `late` is the generator's own part, until it came to send. A tail such as "
        "`constant` has too is the machine's.",
        run.alternate(measures),
    )


def _open(run: Run, target: Target, rate: float, raw: float) -> Row:
    result = open_loop.run(
        target.signer.url, target.pubkeys, target.bodies(), SATURATED, run.seconds, rate=rate
    )
    shares = 0.5, 0.9, 0.99, 0.999
    return {
        "per second": rate,
        **{f"p{share * 100:g} ms": result.percentile(share) * 1e3 for share in shares},
        "p99 x raw": result.percentile(0.99) / raw,
        "late p99 ms": load.percentile(result.late, 0.99) * 1e3,
    }
