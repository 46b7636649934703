"""Stops the signer when the process that started it is gone."""

import logging
import os
import signal
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from select import POLLIN, poll
from threading import Thread
from time import sleep

from ..errors import UnavailableError

log = logging.getLogger(__name__)

# Read before the long imports of the command line: the parent may end meanwhile.
PARENT = os.getppid()

STDIN = 0  # the descriptor
CHUNK_SIZE = 1 << 16  # bytes; what comes on standard input is read and ignored
POLL_INTERVAL = 0.1  # seconds between two looks at the parent's number
STOP_TIMEOUT = 2.0  # seconds; a signer without a parent drains no longer than this
INIT = 1  # the number of the process that adopts orphans
NO_PARENT = (
    "--exit-with-parent: the parent process has already ended. (Where a container's main process "
    "starts the signer, leave the flag out: the signer ends with the container)"
)


def stop_with_parent() -> None:
    """Starts a thread that stops this process once its parent is gone.

    A pipe or a socket as standard input closes then. Without one the thread looks at the parent's
    number, which changes then. Raises UnavailableError where the parent has already ended.
    """
    wait = _wait_for_end_of_stdin
    reason = "standard input has closed"
    if not _is_stdin_connected():
        if _is_adopted():
            raise UnavailableError(NO_PARENT)
        wait = _wait_for_other_parent
        reason = f"the parent process, number {PARENT}, has ended"
    Thread(target=_stop_after, args=(wait, reason), name="parent", daemon=True).start()


def _stop_after(wait: Callable[[], None], reason: str) -> None:
    wait()
    log.info("stopping: %s", reason)
    os.kill(os.getpid(), signal.SIGTERM)
    sleep(STOP_TIMEOUT)
    os._exit(0)


def _is_stdin_connected() -> bool:
    """Whether standard input is a pipe or a socket, so that it closes with the other side."""
    if sys.stdin is None:  # closed when the process started
        return False
    mode = os.fstat(STDIN).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _wait_for_end_of_stdin() -> None:
    readable = poll()
    readable.register(STDIN, POLLIN)
    with suppress(ConnectionError):  # a socket whose other side was killed
        while True:
            readable.poll()
            with suppress(BlockingIOError):  # another process has read it
                if not os.read(STDIN, CHUNK_SIZE):
                    return


def _wait_for_other_parent() -> None:
    while os.getppid() == PARENT:
        sleep(POLL_INTERVAL)


def _is_adopted() -> bool:
    """Whether the parent had ended before its number was read here.

    Process 1 adopts orphans, or another process, which is usually in another session: a process
    inherits the session of the one that starts it.
    """
    if PARENT == INIT:
        return True
    own = os.getsid(0)
    if own == os.getpid():  # a session of our own tells nothing about the parent's
        return False
    with suppress(OSError):  # it has just ended, or its session is hidden
        return os.getsid(PARENT) != own
    return False
