"""Web3Signer's signing API: POST /api/v1/eth2/sign/{identifier}, and of many keys at once.

Bare ASGI: a signature takes 0.3 ms of computing, and the comfort of an ordinary handler would
add a fifth to that (docs/decisions.md).
"""

import asyncio
import logging
from binascii import unhexlify
from collections.abc import Iterator
from time import perf_counter
from typing import Annotated

import msgspec
from litestar.types import HTTPScope, Receive, Send
from msgspec import Meta, Struct

from .. import decoding, errors
from ..keys.keyring import Keyring
from ..metrics import Metrics
from ..signing import signing_types
from ..signing.engine import SigningEngine
from ..signing.request import SignRequest
from ..slashing.protection import Protection
from ..spec.networks import Network
from ..threads import cores
from .responses import JSON, TEXT, answer, begin, wants_json

log = logging.getLogger(__name__)

BATCH = "/api/v1/eth2/sign"
PREFIX = f"{BATCH}/"
# what validators sign alike: remote-signing-api, pull request 29
BATCH_TYPES = {
    "AGGREGATION_SLOT",
    "ATTESTATION",
    "RANDAO_REVEAL",
    "SYNC_COMMITTEE_MESSAGE",
    "SYNC_COMMITTEE_SELECTION_PROOF",
}
PART = 500  # keys of a batch that the loop looks at together: for a tenth of a millisecond
WORKERS = 16  # of them, signatures that are under way: enough for the cores, few for the loop
MAX_BODY_SIZE = 16 << 20  # bytes; the largest request, an ALTAIR block, stays below 1 MiB


class Batch(Struct):
    """One message for many keys to sign."""

    identifiers: Annotated[list[str], Meta(min_length=1)]
    signing_request: msgspec.Raw

    @classmethod
    async def read(cls, body: bytes, network: Network) -> tuple["Batch", SignRequest, bytes]:
        """A batch, the request in it and its signing root. Raises BadRequestError for another."""
        batch: Batch = decoding.decode(cls, body, "a batch")
        pubkeys = set[str]()
        for part in batch.parts():
            pubkeys |= {text[-96:].lower() for text in part}  # without 0x
            await asyncio.sleep(0)  # ten thousand at once would take the loop 2 ms
        if len(pubkeys) < len(batch.identifiers):
            raise errors.BadRequestError("expected distinct identifiers, found one twice")
        request = signing_types.decode(bytes(batch.signing_request))
        if request.TYPE not in BATCH_TYPES:
            expected = f"expected one of {', '.join(sorted(BATCH_TYPES))}"
            raise errors.BadRequestError(f"signing_request.type: {expected}, found {request.TYPE}")
        return batch, request, request.compute_signing_root(network)

    def parts(self) -> list[list[str]]:
        """The identifiers, PART at a time."""
        starts = range(0, len(self.identifiers), PART)
        return [self.identifiers[start : start + PART] for start in starts]


def result(identifier: str, signature: str = "", code: int = 0, message: str = "") -> bytes:
    """What became of a key in a batch."""
    known = {"signature": signature} if signature else {"error": {"code": code, "message": message}}
    return msgspec.json.encode({"identifier": identifier} | known)


class SignRoute:
    """The sign route, an ASGI application that answers between `start` and `stop`."""

    def __init__(
        self, keyring: Keyring, network: Network, slashing: Protection, metrics: Metrics
    ) -> None:
        self._keyring, self._network = keyring, network
        self._slashing, self._metrics = slashing, metrics

    def start(self) -> None:
        """Makes the signing threads for the running loop."""
        self._engine = SigningEngine(max(1, cores() - 1))  # and the loop's own
        self._patient_engine: SigningEngine | None = None

    def stop(self) -> None:
        """Finishes what is being signed, and ends the threads."""
        self._engine.close()
        if self._patient_engine:
            self._patient_engine.close()

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answers 200 with the signature; raises the SignerError of any other answer."""
        signing_type = "unknown"
        try:
            if scope["method"] != "POST":
                raise errors.MethodNotAllowedError(f"expected POST, found {scope['method']}")
            body = await read_body(scope, receive)
            if scope["path"] == BATCH:
                await self._sign_batch(body, receive, send)
                return
            request = signing_types.decode(body)
            signing_type = request.TYPE
            signing_root = request.compute_signing_root(self._network)
            identifier = scope["path"][len(PREFIX) :].removesuffix("/")
            signature = await self._sign(self._engine, identifier, request, signing_root)
        except errors.SignerError as error:
            self._count(signing_type, error)
            raise
        if wants_json(scope["headers"]):
            await answer(send, b'{"signature":"%s"}' % signature.encode(), JSON)
        else:
            await answer(send, signature.encode(), TEXT)

    async def _sign(
        self, engine: SigningEngine, identifier: str, request: SignRequest, signing_root: bytes
    ) -> str:
        """The signature of the key with this identifier, in hex."""
        started, pubkey = perf_counter(), pubkey_of(identifier)
        secret_key = self._keyring[pubkey].secret_key
        noted = self._slashing.check(pubkey, request, signing_root)
        signature = await engine.sign(secret_key, signing_root)
        await self._slashing.durable(noted)
        self._keyring[pubkey]  # deleted meanwhile: then no signature leaves any more
        self._metrics.time(request.TYPE, perf_counter() - started)
        self._metrics.count(request.TYPE, 200)
        log.debug("%s 200", request.TYPE)
        return f"0x{signature.hex()}"

    def _count(self, signing_type: str, error: errors.SignerError) -> None:
        self._metrics.count(signing_type, error.status)
        log.debug("%s %s: %s", signing_type, error.status, error)

    async def _sign_batch(self, body: bytes, receive: Receive, send: Send) -> None:
        """Answers with the results of a batch, in its order; ends when the client goes away."""
        batch, request, signing_root = await Batch.read(body, self._network)
        # threads for the first batch and its successors: single signatures go before theirs
        engine = self._patient_engine = self._patient_engine or SigningEngine(cores(), patient=True)
        gone = asyncio.ensure_future(receive())

        async def work(waiting: Iterator[str], results: dict[str, bytes]) -> None:
            for identifier in waiting:
                try:
                    signature = await self._sign(engine, identifier, request, signing_root)
                    results[identifier] = result(identifier, signature)
                except errors.SignerError as error:
                    self._count(request.TYPE, error)
                    results[identifier] = result(identifier, "", error.status, str(error))
                if gone.done():
                    return

        await begin(send, JSON)
        separator = b"["
        for part in batch.parts():
            waiting, results = iter(part), dict[str, bytes]()
            await asyncio.gather(*(work(waiting, results) for _ in range(WORKERS)))
            if gone.done():
                return
            text = separator + b",".join(map(results.__getitem__, part))
            await send({"type": "http.response.body", "body": text, "more_body": True})
            separator = b","
        gone.cancel()
        await send({"type": "http.response.body", "body": b"]", "more_body": False})


async def read_body(scope: HTTPScope, receive: Receive) -> bytes:
    """The whole body. Raises BodyTooLargeError, before reading it where its length is told."""
    announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    body, more = b"", True
    while more:
        if max(len(body), int(announced)) > MAX_BODY_SIZE:
            raise errors.BodyTooLargeError(f"expected at most {MAX_BODY_SIZE} bytes, found more")
        event = await receive()
        if event["type"] != "http.request":
            raise errors.BadRequestError("expected a whole body, found the end of the connection")
        body, more = body + event["body"], event["more_body"]
    return body


def pubkey_of(identifier: str) -> bytes:
    """The bytes of an identifier, hex of any case, with or without 0x."""
    try:
        return unhexlify(identifier[2:] if identifier[:2] in {"0x", "0X"} else identifier)
    except ValueError:
        raise errors.UnknownKeyError("expected a public key in hex, found other text") from None
