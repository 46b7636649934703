"""How long a start takes: of a process until its first signature, and of a `Signer()` in a test."""

import resource
import subprocess
import sys
import urllib.request
from functools import partial
from time import perf_counter

import load
from run import Row, Run
from signer.keys.derived import interop_key
from signer.testing.signer import Signer
from signers import serving

PROGRAMS = {
    "python": "pass",
    "import signer": "import signer",
    "import Signer": "from signer import Signer",
    "the first Signer()": "from signer import Signer\nwith Signer(): pass",
}


def measure(run: Run) -> None:
    """Two tables."""
    rows = run.alternate({"serve --interop 64": _process, "Signer()": _harness})
    run.table("start", "Each from the beginning; of Signer() when imports are done.", rows)
    programs = {name: partial(_program, code) for name, code in PROGRAMS.items()}
    run.table(
        "imports",
        "A new process of Python that does this and ends; CPU is its user and system time.",
        run.alternate(programs),
    )


def _program(code: str, raw: float) -> Row:
    del raw
    before = _cpu_of_children()
    started = perf_counter()
    subprocess.run([sys.executable, "-P", "-c", code], check=True)
    return {
        "ms": (perf_counter() - started) * 1e3,
        "CPU ms": (_cpu_of_children() - before) * 1e3,
    }


def _cpu_of_children() -> float:
    """Seconds of the processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


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
