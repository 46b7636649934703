"""What is wrong with a JSON document, in words: errors name the member that is not as expected."""

import re
from codecs import BOM_UTF8
from typing import Any

import msgspec

from .errors import BadRequestError

# by their first bytes: what clients send by mistake in front of JSON, or instead of it
OTHER_FORMATS = {
    BOM_UTF8: "a byte order mark in front of it: send UTF-8 without one",
    b"\x1f\x8b": "gzip: send it without compression",
    b"\x28\xb5\x2f\xfd": "zstd: send it without compression",
    b"\x78\x9c": "deflate: send it without compression",
}
NO_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
ELEMENT = re.compile(r"`\$\[(\d+)\]")  # an element of a list, in a message of msgspec


def refusal(
    error: Exception,
    document: Any,
    expected: str,
    name: str = "",
    start: int = 0,
) -> BadRequestError:
    """The error for a document, or for a piece of its list `name` from the element `start` on."""
    if isinstance(error, msgspec.ValidationError):
        message = str(error)
        if name:
            place = ELEMENT.search(message)
            index = start + int(place[1]) if place else start
            message = ELEMENT.sub(f"`$.{name}[{index}]", message)
        return BadRequestError(_named(message))
    reason = str(error)
    if isinstance(error, UnicodeError):  # it would show bytes of the body
        reason = "found invalid UTF-8"
    found = _not_json(document) or reason
    return BadRequestError(f"expected {expected} as a JSON object: {found}")


def _not_json(document: Any) -> str:
    """What stands in a document instead of JSON; empty for one that may be meant as JSON."""
    if not document:
        return "found nothing"
    if isinstance(document, bytes):
        for start, name in OTHER_FORMATS.items():
            if document.startswith(start):
                return f"found {name}"
    return ""


def _named(message: str) -> str:
    """msgspec's "Message - at `$.path`" with the member first."""
    text, _, path = message.partition(" - at `$")
    path = path[1:-1]
    if text.startswith("Object missing required field"):
        member = f"{path}.{text.split('`')[1]}".removeprefix(".")
        return f"{member}: expected this member, found none"
    sentence = text[0].lower() + text[1:]
    if path:
        return f"{path}: {sentence}"
    return sentence
