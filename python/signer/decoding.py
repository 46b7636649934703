"""Decodes JSON into Structs with SSZ types; errors name the member that is not as expected."""

from collections.abc import Mapping
from functools import cache
from threading import Lock
from typing import Any, TypeVar

import msgspec

from .errors import BadRequestError
from .ssz.scalars import parse

T = TypeVar("T")

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

    Raises BadRequestError, which names `expected` where the document is not JSON at all.
    """
    try:
        if isinstance(document, Mapping):
            return convert(kind, document, strict=False)
        return decoder(kind).decode(document)
    except msgspec.ValidationError as error:
        raise BadRequestError(_named(str(error))) from None
    except UnicodeError:  # it would show bytes of the body
        raise BadRequestError(f"expected {expected}, found invalid UTF-8") from None
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadRequestError(f"expected {expected} as a JSON object: {error}") from None


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
