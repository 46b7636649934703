"""The control routes below /_signer: `control/operations.py` over HTTP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar.types import HTTPScope, Receive, Send

from .. import decoding
from ..control.operations import Operations
from ..errors import BadRequestError
from .responses import JSON, read_body, respond

PREFIX = "/_signer/"


class ControlRoutes:
    """An ASGI application that runs operations, with fields from the query or the JSON body."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Responds 200 with the result as JSON; raises the SignerError of any other response."""
        fields: dict[str, Any] = dict(parse_qsl(scope["query_string"].decode(errors="replace")))
        body = await read_body(scope, receive)
        if body:
            if fields:
                raise BadRequestError("expected fields in the query or in the body, found both")
            fields = decoding.decode(dict[str, Any], body, "fields")
        path = scope["path"].removeprefix(PREFIX)
        result = await self._handle(scope["method"], path, fields)
        await respond(send, msgspec.json.encode(result), JSON)

    async def _handle(self, method: str, path: str, fields: dict[str, Any]) -> Any:
        # A thread of its own, because it may wait for requests for as long as it is asked to.
        thread = ThreadPoolExecutor(1)
        done = thread.submit(self._operations.handle, method, path, fields)
        thread.shutdown(wait=False)
        return await asyncio.wrap_future(done)
