"""The flags by which a command reaches a signer from outside: TLS and basic authentication."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..tools.credentials import AccessFiles

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path)
FILES = {
    "auth_file": "the user for basic authentication: USER:PASSWORD on a line",
    "tls_ca": "the authority of the target's certificate (PEM); by default the system's",
    "tls_client_cert": "our certificate for mutual TLS, perhaps with its key (PEM)",
    "tls_client_key": "the key of that certificate (PEM)",
    "tls_client_password_file": "the password of that key",
}


def access_options(command: F) -> F:
    """Adds the flags to a command."""
    insecure = click.option(
        "--tls-insecure", is_flag=True, help="accept any certificate of the target"
    )
    command = insecure(command)
    for name, meaning in reversed(FILES.items()):
        spelling = f"--{name.replace('_', '-')}"
        command = click.option(spelling, name, type=FILE, metavar="FILE", help=meaning)(command)
    return command


def access_files(flags: dict[str, Any]) -> "AccessFiles":
    """The files that these flags name."""
    from ..tools.credentials import AccessFiles  # noqa: PLC0415 - takes long

    files = {name: flags[name] for name in FILES}
    return AccessFiles(**files, is_insecure=flags["tls_insecure"])
