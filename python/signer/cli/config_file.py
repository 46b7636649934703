"""Files of flags, TOML or YAML by their name. Knows no flag's meaning."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..files import parse_yaml, translating_errors


def read_flags(path: Path, known: Mapping[str, bool]) -> dict[str, Any]:
    """The flags in a file, by their names without dashes in front.

    `known` maps each name to whether it may have several values; the result then has a list of
    them. Raises ConfigError for a file that cannot be read, and for an unknown name, with the
    nearest known one.
    """
    flags = read_members(path)
    for name, value in flags.items():
        if name not in known:
            message = f"expected the name of a flag in {path}, found {name}"
            near = difflib.get_close_matches(name, known, 1)
            if near:
                message += f": did you mean {near[0]}?"
            raise ConfigError(message)
        if known[name]:
            if not isinstance(value, list):
                flags[name] = [value]
        elif isinstance(value, dict | list):
            raise ConfigError(f"expected one value for {name} in {path}, found several")
    return flags


def read_members(path: Path) -> dict[str, Any]:
    """The members of a file. Raises ConfigError for one that cannot be read, or has none."""
    try:
        with translating_errors(f"read {path}", ConfigError):
            text = path.read_text("utf-8")
        if path.suffix == ".toml":
            return tomllib.loads(text)
        members, *_ = [*parse_yaml(text), {}]
    except ValueError as error:
        raise ConfigError(f"cannot read {path}: {error}") from None
    if not isinstance(members, dict):
        raise ConfigError(f"expected NAME: VALUE lines in {path}, found other YAML")
    return members
