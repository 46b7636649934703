"""Basic authentication (RFC 7617), for clients that know nothing else, such as Teku.

Only there with --auth-file: without, no request passes through this file.
"""

import hmac
from base64 import b64encode
from pathlib import Path
from typing import Any

from litestar.types import Receive, Send

from ..errors import ConfigError, UnknownUserError
from ..files import read
from .answers import answer, explain


class Authenticated:
    """An ASGI application that answers whoever sends a line of a file, USER:PASSWORD.

    Paths below `exempt` have another guard. Raises ConfigError when the file has no such line.
    """

    def __init__(self, app: Any, path: Path, exempt: str | None) -> None:
        self._app, self._exempt = app, exempt
        self._known = [b64encode(line) for line in read(path).splitlines() if b":" in line]
        if not self._known:
            raise ConfigError(f"expected lines of USER:PASSWORD in {path}, found none")

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        scheme, _, token = given.partition(b" ")
        tries = [hmac.compare_digest(token.strip(), line) for line in self._known]
        known = scheme.lower() == b"basic" and any(tries)
        if known or (self._exempt and scope["path"].startswith(self._exempt)):
            await self._app(scope, receive, send)
            return
        found = "another" if given else "none"
        problem = f"expected the user and password of a line in --auth-file, found {found}"
        await answer(send, *explain(UnknownUserError(problem)))
