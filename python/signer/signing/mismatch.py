"""The error for a client that sent the root of no reading of its request."""

from typing import Any

from ..errors import SigningRootError
from ..hex import to_hex

HINT = (
    "check fork_info and the message, or send no root; "
    "on a private chain start the signer with --network config.yaml"
)


def roots_sent(request: Any) -> set[bytes]:
    """The signing roots, 32 bytes each, that came with a SignRequest: none, one or two."""
    return {request.signing_root, request.signing_root_alias} - {None}


def differing_root(request: Any, expected: bytes, source: str) -> SigningRootError:
    """The error for a SignRequest; `source` says what the expected root is computed with."""
    found = " and ".join(sorted(map(to_hex, roots_sent(request))))
    facts = f"signing_root: expected {to_hex(expected)}, computed with {source}, found {found}"
    return SigningRootError(facts, HINT, expected, request)
