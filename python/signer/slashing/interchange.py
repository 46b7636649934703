"""The interchange format of EIP-3076: what keys have signed, to take along to another signer."""

from typing import Literal

from msgspec import Struct

from .. import decoding
from ..errors import BadRequestError
from ..spec.networks import Network
from ..ssz.scalars import Bytes32, Bytes48, uint64


class Metadata(Struct):
    interchange_format_version: Literal["5"]
    genesis_validators_root: Bytes32


class SignedBlock(Struct, gc=False):
    slot: uint64
    signing_root: Bytes32 | None = None


class SignedAttestation(Struct, gc=False):
    source_epoch: uint64
    target_epoch: uint64
    signing_root: Bytes32 | None = None


class ValidatorHistory(Struct):
    pubkey: Bytes48
    signed_blocks: list[SignedBlock]
    signed_attestations: list[SignedAttestation]


class Interchange(Struct):
    metadata: Metadata
    data: list[ValidatorHistory]


def decode(document: bytes | str, network: Network) -> Interchange:
    """Reads a document about keys on a network; on a private chain, whichever it is about.

    Raises BadRequestError, naming what is not as expected.
    """
    interchange: Interchange = decoding.decode(Interchange, document, "slashing protection data")
    found, expected = interchange.metadata.genesis_validators_root, network.genesis_validators_root
    if expected not in {None, found}:
        raise BadRequestError(
            f"metadata.genesis_validators_root: expected 0x{expected.hex()} of {network.name}, "
            f"found 0x{found.hex()}: give the --network that this data is about"
        )
    return interchange
