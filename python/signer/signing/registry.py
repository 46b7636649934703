"""Which signing types an application knows, and which of them a request names.

Each application has a registry of its own, so that a type added to one appears in no other.
"""

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from .. import decoding
from ..errors import BadRequestError, did_you_mean
from ..ssz.scalars import shown
from . import generic, gloas_types
from . import signing_types as types
from .request import EXPECTED, SignRequest

BUILT_IN: tuple[type[SignRequest], ...] = (
    types.AggregationSlot,
    types.AggregateAndProof,
    types.AggregateAndProofV2,
    types.Attestation,
    types.Block,
    types.BlockV2,
    types.Deposit,
    types.RandaoReveal,
    types.SyncCommitteeMessage,
    types.SyncCommitteeSelectionProof,
    types.SyncCommitteeContributionAndProof,
    types.ValidatorRegistration,
    types.VoluntaryExit,
    gloas_types.ExecutionPayloadBid,
    gloas_types.ExecutionPayloadEnvelope,
    gloas_types.PayloadAttestationMessage,
    gloas_types.ProposerPreferences,
    gloas_types.InclusionList,
    gloas_types.BuilderRequestAuth,
    generic.Generic,
)


class _Type(Struct):
    type: Annotated[str, Meta(max_length=1000)]  # it is handled as text, and errors repeat it


def type_named_in(body: bytes) -> str:
    """The `type` of a JSON body in upper case, known or not. Raises BadRequestError without one."""
    name: str = decoding.decode(_Type, body, EXPECTED).type.upper()
    return name


class SigningTypes:
    """The signing types that an application knows, by their wire names."""

    def __init__(self, known: Iterable[type[SignRequest]] = BUILT_IN) -> None:
        self._by_name = {signing_type.TYPE: signing_type for signing_type in known}
        self._by_old_name = {
            name: signing_type
            for signing_type in self._by_name.values()
            for name in signing_type.OLD_TYPES
        }

    def find(self, body: bytes) -> type[SignRequest]:
        """The class that the `type` of a JSON body names, in any case.

        Raises BadRequestError for a body without a type, and for a type that nobody registered.
        """
        name = type_named_in(body)
        signing_type = self._by_name.get(name) or self._by_old_name.get(name)
        if signing_type is None:
            raise BadRequestError(self._unknown(name))
        return signing_type

    def in_batches(self) -> list[str]:
        """The names of the types of which many keys may sign one message."""
        return sorted(name for name, kind in self._by_name.items() if kind.IN_BATCHES)

    def _unknown(self, name: str) -> str:
        """The message for a name that nobody registered, with the nearest one."""
        message = f"type: expected one of {', '.join(self._by_name)}, found {shown(name)}"
        return message + did_you_mean(name, self._by_name)

    def decode(self, body: bytes) -> SignRequest:
        """The request in a JSON body. Raises BadRequestError."""
        return self.find(body).decode(body)
