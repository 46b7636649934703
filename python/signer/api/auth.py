"""Authenticates requests: basic authentication (RFC 7617), bearer token (RFC 6750).

This is the only file that reads the header `Authorization`.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from ..errors import ConfigError, ForbiddenError, UnauthorizedError, UnknownUserError
from ..files import read, text_of
from .http import Request

# Raises an error for a request that is not let in.
Check = Callable[[Request], None]


class Authorization(NamedTuple):
    """The header: its scheme in lower case, and what follows. Both are empty without the header."""

    scheme: bytes
    credentials: bytes


def read_authorization(request: Request) -> Authorization:
    """The header of a request."""
    scheme, _, credentials = request.header(b"authorization").partition(b" ")
    return Authorization(scheme.lower(), credentials.strip())


def let_everybody_in(_: Request) -> None:
    """Checks nothing."""


def require_user(path: Path | None, exempt: str | None) -> Check:
    """A check that lets in users whose USER:PASSWORD is a line of a file, such as Teku.

    Without a file, it lets everybody in. Paths below `exempt` have another guard. The check raises
    UnknownUserError. Raises ConfigError for a file without lines, and for other lines in it.
    """
    if path is None:
        return let_everybody_in
    users = _read_users(path)

    def check(request: Request) -> None:
        if exempt and request.path.startswith(exempt):
            return
        scheme, credentials = read_authorization(request)
        # Compare with every user: the time must not reveal a near match.
        matches = [hmac.compare_digest(credentials, user) for user in users]
        if scheme != b"basic":
            raise UnknownUserError("expected basic authentication: send a user of --auth-file")
        if not any(matches):
            raise UnknownUserError("unknown user or wrong password: send a user of --auth-file")

    return check


def _read_users(path: Path) -> list[bytes]:
    """The users of a file as basic authentication sends them. Raises ConfigError."""
    users = []
    for line in text_of(read(path, ConfigError), path, ConfigError).encode().splitlines():
        if not line or line.startswith(b"#"):
            continue
        if b":" not in line:
            problem = f"expected lines of USER:PASSWORD in {path}"
            raise ConfigError(f"{problem}, found one without a colon")
        if line != line.strip():
            problem = f"expected lines of USER:PASSWORD in {path}"
            raise ConfigError(f"{problem}, found one with a blank at its start or its end")
        users.append(b64encode(line))
    if not users:
        raise ConfigError(f"expected lines of USER:PASSWORD in {path}, found no line")
    return users


def require_token(token: str, flag: str = "--keymanager-token-file") -> Check:
    """A check that lets in requests with the bearer token, which is in the file of `flag`.

    It raises UnauthorizedError for a request without a token, ForbiddenError for another token.
    """

    def check(request: Request) -> None:
        scheme, credentials = read_authorization(request)
        if scheme != b"bearer" or not credentials:
            problem = "expected the header Authorization: Bearer TOKEN, found none"
            raise UnauthorizedError(f"{problem}; the token is in {flag}")
        if not hmac.compare_digest(credentials, token.encode()):
            raise ForbiddenError(f"wrong token: send the one in {flag}")

    return check
