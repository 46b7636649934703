"""What `explain` takes: a sign request, a record of one, or a signed message of a Beacon API."""

from contextlib import suppress

import msgspec
from msgspec import Raw

from ..errors import BadRequestError, BodyTooLargeError
from ..spec.networks import Network
from ..ssz.scalars import shown
from .registry import SigningTypes
from .signed_messages import request_of
from .subjects import NULL, Members, Subject, Told, members_of, told_by

FORMS = (
    "a sign request (with type), a record (with method, path and body), or a signed message "
    "(with message and signature)"
)
WRAPPERS = ("data", "header")  # in responses of Beacon APIs, around a signed message


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
    if "type" in members and "message" not in members and "data" not in members:
        return _of_request(document, types, told.over(told_by(document)))
    return _of_signed_message(document, types, configured, told)


def _of_record(members: Members, types: SigningTypes, told: Told) -> Subject:
    body = bytes(members.get("body", Raw(NULL)))
    if body == NULL:
        problem = "expected a record with the body of its request, found none"
        if "body_dropped" in members:
            problem += ": the journal drops the oldest bodies above 64 MiB"
        raise BadRequestError(problem)
    for name in ("pubkey", "signature"):
        with suppress(BadRequestError):  # a record may have been refused for its public key
            told = told.over(told_by(msgspec.json.encode({name: members.get(name)})))
    return _of_request(body, types, told)


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
    members = members_of(document)
    told = told.over(told_by(document))
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
        told = told.over(told_by(content))
    return request_of(members, types, configured, told)
