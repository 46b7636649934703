"""Domain types, and how a domain and an object root become a signing root.

Source: consensus-specs, specs/phase0/beacon-chain.md, `compute_domain` and `compute_signing_root`.
"""

from functools import lru_cache

from .._core import merkleize
from ..ssz.scalars import Bytes4, Bytes32
from .phase0 import ForkData

# consensus-specs, specs/phase0
DOMAIN_BEACON_PROPOSER = bytes.fromhex("00000000")
DOMAIN_BEACON_ATTESTER = bytes.fromhex("01000000")
DOMAIN_RANDAO = bytes.fromhex("02000000")
DOMAIN_DEPOSIT = bytes.fromhex("03000000")
DOMAIN_VOLUNTARY_EXIT = bytes.fromhex("04000000")
DOMAIN_SELECTION_PROOF = bytes.fromhex("05000000")
DOMAIN_AGGREGATE_AND_PROOF = bytes.fromhex("06000000")
# specs/altair
DOMAIN_SYNC_COMMITTEE = bytes.fromhex("07000000")
DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF = bytes.fromhex("08000000")
DOMAIN_CONTRIBUTION_AND_PROOF = bytes.fromhex("09000000")
# specs/gloas
DOMAIN_BEACON_BUILDER = bytes.fromhex("0b000000")
DOMAIN_PTC_ATTESTER = bytes.fromhex("0c000000")
DOMAIN_PROPOSER_PREFERENCES = bytes.fromhex("0d000000")
# specs/heze
DOMAIN_INCLUSION_LIST_COMMITTEE = bytes.fromhex("10000000")
# builder-specs
DOMAIN_APPLICATION_BUILDER = bytes.fromhex("00000001")
# remote-signing-api v1.4.0
DOMAIN_BUILDER_REQUEST_AUTH = bytes.fromhex("0b000001")


@lru_cache(maxsize=256)  # a process signs for a few networks, forks and types
def compute_domain(
    domain_type: bytes, fork_version: bytes, genesis_validators_root: bytes
) -> bytes:
    """32 bytes: the domain type (4 bytes) and the first 28 bytes of the fork data's root."""
    return domain_type + compute_fork_data_root(fork_version, genesis_validators_root)[:28]


def compute_fork_data_root(current_version: bytes, genesis_validators_root: bytes) -> bytes:
    """The root, 32 bytes, of a fork version (4 bytes) and a genesis validators root."""
    return ForkData(Bytes4(current_version), Bytes32(genesis_validators_root)).hash_tree_root()


def compute_signing_root(object_root: bytes, domain: bytes) -> bytes:
    """The signing root, 32 bytes: the root of SigningData, whose tree has these two leaves."""
    return merkleize(object_root + domain, 1)
