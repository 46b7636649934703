"""Children made by fork, as multiprocessing made them on Linux up to Python 3.13."""

import os
import signal
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def forked_child(work: Callable[[], str] = str) -> Iterator[str]:
    """A child that lives until the end of the block, and what `work` returned in it."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads; since Python 3.12
        child = os.fork()
    if child == 0:
        _work_and_wait(work, writing)
    try:
        os.close(writing)
        yield os.read(reading, 1 << 16).decode().removesuffix("\n")
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _work_and_wait(work: Callable[[], str], writing: int) -> None:
    try:
        result = work()
    except BaseException:  # noqa: BLE001 - shown where the child was forked
        result = traceback.format_exc()
    os.write(writing, f"{result}\n".encode())
    while True:
        signal.pause()
