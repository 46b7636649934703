"""Checks of spellings that Web3Signer's decoder reads: clients and scripts rely on them."""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import structs

from ....hex import to_hex
from ..calls import JSON, Call
from ..checks import Checks, Subject
from ..messages import Message
from ..signatures import SIGN, sign_call, signature_check

TYPES = ("ATTESTATION", "RANDAO_REVEAL", "BLOCK_V2", "VALIDATOR_REGISTRATION")
# what clients called a type of Gloas before its specification: the old type and the old member
OLD_NAMES = {
    "PAYLOAD_ATTESTATION_MESSAGE": ("PAYLOAD_ATTESTATION", "payload_attestation"),
    "BUILDER_REQUEST_AUTH": ("REQUEST_AUTH", "request_auth"),
}
UNVERSIONED = (
    "EXECUTION_PAYLOAD_ENVELOPE",
    "PROPOSER_PREFERENCES",
    "PAYLOAD_ATTESTATION_MESSAGE",
)


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    for name in TYPES:
        message = subject.usual[name]
        for spelling, fields in _bodies(message):
            title = f"{message.topic} with {spelling}"
            call = sign_call(subject.key, subject.body(message, **fields))
            yield signature_check(subject, message, title, call)
    message = subject.usual["RANDAO_REVEAL"]
    for spelling, call in _calls(subject, message):
        yield signature_check(subject, message, f"RANDAO_REVEAL with {spelling}", call)
    for title, message in _old_names(subject):
        call = sign_call(subject.key, subject.body(message))
        yield signature_check(subject, message, title, call, topic=title)


def _bodies(message: Message) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "an unknown member", {"unknown": {"of": ["a", "newer", "client"]}}
    yield "an unknown member that is null", {"proofs": None}
    yield "its type in lower case", {"type": message.type.lower()}
    yield "numbers as JSON numbers", _everywhere(message.fields, _as_number)
    yield "hex in upper case", _everywhere(message.fields, _in_upper_case)
    yield "hex without 0x", _everywhere(message.fields, _without_prefix)


def _everywhere(value: Any, change: Callable[[str], Any]) -> Any:
    """A JSON value with each of its texts changed."""
    if isinstance(value, dict):
        return {name: _everywhere(member, change) for name, member in value.items()}
    if isinstance(value, list):
        return [_everywhere(item, change) for item in value]
    if isinstance(value, str):
        return change(value)
    return value


def _as_number(text: str) -> Any:
    return int(text) if text.isdigit() else text


def _in_upper_case(text: str) -> str:
    return f"0x{text[2:].upper()}" if text.startswith("0x") else text


def _without_prefix(text: str) -> str:
    return text.removeprefix("0x")


def _calls(subject: Subject, message: Message) -> Iterator[tuple[str, Call]]:
    """Requests with the key in other spellings, and with other headers."""
    digits = subject.key.pubkey.hex()
    headers = {"Accept": JSON, "Content-Type": JSON}
    body = subject.body(message)
    yield "its key without 0x", Call("POST", f"{SIGN}/{digits}", body, headers)
    yield "its key in upper case", Call("POST", f"{SIGN}/0x{digits.upper()}", body, headers)
    path = f"{SIGN}/{to_hex(subject.key.pubkey)}"
    yield "no content type", Call("POST", path, body, {"Accept": JSON})
    headers = {"Accept": JSON, "Content-Type": "application/json; charset=utf-8"}
    yield "a charset in its content type", Call("POST", path, body, headers)
    headers = {"Accept": JSON, "Content-Type": "text/plain"}
    yield "another content type", Call("POST", path, body, headers)


def _old_names(subject: Subject) -> Iterator[tuple[str, Message]]:
    """Messages of Gloas as clients sent them before the specification."""
    usual = subject.usual
    for name, (old_type, old_member) in OLD_NAMES.items():
        message = usual[name]
        fields = {**message.fields, "type": old_type}
        fields[old_member] = fields.pop(name.lower())
        yield f"{name} as {old_type}", structs.replace(message, fields=fields)
    for name in UNVERSIONED:
        message = usual[name]
        payload = message.fields[name.lower()]["data"]
        fields = {**message.fields, name.lower(): payload}
        yield f"{name} without a version", structs.replace(message, fields=fields)
