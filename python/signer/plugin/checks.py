"""Checks a plugin's signing type: what would fail only with its first request is told at once."""

import re
from collections.abc import Iterator, Mapping
from operator import attrgetter
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from .. import decoding
from ..errors import ConfigError, did_you_mean
from ..signing.request import ForkRequest, SignRequest, Versioned
from ..spec import domains
from ..ssz.composites import Container

NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")  # the signer reads `type` in any case
DOMAIN_TYPE_SIZE = 4  # bytes
# by domain type: what slashing protection reads of a message
SLASHABLE_MEMBERS: Mapping[bytes, tuple[str, ...]] = {
    domains.DOMAIN_BEACON_ATTESTER: ("source", "target"),
    domains.DOMAIN_BEACON_PROPOSER: ("slot",),
}


def check_signing_type(signing_type: Any) -> None:
    """Raises ConfigError, which says all that is missing, for a class that cannot be signed."""
    if not isinstance(signing_type, type) or not issubclass(signing_type, SignRequest):
        raise ConfigError(
            "expected a subclass of SignRequest, such as ForkRequest or GenesisRequest, "
            f"found {signing_type!r:.100}"
        )
    problems = [*_problems(signing_type)]
    if problems:
        raise ConfigError(f"cannot sign {signing_type.__name__}: {'; '.join(problems)}")
    decoding.decoder(signing_type)  # raises for an annotation that cannot be read from JSON


def _problems(signing_type: type[SignRequest]) -> Iterator[str]:
    """What keeps a class from being signed, each with what is expected instead."""
    yield from _problems_of_names(signing_type)
    domain_type = getattr(signing_type, "DOMAIN_TYPE", None)
    if not isinstance(domain_type, bytes) or len(domain_type) != DOMAIN_TYPE_SIZE:
        found = _found(domain_type)
        if isinstance(domain_type, bytes):
            found = f"{len(domain_type)}"
        yield f"expected a DOMAIN_TYPE of {DOMAIN_TYPE_SIZE} bytes, found {found}"
    if signing_type.default is SignRequest.default and signing_type.choose is SignRequest.choose:
        yield "expected a subclass of ForkRequest or GenesisRequest, or a method `default`"
    if signing_type.message is SignRequest.message:
        yield from _problems_of_message(signing_type)


def _problems_of_names(signing_type: type[SignRequest]) -> Iterator[str]:
    name = getattr(signing_type, "TYPE", None)
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield f"expected a TYPE in capitals, such as ATTESTATION, found {_found(name)}"
    old_names = signing_type.OLD_TYPES
    if not isinstance(old_names, tuple) or not all(map(NAME.fullmatch, old_names)):
        yield f"expected OLD_TYPES to be a tuple of such names, found {_found(old_names)}"


def _problems_of_message(signing_type: type[SignRequest]) -> Iterator[str]:
    """What is wrong with the signed object, as far as annotations tell its type."""
    if not isinstance(getattr(signing_type, "MESSAGE", None), attrgetter):
        found = _found(getattr(signing_type, "MESSAGE", None))
        yield f'expected a MESSAGE such as attrgetter("attestation"), found {found}'
        return
    yield from _problems_of_time(signing_type)
    try:
        message_type = _type_at(signing_type, signing_type.MESSAGE)
    except ConfigError as error:
        yield str(error)
        return
    if not isinstance(message_type, type) or issubclass(message_type, Versioned):
        return
    if not hasattr(message_type, "hash_tree_root"):
        yield f"expected a Container as its message, found {message_type.__name__}"
    yield from _problems_of_container(message_type)
    if issubclass(signing_type, ForkRequest) and not _has_time(signing_type, message_type):
        found = f"{message_type.__name__} without a slot"
        yield f"expected a SLOT or an EPOCH, which decide the fork, found {found}"
    if signing_type.slashable_message is SignRequest.slashable_message:
        yield from _problems_of_slashable(signing_type, message_type)


def _problems_of_time(signing_type: type[SignRequest]) -> Iterator[str]:
    for name in ("SLOT", "EPOCH"):
        getter = getattr(signing_type, name, None)
        if getter is not None and not isinstance(getter, attrgetter):
            yield f'expected {name} such as attrgetter("attestation.slot"), found {getter!r:.100}'


def _problems_of_slashable(signing_type: type[SignRequest], message_type: type) -> Iterator[str]:
    """A domain of attesters or proposers, and a message that slashing protection cannot read."""
    needed = SLASHABLE_MEMBERS.get(getattr(signing_type, "DOMAIN_TYPE", b""), ())
    missing = [name for name in needed if not hasattr(message_type, name)]
    if missing:
        expected = f"expected {' and '.join(needed)} in the message, or a `slashable_message`"
        yield f"{expected}: its domain is a slashable one, found no {' and no '.join(missing)}"


def _has_time(signing_type: type[ForkRequest], message_type: type) -> bool:
    """Whether a slot or an epoch decides the fork."""
    overridden = [
        signing_type.slot is not ForkRequest.slot,
        signing_type.epoch is not ForkRequest.epoch,
        signing_type.default is not ForkRequest.default,
    ]
    return bool(
        signing_type.SLOT or signing_type.EPOCH or hasattr(message_type, "slot") or any(overridden)
    )


def _type_at(signing_type: type[SignRequest], getter: "attrgetter[Any]") -> Any:
    """The annotation of the member that a getter names; None where annotations do not tell.

    Raises ConfigError for a member that does not exist.
    """
    names = getter.__reduce__()[1]
    kind: Any = signing_type
    for name in str(names[0]).split("."):
        if not isinstance(kind, type) or not issubclass(kind, Struct):
            return None
        if name not in kind.__struct_fields__:
            if hasattr(kind, name):
                return None
            hint = did_you_mean(name, kind.__struct_fields__)
            raise ConfigError(f"MESSAGE names {name}, which {kind.__name__} does not have{hint}")
        kind = get_type_hints(kind, include_extras=True)[name]
    return kind


def _problems_of_container(kind: Any) -> Iterator[str]:
    """The fields of a container, and of those in it, whose type SSZ does not have."""
    if not isinstance(kind, type) or not issubclass(kind, Container):
        return
    if not kind.__struct_fields__:
        yield f"expected {kind.__name__} to have a field, found none"
    for name, field_type in get_type_hints(kind, include_extras=True).items():
        inner = field_type
        while not isinstance(inner, type) and get_args(inner):  # of a list: what it is a list of
            inner = get_args(inner)[0]
        if inner is not bool and not hasattr(inner, "hash_tree_root"):
            found = getattr(inner, "__name__", inner)
            yield f"expected {name} of {kind.__name__} to have an SSZ type, found {found}"
        yield from _problems_of_container(inner)


def _found(value: object) -> str:
    if value is None:
        return "none"
    return f"{value!r:.100}"
