"""How long a start takes: of a process until its first signature, and of a `Signer()` in a test."""

import urllib.request
from time import perf_counter

import load
from run import Row, Run
from signer.keys.derived import interop_key
from signer.testing.signer import Signer
from signers import serving


def measure(run: Run) -> None:
    """A table."""
    rows = run.alternate({"serve --interop 64": _process, "Signer()": _harness})
    run.table("start", "Each from the beginning; of Signer() when imports are done.", rows)


def _process(raw: float) -> Row:
    del raw
    pubkey, started = interop_key(0).public_key().hex(), perf_counter()
    with serving("--interop", 64) as signer:
        url = f"{signer.url}/api/v1/eth2/sign/{pubkey}"
        urllib.request.urlopen(url, data=load.attestation()).close()
        return {"first signature ms": (perf_counter() - started) * 1e3}


def _harness(raw: float) -> Row:
    del raw
    started = perf_counter()
    with Signer(start=False) as signer:
        made = perf_counter()
        signer.start()
        ready = perf_counter()
    stopped = perf_counter()
    return {
        "made ms": (made - started) * 1e3,
        "ready ms": (ready - started) * 1e3,
        "stop takes ms": (stopped - ready) * 1e3,
    }
