"""What `explain` takes: a sign request, a record of one, or a signed message of a Beacon API."""

from collections.abc import Sequence
from typing import Any, Self

from msgspec import Raw, Struct

from .. import decoding
from ..errors import BadRequestError, BodyTooLargeError
from ..spec.networks import Network
from ..ssz.scalars import Bytes32, Bytes48, Bytes96, shown
from .registry import SigningTypes
from .request import SignRequest

FORMS = (
    "a sign request (with type), a record (with method, path and body), or a signed message "
    "(with message and signature)"
)
WRAPPERS = ("data", "header")  # in responses of Beacon APIs, around a signed message
NULL = b"null"
TYPES_WITH_PUBKEY = ("DEPOSIT", "VALIDATOR_REGISTRATION")  # their messages are signed by it


class Told(Struct, frozen=True, kw_only=True):
    """What a caller says of a document; members of the document's own are of the same names."""

    type: str | None = None
    fork: str | None = None
    version: str | None = None  # of a response: the fork
    pubkey: Bytes48 | None = None
    signature: Bytes96 | None = None
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
    members: Members = decoding.decode(Members, document, FORMS)
    return members


def read_subject(
    document: bytes,
    types: SigningTypes,
    configured: Network,
    told: Told | None = None,
) -> Subject:
    """Reads a document in any of the three forms. Raises BadRequestError, which says what fits."""
    told = told or Told()
    if document.lstrip()[:1] == b"[":
        raise BadRequestError(f"expected {FORMS}, found an array: give one item of it")
    members = members_of(document)
    if "method" in members and "path" in members:
        return _of_record(members, types, told)
    if "type" in members and "signature" not in members:
        known = told.over(_told_by({"pubkey": members.get("pubkey")}))
        return _of_request(document, types, known)
    if "fork_info" in members:
        return _of_request(document, types, told.over(_told_by(members)))
    return _of_signed_message(document, types, configured, told)


def _of_record(members: Members, types: SigningTypes, told: Told) -> Subject:
    body = bytes(members.get("body", Raw(NULL)))
    if body == NULL:
        problem = "expected a record with the body of its request, found none"
        if "body_dropped" in members:
            problem += ": the journal drops the oldest bodies above 64 MiB"
        raise BadRequestError(problem)
    known = {name: members.get(name) for name in ("pubkey", "signature")}
    return _of_request(body, types, told.over(_told_by(known)))


def _told_by(members: Any) -> Told:
    """What the members of a document say. A malformed one says nothing: faults sign so, too."""
    fields = {}
    for name in Told.__struct_fields__:
        value = members.get(name)
        if value is None or bytes(value) == NULL:
            continue
        try:
            text = decoding.decode(str, bytes(value), name)
            fields[name] = getattr(Told.parse(**{name: text}), name)
        except BadRequestError:
            continue
    return Told(**fields)


def _of_request(body: bytes, types: SigningTypes, told: Told) -> Subject:
    signing_type = types.find(body)
    if len(body) > signing_type.MAX_BODY_SIZE:
        expected = f"expected at most {signing_type.MAX_BODY_SIZE} bytes of {signing_type.TYPE}"
        raise BodyTooLargeError(f"{expected}, found {len(body)}")
    request = signing_type.decode(body)
    return Subject(request=request, pubkey=told.pubkey, signature=told.signature)


def _of_signed_message(
    document: bytes,
    types: SigningTypes,
    configured: Network,
    told: Told,
) -> Subject:
    from .signed_messages import request_of  # noqa: PLC0415 - most documents are requests

    members = members_of(document)
    told = told.over(_told_by(members))
    while "signature" not in members:
        inside = [name for name in WRAPPERS if name in members]
        if not inside:
            names = ", ".join(members) or "no member"
            raise BadRequestError(f"expected {FORMS}, found an object with {shown(names)}")
        content = bytes(members[inside[0]])
        if content[:1] != b"{":
            raise BadRequestError(
                f"{inside[0]}: expected one signed message as an object: give one item of a list"
            )
        members = members_of(content)
        told = told.over(_told_by(members))
    return request_of(members, types, configured, told)
