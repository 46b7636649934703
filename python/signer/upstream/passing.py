"""Passes sign requests on to the upstream, and reads its answers."""

from collections.abc import Collection
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from prometheus_client import CollectorRegistry, Counter, Gauge

from ..config.settings import Config
from ..control.journal import one_line
from ..decoding import decoder
from ..hex import from_hex, to_hex
from .connections import Connections, Header
from .endpoint import Endpoint
from .errors import UpstreamError, UpstreamRefusedError, UpstreamTimeoutError
from .keys import UpstreamKeys
from .replies import Reply
from .verification import Verifier

SIGN_PATH = "/api/v1/eth2/sign/"
MAX_ANSWER_SIZE = 64 << 10  # bytes; a signature has 200, an error a sentence
MAX_MESSAGE_LENGTH = 400  # characters of the upstream's own words
MAX_SHOWN = 60  # characters of an unreadable answer
ABOUT_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}


class Message(NamedTuple):
    """A sign request as it is passed on: its JSON, and headers of the client's."""

    body: bytes
    headers: tuple[Header, ...]


class _Signed(Struct):
    signature: str


class _Refusal(Struct):
    message: Any = None
    error: Any = None


class Upstream:
    """The signer behind this one. Belongs to the event loop that it is started on."""

    def __init__(self, config: Config, own: Collection[bytes], registry: CollectorRegistry) -> None:
        endpoint = Endpoint.of(config)
        self.url = endpoint.url
        self._connections = Connections(endpoint, config.upstream_timeout)
        self.keys = UpstreamKeys(self._connections, self.url, own)
        self.verifier = Verifier(config.upstream_verify)
        self._answers = Counter(
            "signer_upstream_answers",
            "Answers of the upstream to sign requests: right, wrong and unverified signatures, "
            "refused, absent, late and unreadable ones",
            ["outcome"],
            registry=registry,
        )
        keys_listed = Gauge("signer_upstream_keys", "Keys of the upstream", registry=registry)
        keys_listed.set_function(lambda: len(self.keys))

    async def start(self) -> None:
        """Reads the keys of the upstream; waits for it some seconds."""
        self._connections.start()
        self.verifier.start()
        await self.keys.start()

    async def stop(self) -> None:
        """Closes all connections, and ends verifying."""
        await self.keys.stop()
        self.verifier.stop()
        self._connections.stop()

    @property
    def is_idle(self) -> bool:
        """Whether it is asked nothing now."""
        return self._connections.are_idle

    def count(self, outcome: str) -> None:
        """Counts an answer."""
        self._answers.labels(outcome).inc()

    async def sign(self, pubkey: bytes, message: Message) -> bytes:
        """The upstream's signature by one of its keys, whether it is right or not.

        Raises UpstreamError; UpstreamRefusedError has the upstream's status.
        """
        try:
            reply = await self._connections.ask(
                "POST",
                SIGN_PATH + to_hex(pubkey),
                MAX_ANSWER_SIZE,
                message.headers,
                message.body,
            )
        except UpstreamTimeoutError:
            self.count("late")
            raise
        except UpstreamError:
            self.count("absent")
            self.keys.read_soon()  # /healthcheck then tells that it is away
            raise
        if reply.status == HTTPStatus.OK:
            return self._signature(reply)
        raise self._refusal(reply)

    def _signature(self, reply: Reply) -> bytes:
        text = reply.body.strip()
        signature = b""
        with suppress(msgspec.MsgspecError, ValueError):
            if text.startswith(b"{"):
                signature = from_hex(decoder(_Signed).decode(text).signature)
            else:
                signature = from_hex(text.decode().strip('"'))
        if signature:
            return signature
        self.count("unreadable")
        shown = one_line(text.decode(errors="replace"), MAX_SHOWN)
        raise UpstreamError(
            f"expected a signature as JSON or hex from the upstream {self.url}, found {shown!r}"
        )

    def _refusal(self, reply: Reply) -> UpstreamError:
        """The error for another status than 200."""
        self.count("refused")
        words = _words(reply.body)
        if reply.status in ABOUT_US:
            return UpstreamError(
                f"the upstream {self.url} does not let this signer in: status {reply.status}: "
                f"{words}: see --upstream-auth-file and --upstream-cert"
            )
        if HTTPStatus.BAD_REQUEST <= reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            if reply.status == HTTPStatus.NOT_FOUND:
                self.keys.read_soon()
            return UpstreamRefusedError(f"the upstream refused: {words}", reply.status)
        return UpstreamError(
            f"expected a signature from the upstream {self.url}, found status {reply.status}: "
            f"{words}"
        )


def _words(body: bytes) -> str:
    """What an error says, bounded: the message in its JSON, or its text."""
    text = body.decode(errors="replace").strip()
    with suppress(msgspec.MsgspecError):
        refusal = decoder(_Refusal).decode(body)
        text = str(refusal.message or refusal.error or text)
    return one_line(text, MAX_MESSAGE_LENGTH) or "without a reason"
