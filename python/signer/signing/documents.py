"""What `explain` takes: a sign request, a record of one, or a signed message of a Beacon API."""

from contextlib import suppress

import msgspec
from msgspec import Raw

from ..errors import BadRequestError, BodyTooLargeError
from ..spec.networks import Network
from .registry import SigningTypes
from .signed_messages import request_of
from .subjects import NULL, Members, Subject, Told, members_of, names_of, told_by

FORMS = (
    "a sign request (with type), a record (with method, path and body), or a signed message "
    "(with message and signature)"
)
WRAPPERS = ("data", "header")  # in responses of Beacon APIs, around a signed message
MAX_WRAPPERS = 2  # of the response for a header, one in the other


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
    for _ in range(MAX_WRAPPERS):
        if "signature" in members:
            break
        content = _wrapped(members)
        members = members_of(content)
        told = told.over(told_by(content))
    if "signature" not in members:
        raise _of_no_form(members)
    return request_of(members, types, configured, told)


def _wrapped(members: Members) -> bytes:
    """The object in a response of a Beacon API, around a signed message or in another one."""
    for name in WRAPPERS:
        content = bytes(members.get(name, b""))
        if content[:1] == b"{":
            return content
        if content:
            raise BadRequestError(
                f"{name}: expected one signed message as an object: give one item of a list"
            )
    raise _of_no_form(members)


def _of_no_form(members: Members) -> BadRequestError:
    """The error for an object of another form."""
    return BadRequestError(f"expected {FORMS}, found an object with {names_of(members)}")
