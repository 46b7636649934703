"""The flags by which a command reaches a signer from outside: TLS and basic authentication."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from ..tools.bench.access import Access

F = TypeVar("F", bound=Callable[..., Any])

FILE = click.Path(path_type=Path, dir_okay=False)
OPTIONS = {
    "tls_ca": "certificates to trust for https, in PEM; by default the system's",
    "tls_cert": "certificate that this client shows, in PEM",
    "tls_key": "key of --tls-cert, where that file does not have it",
    "auth_file": "basic authentication: a file with a line user:password",
}


def access_options(command: F) -> F:
    """Adds the flags to a command."""
    for name, meaning in reversed(OPTIONS.items()):
        spelling = f"--{name.replace('_', '-')}"
        command = click.option(spelling, name, type=FILE, metavar="FILE", help=meaning)(command)
    return command


def access_of(url: str, flags: dict[str, Any]) -> "Access":
    """The access to a URL by these flags. Raises ConfigError."""
    from ..tools.bench.access import access_to  # noqa: PLC0415 - takes long

    return access_to(
        url,
        ca=flags["tls_ca"],
        cert=flags["tls_cert"],
        key=flags["tls_key"],
        auth_file=flags["auth_file"],
    )
