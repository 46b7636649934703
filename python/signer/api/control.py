"""The control routes below /_signer: `control/operations.py` over HTTP."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..control.fields import Fields
from ..control.operations import Operations
from ..errors import BadRequestError
from .http import Request, Response, json_response
from .lists import json_list

PREFIX = "/_signer/"


class ControlRoutes:
    """A handler that runs operations, with fields from the query or the JSON body."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def __call__(self, request: Request) -> Response:
        """Responds 200 with the result as JSON; raises the SignerError of any other response."""
        fields: Fields = request.query
        body = await request.read_body()
        if body:
            if fields:
                raise BadRequestError("expected fields in the query or in the body, found both")
            fields = body
        path = request.path.removeprefix(PREFIX)
        result = await self._handle(request.method, path, fields)
        if isinstance(result, list):
            return json_list(result)
        return json_response(result)

    async def _handle(self, method: str, path: str, fields: Fields) -> Any:
        # A thread of its own, because it may wait for requests for as long as it is asked to.
        thread = ThreadPoolExecutor(1)
        done = thread.submit(self._operations.handle, method, path, fields)
        thread.shutdown(wait=False)
        return await asyncio.wrap_future(done)
