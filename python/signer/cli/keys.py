"""`signer keys`: deterministic keys as the keystores of other tools."""

import logging
import shlex
from pathlib import Path
from typing import Any

import click

from ..errors import ConfigError
from ..keys import layouts
from ..keys.derived import derive_keys
from ..keys.keystore import KdfFunction
from .options import KEY_FLAGS, Choice, configuration, current_flag

log = logging.getLogger(__name__)


@click.command(
    "keys",
    params=[*KEY_FLAGS],
    context_settings={"token_normalize_func": current_flag, "allow_extra_args": True},
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
def keys(
    out: Path,
    layout: tuple[str, ...],
    kdf: KdfFunction,
    password: str,
    **_: Any,
) -> None:
    """Write interop or mnemonic keys as keystores of other tools.

    Prints the command that serves them. With several layouts, each gets its own folder below --out.
    """
    folders = _folders(out, layout)
    key_source = configuration(click.get_current_context()).key_source
    if bool(key_source.interop) == bool(key_source.mnemonic):
        raise ConfigError("expected --interop N, or --mnemonic WORDS with --count N")
    layouts.write(folders, derive_keys(key_source), password, kdf)
    if kdf == "pbkdf2":
        log.info("keystores that protect nothing, for tests only: --kdf scrypt is EIP-2335's own")
    for folder in folders:
        click.echo(f"signer serve --keystores-path {shlex.quote(str(folder))}")


def _folders(out: Path, layout: tuple[str, ...]) -> dict[Path, str]:
    """The layouts to write, by their folders."""
    names = list(layout) or ["web3signer"]
    if "all" in names:
        names = list(layouts.LAYOUTS)
    if len(names) == 1:
        return {out: names[0]}
    return {out / name: name for name in names}
