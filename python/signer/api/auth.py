"""Basic authentication (RFC 7617), for clients that know nothing else, such as Teku."""

import hmac
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from litestar.types import HTTPScope

from ..errors import ConfigError, UnknownUserError
from ..files import read

Check = Callable[[HTTPScope], None]


def everybody(_: HTTPScope) -> None:
    """Lets every request in."""


def users(path: Path, exempt: str | None) -> Check:
    """Lets in who sends a line of a file, USER:PASSWORD; paths below `exempt` have another guard.

    The check raises UnknownUserError. Raises ConfigError when the file has no, or other, lines.
    """
    lines = [line for line in read(path).splitlines() if line and not line.startswith(b"#")]
    if not lines or not all(b":" in line for line in lines):
        raise ConfigError(f"expected lines of USER:PASSWORD in {path}, found none, or another")
    known = [b64encode(line) for line in lines]

    def check(scope: HTTPScope) -> None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        tries = [hmac.compare_digest(token.strip(), line) for line in known]
        is_known = scheme.lower() == b"basic" and any(tries)
        if not is_known and not (exempt and scope["path"].startswith(exempt)):
            found = "another" if given else "none"
            expected = "the user and password of a line in --auth-file"
            raise UnknownUserError(f"expected {expected}, found {found}")

    return check
