"""Web3Signer's signing API: POST /api/v1/eth2/sign/{identifier}.

Bare ASGI: a signature takes 0.3 ms of computing, and the comfort of an ordinary handler would
add a fifth to that (docs/decisions.md).
"""

import logging
from binascii import unhexlify
from time import perf_counter

from litestar.types import HTTPScope, Receive, Send

from .. import errors, requests
from ..engine import SigningEngine
from ..keyring import Keyring
from ..metrics import Metrics
from ..slashing import Protection
from ..spec.networks import Network
from .answers import JSON, TEXT, answer, wants_json

log = logging.getLogger(__name__)

PREFIX = "/api/v1/eth2/sign/"
MAX_BODY_SIZE = 16 << 20  # bytes; the largest request, an ALTAIR block, stays below 1 MiB


class SignRoute:
    """The sign route, an ASGI application. `engine` is set while a loop is running."""

    engine: SigningEngine

    def __init__(
        self, keyring: Keyring, network: Network, slashing: Protection, metrics: Metrics
    ) -> None:
        self._keyring, self._network = keyring, network
        self._slashing, self._metrics = slashing, metrics

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answers 200 with the signature; raises the SignerError of any other answer."""
        signing_type = "unknown"
        try:
            if scope["method"] != "POST":
                raise errors.MethodNotAllowedError(f"expected POST, found {scope['method']}")
            request = requests.decode(await read_body(scope, receive))
            signing_type, started = request.TYPE, perf_counter()
            signing_root = request.compute_signing_root(self._network)
            pubkey = pubkey_of(scope["path"])
            secret_key = self._keyring[pubkey].secret_key
            noted = self._slashing.check(pubkey, request, signing_root)
            signature = await self.engine.sign(secret_key, signing_root)
            await self._slashing.durable(noted)
            self._keyring[pubkey]  # deleted meanwhile: then no signature leaves any more
        except errors.SignerError as error:
            self._metrics.count(signing_type, error.status)
            log.debug("%s %s: %s", signing_type, error.status, error)
            raise
        self._metrics.time(signing_type, perf_counter() - started)
        self._metrics.count(signing_type, 200)
        log.debug("%s 200", signing_type)
        if wants_json(scope["headers"]):
            await answer(send, b'{"signature":"0x%s"}' % signature.hex().encode(), JSON)
        else:
            await answer(send, b"0x%s" % signature.hex().encode(), TEXT)


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


def pubkey_of(path: str) -> bytes:
    """The bytes that the path of a sign request names, in hex of any case, with or without 0x."""
    identifier = path[len(PREFIX) :].removesuffix("/")
    try:
        return unhexlify(identifier.removeprefix("0x").removeprefix("0X"))
    except ValueError:
        raise errors.UnknownKeyError("expected a public key in hex, found other text") from None
