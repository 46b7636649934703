"""One message signed by many keys: POST /api/v1/eth2/sign.

Source: ethereum/remote-signing-api, pull request 29, a draft.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from .. import decoding
from ..errors import BadRequestError, SignerError
from ..metrics import Metrics
from ..signing.candidates import Chosen
from ..signing.engine import SigningEngine
from ..signing.registry import SigningTypes
from ..signing.request import SignRequest
from ..spec.networks import Network
from ..threads import cores
from .bodies import too_large
from .contract import Signature
from .http import Request, Response
from .recorder import Exchange
from .refusals import Refusals
from .routes import Routes
from .signing import KeySigner, read_request

PATH = "/api/v1/eth2/sign"
Described = Callable[[Chosen], dict[str, str]]
KEYS_PER_SLICE = 500  # the event loop handles this many in 0.1 ms
WORKERS = 16  # signatures in progress; enough for all cores, few enough for the event loop
PUBKEY_DIGITS = 96
Identifier = Annotated[str, Meta(max_length=1000)]  # a result and a record repeat it


class Batch(Struct):
    """A message, and the keys to sign it."""

    identifiers: Annotated[list[Identifier], Meta(min_length=1)]
    signing_request: msgspec.Raw

    def slices(self) -> Iterator[list[str]]:
        """The identifiers, KEYS_PER_SLICE at a time."""
        for start in range(0, len(self.identifiers), KEYS_PER_SLICE):
            yield self.identifiers[start : start + KEYS_PER_SLICE]

    def require_distinct_identifiers(self) -> None:
        """Raises BadRequestError when two identifiers name the same key, in any spelling."""
        pubkeys = {identifier[-PUBKEY_DIGITS:].lower() for identifier in self.identifiers}
        if len(pubkeys) < len(self.identifiers):
            raise BadRequestError("expected distinct identifiers, found one twice")


class BatchError(Struct, frozen=True):
    """Why a key did not sign."""

    code: int
    message: str


class BatchResult(Struct, omit_defaults=True):
    """The signature of one key, or its error. A partial signature has a participant and a root."""

    identifier: str
    participant_id: str | None = None
    signing_root: str | None = None
    signature: Signature | None = None
    error: BatchError | None = None


class BatchRoute:
    """The handler of batches; call `start` first and `stop` last."""

    def __init__(
        self,
        key_signer: KeySigner,
        types: SigningTypes,
        network: Network,
        refusals: Refusals,
        metrics: Metrics,
    ) -> None:
        self._key_signer = key_signer
        self._types = types
        self._network = network
        self._refusals = refusals
        self._metrics = metrics
        self.routes: Routes = {PATH: {"POST": self}}

    def start(self) -> None:
        """Gets ready. The first batch starts the threads, because most signers get no batch."""
        self._engine: SigningEngine | None = None

    def stop(self) -> None:
        """Finishes the signatures that are under way, and ends the threads."""
        if self._engine:
            self._engine.close()

    async def __call__(self, request: Request) -> Response:
        """Responds 200 with a result for each key; raises the SignerError of any other response."""
        return await self.sign(request, self._key_signer, lambda _: {})

    async def sign(self, request: Request, key_signer: KeySigner, described: Described) -> Response:
        """As the handler, by another signer of keys, and with more members in each result."""
        type_name = None
        try:
            batch = await request.work_on_body(_decode)
            message = bytes(batch.signing_request)
            signing_type = await request.work_on_body(lambda _: self._types.find(message))
            type_name = signing_type.TYPE
            if not signing_type.IN_BATCHES:
                expected = f"expected one of {', '.join(self._types.in_batches())}"
                raise BadRequestError(f"signing_request.type: {expected}, found {type_name}")
            sign_request = await request.work_on_body(lambda _: read_request(signing_type, message))
            chosen = sign_request.choose(self._network)
            self._refusals.note_reading(type_name, chosen.reading)
        except SignerError as error:
            await self._refusals.explain(error)
            self._refusals.note_unsigned(type_name, "", error)
            raise
        self._metrics.note_batch(len(batch.identifiers))
        # Threads of low priority: single signatures go before a batch's.
        if self._engine is None:
            self._engine = SigningEngine(cores(), background=True)
        signing = _BatchSigning(
            key_signer=key_signer.for_request(request, message),
            described=described(chosen),
            engine=self._engine,
            request=sign_request,
            chosen=chosen,
            signing_request=message,
            exchange=request.exchange,
            refusals=self._refusals,
        )
        return Response(_all_results(batch, signing, request))


def _decode(document: bytes) -> Batch:
    batch: Batch = decoding.decode(Batch, document, "a batch")
    size = len(memoryview(batch.signing_request))
    if size > SignRequest.MAX_BODY_SIZE:
        raise too_large(SignRequest.MAX_BODY_SIZE, size)
    batch.require_distinct_identifiers()
    return batch


@dataclass
class _BatchSigning:
    """Signs one message by the keys of a batch."""

    key_signer: KeySigner
    described: dict[str, str]  # members that each result with a signature has too
    engine: SigningEngine
    request: SignRequest
    chosen: Chosen
    signing_request: bytes  # the JSON of `request`
    exchange: Exchange | None
    refusals: Refusals

    async def results(self, identifiers: list[str], gone: asyncio.Future[Any]) -> list[bytes]:
        """The results of the keys, in order, as JSON; fewer of them once `gone` is done."""
        results = dict[str, bytes]()
        waiting = iter(identifiers)

        async def work() -> None:
            for identifier in waiting:
                results[identifier] = await self._result(identifier)
                if gone.done():
                    return

        async with asyncio.TaskGroup() as workers:
            for _ in range(WORKERS):
                workers.create_task(work())
        return [results[identifier] for identifier in identifiers if identifier in results]

    async def _result(self, identifier: str) -> bytes:
        exchange = None
        if self.exchange:
            exchange = self.exchange.for_key(identifier, self.signing_request)
        status = 200
        result = BatchResult(identifier)
        try:
            result.signature = await self.key_signer.sign(
                self.engine,
                identifier,
                self.request,
                self.chosen,
                exchange,
            )
            for name, value in self.described.items():
                setattr(result, name, value)
        except SignerError as error:
            self.refusals.note_unsigned(self.request.TYPE, identifier, error)
            status = error.status
            await asyncio.sleep(0)  # nothing was waited for: let others go on
            if exchange:
                exchange.message = str(error)
            result.error = BatchError(status, str(error))
        if exchange:
            exchange.finish(status)
        return msgspec.json.encode(result)


async def _all_results(
    batch: Batch,
    signing: _BatchSigning,
    request: Request,
) -> AsyncIterator[bytes]:
    """The results as JSON, slice by slice; ends early when the client goes away."""
    async with _until_gone(request) as gone:
        separator = b"["
        for identifiers in batch.slices():
            results = await signing.results(identifiers, gone)
            if gone.done():
                return
            yield separator + b",".join(results)
            separator = b","
        yield b"]"


@asynccontextmanager
async def _until_gone(request: Request) -> AsyncIterator[asyncio.Future[Any]]:
    """A future that is done when the client goes away; it is cancelled on the way out."""
    gone = asyncio.create_task(request.wait_until_gone())
    try:
        yield gone
    finally:
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
