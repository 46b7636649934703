"""How much memory a signer has, and how much more for each key."""

from run import Run
from signers import serving


def measure(run: Run) -> None:
    """A table."""
    keys = run.size(10_000, 100)
    with serving() as signer:
        empty = signer.memory()
    with serving("--interop", keys) as signer:
        full = signer.memory()
    run.table(
        "memory",
        f"Resident memory of the process after its start, with no keys and with {keys}; "
        "millions of bytes.",
        {
            "no keys": {"MB": empty / 1e6},
            "many keys": {"MB": full / 1e6, "kB per key": (full - empty) / keys / 1e3},
        },
    )
