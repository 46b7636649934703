"""The forms that a signing type's requests have: found by asking the type itself, fork by fork.

A type whose payload follows the fork is generic, and `shape` tells its form by the payload's
version. A type that decides by something else lists its forms in SHAPES.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar, get_type_hints

import msgspec

from ..errors import BadRequestError
from ..spec.electra import MAX_COMMITTEES_PER_SLOT, MINIMAL_MAX_COMMITTEES_PER_SLOT
from ..spec.networks import FORKS
from .request import SignRequest


class Form(NamedTuple):
    """The Struct that requests of a fork are decoded into."""

    fork: str | None  # None where the form follows no fork
    kind: Any


def forms_of(signing_type: type[SignRequest], *, is_minimal: bool = False) -> list[Form]:
    """The forms of a type, oldest fork first; in the mainnet or the minimal preset."""
    shapes = getattr(signing_type, "SHAPES", ())
    members = _members_by_fork(signing_type)
    if not shapes and not members:
        shapes = (signing_type,)
    forms = [Form(None, shape) for shape in shapes]
    for fork in FORKS:
        payload = {"version": fork, "data": _payload(is_minimal=is_minimal)}
        forms += _form(signing_type, members, payload, fork)
    return forms


def names_of_kinds(signing_type: type[SignRequest]) -> dict[Any, str]:
    """Every Struct that usual requests of a type are decoded into, in all presets, with a name.

    Also those of a payload without a version, where that is usual.
    """
    members = _members_by_fork(signing_type)
    names = dict[Any, str]()
    for form in forms_of(signing_type):
        names.setdefault(form.kind, form.fork or form.kind.__name__)
    for form in forms_of(signing_type, is_minimal=True):
        names.setdefault(form.kind, f"{form.fork}.minimal")
    payloads = {
        "bare": {},
        "bare.ELECTRA": _payload(is_minimal=False),
        "bare.ELECTRA.minimal": _payload(is_minimal=True),
    }
    for name, payload in payloads.items():
        for form in _form(signing_type, members, payload, None):
            names.setdefault(form.kind, name)
    return {kind: name for kind, name in names.items() if not kind.NOTE}


def _members_by_fork(signing_type: type[SignRequest]) -> list[str]:
    """The members whose type follows the fork."""
    hints = get_type_hints(signing_type)
    return [name for name, hint in hints.items() if isinstance(hint, TypeVar)]


def _payload(*, is_minimal: bool) -> dict[str, Any]:
    """The part of a payload that tells the preset: an aggregate's committee bits."""
    committees = MINIMAL_MAX_COMMITTEES_PER_SLOT if is_minimal else MAX_COMMITTEES_PER_SLOT
    bits = bytes((committees + 7) // 8)
    return {"aggregate": {"committee_bits": f"0x{bits.hex()}"}}


def _form(
    signing_type: type[SignRequest],
    members: list[str],
    payload: dict[str, Any],
    fork: str | None,
) -> Iterator[Form]:
    """The form of requests with this payload; none where the fork has no such message."""
    if not members:
        return
    body = msgspec.json.encode(dict.fromkeys(members, payload))
    try:
        yield Form(fork, signing_type.shape(body))
    except BadRequestError:
        return
