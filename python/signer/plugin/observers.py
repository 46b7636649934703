"""Functions of plugins that see each signature."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from ..api.http import Request
from ..api.recorder import Exchange
from ..api.signing import KeySigner
from ..control.filters import normalised_pubkey
from ..errors import SignerError
from ..hex import to_hex
from ..signing.candidates import Chosen
from ..signing.engine import SigningEngine
from ..signing.request import SignRequest
from .failures import blaming


class Signed(Struct, frozen=True):
    """One signature, in the spelling of records; `request` is what was signed."""

    type: str
    pubkey: str
    signing_root: str
    signature: str
    request: SignRequest


class Observer(NamedTuple):
    """A function to call with each signature, and the plugin that it is from."""

    call: Callable[[Signed], None]
    plugin: str


class ObservedKeySigner(KeySigner):
    """Has another one sign, and passes each signature to the functions of plugins."""

    def __init__(self, observers: list[Observer], signer: KeySigner) -> None:
        self._observers = observers
        self._signer = signer

    def for_request(self, request: Request, body: bytes) -> KeySigner:
        return ObservedKeySigner(self._observers, self._signer.for_request(request, body))

    async def sign(
        self,
        engine: SigningEngine,
        identifier: str,
        request: SignRequest,
        chosen: Chosen,
        exchange: Exchange | None,
    ) -> str:
        signature = await self._signer.sign(engine, identifier, request, chosen, exchange)
        signed = Signed(
            type=request.TYPE,
            pubkey=normalised_pubkey(identifier),
            signing_root=to_hex(chosen.signing_root),
            signature=signature,
            request=request,
        )
        try:
            for observer in self._observers:
                with blaming(observer.plugin):
                    observer.call(signed)
        except SignerError:
            if exchange:
                exchange.withdraw_signature()
            raise
        return signature
