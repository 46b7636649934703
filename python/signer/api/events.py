"""GET /_signer/events: the feed of a signer as a stream that lasts until the reader goes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from typing import Any

from ..control.feed import Changing, Feed, event
from .http import Request, Response

INTERVAL = 0.1  # seconds; events of this time leave in one write
MAX_PARTS = 4  # of the feed in one write
MAX_SIZE = 1 << 20  # bytes; a write ends after the part that exceeds it
HEARTBEAT = b": nothing new\n\n"
HEARTBEAT_INTERVAL = 10.0  # seconds without an event; proxies close a connection after thirty
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}  # nginx would keep events back


def respond_with_events(feed: Feed, request: Request, about: Mapping[str, Any]) -> Response:
    """A stream of events from now on, or after the request's Last-Event-ID.

    Its first event, `signer`, is `about` and the number of the run.
    """
    last_event_id = request.header(b"last-event-id").decode("latin-1")
    position = feed.newest()
    if last_event_id:
        position = feed.position_of(last_event_id)
    first = event("signer", {**about, "run": feed.run})
    if not last_event_id:
        first = feed.id_line(position) + first
    stream = _Stream(feed, request, position)
    return Response(stream.parts(first), "text/event-stream", headers=HEADERS)


class _Stream:
    """The events of one reader."""

    def __init__(self, feed: Feed, request: Request, position: Any) -> None:
        self._feed = feed
        self._request = request
        self._position = position
        self._seen = Changing()

    async def parts(self, first: bytes) -> AsyncIterator[bytes]:
        """The writes: one for an interval in which something happened."""
        gone = asyncio.create_task(self._request.wait_until_gone())
        try:
            with self._feed.reading() as is_over:
                yield first
                quiet = 0.0
                while not gone.done() and not is_over.done():
                    text = await self._next()
                    quiet += INTERVAL
                    if not text and quiet >= HEARTBEAT_INTERVAL:
                        text = HEARTBEAT
                    if text:
                        quiet = 0.0
                        # A reader that stops reading lets this wait. The journal goes on without
                        # it, and tells it later how many records were lost.
                        yield text
                    await asyncio.wait(
                        {gone, is_over}, timeout=INTERVAL, return_when=asyncio.FIRST_COMPLETED
                    )
        finally:
            gone.cancel()
            with suppress(asyncio.CancelledError):
                await gone

    async def _next(self) -> bytes:
        """The events since the last call; empty without any."""
        text, self._seen = self._feed.changes(self._seen)
        parts = [text]
        for _ in range(MAX_PARTS):
            events = self._feed.after(self._position)
            self._position = events.position
            parts.append(events.text)
            if not events.has_more or sum(map(len, parts)) > MAX_SIZE:
                break
            await asyncio.sleep(0)
        return b"".join(parts)
