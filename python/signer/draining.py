"""A stop that loses nothing: requests on open connections are answered before the server ends."""

import asyncio
import logging
from functools import partial
from time import monotonic
from typing import Any

from .api.bodies import Receive
from .api.control import EVENTS, PREFIX
from .api.http import TEXT, Response, Scope, Send

log = logging.getLogger(__name__)

READY_PATH = "/_ready"  # the server requests it from itself
QUIET_PERIOD = 0.05  # seconds; a draining server ends after this long without a request
DRAIN_TIMEOUT = 5.0  # seconds; a stopping server waits this long for open requests


class WatchedApplication:
    """The application, and a count of the requests that it works on, also for its metrics."""

    def __init__(self, app: Any, port: int) -> None:
        self._app = app
        self._is_draining = False
        self._open_requests = 0
        self._open_streams = 0
        self._last_seen = monotonic()
        app.metrics.watch_server(port, lambda: self._open_requests)

    async def drain(self) -> None:
        """Answers every request that was sent on an old connection, for DRAIN_TIMEOUT at most.

        A client whose connection closes under its request cannot know whether it was signed. So
        each response now says `connection: close`. Only after a quiet period may the server end,
        and close the connections that are idle.
        """
        self._is_draining = True
        if self._open_streams:
            self._last_seen = monotonic()  # they get a quiet period to end in
        end = monotonic() + DRAIN_TIMEOUT
        while monotonic() < end:
            quiet = 0.0
            if not self._open_requests:
                quiet = monotonic() - self._last_seen
            if quiet >= QUIET_PERIOD:
                return
            await asyncio.sleep(QUIET_PERIOD - quiet)
        log.warning("gave up on requests that were not done within %s seconds", DRAIN_TIMEOUT)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == READY_PATH:
            await Response(b"ready", TEXT).send(send)
            return
        if scope["path"] == f"{PREFIX}{EVENTS}":
            # It ends by itself when the signer stops, unless its reader has stopped reading.
            self._open_streams += 1
            try:
                await self._app(scope, receive, send)
            finally:
                self._open_streams -= 1
            return
        self._open_requests += 1
        try:
            await self._app(scope, receive, partial(self._send, send))
        finally:
            self._open_requests -= 1
            self._last_seen = monotonic()

    async def _send(self, send: Send, event: Any) -> None:
        if self._is_draining and event["type"] == "http.response.start":
            event = event | {"headers": [*event["headers"], (b"connection", b"close")]}
        await send(event)
