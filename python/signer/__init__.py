"""py3signer: a remote BLS signer for Ethereum validators, made for tests, devnets and research.

The cryptography is importable by itself; the server is `python -m signer serve`.
"""

from ._core import (
    SecretKey,
    __version__,
    aggregate,
    fast_aggregate_verify,
    verify,
)

__all__ = ["SecretKey", "__version__", "aggregate", "fast_aggregate_verify", "verify"]
