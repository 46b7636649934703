"""py3signer: a remote BLS signer for Ethereum validators, made for tests, devnets and research.

The cryptography is importable by itself; the server is `python -m signer serve`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._core import SecretKey, __version__, aggregate, fast_aggregate_verify, verify

if TYPE_CHECKING:
    from .control.faults import Fault
    from .control.journal import Record
    from .testing.signer import Signer

__all__ = ["SecretKey", "__version__", "aggregate", "fast_aggregate_verify", "verify"]
__all__ += ["Fault", "Record", "Signer"]  # the harness


def __getattr__(name: str) -> Any:
    """The harness on demand: who wants the cryptography only does not wait for a server."""
    rooms = {"Fault": "control.faults", "Record": "control.journal", "Signer": "testing.signer"}
    if name not in rooms:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{rooms[name]}", __name__), name)
