"""The fields of operations: errors tell the value that came, or the nearest right name."""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import wraps
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from .. import decoding
from ..errors import BadRequestError, SignerError, did_you_mean
from ..json_errors import NO_JSON
from ..ssz.scalars import shown

F = TypeVar("F")
R = TypeVar("R")

Fields = Mapping[str, Any] | bytes  # bytes: the JSON body of a request
Operation = Callable[[Any, Fields], R]

MAX_CHOICES_LISTED = 10  # in an error; there are three times as many signing types
MAX_EXPLAINED = decoding.PIECE_SIZE  # bytes; the value in a larger body is not looked for


def decode_fields(kind: Any, fields: bytes | str | Mapping[str, Any], expected: str) -> Any:
    """Reads a JSON object, or the fields of a query, as the Struct `kind`.

    Raises BadRequestError. It shows no value of the members that `kind` lists as SECRETS.
    """
    check_doubled(fields)
    try:
        return decoding.decode(kind, fields, expected)
    except BadRequestError as error:
        raise BadRequestError(_explained(str(error), kind, fields)) from None


def check_doubled(fields: bytes | str | Mapping[str, Any]) -> None:
    """Raises BadRequestError for an object that has a member twice, of which the last would count.

    Large bodies are not looked at.
    """
    if isinstance(fields, Mapping) or len(fields) > MAX_EXPLAINED:
        return
    with suppress(ValueError, RecursionError):  # what is no JSON is told by the decoder
        json.loads(fields, object_pairs_hook=_distinct)


def _distinct(members: list[tuple[str, Any]]) -> dict[str, Any]:
    names = set()
    for name, _ in members:
        if name in names:
            raise BadRequestError(f"expected {shown(name)} once, found it twice in one object")
        names.add(name)
    return dict(members)


def reads(
    kind: type[F],
    decode: Callable[[Any, Fields, str], F] = decode_fields,
    *,
    expected: str = "a query",
    returns: Any = None,
    errors: tuple[type[SignerError], ...] = (),
) -> Callable[[Callable[[Any, F], R]], Operation[R]]:
    """Makes a method an operation, which gets its fields as a `kind`.

    A document tells this kind, the errors next to that of wrong fields, and what the operation
    returns: the annotation, or `returns`.
    """

    def decorate(method: Callable[[Any, F], R]) -> Operation[R]:
        @wraps(method)
        def operation(operations: Any, fields: Fields) -> R:
            return method(operations, decode(kind, fields, expected))

        operation.__dict__["fields"] = kind
        operation.__dict__["errors"] = errors
        operation.__dict__["returns"] = returns or method.__annotations__["return"]
        return operation

    return decorate


def _explained(message: str, kind: Any, fields: bytes | str | Mapping[str, Any]) -> str:
    """The message about one of the fields, with its value, or with the nearest right name."""
    if "unknown field `" in message:
        return message + did_you_mean(message.split("`")[1], kind.__struct_fields__)
    hints = get_type_hints(kind)
    member, _, rest = message.partition(": ")
    if member not in hints or member in getattr(kind, "SECRETS", ()):
        return message
    if "enum value '" in rest:
        choices = _choices(hints[member])
        message += did_you_mean(rest.split("'")[1], choices)
        if len(choices) <= MAX_CHOICES_LISTED:
            message += f" (one of {', '.join(choices)})"
        return message
    values = _values(fields)
    if rest.startswith("expected `") and member in values:
        expected, _, _ = message.partition(", got `")
        return f"{expected}, found {shown(values[member])}"
    return message


def _values(fields: bytes | str | Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields by name."""
    if isinstance(fields, Mapping):
        return fields
    values: dict[str, Any] = {}
    if len(fields) <= MAX_EXPLAINED:
        with suppress(*NO_JSON):  # behind the wrong member
            values = msgspec.json.decode(fields)
    return values


def _choices(hint: Any) -> list[str]:
    """The words of a Literal, which may be next to None."""
    choices: list[str] = []
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Literal:
            choices += get_args(part)
    return choices
