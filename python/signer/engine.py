"""The event loop's side of the signing threads: a future for each signature.

The threads hand back in batches (`rust/src/engine.rs`): one wake-up of a busy loop serves many.
"""

import asyncio
from collections.abc import Callable

from ._core import SecretKey, SigningThreads


class SigningEngine:
    """Signs on `threads` cores for one running event loop; close it when done."""

    def __init__(self, threads: int, set_up: Callable[[], object] | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._threads = SigningThreads(threads, set_up)
        self._loop.add_reader(self._threads.fileno(), self._deliver)

    def sign(self, secret_key: SecretKey, signing_root: bytes) -> asyncio.Future[bytes]:
        """To be awaited: 96 bytes, the signature over a 32-byte root."""
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        self._threads.submit(secret_key, signing_root, waiter)
        return waiter

    def close(self) -> None:
        """Finishes what was submitted, then ends the threads."""
        self._loop.remove_reader(self._threads.fileno())
        self._threads.close()
        self._deliver()

    def _deliver(self) -> None:
        for waiter, signature in self._threads.finished():
            if not waiter.done():  # a client that went away cancelled it
                waiter.set_result(signature)
