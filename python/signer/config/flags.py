"""Flags: how a field of `Config` declares one, and the check that each of its values meets.

Flags, variables, files and Python meet the same check.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import Field, field
from ipaddress import ip_address
from pathlib import Path
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin

import msgspec

from ..errors import ConfigError, did_you_mean

T = TypeVar("T")

# The highest number, by the word that --help has for the value
HIGHEST: Mapping[str, float] = {
    "PORT": 65_535,  # TCP has 16 bits for it
    "N": 1_000_000,  # keys; as many as mainnet has validators
    "INDEX": 2**32 - 1,  # EIP-2333 has 32 bits for it
    "EPOCH": 2**64 - 1,  # uint64, as in the specification
    "SLOT": 2**64 - 1,
    "TIME": 253_402_300_799,  # seconds since 1970; the end of year 9999
    "SECONDS": 86_400,  # a day; much more overflows the server's clock
}
UNEXPANDED = re.compile(r"~(/|$)|\$[A-Za-z_{]")
HOST = re.compile(r"[^\s/\[\]]*")
ADDRESS = re.compile(r"[0-9.]+|.*:.*")  # what is no name
MAX_SHOWN = 100  # characters of a value in a message


def flag(
    default: T,
    meaning: str,
    metavar: str = "",
    *,
    secret: bool = False,
    must_exist: bool = True,
    group: str = "",
) -> T:
    """A field of Config: its default, its line of help, and the form of its value.

    A path has to exist when the signer starts, unless the signer makes it itself. A `group` of
    --help begins with this field; the fields without one that follow belong to it too.
    """
    metadata = {"metavar": metavar, "help": meaning, "must_exist": must_exist, "group": group}
    declared: Any = field(default=default, repr=not secret, metadata=metadata)
    return declared  # type: ignore[no-any-return] # a Field, which the dataclass replaces


def by_group(declared: Iterable[Field[Any]]) -> dict[str, list[Field[Any]]]:
    """The fields of each group of --help, in the order of their declaration."""
    groups: dict[str, list[Field[Any]]] = {}
    group = ""
    for one in declared:
        group = one.metadata["group"] or group
        groups.setdefault(group, []).append(one)
    return groups


def spelled(name: str) -> str:
    """The flag of a field, as it stands on the command line."""
    return f"--{name.replace('_', '-')}"


def kind_of(hint: Any) -> Any:
    """The type of a field without its None."""
    if get_origin(hint) is UnionType:
        return get_args(hint)[0]
    return hint


def checked(declared: Field[Any], value: Any, name: str) -> Any:
    """The value of a flag in the type of its field.

    A path may be text or os.PathLike, and a choice in any case. Raises ConfigError, which calls the
    flag `name` and shows no secret.
    """
    if value is None and declared.default is None:
        return None
    try:
        return _converted(declared, value)
    except ValueError as expected:
        found = type(value).__name__
        if declared.repr and isinstance(value, str | int | float):
            found = repr(value)[:MAX_SHOWN]
        message = f"expected {name} to be {expected}, found {found}"
    if get_origin(declared.type) is Literal:
        message += did_you_mean(value, get_args(declared.type))
    raise ConfigError(message)


def _converted(declared: Field[Any], value: Any) -> Any:
    """The value in its type. Raises ValueError, which says what is expected."""
    kind = kind_of(declared.type)
    if get_origin(kind) is Literal:
        return _choice(value, get_args(kind))
    if get_origin(kind) is tuple:
        read = LISTS.get(declared.metadata["metavar"], _list)
        return read(value)
    if kind is Path:
        return Path(_path(value))
    if kind is str:
        return _text(declared, value)
    if kind is bool:
        return _switch(value)
    return _number(value, kind, HIGHEST[declared.metadata["metavar"]])


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("True or False")  # noqa: TRY004 - `checked` catches it
    return value


def _choice(value: Any, choices: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value.lower() not in choices:
        raise ValueError(f"one of {', '.join(choices)}")
    return value.lower()


def _path(value: Any) -> str:
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("a path, as text or os.PathLike")
    if UNEXPANDED.match(value):  # a folder named ~ would be made
        raise ValueError("a path without ~ and variables, which only a shell expands")
    return value


def _text(declared: Field[Any], value: Any) -> str:
    if "FILE" in declared.metadata["metavar"] and isinstance(value, os.PathLike):
        return _path(value)
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("text")
    if not value and declared.default != "":
        raise ValueError("text that is not empty")
    if declared.metadata["metavar"] == "HOST":
        return _host(value)
    return value


def _is_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True


def _host(value: str) -> str:
    """A host as it is looked up: the dot at the end of a whole name is not part of it."""
    value = value.removesuffix(".")
    is_wrong_address = ADDRESS.fullmatch(value) and not _is_address(value)
    if is_wrong_address or not HOST.fullmatch(value):
        raise ValueError("an address or the name of a host, without scheme, port and brackets")
    try:
        value.encode("idna")
    except UnicodeError:  # it would end the start, when the name is looked up
        raise ValueError("an address or the name of a host") from None
    return value


def _list(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise ValueError("a text, or a list of texts")
    for item in value:
        if "\n" in item or "\0" in item:  # a variable has one item on each line
            raise ValueError("a text, or a list of texts, on one line each")
    return tuple(value)


def _plugins(value: Any) -> tuple[str, ...]:
    items = value
    if not isinstance(value, list | tuple):
        items = [value]
    try:
        return tuple(map(_path, items))
    except ValueError:
        raise ValueError("a module or a .py file, or a list of these") from None


def _texts(value: Any) -> tuple[str, ...]:
    """One JSON text for each item, which may also be a mapping or a Struct."""
    if isinstance(value, str | Mapping | msgspec.Struct):
        value = [value]
    if not isinstance(value, list | tuple):
        raise ValueError("JSON, a mapping, or a list of these")  # noqa: TRY004 - as above
    texts = []
    for item in value:
        if isinstance(item, str):
            texts.append(item)
        elif isinstance(item, Mapping | msgspec.Struct):
            texts.append(_json(item))
        else:  # as `checked` expects it
            raise ValueError("a list of JSON texts or mappings")  # noqa: TRY004
    return tuple(texts)


# by the word that --help has for the value; every other list is one of texts
LISTS = {"JSON": _texts, "MODULE|FILE": _plugins}


def _json(item: Any) -> str:
    try:
        return msgspec.json.encode(item).decode()
    except TypeError:
        raise ValueError("a mapping of what JSON can hold") from None


def _number(value: Any, kind: type, highest: float) -> Any:
    expected = "a number"
    accepted: Any = int | float
    if kind is int:
        expected = "a whole number"
        accepted = int
    if isinstance(value, bool) or not isinstance(value, accepted):
        raise ValueError(expected)  # noqa: TRY004 - as above
    if not value >= 0:  # neither is NaN
        raise ValueError("0 or more")
    if value > highest:
        raise ValueError(f"at most {highest}")
    return value


def check_exists(declared: Field[Any], value: Any, name: str) -> None:
    """Raises ConfigError for a file or a folder that has to exist, and does not."""
    if not isinstance(value, Path) or not declared.metadata["must_exist"]:
        return
    if declared.name.endswith("_path"):
        kind = "folder"
        exists = value.is_dir()
    else:
        kind = "file"
        exists = value.is_file()
    if not exists:
        raise ConfigError(f"expected a {kind}, found none at {value}: see {name}")
