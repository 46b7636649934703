"""The arguments of `Signer`: what they may be, before anything is bound or written."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any

from ..config.flags import MAX_SHOWN, by_group, checked
from ..config.settings import Config
from ..errors import ConfigError, did_you_mean
from ..hex import from_hex

FLAGS = {declared.name: declared for declared in fields(Config)}
SECRET_SIZE = 32  # bytes
# Arguments of `Signer` that are no flags of `signer serve`
OWN_ARGUMENTS = {
    "keystores": "the same as keystores_path",
    "plugins": "the same as plugin",
    "keys": "secret keys: 32 bytes each, or their hex",
    "tls": 'True makes certificates; with "mtls" clients need one too',
    "auth": "the only user that it accepts, as user:password",
    "process": "serve from a process of its own",
    "start": "False leaves it unstarted, until `start`",
}


def help_of_arguments() -> str:
    """The docstring of `Signer.__init__`: every argument with its line of help."""
    lines = ["Takes these arguments, all by name. Raises ConfigError and TypeError.", "", "Signer:"]
    lines += [f"    {name}: {meaning}" for name, meaning in OWN_ARGUMENTS.items()]
    for group, members in by_group(FLAGS.values()).items():
        lines += ["", f"{group}:"]
        lines += [f"    {declared.name}: {declared.metadata['help']}" for declared in members]
    return "\n".join(lines)


def flag_for(name: str, value: Any, flag: str, flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flag that an argument of another name means. Raises ConfigError when it is there too."""
    if flag in flags:
        raise ConfigError(f"expected {name} or {flag}, which are the same, found both")
    return {flag: value}


def check_arguments(flags: Mapping[str, Any]) -> None:
    """Raises TypeError for an argument that does not exist, and ConfigError for a wrong value."""
    for name, value in flags.items():
        if name not in FLAGS:
            hint = did_you_mean(name, [*FLAGS, *OWN_ARGUMENTS])
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


def secrets_of(keys: Iterable[bytes | str]) -> list[bytes]:
    """Secret keys of 32 bytes, each given as bytes or as hex. Raises ConfigError; it shows none."""
    if isinstance(keys, bytes | str) or not isinstance(keys, Iterable):
        raise ConfigError(f"expected keys to be a list of keys, found {type(keys).__name__}")
    secrets = []
    for position, key in enumerate(keys):
        secret = key
        if isinstance(key, str):
            with suppress(ValueError):
                secret = from_hex(key)
        if not isinstance(secret, bytes) or len(secret) != SECRET_SIZE:
            found = type(key).__name__
            if isinstance(key, bytes | str):
                found += f" of length {len(key)} that is not one"
            expected = f"a secret key: {SECRET_SIZE} bytes, or their hex"
            raise ConfigError(f"expected keys[{position}] to be {expected}, found {found}")
        secrets.append(secret)
    return secrets


def check_count(n: Any) -> None:
    """Raises ConfigError for something else than a number, such as a type without its name."""
    if n is not None and (isinstance(n, bool) or not isinstance(n, int)):
        raise ConfigError(
            f"expected n to be a whole number, found {n!r:.100}; requests are selected by name, "
            "such as type="
        )


def require_threads() -> None:
    """Raises ConfigError where gevent has replaced threads or sockets: the signer would hang."""
    monkey: Any = sys.modules.get("gevent.monkey")
    if monkey and any(map(monkey.is_module_patched, ("threading", "thread", "socket"))):
        raise ConfigError(
            "expected the threads and sockets of Python, found gevent's monkey patch: give "
            "process=True, and the signer serves from a process of its own"
        )
