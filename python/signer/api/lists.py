"""Long lists as JSON: made and sent in parts, so that the event loop does other work in between."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from itertools import chain, count
from typing import Any

import msgspec

from .http import Response

ITEMS_PER_PART = 500  # making them takes the event loop less than a millisecond
PART_SIZE = 256 << 10  # bytes, from which on a part is sent although it has fewer items


def json_list(items: Iterable[Any], before: bytes = b"[", after: bytes = b"]") -> Response:
    """A response with items as a JSON array, which `before` and `after` may put into an object."""
    parts = _parts(items)
    first = next(parts, b"")
    second = next(parts, None)
    if second is None:
        return Response(before + first + after)

    async def body() -> AsyncIterator[bytes]:
        yield before
        yield first
        for part in chain([second], parts):
            yield b","  # by itself: a part may have 32 MiB, which take long to copy
            yield part
            await asyncio.sleep(0)
        yield after

    return Response(body())


class KeptList:
    """A JSON array that is made once, while the first response sends it; `response` sends it.

    Responses share the parts, also when several are under way and when clients go away.
    """

    def __init__(self, items: Iterable[Any]) -> None:
        self._unmade = _parts(items)
        self._parts: list[bytes] = []
        self._make_next()

    def _make_next(self) -> bool:
        """Makes another part. Returns whether there was one."""
        part = next(self._unmade, None)
        if part is None:
            return False
        self._parts.append(part)
        return True

    def response(self) -> Response:
        """A response with the array."""
        if len(self._parts) < 2 and not self._make_next():  # noqa: PLR2004 - a short list
            return Response(b"[" + b"".join(self._parts) + b"]")
        return Response(self._body())

    async def _body(self) -> AsyncIterator[bytes]:
        separator = b"["
        for index in count():
            if index == len(self._parts) and not self._make_next():
                break
            yield separator + self._parts[index]
            separator = b","
            await asyncio.sleep(0)
        yield b"]"


def _parts(items: Iterable[Any]) -> Iterator[bytes]:
    """The items as JSON, several in a part, with commas between them."""
    part: list[bytes] = []
    size = 0
    for item in items:
        part.append(msgspec.json.encode(item))
        size += len(part[-1])
        if len(part) == ITEMS_PER_PART or size > PART_SIZE:
            yield b",".join(part)
            part.clear()
            size = 0
    if part:
        yield b",".join(part)
