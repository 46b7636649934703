"""The shapes of payloads that follow the fork: found by the few members that decide them."""

from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from .. import decoding
from ..errors import BadRequestError
from ..spec import altair, electra, gloas, phase0
from ..ssz.scalars import shown
from .request import EXPECTED, Versioned

T = TypeVar("T")

# by fork: where its AggregateAndProof is defined
AGGREGATES = {
    **dict.fromkeys(["PHASE0", "ALTAIR", "BELLATRIX", "CAPELLA", "DENEB"], phase0),
    **dict.fromkeys(["ELECTRA", "FULU"], electra),
    "GLOAS": gloas,
}

# hex digits of committee_bits in the minimal preset: 4 bits in one byte
MINIMAL_COMMITTEE_BITS_DIGITS = 2

# by fork: the blocks that are signed whole; those of every later fork are signed by their header
WHOLE_BLOCKS: dict[str, Any] = {"PHASE0": phase0.BeaconBlock, "ALTAIR": altair.BeaconBlock}


class WholeBlock(Versioned[T], Generic[T], frozen=True):
    data: T = field(name="block")


class BlockHeader(Versioned[phase0.BeaconBlockHeader], frozen=True):
    data: phase0.BeaconBlockHeader = field(name="block_header")


class _Attestation(Struct):
    committee_bits: str | None = None


class _AggregateAndProof(Struct):
    aggregate: _Attestation = field(default_factory=_Attestation)


class _AggregatePayload(_AggregateAndProof):
    version: str | None = None
    data: _AggregateAndProof | None = None


class _AggregateRequest(Struct):
    aggregate_and_proof: _AggregatePayload = field(default_factory=_AggregatePayload)


class _BlockPayload(Struct):
    version: str = ""


class _BlockRequest(Struct):
    beacon_block: _BlockPayload = field(default_factory=_BlockPayload)


def aggregate_payload(body: bytes) -> Any:
    """The type of `aggregate_and_proof` in a JSON body: bare, or wrapped as V2 wraps it.

    Raises BadRequestError for an unknown version.
    """
    payload = decoding.decode(_AggregateRequest, body, EXPECTED).aggregate_and_proof
    if payload.data is None:
        return _aggregate_container(payload.aggregate, payload.version)
    container = _aggregate_container(payload.data.aggregate, payload.version)
    return Versioned[container]  # type: ignore[valid-type]


def block_payload(body: bytes) -> Any:
    """The type of `beacon_block` in a JSON body: a whole block, or the header of a later fork's."""
    version = decoding.decode(_BlockRequest, body, EXPECTED).beacon_block.version
    container = WHOLE_BLOCKS.get(version.upper())
    if container is None:
        return BlockHeader
    return WholeBlock[container]  # type: ignore[valid-type]


def _aggregate_container(aggregate: _Attestation, version: str | None) -> Any:
    """The AggregateAndProof of the fork that a payload's version or members tell."""
    bits = aggregate.committee_bits
    if not version:
        # A bare aggregate with committee_bits is Electra's: Teku, Lighthouse and Grandine send it.
        version = "PHASE0" if bits is None else "ELECTRA"
    defined = AGGREGATES.get(version.upper())
    if defined is None:
        expected = f"expected one of {', '.join(AGGREGATES)}, found {shown(version)}"
        raise BadRequestError(f"aggregate_and_proof.version: {expected}")
    if defined is electra and len(str(bits).removeprefix("0x")) == MINIMAL_COMMITTEE_BITS_DIGITS:
        return electra.MinimalAggregateAndProof
    return defined.AggregateAndProof
