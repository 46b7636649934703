"""The fields of `Config` as options, as variables, and as names in the file of --config."""

from copy import copy
from dataclasses import Field, fields
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import click

from ..config import OLD_NAMES, Config, KeySource, current_names
from .config_file import read_flags

# Defaults that --help does not show
NO_VALUE = (None, 0, "", ())


class _Text(type(click.STRING)):  # type: ignore[misc]
    envvar_list_splitter = "\n"  # JSON has spaces


def _option(declared: Field[Any], hint: Any) -> click.Option:
    """The option of a field."""
    kind = hint
    if get_origin(hint) in {tuple, UnionType}:
        kind = get_args(hint)[0]
    choices = get_args(kind)
    option_type: Any = {Path: click.Path(path_type=Path), str: _Text()}.get(kind, kind)
    metavar = declared.metadata["metavar"] or None
    if choices:
        option_type = click.Choice(choices)
    name = declared.name.replace("_", "-")
    spelling = f"--{name}"
    if declared.default is True:
        spelling = f"--{name}/--no-{name}"
    return click.Option(
        [spelling],
        type=option_type,
        is_flag=kind is bool,
        multiple=get_origin(hint) is tuple,
        default=declared.default,
        help=declared.metadata["help"],
        metavar=metavar,
        envvar=_variables(declared.name),
        show_envvar=True,
        show_default=declared.default not in NO_VALUE,
    )


def _variables(name: str) -> list[str]:
    """The variables of a flag, with its old names."""
    names = [name, *(old for old, current in OLD_NAMES.items() if current == name)]
    return [f"SIGNER_{name.upper()}" for name in names]


def current_flag(name: str) -> str:
    """The current name of a flag that may have an old one."""
    return OLD_NAMES.get(name, name).replace("_", "-")


HINTS = get_type_hints(Config)
FLAGS = [_option(declared, HINTS[declared.name]) for declared in fields(Config)]
KEY_FLAGS = [flag for flag in FLAGS if flag.name in KeySource.__struct_fields__]


def reworded(name: str, meaning: str) -> click.Option:
    """The option of a field, with the help that it needs in another command than `serve`."""
    option = copy(next(flag for flag in FLAGS if flag.name == name))
    option.help = meaning
    return option


def _read_config_file(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path:
        takes_several = {str(flag.name): flag.multiple for flag in FLAGS}
        takes_several |= {old: takes_several[current] for old, current in OLD_NAMES.items()}
        known = {name.replace("_", "-"): several for name, several in takes_several.items()}
        values = read_flags(path, known)
        named = {name.replace("-", "_"): value for name, value in values.items()}
        context.default_map = current_names(named)


CONFIG_FILE = click.Option(
    ["--config"],
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_read_config_file,
    metavar="FILE",
    envvar="SIGNER_CONFIG",
    show_envvar=True,
    help="read flags from this file, .toml or YAML; a flag or a variable wins over it",
)
