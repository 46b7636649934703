"""Sign requests for keys of another signer, --upstream: checked here, and passed on to it."""

import logging
from collections.abc import Mapping
from functools import cache, partial
from time import perf_counter

from ..config.settings import Config
from ..control.faults import FOREIGN_KEY_INDEX
from ..control.filters import PUBKEY_SIZE, Verdict
from ..errors import UnknownKeyError
from ..hex import to_hex
from ..keys.derived import interop_key
from ..keys.keyring import Key, Keyring
from ..metrics import Metrics
from ..signing.candidates import Chosen
from ..signing.engine import SigningEngine
from ..signing.request import SignRequest
from ..slashing.protection import Protection
from ..upstream.passing import Message, Upstream
from .http import Request
from .recorder import Exchange
from .signing import KeySigner, parse_pubkey

log = logging.getLogger(__name__)

# What an upstream may want to know of the client. Accept is ours, because we read the answer.
PASSED_ON = (b"content-type", b"user-agent", b"traceparent", b"tracestate")
NO_MESSAGE = Message(b"", ())
NO_KEYS: Mapping[bytes, None] = {}


class OwnKeys:
    """A signer without an upstream signs with its own keys."""

    def __init__(self, keyring: Keyring, slashing: Protection, metrics: Metrics) -> None:
        self._keyring = keyring
        self._key_signer = KeySigner(keyring, slashing, metrics)

    def key_signer(self) -> KeySigner:
        """What signs."""
        return self._key_signer

    async def others(self) -> Mapping[bytes, None]:
        """The public keys that sign here next to our own, which may be among them."""
        return NO_KEYS

    @property
    def upstream_is_up(self) -> bool | None:
        """Whether the upstream listed its keys when it was asked last; None without an upstream."""
        return None

    async def start(self) -> None:
        """Gets ready before the first request."""

    async def stop(self) -> None:
        """Ends after the last request."""


class KeysOfTwo(OwnKeys):
    """A signer with an upstream has the upstream sign with the keys that are not its own."""

    def __init__(
        self,
        config: Config,
        keyring: Keyring,
        slashing: Protection,
        metrics: Metrics,
    ) -> None:
        super().__init__(keyring, slashing, metrics)
        self._upstream = Upstream(config, keyring, metrics.registry)
        self._parts = (keyring, slashing, metrics)

    def key_signer(self) -> KeySigner:
        return PassingKeySigner(self._key_signer, self._upstream, *self._parts)

    async def start(self) -> None:
        """Reads the upstream's keys; waits some seconds for an upstream that does not answer."""
        await self._upstream.start()

    async def stop(self) -> None:
        """Closes the connections to the upstream."""
        await self._upstream.stop()

    async def others(self) -> Mapping[bytes, None]:
        """The upstream's keys. Raises UpstreamError while they are not known."""
        return await self._upstream.keys.all()

    @property
    def upstream_is_up(self) -> bool:
        return self._upstream.keys.are_current


def keys_for(
    config: Config,
    keyring: Keyring,
    slashing: Protection,
    metrics: Metrics,
) -> OwnKeys:
    """Whose keys sign. Raises ConfigError for a file of an --upstream flag that is of no use."""
    if config.upstream:
        return KeysOfTwo(config, keyring, slashing, metrics)
    return OwnKeys(keyring, slashing, metrics)


class PassingKeySigner(KeySigner):
    """Passes a request for a key of the upstream on to it; has the signer itself sign others.

    Everything else is as for a key of our own: faults, slashing rules, histories, records, metrics.
    """

    def __init__(
        self,
        own: KeySigner,
        upstream: Upstream,
        keyring: Keyring,
        slashing: Protection,
        metrics: Metrics,
        *,
        message: Message = NO_MESSAGE,
    ) -> None:
        super().__init__(keyring, slashing, metrics)
        self._own = own
        self._upstream = upstream
        self._message = message

    def for_request(self, request: Request, body: bytes) -> KeySigner:
        message = message_of(request, body)
        parts = (self._keyring, self._slashing, self._metrics)
        return PassingKeySigner(self._own, self._upstream, *parts, message=message)

    async def sign(
        self,
        engine: SigningEngine,
        identifier: str,
        request: SignRequest,
        chosen: Chosen,
        exchange: Exchange | None,
    ) -> str:
        """The signature of the key with this identifier, as hex.

        Raises as `KeySigner.sign`, and UpstreamError.
        """
        pubkey = await self._key_of_upstream(identifier)
        if pubkey is None:
            return await self._own.sign(engine, identifier, request, chosen, exchange)
        started = perf_counter()
        if exchange:
            await exchange.before_signing(request, chosen)
        noted = self._slashing.admit(pubkey, request, chosen.signing_root)
        signature = await self._passed_on(pubkey, request.TYPE, chosen, exchange)
        await self._slashing.wait_for_disk(noted)
        self._metrics.time(request.TYPE, perf_counter() - started)
        self._metrics.count(request.TYPE, 200)
        log.debug("%s 200, by the upstream", request.TYPE)
        if exchange:
            signature = exchange.after_signing(foreign_key(), signature)
        return to_hex(signature)

    async def _key_of_upstream(self, identifier: str) -> bytes | None:
        """The public key, 48 bytes, if it is the upstream's and not our own."""
        try:
            pubkey = parse_pubkey(identifier)
        except UnknownKeyError:
            return None
        if len(pubkey) != PUBKEY_SIZE or pubkey in self._keyring:
            return None
        if await self._upstream.keys.has(pubkey):
            return pubkey
        return None

    async def _passed_on(
        self, pubkey: bytes, type_name: str, chosen: Chosen, exchange: Exchange | None
    ) -> bytes:
        """The upstream's signature, which --upstream-verify lets pass."""
        told = partial(self._tell, exchange)
        if exchange:
            exchange.note_upstream("asked")
        signature = await self._upstream.sign(pubkey, self._message)
        await self._upstream.verifier.check(
            type_name,
            pubkey,
            chosen.signing_root,
            signature,
            told,
            is_alone=self._upstream.is_idle,
        )
        return signature

    def _tell(self, exchange: Exchange | None, verdict: Verdict) -> None:
        self._upstream.count(verdict)
        if exchange:
            exchange.note_upstream(verdict)


@cache
def foreign_key() -> Key:
    """The key that signs for faults: no fault has the upstream sign something else."""
    return Key(interop_key(FOREIGN_KEY_INDEX))


def message_of(request: Request, body: bytes) -> Message:
    """What is passed on of a request: its JSON as it came, and some of its headers."""
    headers = []
    for name in PASSED_ON:
        value = request.header(name)
        if value:
            headers.append((name, value))
    return Message(body, tuple(headers))
