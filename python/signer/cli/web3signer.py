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
from ..errors import ConfigError
from .config_file import read_members
from .serve import configure_log, serve

log = logging.getLogger(__name__)

COMMAND_NAME = "web3signer"  # a link to `signer` with this name runs this command

PREFIX = "WEB3SIGNER_"  # of its variables

# By option: our flag, or one for each value. An empty flag means that the value is our default.
RULES: dict[str, str | dict[str, str]] = {
    "http-listen-host": "--host={}",
    "http-listen-port": "--port={}",
    "idle-connection-timeout-seconds": "--idle-timeout={}",
    "data-path": "--data-dir={}",
    "key-config-path": "--keystores-path={}",
    "key-store-path": "--keystores-path={}",
    "keystores-path": "--keystores-path={}",
    "keystores-passwords-path": "--keystores-passwords-path={}",
    "keystores-password-file": "--keystores-password-file={}",
    "network": "--network={}",
    "metrics-host": "--metrics-host={}",
    "metrics-port": "--metrics-port={}",
    "tls-keystore-file": "--tls-cert={}",
    "tls-keystore-password-file": "--tls-password-file={}",
    "tls-known-clients-file": "--tls-known-clients={}",
    "tls-allow-any-client": {"true": "", "false": ""},
    "metrics-enabled": {"true": "--metrics", "false": "--no-metrics"},
    "key-manager-api-enabled": {"true": "--keymanager-auth=off", "false": "--no-keymanager"},
    # false signs everything, and so does report, which tells what was slashable
    "slashing-protection-enabled": {"true": "--slashing=enforce", "false": "--slashing=report"},
    "logging": dict.fromkeys(["off", "fatal", "error"], "--log-level=error")
    | {"warn": "--log-level=warning", "info": "--log-level=info"}
    | dict.fromkeys(["debug", "trace", "all"], "--log-level=debug"),
}
SYNONYMS = {"l": "logging", "enable-key-manager-api": "key-manager-api-enabled"}
TLS_CLIENTS = {"tls-known-clients-file", "tls-allow-any-client"}
OTHER_KEY_FOLDERS = {"key-config-path", "key-store-path"}
DEFAULTS = {
    "metrics-enabled": "false",
    "key-manager-api-enabled": "false",
    "slashing-protection-enabled": "true",
}


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
    flags, ignored = translate(argv, os.environ)
    with serve.make_context("signer serve", flags) as context:
        configure_log(context.params)
        if ignored:
            log.info("without a meaning here, ignored: %s", ", ".join(sorted(ignored)))
        serve.invoke(context)


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
    _check_key_folders(options)
    left_out = {""}  # the flags whose value is our default
    if "SIGNER_KEYMANAGER_TOKEN_FILE" in environment:
        left_out.add("--keymanager-auth=off")
    flags = []
    ignored = []
    for name, value in options.items():
        if name not in RULES:
            ignored.append(f"--{name}")
        elif (flag := _flag(name, value)) not in left_out:
            flags.append(flag)
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
    unknown = [name for name in wanted if name.startswith("tls-") and name not in RULES]
    if unknown:
        hint = "see signer serve --help for the TLS there is"
        raise ConfigError(f"cannot honour --{min(unknown)}, and to ignore it is unsafe: {hint}")
    if "tls-keystore-file" in wanted and not wanted & TLS_CLIENTS:
        expected = "--tls-known-clients-file, or --tls-allow-any-client=true"
        raise ConfigError(f"expected {expected}, with --tls-keystore-file, found neither")


def _check_key_folders(options: Mapping[str, str]) -> None:
    if "keystores-path" in options and OTHER_KEY_FOLDERS & options.keys():
        raise ConfigError("expected --keystores-path or --key-config-path, found both")


def _flag(name: str, value: str) -> str:
    """Our flag for an option and its value. Raises ConfigError for a value that it cannot have."""
    rule = RULES[name]
    if isinstance(rule, str):
        return rule.format(value)
    if value.lower() not in rule:
        raise ConfigError(f"expected one of {', '.join(rule)} for --{name}, found {value}")
    return rule[value.lower()]


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
