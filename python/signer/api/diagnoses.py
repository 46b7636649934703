"""Says why a signing root differs, next to signing: on one thread, for a few requests at a time."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..errors import SignerError, SigningRootError
from ..signing.diagnosis import Causes, Memory, diagnose
from ..signing.mismatch import HINT, roots_sent
from ..spec.networks import Network
from ..threads import lower_priority

MAX_WAITING = 4  # requests; a diagnosis takes milliseconds, and a burst of errors should not wait
MAX_WAIT = 0.5  # seconds; on a busy machine a thread of low priority takes long

NO_CAUSE = f"no usual mistake leads to this root; {HINT}"
BUSY = f"not examined, because other wrong requests are being examined; {HINT}"
LATE = f"no cause was found in time; {HINT}"

RootsSent = frozenset[bytes]


class Diagnoses:
    """Completes the errors for wrong signing roots. The first one starts the thread."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._causes = Causes()
        self._advice = Memory[tuple[bytes, RootsSent], str]()  # by the expected root and the sent
        self._waiting = 0
        self._thread: ThreadPoolExecutor | None = None

    def close(self) -> None:
        """Ends the thread, and drops what waits for it."""
        if self._thread:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    async def complete(self, error: SignerError) -> None:
        """Says in the error for a wrong signing root what the client did differently."""
        if not isinstance(error, SigningRootError):
            return
        sent = frozenset(roots_sent(error.request))
        key = (error.signing_root, sent)
        advice = self._advice.get(key)
        if advice is None and self._waiting >= MAX_WAITING:
            error.advise(BUSY)
            return
        if advice is None:
            advice = await self._examine(error, sent)
        if advice != LATE:  # the next time there may be more time
            self._advice.keep(key, advice)
        error.advise(advice)

    async def _examine(self, error: SigningRootError, sent: RootsSent) -> str:
        if error.signing_root in sent:
            return "signing_root and signingRoot differ; send one of them"
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "diagnosis", initializer=lower_priority)
        request: Any = error.request
        loop = asyncio.get_running_loop()
        search = partial(diagnose, request, self._network, sent, self._causes)
        self._waiting += 1
        try:
            async with asyncio.timeout(MAX_WAIT):
                cause = await loop.run_in_executor(self._thread, search)
        except TimeoutError:
            return LATE
        finally:
            self._waiting -= 1
        return cause or NO_CAUSE
