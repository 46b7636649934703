"""Web3Signer's command line, as flags of `serve`: a test suite that starts it starts us as well.

Source: Consensys/web3signer, its picocli options, their defaults and checks.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from .config_file import read_members

PREFIX = "WEB3SIGNER_"  # of its variables

# By its option: our flag, or one for each value; without a flag the value is our default
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
DEFAULTS = {
    "metrics-enabled": "false",
    "key-manager-api-enabled": "false",
    "slashing-protection-enabled": "true",
}


def translate(
    arguments: Sequence[str], environment: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """The flags of `serve` that mean the same, and the options that mean nothing here.

    An argument wins over a variable, and that one over --config-file. Raises ConfigError for a
    value that is not as expected, and for what would be unsafe to leave out.
    """
    variables = {
        _name(variable.removeprefix(PREFIX).lower().replace("_", "-")): value
        for variable, value in environment.items()
        if variable.startswith(PREFIX)
    }
    given = variables | _parse(arguments)
    path = given.pop("config-file", None)
    members = read_members(Path(path)) if path else {}
    in_file = {_name(name): _text(value) for name, value in members.items() if value != ""}
    options = DEFAULTS | in_file | given
    known = [name for name in options if name in RULES]
    wanted = {name for name, value in options.items() if value.lower() != "false"}
    if unsafe := {name for name in wanted if name.startswith("tls-")}.difference(known):
        hint = "see signer serve --help for the TLS there is"
        raise ConfigError(f"cannot honour --{min(unsafe)}, and to ignore it is unsafe: {hint}")
    if "tls-keystore-file" in wanted and not wanted & TLS_CLIENTS:
        expected = "--tls-known-clients-file, or --tls-allow-any-client=true"
        raise ConfigError(f"expected {expected}, with --tls-keystore-file, found neither")
    if {"keystores-path"} < {"keystores-path", "key-config-path", "key-store-path"} & {*options}:
        raise ConfigError("expected --keystores-path or --key-config-path, found both")
    without = {"", "--keymanager-auth=off" if "SIGNER_KEYMANAGER_TOKEN_FILE" in environment else ""}
    flags = [flag for name in known if (flag := _flag(name, options[name])) not in without]
    return flags, [f"--{name}" for name in options if name not in RULES]


def _flag(name: str, value: str) -> str:
    rule = RULES[name]
    if isinstance(rule, str):
        return rule.format(value)
    if value.lower() not in rule:
        raise ConfigError(f"expected one of {', '.join(rule)} for --{name}, found {value}")
    return rule[value.lower()]


def _parse(arguments: Sequence[str]) -> dict[str, str]:
    """Options by name: --name=value, --name value, or --name for true; before or after `eth2`."""
    options, rest = dict[str, str](), [*arguments]
    while rest:
        option, equals, value = rest.pop(0).partition("=")
        if option == "eth2":
            continue
        if not option.startswith("-"):
            hint = "for histories there is `signer slashing import` and `export`"
            raise ConfigError(f"expected options and eth2, found {option}: {hint}")
        if not equals:
            takes = rest and not rest[0].startswith("-") and rest[0] != "eth2"
            value = rest.pop(0) if takes else "true"
        options[_name(option.lstrip("-"))] = value
    return options


def _name(name: str) -> str:
    name = name.removeprefix("eth2.").removeprefix("eth2-")
    return SYNONYMS.get(name, name)


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
