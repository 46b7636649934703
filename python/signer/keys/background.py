"""Decrypts the keystores of a request next to signing, on background threads."""

import asyncio
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from ..errors import KeystoreError, SignerError
from ..threads import background_pool, cores
from .keyring import Key
from .keystore import Keystore, parse


class BackgroundDecryption:
    """The background threads; call `start` first and `stop` last."""

    def start(self) -> None:
        """Makes the threads, which start when they are needed."""
        self._is_stopping = False
        self.pool = background_pool()
        # Python code holds the GIL, and at a low priority it would hold it long.
        self._parsing = ThreadPoolExecutor(1, "parsing")

    def stop(self) -> None:
        """Ends the threads after the keystores that they decrypt, and drops the others."""
        self._is_stopping = True
        self.pool.shutdown(wait=False, cancel_futures=True)
        self._parsing.shutdown(wait=False, cancel_futures=True)

    async def decrypt(
        self,
        documents: Sequence[str],
        passwords: Sequence[str],
    ) -> list[Key | SignerError]:
        """The keys of keystores, in order, or the reason why there is no key.

        Each thread takes one keystore after another: there is a task for a thread, not for a
        keystore, because the event loop would take a second for 50,000 tasks.
        """
        loop = asyncio.get_running_loop()
        stopped = KeystoreError("not imported: the signer stopped; import it again")
        results: list[Key | SignerError] = [stopped] * len(documents)
        remaining = deque[tuple[int, Keystore]]()

        def parse_all() -> None:
            for index, document in enumerate(documents):
                try:
                    remaining.append((index, parse(document.encode())))
                except SignerError as error:
                    results[index] = error

        await loop.run_in_executor(self._parsing, parse_all)

        def work() -> None:
            while remaining and not self._is_stopping:
                with suppress(IndexError):  # another thread took the last
                    index, keystore = remaining.popleft()
                    results[index] = _decrypt(keystore, passwords[index])

        await asyncio.gather(*(loop.run_in_executor(self.pool, work) for _ in range(cores())))
        return results


def _decrypt(keystore: Keystore, password: str) -> Key | SignerError:
    try:
        return keystore.decrypt(password)
    except SignerError as error:
        return error
