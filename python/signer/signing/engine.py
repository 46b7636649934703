"""The event loop's side of the signing threads: a future for each signature.

The threads hand back in batches (`rust/src/engine.rs`): one wake-up of a busy loop serves many.
"""

import asyncio

from .._core import SecretKey, SigningThreads
from ..threads import be_nice


class SigningEngine:
    """Signs on `threads` threads for one running event loop; close it when done.

    While they have more to do than they come to, the loop's own thread signs as well, a signature
    between two looks for events: so its core is not idle until something wakes it.
    Patient threads make way for all others, and the loop leaves them alone.
    """

    def __init__(self, threads: int, *, patient: bool = False) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = SigningThreads(threads, be_nice if patient else None)
        self._helping = patient  # as if it did already
        self._loop.add_reader(self._threads.fileno(), self._deliver)

    def sign(self, secret_key: SecretKey, signing_root: bytes) -> asyncio.Future[bytes]:
        """To be awaited: 96 bytes, the signature over a 32-byte root."""
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        crowded = self._threads.submit(secret_key, signing_root, waiter)
        if crowded and not self._helping:
            self._helping = True
            self._loop.call_soon(self._help)
        return waiter

    def close(self) -> None:
        """Finishes what was submitted, then ends the threads."""
        self._loop.remove_reader(self._threads.fileno())
        self._threads.close()
        self._deliver()

    def _deliver(self) -> None:
        for waiter, signature in self._threads.finished():
            _hand_over(waiter, signature)

    def _help(self) -> None:
        signed = self._threads.help()
        self._helping = signed is not None
        if signed:
            _hand_over(*signed)
            self._loop.call_soon(self._help)


def _hand_over(waiter: asyncio.Future[bytes], signature: bytes) -> None:
    if not waiter.done():  # a client that went away cancelled it
        waiter.set_result(signature)
