"""A signer with cores that this machine does not have: each of its signatures is a sleep.

Everything else is the real thing: HTTP, JSON, roots, slashing rules, metrics, the event loop. Its
signatures are void.

Run: python benchmarks/sleeping.py CORES MICROSECONDS FLAGS-OF-SERVE
"""

import asyncio
import os
import sys
from collections import deque
from heapq import heappop, heappush
from time import monotonic
from typing import Any

from signer.cli import main
from signer.signing import engine

SIGNATURE = bytes(96)


class SleepingThreads:
    """In place of `SigningThreads`: a job is done after the time of a signature on a free core.

    It wakes the event loop as the threads do, by a byte in a pipe, which may stand for many jobs.
    """

    cores = 1
    seconds = 0.0  # of a signature

    def __init__(self, *_: Any) -> None:
        self._ends = [0.0] * self.cores  # a heap: when each core is free
        self._jobs: deque[tuple[float, Any]] = deque()  # waiters; all jobs take the same time
        self._loop = asyncio.get_running_loop()
        self._ready, self._wake = os.pipe()

    def fileno(self) -> int:
        """The pipe's end to read from."""
        return self._ready

    def submit(self, _key: Any, _root: bytes, waiter: Any) -> bool:
        """Queues a job. No core is short of work because of the loop, so it never helps."""
        end = max(monotonic(), heappop(self._ends)) + self.seconds
        heappush(self._ends, end)
        self._jobs.append((end, waiter))
        if len(self._jobs) == 1:
            self._sleep()
        return False

    def _sleep(self) -> None:
        until = self._jobs[0][0] - monotonic()
        self._loop.call_later(max(0.0, until), os.write, self._wake, b"0")

    def finished(self) -> list[tuple[Any, bytes]]:
        """The waiters whose time is over."""
        os.read(self._ready, 1)
        now = monotonic()
        done = []
        while self._jobs and self._jobs[0][0] <= now:
            done.append((self._jobs.popleft()[1], SIGNATURE))
        if self._jobs:
            self._sleep()
        return done

    def close(self) -> None:
        """Leaves what is still under way, because the benchmark is over."""
        os.write(self._wake, b"0")


if __name__ == "__main__":
    SleepingThreads.cores = int(sys.argv[1])
    SleepingThreads.seconds = float(sys.argv[2]) / 1e6
    vars(engine)["SigningThreads"] = SleepingThreads
    main(["serve", *sys.argv[3:]], prog_name="signer")
