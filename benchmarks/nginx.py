"""What nginx in front of signers costs: one signer, nginx in front of it, nginx in front of two."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import load
import proxy
import wrk
from run import Row, Run
from signer.threads import cores
from signers import Signer, serving

CONNECTIONS = 16
KEYS = 64


class Part(NamedTuple):
    """Where to send requests, and the processes that answer them."""

    url: str
    pubkeys: list[str]
    signers: list[Signer]
    workers: list[Signer]  # of nginx


def measure(run: Run) -> None:
    """One table, where nginx is."""
    if proxy.NGINX is None:
        print("\nno nginx")
        return
    with ExitStack() as stack:
        first, second = (stack.enter_context(_range(start)) for start in (0, KEYS // 2))
        whole = stack.enter_context(serving("--interop", KEYS))
        parts = {
            "one signer": Part(whole.url, whole.pubkeys, [whole], []),
            "nginx, one signer": stack.enter_context(_behind_nginx([whole])),
            "nginx, two signers": stack.enter_context(_behind_nginx([first, second])),
        }
        for part in parts.values():
            _load(run, part, new_roots=False)  # warms up
        measures = {
            f"{name}, {roots}": partial(_closed, run, part, new_roots=roots == "new")
            for name, part in parts.items()
            for roots in ("new", "one")
        }
        run.table(
            "nginx",
            f"Closed loops of {CONNECTIONS} connections, new roots and one root. CPU for each "
            "signature, in µs: of all signers, and of nginx. `per core` is how many signatures a "
            "second of the CPU of both gives.",
            run.alternate(measures),
        )


def _range(start: int) -> AbstractContextManager[Signer]:
    return serving("--mnemonic", "devnet", "--count", KEYS // 2, "--start-index", start)


@contextmanager
def _behind_nginx(signers: list[Signer]) -> Iterator[Part]:
    urls = [signer.url for signer in signers]
    with TemporaryDirectory() as name:
        folder = Path(name)
        proxy.write_keys(folder, urls)
        with proxy.nginx(folder, urls, workers=cores()) as served:
            front = Signer(served.url)
            workers = [Signer(served.url, pid) for pid in served.workers(cores())]
            yield Part(served.url, front.pubkeys, signers, workers)


def _closed(run: Run, part: Part, raw: float, *, new_roots: bool) -> Row:
    before = _cpu(part.signers), _cpu(part.workers)
    started = perf_counter()
    count = _load(run, part, new_roots=new_roots)
    elapsed = perf_counter() - started
    signers = (_cpu(part.signers) - before[0]) / count
    workers = (_cpu(part.workers) - before[1]) / count
    return {
        "signers µs": signers * 1e6,
        "nginx µs": workers * 1e6,
        "signers x raw": signers / raw,
        "nginx x raw": workers / raw,
        "both x raw": (signers + workers) / raw,
        "per core": 1 / (signers + workers),
        "per second": count / elapsed,
    }


def _load(run: Run, part: Part, *, new_roots: bool) -> int:
    """How many signatures there were."""
    if run.wrk:
        return wrk.closed_loop(
            part.url,
            part.pubkeys,
            load.TEMPLATE,
            new_roots=new_roots,
            connections=CONNECTIONS,
            seconds=run.seconds,
        ).count
    bodies = load.one_root()
    if new_roots:
        bodies = load.new_roots(next(load.FIRSTS))
    return load.closed_loop(part.url, part.pubkeys, bodies, CONNECTIONS, run.seconds).count


def _cpu(processes: list[Signer]) -> float:
    return sum(process.cpu() for process in processes)
