"""Whether the upstream's signatures are right: told before they leave, or afterwards."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from .._core import verify
from ..config.sources import UpstreamVerify
from ..control.filters import Verdict
from ..hex import abbreviated, to_hex
from ..threads import cores, lower_priority
from .errors import WrongSignatureError

log = logging.getLogger(__name__)

MAX_WAITING = 10_000  # signatures; verifying them takes some seconds
MAX_LINES = 100  # of the log; all are counted

Told = Callable[[Verdict], None]


class Verifier:
    """Verifies signatures on threads of its own.

    In `report` mode they have a low priority, and signatures above MAX_WAITING stay unverified.
    """

    def __init__(self, mode: UpstreamVerify) -> None:
        self._enforces = mode == "enforce"
        self._waiting = 0
        self._lines = 0

    def start(self) -> None:
        """Makes the threads, which start with the first signatures."""
        if self._enforces:
            self._pool = ThreadPoolExecutor(cores(), "verify")
        else:
            self._pool = ThreadPoolExecutor(cores(), "verify", initializer=lower_priority)

    def stop(self) -> None:
        """Ends the threads; signatures that wait stay unverified."""
        self._pool.shutdown(cancel_futures=True)
        if self._lines > MAX_LINES:
            log.warning("%d more wrong signatures of the upstream", self._lines - MAX_LINES)

    async def check(
        self,
        type_name: str,
        pubkey: bytes,
        signing_root: bytes,
        signature: bytes,
        told: Told,
        *,
        is_alone: bool,
    ) -> None:
        """Tells the verdict on a signature; in `report` mode later, and at once otherwise.

        With `is_alone`, no other request is passed on meanwhile. Raises WrongSignatureError in
        `enforce` mode.
        """
        if self._waiting >= MAX_WAITING and not self._enforces:
            told("unverified")
            return
        subject = f"{type_name} by {abbreviated(to_hex(pubkey))} over {to_hex(signing_root)}"
        if is_alone and self._enforces:
            # Nobody else waits for the event loop, and to wake a thread would take longer.
            is_right = verify(pubkey, signing_root, signature)
            self._tell(subject, told, is_right=is_right)
        else:
            loop = asyncio.get_running_loop()
            verifying = loop.run_in_executor(self._pool, verify, pubkey, signing_root, signature)
            self._waiting += 1
            # The first callback of the future: the verdict is told before the answer goes on.
            verifying.add_done_callback(partial(self._tell_later, subject, told))
            is_right = not self._enforces or await verifying
        if not is_right:
            raise WrongSignatureError(
                "expected a signature of the key over the signing root from the upstream, found a "
                "wrong one: see the upstream, or serve with --upstream-verify report"
            )

    def _tell_later(self, subject: str, told: Told, verifying: asyncio.Future[bool]) -> None:
        self._waiting -= 1
        if verifying.cancelled():
            told("unverified")
        else:
            self._tell(subject, told, is_right=verifying.result())

    def _tell(self, subject: str, told: Told, *, is_right: bool) -> None:
        if is_right:
            told("right")
            return
        self._lines += 1
        if self._lines <= MAX_LINES:
            log.warning("the upstream's signature is wrong: %s", subject)
        told("wrong")
