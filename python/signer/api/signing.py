"""Web3Signer's signing API: POST /api/v1/eth2/sign/{identifier}."""

import logging
from functools import partial
from time import perf_counter

from ..errors import MethodNotAllowedError, SignerError, UnknownKeyError
from ..hex import from_hex, to_hex
from ..keys.keyring import Keyring
from ..metrics import Metrics
from ..signing.candidates import Chosen
from ..signing.engine import SigningEngine
from ..signing.registry import SigningTypes
from ..signing.request import SignRequest
from ..slashing.protection import Protection
from ..spec.networks import Network
from ..threads import cores
from .bodies import too_large
from .http import TEXT, Request, Response
from .recorder import SIGN_PREFIX, Exchange
from .refusals import Refusals

log = logging.getLogger(__name__)


class KeySigner:
    """Signs one message with one key: a single request, or one key of a batch."""

    def __init__(self, keyring: Keyring, slashing: Protection, metrics: Metrics) -> None:
        self._keyring = keyring
        self._slashing = slashing
        self._metrics = metrics

    def for_request(self, request: Request, body: bytes) -> "KeySigner":  # noqa: ARG002
        """What signs for one request, whose JSON `body` is: an upstream gets it as it came."""
        return self

    async def sign(
        self,
        engine: SigningEngine,
        identifier: str,
        request: SignRequest,
        chosen: Chosen,
        exchange: Exchange | None,
    ) -> str:
        """The signature of the key with this identifier, as hex.

        Raises UnknownKeyError, SlashingError, or what a fault answers.
        """
        started = perf_counter()
        signing_root = chosen.signing_root
        if exchange:
            await exchange.before_signing(request, chosen)
        pubkey = parse_pubkey(identifier)
        key = self._keyring[pubkey]
        noted = self._slashing.admit(pubkey, request, signing_root)
        signature = await engine.sign(key.secret_key, signing_root)
        await self._slashing.wait_for_disk(noted)
        self._keyring[pubkey]  # raises for a key deleted meanwhile: its signature must not leave
        self._metrics.time(request.TYPE, perf_counter() - started)
        self._metrics.count(request.TYPE, 200)
        log.debug("%s 200", request.TYPE)
        if exchange:
            signature = exchange.after_signing(key, signature)
        return to_hex(signature)


class SignRoute:
    """The handler of sign requests; call `start` first and `stop` last."""

    def __init__(
        self, key_signer: KeySigner, types: SigningTypes, network: Network, refusals: Refusals
    ) -> None:
        self._key_signer = key_signer
        self._types = types
        self._network = network
        self._refusals = refusals

    def start(self) -> None:
        """Makes the signing threads, one less than cores, because the running loop signs too."""
        self._engine = SigningEngine(max(1, cores() - 1))

    def stop(self) -> None:
        """Finishes the signatures that are under way, and ends the threads."""
        self._engine.close()

    async def __call__(self, request: Request) -> Response:
        """Responds 200 with the signature; raises the SignerError of any other response."""
        signature, _ = await self.sign(request, SIGN_PREFIX, self._key_signer)
        if request.wants_json:
            return Response(b'{"signature":"%s"}' % signature.encode())
        return Response(signature.encode(), TEXT)

    async def sign(self, request: Request, prefix: str, signer: KeySigner) -> tuple[str, Chosen]:
        """The signature as hex for a path of this prefix, by this signer of keys; its root."""
        self._engine.expect()
        exchange = request.exchange
        identifier = request.path.removeprefix(prefix)
        type_name = None
        try:
            if request.method != "POST":
                raise MethodNotAllowedError(f"expected POST, found {request.method}", "POST")
            signing_type = await request.work_on_body(self._types.find)
            type_name = signing_type.TYPE
            sign_request = await request.work_on_body(partial(read_request, signing_type))
            if exchange:
                exchange.request = sign_request
            chosen = await request.work_on_body(lambda _: sign_request.choose(self._network))
            self._refusals.note_reading(type_name, chosen.reading)
            signature = await signer.for_request(request, request.body or b"").sign(
                self._engine,
                identifier,
                sign_request,
                chosen,
                exchange,
            )
        except SignerError as error:
            await self._refusals.explain(error)
            self._refusals.note_unsigned(type_name, identifier, error)
            if exchange:
                await exchange.refuse(error, type_name)
            raise
        return signature, chosen


def read_request(signing_type: type[SignRequest], body: bytes) -> SignRequest:
    """The request of this type in a JSON body. Raises BodyTooLargeError and BadRequestError."""
    if len(body) > signing_type.MAX_BODY_SIZE:
        raise too_large(signing_type.MAX_BODY_SIZE, len(body))
    return signing_type.decode(body)


def parse_pubkey(identifier: str) -> bytes:
    """The bytes of an identifier, in any case. Raises UnknownKeyError for text that is not hex."""
    try:
        return from_hex(identifier.lower())
    except ValueError:
        raise UnknownKeyError("expected a public key in hex, found other text") from None
