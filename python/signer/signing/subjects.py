"""What `explain` explains: a request, and what is known of its key, its signature and its fork."""

import json
from collections.abc import Sequence
from itertools import islice
from typing import Self

from msgspec import Raw, Struct

from .. import decoding
from ..ssz.scalars import Bytes32, Bytes48, ProgressiveByteList
from .request import SignRequest

EXPECTED = "a request to explain"
NULL = b"null"
MAX_NAMES_SHOWN = 12  # in a message; a bid has as many members
MAX_NAME_SHOWN = 40  # characters
TYPES_WITH_PUBKEY = ("DEPOSIT", "VALIDATOR_REGISTRATION")  # their messages are signed by it


class Told(Struct, frozen=True, kw_only=True):
    """What a caller says of a document; members of the document's own are of the same names."""

    type: str | None = None
    fork: str | None = None
    version: str | None = None  # of a response: the fork
    pubkey: Bytes48 | None = None
    # of any length: a fault may have made it short, and then it does not verify
    signature: ProgressiveByteList | None = None
    genesis_validators_root: Bytes32 | None = None

    @classmethod
    def parse(cls, **fields: str | None) -> Self:
        """Reads the fields that are given as text. Raises BadRequestError, which names one."""
        given = {name: value for name, value in fields.items() if value is not None}
        told: Self = decoding.decode(cls, given, "what is known of the document")
        return told

    def over(self, other: "Told") -> "Told":
        """Takes the fields of another one where this one says nothing."""
        fields = {}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if value is None:
                value = getattr(other, name)
            fields[name] = value
        return Told(**fields)


class Subject(Struct, frozen=True, kw_only=True):
    """A request to explain, and what is known of its key and its signature."""

    request: SignRequest
    pubkey: bytes | None = None
    signature: bytes | None = None
    guessed: Sequence[str] = ()

    @property
    def signer(self) -> bytes | None:
        """The public key that signs: the one that is told, or that in a message about itself."""
        if self.pubkey is None and self.request.TYPE in TYPES_WITH_PUBKEY:
            pubkey: bytes = self.request.message.pubkey
            return pubkey
        return self.pubkey


Members = dict[str, Raw]


def members_of(document: bytes) -> Members:
    """The members of a JSON object, undecoded. Raises BadRequestError."""
    members: Members = decoding.decode(Members, document, EXPECTED)
    return members


def names_of(members: Members) -> str:
    """The names of the first members, for an error: bounded, and with escapes."""
    names = [json.dumps(name[:MAX_NAME_SHOWN]) for name in islice(members, MAX_NAMES_SHOWN)]
    if len(members) > MAX_NAMES_SHOWN:
        names.append("others")
    return ", ".join(names) or "none"


def told_by(document: bytes) -> Told:
    """What the members of a document say. Raises BadRequestError for a malformed one."""
    told: Told = decoding.decode(Told, document, EXPECTED)
    return told
