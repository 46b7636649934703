"""Threads for long work, such as decrypting keystores; cores and priorities.

There are as many as cores, because scrypt takes 256 MiB in each.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

log = logging.getLogger(__name__)

BACKGROUND_NICENESS = 15  # nice(1); a thirtieth of a core where signing wants all of it
PROGRESS_INTERVAL = 1.0  # seconds between two log lines of work that takes long
HAS_AFFINITY = hasattr(os, "sched_getaffinity")  # Linux


def cores() -> int:
    """How many cores this process may use."""
    if HAS_AFFINITY:
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_pool() -> ThreadPoolExecutor:
    """Threads for the start, before the signer serves."""
    return ThreadPoolExecutor(cores())


def background_pool() -> ThreadPoolExecutor:
    """Threads of low priority, for work next to signing."""
    return ThreadPoolExecutor(cores(), "background", initializer=lower_priority)


def lower_priority() -> None:
    """Gives the calling thread a low priority, where threads have priorities (Linux)."""
    # Only on Linux has a thread a niceness of its own; elsewhere this would name another process.
    if HAS_AFFINITY:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICENESS)


def run_on_all(
    pool: ThreadPoolExecutor,
    work: Callable[[T], R],
    items: Sequence[T],
    progress: str,
) -> list[R]:
    """The results of `work` for each item, in order. Blocks until all are there.

    Logs a line a second meanwhile: `progress`, the number done, and the total. Raises
    CancelledError when the pool is shut down meanwhile.
    """
    futures = [pool.submit(work, item) for item in items]
    try:
        # A pool that is shut down cancels futures without waking `wait`: so look again each time.
        while unfinished := [future for future in futures if not future.done()]:
            late = wait(unfinished, timeout=PROGRESS_INTERVAL).not_done
            if late:
                log.info("%s: %d of %d", progress, len(futures) - len(late), len(futures))
    finally:
        for future in futures:
            future.cancel()
    return [future.result() for future in futures]
