"""The shapes of payloads that follow the fork: found by the few members that decide them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import new_class
from typing import Any, Generic, TypeVar

from msgspec import Raw, Struct, field

from .. import decoding
from ..errors import BadRequestError
from ..spec import altair, electra, gloas, phase0
from ..spec.networks import FORKS
from ..ssz.scalars import ProgressiveBitlist, shown
from .request import EXPECTED, Versioned

T = TypeVar("T")

NOTHING = Raw()

# by fork: where its AggregateAndProof is defined
AGGREGATES = {
    **dict.fromkeys(["PHASE0", "ALTAIR", "BELLATRIX", "CAPELLA", "DENEB"], phase0),
    **dict.fromkeys(["ELECTRA", "FULU"], electra),
    **dict.fromkeys(["GLOAS", "HEZE"], gloas),
}
NEWEST = "HEZE"

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


class _Roots(Struct):
    """The root that a client computed: it tells whether a later fork still has a known shape."""

    signing_root: str | None = None
    signing_root_alias: str | None = field(default=None, name="signingRoot")

    def require_for(self, version: str, known: Iterable[str], member: str) -> None:
        """Raises BadRequestError for a version that nobody knows, without a root that decides."""
        is_known = version.upper() in FORKS
        if is_known or not (self.signing_root or self.signing_root_alias):
            expected = f"expected one of {', '.join(known)}, found {shown(version)}"
            hint = ""
            if not is_known:
                hint = f": with signingRoot it is signed if {NEWEST}'s shape leads to that root"
            raise BadRequestError(f"{member}.version: {expected}{hint}")


class _AggregateRequest(_Roots):
    aggregate_and_proof: _AggregatePayload = field(default_factory=_AggregatePayload)


class _BlockPayload(Struct):
    version: str = ""


class _BlockRequest(Struct):
    beacon_block: _BlockPayload = field(default_factory=_BlockPayload)


def aggregate_payload(body: bytes) -> Any:
    """The type of `aggregate_and_proof` in a JSON body: bare, or wrapped as V2 wraps it.

    Raises BadRequestError for an unknown version without a root.
    """
    request = decoding.decode(_AggregateRequest, body, EXPECTED)
    payload = request.aggregate_and_proof
    version = payload.version
    if version and version.upper() not in AGGREGATES:
        request.require_for(version, AGGREGATES, "aggregate_and_proof")
        version = NEWEST
    if payload.data is None:
        return _aggregate_container(payload.aggregate, version)
    container = _aggregate_container(payload.data.aggregate, version)
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
    defined = AGGREGATES[version.upper()]
    if defined is electra and len(str(bits).removeprefix("0x")) == MINIMAL_COMMITTEE_BITS_DIGITS:
        return electra.MinimalAggregateAndProof
    return defined.AggregateAndProof


def progressive_aggregate(aggregate_and_proof: Any) -> gloas.AggregateAndProof:
    """An aggregate of Electra's as Gloas's container: the same members, with another root."""
    aggregate = aggregate_and_proof.aggregate
    return gloas.AggregateAndProof(
        aggregate_and_proof.aggregator_index,
        gloas.Attestation(
            ProgressiveBitlist(aggregate.aggregation_bits),
            aggregate.data,
            aggregate.signature,
            aggregate.committee_bits,
        ),
        aggregate_and_proof.selection_proof,
    )


class _GloasPayload(Struct):
    version: str | None = None
    data: Raw = NOTHING
    inclusion_list_bits: Raw = NOTHING

    @property
    def is_wrapped(self) -> bool:
        """Whether the message is in `data`; BuilderRequestAuth has a text of that name itself."""
        return self.version is not None or bytes(self.data)[:1] == b"{"


def gloas_shape(
    request_type: Any,
    body: bytes,
    member: str,
    containers: Mapping[str, Any],
    old_members: Sequence[str] = (),
) -> Any:
    """The Struct for a request of a type that Gloas or Heze brought; `containers` is by fork.

    The message is wrapped, or bare as some clients send it, and may have an old name. Raises
    BadRequestError for a fork that has no such message, and for an unknown one without a root.
    """
    members = decoding.decode(dict[str, Raw], body, EXPECTED)
    names = [name for name in (member, *old_members) if name in members]
    if not names:
        return request_type[containers[NEWEST]]  # decoding reports the missing member
    payload = decoding.decode(_GloasPayload, bytes(members[names[0]]), EXPECTED)
    notes = []
    if names[0] != member:
        notes.append(f"{names[0]} read as {member}")
    if payload.is_wrapped:
        version = (payload.version or "").upper()
        if version not in containers:
            decoding.decode(_Roots, body, EXPECTED).require_for(version, containers, member)
            notes.append(f"{member} of version {shown(payload.version)} read as {NEWEST}'s")
            version = NEWEST
        shape: Any = Versioned[containers[version]]  # type: ignore[valid-type]
    else:
        notes.append(f"{member} without a version")
        has_bits = payload.inclusion_list_bits is not NOTHING
        version = "HEZE" if has_bits or "GLOAS" not in containers else "GLOAS"
        shape = containers[version]
    if notes:
        request_type = _variant(request_type, "; ".join(notes), member, names[0])
    return request_type[shape]


@lru_cache(64)
def _variant(request_type: Any, note: str, member: str, name: str) -> Any:
    """A request type that reads a member under another name, and says what is unusual."""
    return new_class(
        request_type.__name__,
        (request_type[T],),
        {"rename": {member: name}, "frozen": True, "kw_only": True},
        # The field is declared again, because inherited ones are not renamed.
        lambda namespace: namespace.update(NOTE=note, __annotations__={member: T}),
    )
