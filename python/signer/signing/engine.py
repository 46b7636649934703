"""The event loop's side of the signing threads: a future for each signature.

The threads hand signatures back in batches (`rust/src/engine.rs`), so that one wake-up of a busy
loop serves many.
"""

import asyncio

from .._core import SecretKey, SigningThreads
from ..threads import lower_priority


class SigningEngine:
    """Signs on `threads` threads for the running event loop; close it when done.

    When more jobs are queued than there are threads, the event loop signs one job per iteration.
    Its core would be idle otherwise. Background threads have a low priority, and the loop does not
    sign for them.
    """

    def __init__(self, threads: int, *, background: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        set_up = lower_priority if background else None
        self._threads = SigningThreads(threads, set_up)
        self._may_help = not background
        self._is_helping = False
        self._loop.add_reader(self._threads.fileno(), self._deliver)

    def sign(self, secret_key: SecretKey, signing_root: bytes) -> asyncio.Future[bytes]:
        """A future of the signature, 96 bytes, over a 32-byte root."""
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        is_crowded = self._threads.submit(secret_key, signing_root, waiter)
        if is_crowded and self._may_help and not self._is_helping:
            self._is_helping = True
            self._loop.call_soon(self._help)
        return waiter

    def close(self) -> None:
        """Finishes the submitted jobs, then ends the threads. Blocks for as long as that takes."""
        self._loop.remove_reader(self._threads.fileno())
        self._threads.close()
        self._deliver()

    def _deliver(self) -> None:
        for waiter, signature in self._threads.finished():
            _hand_over(waiter, signature)

    def _help(self) -> None:
        signed = self._threads.help()
        self._is_helping = signed is not None
        if signed:
            _hand_over(*signed)
            self._loop.call_soon(self._help)


def _hand_over(waiter: asyncio.Future[bytes], signature: bytes) -> None:
    if not waiter.done():  # a client that went away has cancelled it
        waiter.set_result(signature)
