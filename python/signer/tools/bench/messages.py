"""Sign requests for load: of mainnet in Fulu, which every signer knows.

They are templates that are filled in, because a generator has to be lean.
"""

import json
from collections.abc import Iterator
from itertools import count, repeat

GENESIS_VALIDATORS_ROOT = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"
FORK_VERSION = "0x06000000"
FORK_INFO = {
    "fork": {"previous_version": "0x05000000", "current_version": FORK_VERSION, "epoch": "411392"},
    "genesis_validators_root": GENESIS_VALIDATORS_ROOT,
}
EPOCH = 411392

# The type that validators send most.
ATTESTATION = {
    "type": "ATTESTATION",
    "fork_info": FORK_INFO,
    "attestation": {
        "slot": "%d",
        "index": "0",
        "beacon_block_root": "%s",
        "source": {"epoch": "%d", "root": "%s"},
        "target": {"epoch": "%d", "root": "%s"},
    },
}
TEMPLATE = json.dumps(ATTESTATION).encode()
RANDAO = {"type": "RANDAO_REVEAL", "fork_info": FORK_INFO, "randao_reveal": {"epoch": "%d"}}
RANDAO_TEMPLATE = json.dumps(RANDAO).encode()


def attestation(epoch: int = EPOCH, template: bytes = TEMPLATE) -> bytes:
    """A sign request of a template."""
    root = b"0x%064x" % epoch
    return template % (epoch * 32, root, epoch - 1, root, epoch, root)


def new_roots(first: int = EPOCH, template: bytes = TEMPLATE) -> Iterator[bytes]:
    """Requests each with another signing root, and an epoch later each: so none is slashable."""
    return (attestation(epoch, template) for epoch in count(first))


def one_root(epoch: int = EPOCH, template: bytes = TEMPLATE) -> Iterator[bytes]:
    """Requests all with the same signing root, as a committee's are."""
    return repeat(attestation(epoch, template))


def randao_reveal(epoch: int) -> bytes:
    """A sign request that many keys share, and that no signer refuses the second time."""
    return RANDAO_TEMPLATE % epoch
