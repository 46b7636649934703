"""Slashing protection data in the interchange format of EIP-3076.

The signer does not protect against slashing: it reads the format, and has nothing to tell in it.
"""

from typing import Literal

import msgspec
from msgspec import Struct

from . import decoding
from .spec.leaves import Bytes32, Bytes48, uint64
from .spec.networks import Network


class Metadata(Struct):
    interchange_format_version: Literal["5"]
    genesis_validators_root: Bytes32


class SignedBlock(Struct):
    slot: uint64
    signing_root: Bytes32 | None = None


class SignedAttestation(Struct):
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


def decode(text: str) -> Interchange:
    """Reads an interchange document. Raises BadRequestError, naming what is not as expected."""
    interchange: Interchange = decoding.decode(Interchange, text, "slashing protection data")
    return interchange


def export(network: Network) -> str:
    """An interchange document of the network, with the history of no key: there is none."""
    root = network.genesis_validators_root or bytes(32)
    metadata = {"interchange_format_version": "5", "genesis_validators_root": f"0x{root.hex()}"}
    return msgspec.json.encode({"metadata": metadata, "data": []}).decode()
