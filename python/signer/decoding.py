"""Decodes JSON into Structs with SSZ types; errors name the member that is not as expected."""

import re
from codecs import BOM_UTF8
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from threading import Lock
from typing import Any, TypeVar

import msgspec
from msgspec.structs import FieldInfo, fields, force_setattr

from ._core import split_json
from .errors import BadRequestError, BodyTooLargeError
from .ssz.scalars import parse

T = TypeVar("T")

# Decoding so many holds the GIL for 20 ms. A batch of 300,000 keys or 50,000 keystores has fewer.
MAX_JSON_VALUES = 1_000_000
PIECE_SIZE = 64 << 10  # bytes of JSON; decoding them takes less than a millisecond
# by their first bytes: what clients send by mistake in front of JSON, or instead of it
OTHER_FORMATS = {
    BOM_UTF8: "a byte order mark in front of it: send UTF-8 without one",
    b"\x1f\x8b": "gzip: send it without compression",
    b"\x28\xb5\x2f\xfd": "zstd: send it without compression",
    b"\x78\x9c": "deflate: send it without compression",
}
NO_JSON = (msgspec.DecodeError, UnicodeError, RecursionError)
ELEMENT = re.compile(r"`\$\[(\d+)\]")  # an element of a list, in a message of msgspec

# msgspec 0.22 crashes when two threads are the first to ask what it knows of a type
_first = Lock()


@cache
def decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    """The decoder of a type, which may contain SSZ types. It is made once."""
    with _first:
        return msgspec.json.Decoder(kind, dec_hook=parse)


def convert(kind: type[T], value: Any, *, strict: bool = True) -> T:
    """The value as `kind`, from any thread. Raises msgspec.ValidationError."""
    decoder(kind)  # type: ignore[arg-type] # a type is hashable
    return msgspec.convert(value, kind, strict=strict, dec_hook=parse)


def decode(kind: Any, document: bytes | str | Mapping[str, Any], expected: str) -> Any:
    """Reads a JSON object, or the fields of a query, as `kind`.

    Raises BadRequestError, which names `expected` where the document is not JSON at all, and
    BodyTooLargeError for a large document with more than MAX_JSON_VALUES values.
    """
    if isinstance(document, bytes) and len(document) > PIECE_SIZE:
        return _decode_large(kind, document, expected)
    try:
        if isinstance(document, Mapping):
            return convert(kind, document, strict=False)
        return decoder(kind).decode(document)
    except NO_JSON as error:
        raise _refusal(error, document, expected) from None


def _decode_large(kind: Any, document: bytes, expected: str) -> Any:
    """Reads an object with long lists piece by piece: other threads get the GIL in between."""
    has_lists = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    values, first, rest = split_json(document, PIECE_SIZE if has_lists else len(document))
    if values > MAX_JSON_VALUES:
        problem = f"expected at most {MAX_JSON_VALUES} JSON values in a body, found more"
        raise BodyTooLargeError(f"{problem}: send them in several requests")
    try:
        value = decoder(kind).decode(first)
    except NO_JSON as error:
        raise _refusal(error, document, expected) from None
    members = {}
    if rest:
        members = {field.encode_name: field for field in fields(kind)}
    for name, pieces in groupby(rest, itemgetter(0)):
        if name in members:
            _append(value, members[name], [piece for _, piece in pieces], expected)
    return value


def _append(value: Any, member: FieldInfo, pieces: Sequence[bytes], expected: str) -> None:
    """Appends the rest of a list or a text to a member."""
    start = getattr(value, member.name)
    is_text = isinstance(start, str)
    items = [start] if is_text else start
    for piece in pieces:
        try:
            part = decoder(member.type).decode(piece)
        except NO_JSON as error:
            raise _refusal(error, piece, expected, member.encode_name, len(items)) from None
        items += [part] if is_text else part
    if is_text:
        force_setattr(value, member.name, "".join(items))


def _refusal(
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
