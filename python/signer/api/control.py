"""The routes below /_signer: `control/operations.py` over HTTP, the live page and its events."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._core import __version__
from ..config.settings import Config
from ..control.fields import Fields
from ..control.operations import Operations
from ..errors import BadRequestError
from ..files import secret_file
from ..spec.clocks import clock_of
from ..spec.networks import Network
from .auth import Check, let_everybody_in, require_token
from .events import respond_with_events
from .http import Request, Response, json_response
from .lists import json_list
from .live_page import page_file

PREFIX = "/_signer/"
EVENTS = "events"
TOKEN_FLAG = "--control-token-file"  # noqa: S105 - its name


class ControlRoutes:
    """A handler that runs operations, with fields from the query or the JSON body.

    It requires the bearer token of --control-token-file, but not for the files of the page.
    """

    def __init__(self, operations: Operations, config: Config, network: Network) -> None:
        self._operations = operations
        self._check_token: Check = let_everybody_in
        if config.control_token_file:
            self._check_token = require_token(secret_file(config.control_token_file), TOKEN_FLAG)
        self._about = {
            "version": __version__,
            "network": network.name,
            "is_default_network": network.is_default,
            "is_open_to_everybody": config.is_open_to_everybody,
            "clock": clock_of(network, config.network, config.genesis_time),
        }

    def paths(self) -> list[list[str]]:
        """The method and the path of each route."""
        return [["GET", ""], ["GET", EVENTS], *self._operations.paths()]

    async def __call__(self, request: Request) -> Response:
        """Responds 200 with the result as JSON; raises the SignerError of any other response."""
        path = f"{request.path}/".removeprefix(PREFIX).rstrip("/")
        is_read = request.method in {"GET", "HEAD"}
        page = page_file(path) if is_read else None
        if page:
            return page
        self._check_token(request)
        fields: Fields = request.query
        body = await request.read_body()
        if request.method == "GET" and path == EVENTS:
            return respond_with_events(self._operations.feed, request, self._about)
        if body:
            if fields:
                raise BadRequestError("expected fields in the query or in the body, found both")
            fields = body
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
