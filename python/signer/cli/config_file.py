"""Files of flags, TOML or YAML by their name. Knows no flag's meaning."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError, did_you_mean
from ..files import parse_yaml, read, text_of


def read_flags(path: Path, known: Mapping[str, bool]) -> dict[str, Any]:
    """The flags in a file, by their names without dashes in front.

    `known` maps each name to whether it may have several values; the result then has a list of
    them. Every other value is text, as on the command line. A name may have `_` for `-`. Raises
    ConfigError for a file that cannot be read, and for an unknown name, with the nearest known one.
    """
    flags: dict[str, Any] = {}
    for member, value in read_members(path).items():
        name = str(member).replace("_", "-")
        if name not in known:
            hint = did_you_mean(name, known)
            raise ConfigError(f"expected the name of a flag in {path}, found {member}{hint}")
        if name in flags:
            raise ConfigError(f"expected {name} in {path} once, found it with - and with _")
        if known[name]:
            flags[name] = _several(value)
        elif isinstance(value, dict | list):
            raise ConfigError(f"expected one value for {name} in {path}, found several")
        else:
            flags[name] = _text(value)
    return flags


def _several(value: Any) -> list[Any]:
    items = value
    if not isinstance(value, list):
        items = [value]
    texts = []
    for item in items:
        if isinstance(item, dict):
            texts.append(json.dumps(item, default=str))
        else:
            texts.append(_text(item))
    return texts


def _text(value: Any) -> str:
    """A value as text: read as numbers, TOML's `true` and 1.5 would both be one key."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def read_members(path: Path) -> dict[str, Any]:
    """The members of a file. Raises ConfigError for one that cannot be read, or has none."""
    try:
        text = text_of(read(path, ConfigError), path, ConfigError)
        if path.suffix == ".toml":
            return tomllib.loads(text)
        documents = parse_yaml(text) or [{}]
    except ValueError as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    if len(documents) > 1:
        raise ConfigError(f"expected one YAML document in {path}, found {len(documents)}")
    members = documents[0]
    if not isinstance(members, dict):
        raise ConfigError(f"expected NAME: VALUE lines in {path}, found other YAML")
    return members
