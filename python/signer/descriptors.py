"""File descriptors: how many connections a process may have open, and when all are in use."""

import asyncio
import logging
import os
from contextlib import ExitStack

try:
    import resource
except ImportError:  # Windows has no such limit
    resource = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

WITHOUT_LIMIT = 1 << 20  # the most that Linux allows by default
MOST_OF_MACOS = 10_240
RESERVED = 64  # for the files, the metrics and the history of the signer
CHECK_INTERVAL = 1.0  # seconds
HOLES = 16  # descriptors that may be free below the highest, although no connection is


def raise_limit() -> None:
    """Raises this process's soft limit of descriptors to the hard one, as far as possible."""
    if resource is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in (hard, MOST_OF_MACOS):  # macOS names a hard limit that it does not grant
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):
            continue
        return


class ConnectionLimit:
    """How many connections may be open at a time: the descriptors that are free, but for a reserve.

    `descriptor` is any open one. A connection takes `each` of them.
    """

    def __init__(self, descriptor: int, each: int) -> None:
        self._descriptor = descriptor
        total = _limit()
        self._last = total - min(RESERVED, total // 4)
        self.connections = max(1, (self._last - self._highest_of_free(1)) // each)

    async def watch(self) -> None:
        """Warns once when all connections are in use; looks once a second until then."""
        while self._highest_of_free(HOLES) < self._last:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(CHECK_INTERVAL)
        log.warning(
            "all %d connections that the limit of open files allows are in use: further ones wait; "
            "raise the hard limit (ulimit -Hn), or close connections in the client",
            self.connections,
        )

    def _highest_of_free(self, count: int) -> int:
        """The highest of the `count` lowest descriptors that are free."""
        with ExitStack() as duplicates:
            highest = 0
            for _ in range(count):
                try:
                    duplicate = os.dup(self._descriptor)
                except OSError:  # all are in use
                    return self._last
                duplicates.callback(os.close, duplicate)
                highest = max(highest, duplicate)
            return highest


def _limit() -> int:
    if resource is None:
        return WITHOUT_LIMIT
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return WITHOUT_LIMIT
    return soft
