"""Web3Signer's signing extension: POST /api/v1/eth2/ext/sign/{identifier}, behind --signing-ext.

It signs the bytes of a JSON document as they are: no container, no domain. DAppNode asks for a
PROOF_OF_VALIDATION to see that a validator's keys are there.
"""

from base64 import b64encode
from time import perf_counter

from msgspec import Struct

from .. import decoding
from ..errors import BadRequestError, SignerError, UnknownKeyError
from ..hex import to_hex
from ..keys.keyring import Keyring
from ..metrics import Metrics
from ..ssz.scalars import shown, uint64
from .bodies import too_large
from .contract import Contract, Signature
from .http import Request, Response, json_response
from .recorder import EXTENSION_PREFIX
from .refusals import Refusals
from .routes import IDENTIFIER, Routes
from .signing import parse_pubkey

TYPE = "PROOF_OF_VALIDATION"
MAX_BODY_SIZE = 64 << 10  # bytes; the event loop hashes as many in a fraction of a millisecond


class ProofOfValidation(Struct, forbid_unknown_fields=True):
    """What is signed, as Web3Signer reads it: an unknown member is refused."""

    type: str
    platform: str
    timestamp: uint64


def routes(keyring: Keyring, metrics: Metrics, refusals: Refusals) -> Routes:
    """The one route of the signing extension."""
    handler = SigningExtension(keyring, metrics, refusals)
    return {f"{EXTENSION_PREFIX}{IDENTIFIER}": {"POST": handler}}


class Proven(Struct):
    """What was signed, in base64, and its signature."""

    payload: str
    signature: Signature


class SigningExtension:
    """The handler of the signing extension."""

    contract = Contract({200: Proven}, body=ProofOfValidation, errors=(UnknownKeyError,))

    def __init__(self, keyring: Keyring, metrics: Metrics, refusals: Refusals) -> None:
        self._keyring = keyring
        self._metrics = metrics
        self._refusals = refusals

    async def __call__(self, request: Request) -> Response:
        """Responds 200 with the payload in base64 and its signature.

        Raises BadRequestError, BodyTooLargeError, UnknownKeyError, or what a fault answers.
        """
        exchange = request.exchange
        identifier = request.path.removeprefix(EXTENSION_PREFIX)
        type_name = None
        try:
            payload = await request.read_body()
            check_proof(payload)
            type_name = TYPE
            started = perf_counter()
            if exchange:
                await exchange.before_signing_bytes(type_name, payload)
            key = self._keyring[parse_pubkey(identifier)]
            signature = key.secret_key.sign_message(payload)
        except SignerError as error:
            self._refusals.note_unsigned(type_name, identifier, error)
            if exchange:
                await exchange.refuse(error, type_name)
            raise
        self._metrics.time(type_name, perf_counter() - started)
        self._metrics.count(type_name, 200)
        if exchange:
            signature = exchange.after_signing(key, signature)
        return json_response(Proven(b64encode(payload).decode(), to_hex(signature)))


def check_proof(payload: bytes) -> None:
    """Raises BadRequestError or BodyTooLargeError unless the bytes are a PROOF_OF_VALIDATION."""
    if len(payload) > MAX_BODY_SIZE:
        raise too_large(MAX_BODY_SIZE, len(payload))
    proof = decoding.decode(ProofOfValidation, payload, "a PROOF_OF_VALIDATION")
    if proof.type.upper() != TYPE:
        raise BadRequestError(f"type: expected {TYPE}, found {shown(proof.type)}")
