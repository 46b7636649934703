"""Decodes JSON into Structs with SSZ types; errors name the member that is not as expected."""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import groupby
from operator import itemgetter
from threading import Lock
from typing import Any, TypeVar

import msgspec
from msgspec.structs import FieldInfo, fields, force_setattr

from ._core import split_json
from .errors import BodyTooLargeError
from .json_errors import NO_JSON, refusal
from .ssz.scalars import parse

T = TypeVar("T")

# Freeing this many values holds the GIL for 30 ms. A batch of 32 MiB of keys has fewer.
MAX_JSON_VALUES = 350_000
PIECE_SIZE = 64 << 10  # bytes of JSON; decoding them takes less than a millisecond
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


def decode(
    kind: Any,
    document: bytes | str | Mapping[str, Any],
    expected: str,
    max_values: int = MAX_JSON_VALUES,
) -> Any:
    """Reads a JSON object, or the fields of a query, as `kind`.

    Raises BadRequestError, which names `expected` where the document is not JSON at all, and
    BodyTooLargeError for a large document with more than `max_values` values.
    """
    if isinstance(document, bytes) and len(document) > PIECE_SIZE:
        return _decode_large(kind, document, expected, max_values)
    try:
        if isinstance(document, Mapping):
            return convert(kind, document, strict=False)
        return decoder(kind).decode(document)
    except NO_JSON as error:
        raise refusal(error, document, expected) from None


def _decode_large(kind: Any, document: bytes, expected: str, max_values: int) -> Any:
    """Reads an object with long lists piece by piece: other threads get the GIL in between."""
    has_lists = isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    values, first, rest = split_json(document, PIECE_SIZE if has_lists else len(document))
    if values > max_values:
        problem = f"expected at most {max_values} JSON values in a body, found more"
        raise BodyTooLargeError(f"{problem}: send them in several requests")
    try:
        value = decoder(kind).decode(first)
    except NO_JSON as error:
        raise refusal(error, document, expected) from None
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
            raise refusal(error, piece, expected, member.encode_name, len(items)) from None
        items += [part] if is_text else part
    if is_text:
        force_setattr(value, member.name, "".join(items))
