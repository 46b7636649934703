"""Bodies of requests: read within limits of size and time.

Large ones are worked on by a thread, so that signing goes on meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..decoding import PIECE_SIZE
from ..errors import BadRequestError, BodyTimeoutError, BodyTooLargeError

T = TypeVar("T")
R = TypeVar("R")
Receive = Callable[[], Awaitable[Any]]  # ASGI's

MAX_BODY_SIZE = 32 << 20  # bytes; a Gloas envelope carries a payload of 8 MiB, 16 MiB as hex
RELEASE_TIME = 0.05  # seconds; within it Granian drops a body that nobody waits for
LARGE_BODY_SIZE = PIECE_SIZE  # bytes; the event loop works on smaller ones itself
LONG_BODY_SIZE = 1 << 20  # bytes; from there on, `bytes.join` releases the GIL


class BodyReader:
    """Reads bodies, and works on them; call `start` first and `stop` last.

    One thread works on all large ones, one by one: they take little memory, and a single core.
    """

    def __init__(self, idle_timeout: float) -> None:
        self._idle_timeout = idle_timeout

    def start(self) -> None:
        """Makes the thread, which starts with the first large body."""
        self._thread = ThreadPoolExecutor(1, "bodies")

    def stop(self) -> None:
        """Ends the thread, and drops queued bodies."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def read(self, receive: Receive, announced: int) -> bytes:
        """The whole body, of which `announced` bytes are announced.

        Raises BodyTooLargeError above MAX_BODY_SIZE, before reading a body whose length is
        announced. Raises BodyTimeoutError when nothing comes for the idle timeout, and
        BadRequestError when the connection ends.
        """
        chunks: list[bytes] = []
        received = 0
        is_whole = False
        while not is_whole and max(received, announced) <= MAX_BODY_SIZE:
            event = await self._next(receive)
            chunks.append(event["body"])
            received += len(event["body"])
            # To ask Granian whether more comes would take another turn of its threads.
            is_whole = not event["more_body"] or received == announced
        if max(received, announced) > MAX_BODY_SIZE:
            raise too_large(MAX_BODY_SIZE, max(received, announced))
        if received > LONG_BODY_SIZE:
            return await self._run(b"".join, chunks)
        return b"".join(chunks)

    async def _next(self, receive: Receive) -> Any:
        try:
            async with asyncio.timeout(self._idle_timeout):
                event = await receive()
        except TimeoutError:
            # Granian closes the connection after a response only if it has dropped the body before.
            await asyncio.sleep(RELEASE_TIME)
            problem = f"expected the whole body, found no more of it for {self._idle_timeout} s"
            raise BodyTimeoutError(f"{problem}: send it at once, or raise --idle-timeout") from None
        if event["type"] != "http.request":
            raise BadRequestError("the connection ended before the body was whole")
        return event

    async def work(self, work: Callable[[bytes], T], body: bytes) -> T:
        """The result of work on a body: at once for a small one, from the thread for a large."""
        if len(body) <= LARGE_BODY_SIZE:
            return work(body)
        return await self._run(work, body)

    def _run(self, work: Callable[[T], R], value: T) -> Awaitable[R]:
        return asyncio.get_running_loop().run_in_executor(self._thread, work, value)


def too_large(limit: int, size: int) -> BodyTooLargeError:
    """The error for a body above its limit, both in bytes."""
    return BodyTooLargeError(f"expected a body of at most {limit} bytes, found {size} or more")
