"""Records requests and applies faults to them, around the application and inside of signing.

Without --control and --fault, `exchange_of` returns None and nothing else here runs.
"""

import time
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from litestar.types import ASGIApp, HTTPScope, Receive, Send

from .. import decoding
from ..control.faults import ActiveFault, Fault, wrong_signature
from ..control.filters import normalised_pubkey
from ..control.journal import Record
from ..control.operations import Operations
from ..errors import SignerError, SigningRootError
from ..hex import to_hex
from ..keys.keyring import Key
from ..signing.request import SignRequest
from .responses import answering_errors, read_body

EXCHANGE = "signer.exchange"  # the scope's key of the exchange
SIGN_PREFIX = "/api/v1/eth2/sign/"


class Exchange:
    """One request under control: its record, and the fault that applies to it.

    The sign route passes it the request and the signature. Faults compare its type, pubkey and
    path.
    """

    def __init__(self, operations: Operations, scope: HTTPScope, path: str) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        self.path = path
        self.type: str | None = None
        self.pubkey: str | None = None
        self.body = bytearray()
        self.is_body_read = False
        self.request: SignRequest | None = None
        self.active_fault: ActiveFault | None = None
        self._operations = operations
        self._scope = scope
        self._method = scope["method"]
        self._user_agent = headers.get(b"user-agent", "")
        self._accept = headers.get(b"accept", "")
        self._time = time.time()
        self._started = time.perf_counter()
        self._signing_root: bytes | None = None
        self._signature: bytes | None = None
        self._has_asked_faults = False
        self._number = 0  # of the record of a request that hung
        self.is_sign_request = self._method == "POST" and path.startswith(SIGN_PREFIX)
        if path.startswith(SIGN_PREFIX):
            self.pubkey = normalised_pubkey(path.removeprefix(SIGN_PREFIX).removesuffix("/"))

    def for_key(self, identifier: str, signing_request: bytes) -> "Exchange":
        """The exchange of one key of a batch, recorded like a single request."""
        path = SIGN_PREFIX + quote(identifier, safe="")
        part = Exchange(self._operations, self._scope, path)
        part.pubkey = normalised_pubkey(identifier.removesuffix("/"))
        part.body += signing_request
        return part

    async def apply_fault(self) -> None:
        """Finds the fault that applies, and waits as it says.

        Raises FaultError for a fault that answers by itself.
        """
        self._has_asked_faults = True
        active = self._operations.faults.apply_next(self)
        if active is None:
            return
        self.active_fault = active
        if active.fault.hang:
            self._number = self._operations.journal.add(self._record(None)).seq
        await active.hold()
        if active.fault.answers:
            raise active.error()

    async def before_signing(self, request: SignRequest, signing_root: bytes) -> None:
        """Applies a fault to a decoded request; raises as `apply_fault`."""
        self.request = request
        self.type = request.TYPE
        self._signing_root = signing_root
        await self.apply_fault()

    def after_signing(self, key: Key, signature: bytes) -> bytes:
        """The signature to give out: a fault may want a wrong one."""
        kind = self.active_fault.fault.signature if self.active_fault else None
        if kind and self._signing_root:
            signature = wrong_signature(kind, key, self._signing_root)
        self._signature = signature
        return signature

    async def refuse(self, error: SignerError, type_name: str | None) -> None:
        """Notes why a sign request is refused.

        Faults also apply to a request that is refused before signing: raises as `apply_fault`.
        """
        self.type = type_name or self._type_in(self._json_body())
        if isinstance(error, SigningRootError):
            self._signing_root = error.signing_root
        if not self._has_asked_faults:
            await self.apply_fault()

    def finish(self, status: int) -> None:
        """Adds the record. The response leaves later, because its client may look at once."""
        self._operations.journal.add(self._record(status))

    def _json_body(self) -> Any:
        """The JSON of the body; None for other text, because the response reports that."""
        with suppress(SignerError):
            return decoding.decode(Any, bytes(self.body), "JSON")
        return None

    def _type_in(self, body: Any) -> str | None:
        """The signing type that the JSON of a sign request names, known or not."""
        if self.is_sign_request and isinstance(body, dict) and "type" in body:
            return str(body["type"]).upper()
        return None

    def _record(self, status: int | None) -> Record:
        body = self._json_body()
        fields: dict[str, Any] = {}
        if self.request:
            fields |= _described(self.request)
        if self._signing_root:
            fields["signing_root"] = to_hex(self._signing_root)
        if self._signature is not None:
            fields["signature"] = to_hex(self._signature)
        if self.active_fault:
            fields["fault"] = self.active_fault.id
        return Record(
            seq=self._number,
            time=self._time,
            duration=time.perf_counter() - self._started,
            method=self._method,
            path=self.path,
            user_agent=self._user_agent,
            accept=self._accept,
            type=self.type or self._type_in(body),
            pubkey=self.pubkey,
            body=body,
            status=status,
            **fields,
        )


def _described(request: SignRequest) -> dict[str, Any]:
    """The fields of a record that come from a sign request, as plain numbers and text."""
    fields: dict[str, Any] = {}
    if request.slot is not None:
        fields["slot"] = int(request.slot)
    if request.epoch is not None:
        fields["epoch"] = int(request.epoch)
    root_given = request.signing_root or request.signing_root_alias
    if root_given:
        fields["root_given"] = to_hex(root_given)
    return fields


def exchange_of(scope: HTTPScope) -> Exchange | None:
    """The exchange of a request; None unless the signer is under control."""
    exchange: Exchange | None = scope.get(EXCHANGE)  # type: ignore[assignment]
    return exchange


class Recorder:
    """An ASGI application around another one: it records requests and applies faults."""

    def __init__(self, application: ASGIApp, operations: Operations) -> None:
        self._application = application
        self._operations = operations

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        exchange = Exchange(self._operations, scope, scope["path"])
        scope[EXCHANGE] = exchange
        events: list[Any] = []

        async def keep(event: Any) -> None:
            events.append(event)

        async def recorded_receive() -> Any:
            event = await receive()
            if event["type"] == "http.request":
                exchange.body += event["body"]
                exchange.is_body_read = not event["more_body"]
            return event

        async def application(scope: Any, receive: Receive, send: Send) -> None:
            if not exchange.is_sign_request:
                await exchange.apply_fault()
            await self._application(scope, receive, send)

        await answering_errors(application, scope, recorded_receive, keep)
        if exchange.is_sign_request and not exchange.body and not exchange.is_body_read:
            with suppress(SignerError):  # refused before its body was read
                await read_body(scope, recorded_receive)
        if exchange.active_fault:
            _change_response(events, exchange.active_fault.fault)
        exchange.finish(events[0]["status"])
        for event in events:
            await send(event)


def _change_response(events: list[Any], fault: Fault) -> None:
    """Applies a fault to a response: status, content type, body, end."""
    start = events[0]
    if fault.status is not None:
        start["status"] = fault.status
    if fault.content_type is not None:
        others = [header for header in start["headers"] if header[0] != b"content-type"]
        start["headers"] = [*others, (b"content-type", fault.content_type.encode())]
    if fault.body is not None:
        events[-1]["body"] = fault.body.encode()
    if fault.drop:
        # Granian closes a connection whose body has no end.
        events[-1] |= {"body": b"0x", "more_body": True}
