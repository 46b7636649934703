"""py3signer: a remote BLS signer for Ethereum validators, made for tests, devnets and research.

The cryptography is importable by itself; the server is `python -m signer serve`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._core import SecretKey, __version__, aggregate, fast_aggregate_verify, verify
from .errors import SignerError

if TYPE_CHECKING:
    from .control.faults import Fault
    from .control.journal import Record
    from .signing.explain import explain
    from .signing.explanation import Explanation
    from .slashing.slashable import Slashable
    from .testing.certificates import Certificates
    from .testing.coordinator import Coordinator
    from .testing.fault_handle import FaultHandle
    from .testing.recovery import ThresholdError
    from .testing.signer import Signer

__all__ = [
    "Certificates",
    "Coordinator",
    "Explanation",
    "Fault",
    "FaultHandle",
    "Record",
    "SecretKey",
    "Signer",
    "SignerError",
    "Slashable",
    "ThresholdError",
    "__version__",
    "aggregate",
    "explain",
    "fast_aggregate_verify",
    "verify",
]

# Imported on demand: code that needs only the cryptography does not wait for a server.
_HARNESS = {
    "Certificates": "testing.certificates",
    "Coordinator": "testing.coordinator",
    "Explanation": "signing.explanation",
    "Fault": "control.faults",
    "FaultHandle": "testing.fault_handle",
    "Record": "control.journal",
    "Signer": "testing.signer",
    "Slashable": "slashing.slashable",
    "ThresholdError": "testing.recovery",
    "explain": "signing.explain",
}


def __getattr__(name: str) -> Any:
    """The harness and `explain`, imported when they are first used."""
    if name not in _HARNESS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HARNESS[name]}", __name__), name)


def __dir__() -> list[str]:
    """What the package exports, also what is not imported yet."""
    return sorted(__all__)
