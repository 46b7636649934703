"""The arguments of `Signer`: what they may be, before anything is bound or written."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from ..config.flags import MAX_SHOWN, checked
from ..config.settings import Config
from ..errors import ConfigError, did_you_mean

FLAGS = {declared.name: declared for declared in fields(Config)}
# Arguments of `Signer` that are no flags of `signer serve`
OWN_NAMES = ("keystores", "plugins", "keys", "tls", "auth", "process", "start")


def flag_for(name: str, value: Any, flag: str, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flag that an argument of another name means. Raises ConfigError when it is there too."""
    if flag in flags:
        raise ConfigError(f"expected {name} or {flag}, which are the same, found both")
    return {flag: value}


def check_arguments(flags: Mapping[str, Any]) -> None:
    """Raises TypeError for an argument that does not exist, and ConfigError for a wrong value."""
    for name, value in flags.items():
        if name not in FLAGS:
            hint = did_you_mean(name, [*FLAGS, *OWN_NAMES])
            raise TypeError(f"Signer has no argument {name!r}{hint}")
        checked(FLAGS[name], value, name)
    if not flags.get("control", True):
        raise ConfigError("expected no control=False: a Signer obeys its test through it")


def check_access(tls: Any, auth: Any, flags: Mapping[str, Any]) -> None:
    """Raises ConfigError for `tls` and `auth` that would guard nothing, or replace a flag."""
    if not isinstance(tls, bool) and tls != "mtls":
        expected = 'expected tls to be True, False or "mtls"'
        hint = did_you_mean(tls, ["mtls"])
        raise ConfigError(f"{expected}, found {tls!r:.{MAX_SHOWN}}{hint}")
    if not isinstance(auth, str):
        raise ConfigError(f'expected auth to be "user:password", found {type(auth).__name__}')
    if auth:
        _check_user(auth)
    for name in flags:
        if tls and name.startswith("tls_"):
            raise ConfigError(f"expected tls, which makes certificates, or {name}, found both")
    if auth and "auth_file" in flags:
        raise ConfigError("expected auth or auth_file, found both")


def _check_user(auth: str) -> None:
    """Raises ConfigError for text that is no line of --auth-file, or several. It shows none."""
    if ":" not in auth:
        raise ConfigError('expected auth to be "user:password", found text without a colon')
    if auth.startswith("#"):
        raise ConfigError("expected auth to be a user without # in front, found a comment")
    if "\n" in auth or "\r" in auth:
        raise ConfigError("expected auth to be one user on one line, found several lines")


def check_switches(**switches: Any) -> None:
    """Raises ConfigError for an argument that has to be True or False."""
    for name, value in switches.items():
        if isinstance(value, bool):
            continue
        message = f"expected {name} to be True or False, found {value!r:.{MAX_SHOWN}}"
        if name == "start" and isinstance(value, int):
            message += ": the index of the first key is start_index"
        raise ConfigError(message)
