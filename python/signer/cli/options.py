"""The fields of `Config` as options, as variables, and as names in the file of --config."""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import Field, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import click
from click.core import ParameterSource

from ..config.flags import check_exists, checked, kind_of, spelled
from ..config.key_source import KeySource
from ..config.plugin_source import check_plugin
from ..config.settings import Config
from ..control.faults import fault_of
from ..errors import ConfigError, SignerError, did_you_mean
from .config_file import read_flags

log = logging.getLogger(__name__)

VARIABLE_PREFIX = "SIGNER_"
CONFIG_VARIABLE = f"{VARIABLE_PREFIX}CONFIG"
CONFIG_PATH = "signer.config"  # the context's key of the path of --config

# What Kubernetes puts into each pod for a service named `signer`, or `signer-...`
SERVICE_PORT = re.compile(r"(\w+_)?PORT")
SERVICE_URL = re.compile(r"(tcp|udp|sctp)://", re.IGNORECASE)
SERVICE_LINK = re.compile(
    r"(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)"
)

# Of every command: click keeps the names that a command is first called with
HELP_NAMES: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
# Old names that still work, and their current names
OLD_NAMES = {"start": "start_index"}
# Defaults that --help does not show
NO_VALUE = (None, 0, "", ())


class _Text(type(click.STRING)):  # type: ignore[misc]
    envvar_list_splitter = "\n"  # JSON has spaces


class _Paths(type(click.STRING)):  # type: ignore[misc]
    envvar_list_splitter = os.pathsep


class Choice(click.Choice):  # type: ignore[type-arg] # generic since click 8.2
    """A choice in any case; an error names the nearest."""

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            message = error.message.removesuffix(".") + did_you_mean(value, self.choices)
            raise click.BadParameter(message, ctx, param) from None


class Flag(click.Option):
    """The option of a field of Config; errors name the variable or the file it came from."""

    def __init__(self, declared: Field[Any], *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.declared = declared

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """The value of its variable; one that Kubernetes sets is no value."""
        value = super().resolve_envvar_value(ctx)
        if value is not None and is_service_link(self._variable(), value):
            return None
        return value

    def _variable(self) -> str:
        """The variable that is set: the current one, or that of an old name."""
        variables = _variables(self.declared.name)
        for variable in variables:
            if os.environ.get(variable):
                return variable
        return variables[0]

    def spelled(self, context: click.Context) -> str:
        """What an error calls it: the flag, the variable, or the member of a file."""
        source = context.get_parameter_source(self.declared.name)
        if source is ParameterSource.ENVIRONMENT:
            return self._variable()
        if source is ParameterSource.DEFAULT_MAP:
            member = self.declared.name.replace("_", "-")
            return f"{member} in {context.meta[CONFIG_PATH]}"
        return spelled(self.declared.name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        """What a shell offers for its value: for a path, files or folders."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for shells only

        metavar = self.declared.metadata["metavar"]
        if metavar == "DIR":
            return [CompletionItem(incomplete, type="dir")]
        if "FILE" in metavar:
            return [CompletionItem(incomplete, type="file")]
        return super().shell_complete(ctx, incomplete)

    def get_error_hint(self, ctx: click.Context | None) -> str:
        hint = f"'{spelled(self.declared.name)}'"
        if ctx is None:
            return hint
        place = self.spelled(ctx)
        if place.startswith("--"):
            return hint
        return f"{hint} ({place})"


def _option(declared: Field[Any], hint: Any) -> Flag:
    """The option of a field."""
    kind = kind_of(hint)
    if get_origin(kind) is tuple:
        kind = get_args(kind)[0]
    choices = get_args(kind)
    option_type: Any = {Path: click.STRING, str: _Text()}.get(kind, kind)
    if declared.name == "plugin":
        option_type = _Paths()
    if choices:
        option_type = Choice(choices, case_sensitive=False)
    spelling = spelled(declared.name)
    if declared.default is True:
        spelling = f"{spelling}/--no-{declared.name.replace('_', '-')}"
    return Flag(
        declared,
        [spelling],
        type=option_type,
        is_flag=kind is bool,
        multiple=get_origin(hint) is tuple,
        default=declared.default,
        help=declared.metadata["help"],
        metavar=declared.metadata["metavar"] or None,
        envvar=_variables(declared.name),
        show_envvar=True,
        show_default=declared.default not in NO_VALUE,
    )


def _variables(name: str) -> list[str]:
    """The variables of a flag, with its old names."""
    names = [name, *(old for old, current in OLD_NAMES.items() if current == name)]
    return [f"{VARIABLE_PREFIX}{name.upper()}" for name in names]


def current_flag(name: str) -> str:
    """The current name of a flag that may have an old one."""
    return OLD_NAMES.get(name, name).replace("_", "-")


HINTS = get_type_hints(Config)
FLAGS = [_option(declared, HINTS[declared.name]) for declared in fields(Config)]
VARIABLES = {variable for flag in FLAGS for variable in _variables(flag.declared.name)}
KEY_FLAGS = [flag for flag in FLAGS if flag.name in KeySource.__struct_fields__]


def reworded(name: str, meaning: str) -> click.Option:
    """The option of a field, with the help that it needs in another command than `serve`."""
    option = copy(next(flag for flag in FLAGS if flag.name == name))
    option.help = meaning
    return option


def configuration(context: click.Context) -> Config:
    """The Config of a command's flags. Raises ConfigError, which names where a value came from."""
    if context.args:
        raise ConfigError(_unexpected(context))
    values = {}
    for flag in context.command.params:
        if isinstance(flag, Flag):
            values[flag.declared.name] = _checked(flag, context)
    return Config(**values)


def _unexpected(context: click.Context) -> str:
    """The message for words that belong to no flag; those after a mnemonic may be its own."""
    if context.params.get("mnemonic"):
        count = len(context.args)
        return f"expected the words of --mnemonic in quotation marks, found {count} words after it"
    return f"expected flags only, found {context.args[0]}: a value comes after the name of its flag"


def _checked(flag: Flag, context: click.Context) -> Any:
    """The value of a flag that was checked under its name, where it is not the default."""
    name = flag.declared.name
    value = context.params[name]
    if context.get_parameter_source(name) is ParameterSource.DEFAULT:
        return value
    place = flag.spelled(context)
    value = checked(flag.declared, value, place)
    if not place.startswith("--"):  # of a flag, Config says it: after what contradicts itself
        check_exists(flag.declared, value, place)
    if name == "plugin":
        for plugin in value:
            check_plugin(plugin, place)
    if name == "fault":
        for fault in value:
            try:
                fault_of(fault)
            except SignerError as error:
                raise ConfigError(f"{place}: {error}") from None
    return value


def is_service_link(variable: str, value: str, prefix: str = VARIABLE_PREFIX) -> bool:
    """Whether Kubernetes set a variable, for a service whose name begins as ours."""
    name = variable.removeprefix(prefix)
    if SERVICE_LINK.fullmatch(name):
        return True
    return SERVICE_PORT.fullmatch(name) is not None and SERVICE_URL.match(value) is not None


def warn_of_variables(environment: Mapping[str, str]) -> None:
    """Logs the SIGNER_* variables that set nothing: unknown ones, and those of Kubernetes."""
    links = []
    for variable, value in sorted(environment.items()):
        if not variable.startswith(VARIABLE_PREFIX):
            if variable.upper() in VARIABLES:  # systems tell variables apart by their case
                log.warning(
                    "unknown variable %s, ignored; did you mean %s?", variable, variable.upper()
                )
            continue
        if is_service_link(variable, value):
            links.append(variable)
        elif variable not in VARIABLES and variable != CONFIG_VARIABLE:
            log.warning("unknown variable %s, ignored%s", variable, _nearest_variable(variable))
    log_service_links(links)


def _nearest_variable(variable: str) -> str:
    """The hint at the nearest variable; the prefix that all share makes none of them near."""
    known = {name.removeprefix(VARIABLE_PREFIX): name for name in [*VARIABLES, CONFIG_VARIABLE]}
    hint = did_you_mean(variable.removeprefix(VARIABLE_PREFIX), known)
    return hint.replace("did you mean ", f"did you mean {VARIABLE_PREFIX}")


def log_service_links(variables: Sequence[str]) -> None:
    """Logs in one line which variables of Kubernetes are ignored."""
    if variables:
        log.info("set by Kubernetes for a service, ignored: %s", ", ".join(variables))


def _read_config_file(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path:
        context.meta[CONFIG_PATH] = path
        takes_several = {str(flag.name): flag.multiple for flag in FLAGS}
        takes_several |= {old: takes_several[current] for old, current in OLD_NAMES.items()}
        known = {name.replace("_", "-"): several for name, several in takes_several.items()}
        values = read_flags(path, known)
        named = {name.replace("-", "_"): value for name, value in values.items()}
        for old, current in OLD_NAMES.items():
            if old in named and current in named:
                raise ConfigError(f"expected {current} in {path} once, found it also as {old}")
        context.default_map = {OLD_NAMES.get(name, name): value for name, value in named.items()}


CONFIG_FILE = click.Option(
    ["--config"],
    type=click.Path(path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_read_config_file,
    metavar="FILE",
    envvar=CONFIG_VARIABLE,
    show_envvar=True,
    help="read flags from this file, .toml or YAML; a flag or a variable wins over it",
)
