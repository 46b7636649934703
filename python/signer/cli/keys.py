"""`signer keys`: keys as the keystores of other tools, whole or split into shares."""

import logging
import shlex
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from ..config.settings import THIS_MACHINE, Config
from ..errors import ConfigError
from ..keys import layouts
from ..keys.derived import derive_keys
from ..keys.keyring import Key
from ..keys.keystore import KdfFunction
from ..keys.keystore_folder import KeystoreFolder
from ..keys.splitting import endpoints_of, split_of, write_shares
from ..threads import thread_pool
from .options import FLAGS, HELP_NAMES, KEY_FLAGS, Choice, configuration, current_flag

log = logging.getLogger(__name__)

DEFAULT_LAYOUT = "web3signer"
KEYSTORE_FLAGS = ("keystores_path", "keystores_passwords_path", "keystores_password_file")


def _without_variable(name: str) -> click.Option:
    """The option of a flag of `serve`; its variable is set for `serve`, and does not count here."""
    option = copy(next(flag for flag in FLAGS if flag.name == name))
    option.envvar = None
    option.show_envvar = False
    return option


@click.command(
    "keys",
    params=[*KEY_FLAGS, *map(_without_variable, KEYSTORE_FLAGS)],
    context_settings={
        **HELP_NAMES,
        "token_normalize_func": current_flag,
        "allow_extra_args": True,
    },
)
@click.option(
    "--layout",
    type=Choice([*layouts.LAYOUTS, "all"], case_sensitive=False),
    multiple=True,
    help="the tool whose layout to write; may be repeated  [default: web3signer]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="folder to write into; has to be new or empty",
)
@click.option(
    "--kdf",
    type=Choice(["pbkdf2", "scrypt"], case_sensitive=False),
    default="pbkdf2",
    show_default=True,
    help="pbkdf2 (c=2) decrypts at once and protects nothing; scrypt (n=2^18) is EIP-2335's own",
)
@click.option(
    "--password", default="password", help="the password of all keystores", show_default=True
)
@click.option(
    "--split",
    metavar="THRESHOLD/PARTICIPANTS",
    help="split each key into shares of distributed validators, such as 2/3: a folder for each "
    "participant, for signer serve --distributed",
)
@click.option(
    "--endpoint",
    multiple=True,
    metavar="URL",
    help="with --split, where a participant serves; repeated for each, in order  [default: ports "
    "of this machine]",
)
def keys(
    *,
    out: Path,
    layout: tuple[str, ...],
    kdf: KdfFunction,
    password: str,
    split: str | None,
    endpoint: tuple[str, ...],
    **_: Any,
) -> None:
    """Write interop or mnemonic keys, or those of keystores, as keystores of other tools.

    Prints the command that serves them. With several layouts, each gets its own folder below --out.
    """
    config = configuration(click.get_current_context())
    if endpoint and split is None:
        raise ConfigError("expected --split with --endpoint, found no --split")
    if split is not None:
        parts = split_of(split)
        endpoints = endpoints_of(endpoint, parts)
        if len(layout) > 1 or "all" in layout:
            raise ConfigError("expected one --layout with --split, found several")
        paths = write_shares(
            out,
            layout[0] if layout else DEFAULT_LAYOUT,
            _keys_of(config),
            split=parts,
            endpoints=endpoints,
            password=password,
            kdf=kdf,
        )
        _warn_of_cheap_keystores(kdf)
        _tell_participants(paths, endpoints, are_given=bool(endpoint))
        return
    folders = _folders(out, layout)
    layouts.write(folders, _keys_of(config), password, kdf)
    _warn_of_cheap_keystores(kdf)
    for folder in folders:
        click.echo(f"signer serve --keystores-path {shlex.quote(str(folder))}")


def _tell_participants(
    paths: Sequence[Path],
    endpoints: Sequence[str],
    *,
    are_given: bool,
) -> None:
    """Prints the command that serves each participant."""
    log.info("checked: the shares in these files recover each key")
    if not are_given:
        log.info("the endpoints are ports of this machine; to change them, edit participants in")
        for path in paths:
            log.info("  %s", path)
    for path, endpoint in zip(paths, endpoints, strict=True):
        command = f"signer serve --distributed {shlex.quote(str(path))}"
        click.echo(f"{command}{_port_flag(endpoint)}")


def _port_flag(endpoint: str) -> str:
    """The flag that serves at an endpoint of this machine; empty for another machine."""
    parts = urlsplit(endpoint)
    if parts.port and THIS_MACHINE.fullmatch(parts.hostname or ""):
        return f" --port {parts.port}"
    return ""


def _keys_of(config: Config) -> Sequence[Key]:
    """The keys of the flags. Raises ConfigError when they name no source, or several."""
    sources = [config.interop, config.mnemonic, config.keystores_path]
    if sum(map(bool, sources)) != 1:
        raise ConfigError(
            "expected --interop N, or --mnemonic WORDS with --count N, or --keystores-path DIR"
        )
    if not config.keystores_path:
        return derive_keys(config.key_source)
    folder = KeystoreFolder(
        config.keystores_path,
        config.keystores_passwords_path,
        config.keystores_password_file,
    )
    with thread_pool() as pool:
        found, failures = folder.load(pool)
    if failures:
        raise ConfigError(f"cannot read {failures[0].source}: {failures[0].reason}")
    if not found:
        raise ConfigError(f"expected keystores below {config.keystores_path}, found none")
    return [*{key.pubkey: key for key in found}.values()]


def _warn_of_cheap_keystores(kdf: KdfFunction) -> None:
    if kdf == "pbkdf2":
        log.info("keystores that protect nothing, for tests only: --kdf scrypt is EIP-2335's own")


def _folders(out: Path, layout: tuple[str, ...]) -> dict[Path, str]:
    """The layouts to write, by their folders."""
    names = list(layout) or [DEFAULT_LAYOUT]
    if "all" in names:
        names = list(layouts.LAYOUTS)
    if len(names) == 1:
        return {out: names[0]}
    return {out / name: name for name in names}
