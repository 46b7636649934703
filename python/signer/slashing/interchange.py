"""EIP-3076's interchange format, which moves signing histories between signers."""

from typing import Literal

from msgspec import Struct

from .. import decoding
from ..errors import BadRequestError
from ..hex import to_hex
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
    """Reads a document about keys on `network`, or on any chain if that one is private.

    Raises BadRequestError, which names the member that is not as expected.
    """
    if isinstance(document, str):
        document = document.encode()
    interchange: Interchange = decoding.decode(Interchange, document, "slashing protection data")
    found = interchange.metadata.genesis_validators_root
    expected = network.genesis_validators_root
    if expected not in {None, found}:
        raise BadRequestError(
            f"metadata.genesis_validators_root: expected {to_hex(expected)} of {network.name}, "
            f"found {to_hex(found)}: give the --network that this data is about"
        )
    return interchange
