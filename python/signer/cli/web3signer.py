"""`signer web3signer`: Web3Signer's command line as flags of `serve`.

A test suite that starts Web3Signer starts us as well.

Source: Consensys/web3signer, its picocli options, their defaults and checks.
"""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .._core import __version__
from ..errors import ConfigError, did_you_mean
from .config_file import read_members
from .options import is_service_link, log_service_links
from .serve import configure_log, serve
from .web3signer_options import DEFAULTS, KNOWN, RULES, SYNONYMS, WITHOUT_MEANING

log = logging.getLogger(__name__)

COMMAND_NAME = "web3signer"  # a link to `signer` with this name runs this command

PREFIX = "WEB3SIGNER_"  # of its variables

TLS_CLIENTS = {"tls-known-clients-file", "tls-allow-any-client"}
NOT_KEPT = (
    "imported keys and signing histories last as long as this process: --data-path keeps them"
)


@click.command(
    COMMAND_NAME,
    context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]},
    short_help="Stand in for Web3Signer.",
)
@click.argument("argv", nargs=-1, type=click.UNPROCESSED)
@click.version_option(__version__, "-V", "--version", prog_name="signer")
def web3signer(argv: tuple[str, ...]) -> None:
    """Serve with Web3Signer's command line, before and after `eth2`.

    WEB3SIGNER_* variables and the file of --config-file work too. The signer lists options without
    a meaning here in one line. SIGNER_* variables set all other flags of `signer serve`. A link to
    signer named `web3signer` runs this command.

    \b
    Example:
      signer web3signer --http-listen-port=9000 eth2 --keystores-path=keys \\
        --keystores-passwords-path=secrets --slashing-protection-enabled=false
    """  # noqa: D301 - click's mark
    environment = dict(os.environ)
    links = []
    for variable, value in sorted(os.environ.items()):
        if variable.startswith(PREFIX) and is_service_link(variable, value, PREFIX):
            links.append(variable)
            del environment[variable]
    flags, ignored = translate(argv, environment)
    with serve.make_context("signer serve", [*flags]) as context:
        configure_log(context.params)
        log_service_links(links)
        _log_ignored(ignored)
        if _keeps_nothing(flags, environment):
            log.info(NOT_KEPT)
        serve.invoke(context)


def _log_ignored(ignored: Sequence[str]) -> None:
    """Tells options without a meaning here apart from those that Web3Signer does not have."""
    without_meaning = []
    for option in sorted(ignored):
        name = option.removeprefix("--")
        if name.lower() in WITHOUT_MEANING:
            without_meaning.append(option)
        else:
            log.warning("unknown to Web3Signer, ignored: %s%s", option, _nearest(name))
    if without_meaning:
        log.info("without a meaning here, ignored: %s", ", ".join(without_meaning))


def _nearest(name: str) -> str:
    """The hint at the option that a name nearly is; nothing for an option that exists."""
    if name in KNOWN or name.lower() in WITHOUT_MEANING:
        return ""
    return did_you_mean(f"--{name}", [f"--{known}" for known in KNOWN])


def _keeps_nothing(flags: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether there are imported keys or histories to keep, and no folder for them."""
    has_imports = "--no-keymanager" not in flags
    has_histories = "--slashing=enforce" in flags
    has_folder = "SIGNER_DATA_DIR" in environment
    for flag in flags:
        has_folder = has_folder or flag.startswith("--data-dir=")
    return (has_imports or has_histories) and not has_folder


def translate(
    arguments: Sequence[str],
    environment: Mapping[str, str],
) -> tuple[list[str], list[str]]:
    """The equivalent flags of `serve`, and the options that mean nothing here.

    An argument wins over a variable, and a variable over --config-file. Raises ConfigError for a
    value that is not as expected, and for an option that it would be unsafe to leave out.
    """
    given = _read_variables(environment) | _parse(arguments)
    options = DEFAULTS | _read_config_file(given.pop("config-file", None)) | given
    _check_tls(options)
    left_out = {""}  # the flags whose value is our default
    if "SIGNER_KEYMANAGER_TOKEN_FILE" in environment:
        left_out.add("--keymanager-auth=off")
    if "key-config-path" in options and "keystores-path" not in options:
        options["keystores-path"] = options.pop("key-config-path")  # it has the one folder
    flags = []
    ignored = []
    for name, value in options.items():
        if name not in RULES:
            ignored.append(f"--{name}")
        elif (flag := _flag(name, value)) not in left_out:
            flags.append(flag)
    if "--metrics" in flags:
        flags.append("--metrics-web3signer-names")
    return flags, ignored


def _read_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The options that WEB3SIGNER_* variables set, by name."""
    return {
        _name(variable.removeprefix(PREFIX).lower().replace("_", "-")): value
        for variable, value in environment.items()
        if variable.startswith(PREFIX)
    }


def _read_config_file(path: str | None) -> dict[str, str]:
    """The options that the file of --config-file sets, by name."""
    if not path:
        return {}
    members = read_members(Path(path))
    return {_name(name): _text(value) for name, value in members.items() if value != ""}


def _check_tls(options: Mapping[str, str]) -> None:
    """Raises ConfigError for TLS that we would serve without, or otherwise than asked."""
    wanted = {name for name, value in options.items() if value.lower() != "false"}
    for name in sorted(wanted - RULES.keys()):
        nearest = _nearest(name)
        if name.startswith("tls-") or "--tls-" in nearest:
            hint = nearest or ": see signer serve --help for the TLS there is"
            raise ConfigError(f"cannot honour --{name}, and to ignore it is unsafe{hint}")
    if "tls-keystore-file" in wanted and not wanted & TLS_CLIENTS:
        expected = "--tls-known-clients-file, or --tls-allow-any-client=true"
        raise ConfigError(f"expected {expected}, with --tls-keystore-file, found neither")


def _flag(name: str, value: str) -> str:
    """Our flag for an option and its value. Raises ConfigError for a value that it cannot have."""
    rule = RULES[name]
    if isinstance(rule, str):
        return rule.format(value)
    flag = rule.get(value.lower(), rule.get("*"))
    if flag is None:
        raise ConfigError(f"expected one of {', '.join(rule)} for --{name}, found {value}")
    return flag.format(value)


def _parse(arguments: Sequence[str]) -> dict[str, str]:
    """Options by name: --name=value, --name value, or --name for true; before or after `eth2`."""
    options = dict[str, str]()
    rest = [*arguments]
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        if option == "eth2":
            continue
        if not option.startswith("-"):
            hint = "for histories there is `signer slashing import` and `export`"
            raise ConfigError(f"expected options and eth2, found {option}: {hint}")
        if not equals:
            value = "true"
            if rest and rest[0] != "eth2" and not rest[0].startswith("-"):
                value = rest.pop(0)
        options[_name(option.lstrip("-"))] = value
    return options


def _name(name: str) -> str:
    """An option's one name, without the prefix that variables and files have."""
    name = name.removeprefix("eth2.").removeprefix("eth2-")
    return SYNONYMS.get(name, name)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)
