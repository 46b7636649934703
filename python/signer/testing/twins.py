"""Calls that block, for coroutines: a thread of its own makes each, and the event loop goes on."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[[], T]) -> T:
    """Makes a call on a thread, and awaits its result.

    The thread is no worker of the event loop, which waits for these when it ends. So a call that a
    test has given up, by a time-out or by cancelling, holds up nobody.
    """
    done = Future[T]()
    done.set_running_or_notify_cancel()
    Thread(target=_run, args=(call, done), name="signer-call", daemon=True).start()
    return await asyncio.wrap_future(done)


def _run(call: Callable[[], T], done: Future[T]) -> None:
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - raised where it is awaited
        done.set_exception(error)
    else:
        done.set_result(result)


def blocks_an_event_loop() -> bool:
    """Whether the calling thread is that of a running event loop, which cannot go on meanwhile."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
