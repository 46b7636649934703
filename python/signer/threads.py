"""Threads for work that takes long: opening keystores and deriving keys.

As many as there are cores: scrypt takes 256 MiB each, and never more of them at once.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

Report = Callable[[str], None]

NICENESS = 15  # nice(1): a thirtieth of a core where signing wants all of it


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pool() -> ThreadPoolExecutor:
    """Threads for the start, when nothing else is to be done."""
    return ThreadPoolExecutor(cores())


def polite_pool() -> ThreadPoolExecutor:
    """Threads that work beside signing, and make way for it where the system can tell them to."""
    return ThreadPoolExecutor(cores(), "open", initializer=be_nice)


def be_nice() -> None:
    """Lets the other threads of this process go first, where the system can tell them apart."""
    # a thread has a niceness of its own on Linux only; elsewhere this would name another process
    if hasattr(os, "sched_getaffinity"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def open_all(
    threads: ThreadPoolExecutor, open_one: Callable[[T], R], items: Sequence[T], report: Report
) -> list[R]:
    """What `open_one` returns for each item, in order; reports a line a second while it takes.

    Raises CancelledError when the threads were shut down meanwhile.
    """
    futures = [threads.submit(open_one, item) for item in items]
    try:
        # `wait` alone would wait without end for those that a pool cancelled when it was shut down
        while waiting := [future for future in futures if not future.done()]:
            if late := wait(waiting, timeout=1).not_done:
                report(f"opened {len(futures) - len(late)} of {len(futures)} keystores")
    finally:
        for future in futures:
            future.cancel()
    return [future.result() for future in futures]
