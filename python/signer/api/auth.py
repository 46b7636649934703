"""Authenticates requests: basic authentication (RFC 7617), bearer token (RFC 6750).

This is the only file that reads the header `Authorization`.
"""

import hmac
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard, HTTPScope

from ..errors import ConfigError, ForbiddenError, UnauthorizedError, UnknownUserError
from ..files import read
from .responses import header

# Raises an error for a request that is not let in.
Check = Callable[[HTTPScope], None]


class Authorization(NamedTuple):
    """The header: its scheme in lower case, and what follows. Both are empty without the header."""

    scheme: bytes
    credentials: bytes


def read_authorization(scope: HTTPScope) -> Authorization:
    """The header of a request."""
    scheme, _, credentials = header(scope, b"authorization").partition(b" ")
    return Authorization(scheme.lower(), credentials.strip())


def let_everybody_in(_: HTTPScope) -> None:
    """Checks nothing."""


def require_user(path: Path, exempt: str | None) -> Check:
    """A check that lets in users whose USER:PASSWORD is a line of a file, such as Teku.

    Paths below `exempt` have another guard. The check raises UnknownUserError. Raises ConfigError
    for a file without lines, and for other lines in it.
    """
    users = _read_users(path)

    def check(scope: HTTPScope) -> None:
        if exempt and scope["path"].startswith(exempt):
            return
        scheme, credentials = read_authorization(scope)
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
    for line in read(path, ConfigError).splitlines():
        if not line or line.startswith(b"#"):
            continue
        if b":" not in line:
            problem = f"expected lines of USER:PASSWORD in {path}"
            raise ConfigError(f"{problem}, found one without a colon")
        users.append(b64encode(line))
    if not users:
        raise ConfigError(f"expected lines of USER:PASSWORD in {path}, found no line")
    return users


def require_token(token: str) -> Guard:
    """A guard of Litestar's that lets in requests with the bearer token.

    The guard raises UnauthorizedError for a request without a token, ForbiddenError for another.
    """

    def check(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        scheme, credentials = read_authorization(connection.scope)  # type: ignore[arg-type]
        if scheme != b"bearer" or not credentials:
            raise UnauthorizedError("expected the header Authorization: Bearer TOKEN, found none")
        if not hmac.compare_digest(credentials, token.encode()):
            raise ForbiddenError("wrong token: send the one in --keymanager-token-file")

    return check
