"""The public keys of the upstream: read at the start, and again from time to time."""

import asyncio
import logging
from collections.abc import Collection, Mapping
from contextlib import suppress
from http import HTTPStatus
from time import monotonic

import msgspec

from ..decoding import decoder
from ..hex import from_hex
from .connections import Connections
from .errors import UpstreamError

log = logging.getLogger(__name__)

PATH = "/api/v1/eth2/publicKeys"
MAX_LIST_SIZE = 32 << 20  # bytes; 300,000 keys
PUBKEY_SIZE = 48  # bytes
REFRESH_INTERVAL = 30.0  # seconds; keys change seldom, and an unknown key asks at once
RETRY_INTERVAL = 1.0  # seconds; while the upstream does not answer
MISS_INTERVAL = 1.0  # seconds; requests for unknown keys ask no more often
START_TIMEOUT = 5.0  # seconds; a harness that starts both waits ten for a signer


class UpstreamKeys:
    """The upstream's keys, as it listed them last."""

    def __init__(self, connections: Connections, url: str, own: Collection[bytes]) -> None:
        self._connections = connections
        self._url = url
        self._own = own
        self._pubkeys: dict[bytes, None] | None = None  # None until they were read
        self._document = b""
        self._read_at = 0.0  # of the monotonic clock, when the last reading began
        self._reading: asyncio.Task[None] | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._is_absent = False
        self._has_answered = False
        self._has_warned = False

    def __len__(self) -> int:
        return len(self._pubkeys or {})

    @property
    def are_current(self) -> bool:
        """Whether the upstream listed them when it was asked last."""
        return self._pubkeys is not None and not self._is_absent

    async def start(self) -> None:
        """Reads the keys, and goes on to read them from time to time.

        Waits for an upstream that does not answer, START_TIMEOUT at most. Then the signer serves,
        and asks again each second.
        """
        self._wanted = asyncio.Event()  # a signer that starts again has another event loop
        self._has_answered = False
        end = monotonic() + START_TIMEOUT
        while not self._has_answered and monotonic() < end:
            with suppress(TimeoutError, UpstreamError):
                async with asyncio.timeout(end - monotonic()):
                    await self.read()
            if not self._has_answered:
                await asyncio.sleep(min(RETRY_INTERVAL, max(0.0, end - monotonic())))
        if self._pubkeys is None:
            log.warning("serving without the keys of the upstream, which are asked for each second")
        self._refreshing = asyncio.create_task(self._refresh_for_ever())

    async def stop(self) -> None:
        """Ends reading them."""
        tasks = [task for task in (self._refreshing, self._reading) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._reading = None

    async def all(self) -> Mapping[bytes, None]:
        """The keys in the upstream's order: the same object until they change.

        Asks for them if they were not read yet, and raises UpstreamError then.
        """
        if self._pubkeys is None:
            await self.read()
        return self._pubkeys or {}

    async def has(self, pubkey: bytes) -> bool:
        """Whether a key is the upstream's, which is asked again about an unknown one.

        Raises UpstreamError while no list was read: then nobody can tell.
        """
        if self._pubkeys is None:
            await self.read()
        elif pubkey not in self._pubkeys:
            with suppress(UpstreamError):  # the list of before tells
                await self._read_after_a_miss()
        return pubkey in (self._pubkeys or {})

    async def _read_after_a_miss(self) -> None:
        """Reads the keys again; if that was done within the last second, once it is over."""
        if self._reading or monotonic() - self._read_at >= MISS_INTERVAL:
            await self.read()
        else:
            self.read_soon()

    def read_soon(self) -> None:
        """Has the keys read again, at most once a second: they may have changed."""
        self._wanted.set()

    async def read(self) -> None:
        """Reads the keys, once for all that ask at a time. Raises UpstreamError."""
        if self._reading is None:
            self._read_at = monotonic()
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(self._end_of_reading)
        await asyncio.shield(self._reading)

    def _end_of_reading(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        if task.cancelled():
            return
        error = task.exception()
        if error and not self._is_absent:
            log.warning("%s; asking again each second, and serving meanwhile", error)
        self._is_absent = error is not None

    async def _refresh_for_ever(self) -> None:
        while True:
            interval = REFRESH_INTERVAL
            if self._is_absent:
                interval = RETRY_INTERVAL
            with suppress(TimeoutError):
                async with asyncio.timeout(interval):
                    await self._wanted.wait()
            self._wanted.clear()
            await asyncio.sleep(max(0.0, self._read_at + MISS_INTERVAL - monotonic()))
            with suppress(UpstreamError):  # it was told
                await self.read()

    async def _read(self) -> None:
        reply = await self._connections.ask("GET", PATH, MAX_LIST_SIZE)
        # A gateway says so while the signer behind it starts.
        self._has_answered = reply.status < HTTPStatus.INTERNAL_SERVER_ERROR
        if reply.status != HTTPStatus.OK:
            raise UpstreamError(
                f"expected the public keys of the upstream {self._url}, found status "
                f"{reply.status} at {PATH}"
            )
        if reply.body == self._document and self._pubkeys is not None:
            return
        # On a thread: to read thousands of keys takes long.
        pubkeys = await asyncio.to_thread(_pubkeys_in, reply.body)
        if pubkeys is None:
            raise UpstreamError(
                f"expected a JSON list of public keys from the upstream {self._url} at {PATH}, "
                "found something else: see --upstream"
            )
        if len(pubkeys) != len(self) or self._pubkeys is None:
            log.info("the upstream %s has %d keys", self._url, len(pubkeys))
        self._document = reply.body
        self._pubkeys = pubkeys
        self._warn_of_shared(pubkeys)

    def _warn_of_shared(self, pubkeys: dict[bytes, None]) -> None:
        """Warns once of keys that both signers have."""
        number = len([pubkey for pubkey in self._own if pubkey in pubkeys])
        if number and not self._has_warned:
            self._has_warned = True
            log.warning("keys that are both the upstream's and our own: %d; ours sign", number)


def _pubkeys_in(document: bytes) -> dict[bytes, None] | None:
    """The public keys in a JSON list, in its order; None for another document."""
    try:
        identifiers = decoder(list[str]).decode(document)
        pubkeys = dict.fromkeys(map(from_hex, identifiers))
    except (msgspec.MsgspecError, UnicodeDecodeError, ValueError):
        return None
    if any(len(pubkey) != PUBKEY_SIZE for pubkey in pubkeys):
        return None
    return pubkeys
