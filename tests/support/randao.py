"""A RANDAO reveal as `signer serve` shows one, and its signing root by hand."""

from hashlib import sha256

import load
from support.vectors import unhex

RANDAO = {"type": "RANDAO_REVEAL", "fork_info": load.FORK_INFO, "randao_reveal": {"epoch": "7"}}


def root_of_randao(epoch: int) -> bytes:
    """A signing root by hand: SHA-256 over the five chunks that a RANDAO reveal has."""
    version, genesis = bytes.fromhex("06000000"), unhex(load.GENESIS_VALIDATORS_ROOT)
    fork_data_root = sha256(version.ljust(32, b"\0") + genesis).digest()
    domain = bytes.fromhex("02000000") + fork_data_root[:28]
    return sha256(epoch.to_bytes(32, "little") + domain).digest()
