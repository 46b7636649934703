"""The event loop's side of the signing threads: a future for each signature.

The threads hand signatures back in batches (`rust/src/engine.rs`), so that one wake-up of a busy
loop serves many.
"""

import asyncio

from .._core import SecretKey, SigningThreads
from ..threads import lower_priority

BUSY_PERIOD = 0.05  # seconds after two requests at once, in which the threads sign all


class SigningEngine:
    """Signs on `threads` threads for the running event loop; close it when done.

    The event loop signs itself for a client that is alone, because handing a job to a thread and
    back takes as long as half a signature. When more jobs are queued than there are threads, it
    signs one job per iteration. Its core would be idle otherwise. Background threads have a low
    priority, and the loop does not sign for them.
    """

    def __init__(self, threads: int, *, background: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        set_up = lower_priority if background else None
        self._threads = SigningThreads(threads, set_up)
        self._may_help = not background
        self._is_helping = False
        self._is_signing = False  # for a client that was alone
        self._under_way = 0
        self._busy_until = 0.0
        self._loop.add_reader(self._threads.fileno(), self._deliver)

    def expect(self) -> None:
        """Notes a request. If it came during a signature, the threads sign for BUSY_PERIOD."""
        if self._under_way or self._is_signing:
            self._busy_until = self._loop.time() + BUSY_PERIOD

    def sign(self, secret_key: SecretKey, signing_root: bytes) -> asyncio.Future[bytes]:
        """A future of the signature, 96 bytes, over a 32-byte root."""
        self.expect()
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        if self._may_help and self._loop.time() >= self._busy_until:
            self._is_signing = True
            # Requests that come during the signature start their tasks within two iterations.
            self._loop.call_soon(self._loop.call_soon, self._end_signing)
            waiter.set_result(secret_key.sign(signing_root))
            return waiter
        self._under_way += 1
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

    def _end_signing(self) -> None:
        self._is_signing = False

    def _deliver(self) -> None:
        for waiter, signature in self._threads.finished():
            self._hand_over(waiter, signature)

    def _help(self) -> None:
        signed = self._threads.help()
        self._is_helping = signed is not None
        if signed:
            self._hand_over(*signed)
            self._loop.call_soon(self._help)

    def _hand_over(self, waiter: asyncio.Future[bytes], signature: bytes) -> None:
        self._under_way -= 1
        if not waiter.done():  # a client that went away has cancelled it
            waiter.set_result(signature)
