"""Records requests and applies faults to them, around the application and inside of signing.

Without --control and --fault, requests have no exchange and nothing here runs.
"""

import re
import time
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import Any
from urllib.parse import quote

from msgspec import Raw

from .. import decoding
from ..control.faults import ActiveFault, Fault, wrong_signature
from ..control.filters import Verdict, normalised_pubkey
from ..control.journal import NO_BODY, Record, one_line
from ..control.operations import Operations
from ..errors import FaultError, SignerError, SigningRootError, UnknownRouteError
from ..hex import to_hex
from ..keys.keyring import Key
from ..signing.candidates import Chosen
from ..signing.registry import type_named_in
from ..signing.request import SignRequest
from .bodies import LARGE_BODY_SIZE
from .http import Handler, Request, Response, answer

SIGN_PREFIX = "/api/v1/eth2/sign/"
SHARE_PREFIX = "/api/v1/eth2/distributed/sign/"  # by composite public key
EXTENSION_PREFIX = "/api/v1/eth2/ext/sign/"
# The Keymanager API, whose bodies hold passwords, and slips such as /eth/v1/keystore
PATHS_WITH_SECRETS = re.compile(r"/eth/|keystore", re.IGNORECASE)


class Exchange:
    """One request under control: its record, and the fault that applies to it.

    The sign route passes it the request and the signature. Faults compare its type, pubkey and
    path.
    """

    def __init__(self, operations: Operations, request: Request, path: str) -> None:
        self.path = path
        self.type: str | None = None
        self.pubkey: str | None = None
        self.body = NO_BODY
        self.request: SignRequest | None = None
        self.active_fault: ActiveFault | None = None
        self.message: str | None = None  # of the error that refuses the request
        self._operations = operations
        self._http_request = request
        self._method = request.method
        self._user_agent = request.header(b"user-agent").decode("latin-1")
        self._accept = request.header(b"accept").decode("latin-1")
        self._time = time.time()
        self._started = time.perf_counter()
        self._signing_root: bytes | None = None
        self._reading = ""
        self._signed = b""  # a signing root, or other bytes
        self._signature: bytes | None = None
        self._has_asked_faults = False
        self._upstream: Verdict | None = None
        self._number = 0  # of the record, once there is one
        self._is_finished = False
        is_sign_path = path.startswith((SIGN_PREFIX, SHARE_PREFIX, EXTENSION_PREFIX))
        self.is_sign_request = self._method == "POST" and is_sign_path
        if is_sign_path:
            self.pubkey = normalised_pubkey(path.rpartition("/sign/")[2])

    def for_key(self, identifier: str, signing_request: bytes) -> "Exchange":
        """The exchange of one key of a batch, recorded like a single request."""
        path = f"{self.path}/{quote(identifier, safe='')}"
        part = Exchange(self._operations, self._http_request, path)
        part.pubkey = normalised_pubkey(identifier.removesuffix("/"))
        part.body = Raw(signing_request)
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
            self._number = self._add_record(None)
        await active.hold()
        if active.fault.answers:
            raise active.error()

    async def before_signing(self, request: SignRequest, chosen: Chosen) -> None:
        """Applies a fault to a decoded request; raises as `apply_fault`."""
        self.request = request
        self.type = request.TYPE
        self._signing_root = chosen.signing_root
        self._reading = chosen.reading
        self._signed = chosen.signing_root
        await self.apply_fault()

    async def before_signing_bytes(self, type_name: str, message: bytes) -> None:
        """Applies a fault to a message that has no signing root; raises as `apply_fault`."""
        self.type = type_name
        self._signed = message
        await self.apply_fault()

    def after_signing(self, key: Key, signature: bytes) -> bytes:
        """The signature to give out: a fault may want a wrong one."""
        kind = self.active_fault.fault.signature if self.active_fault else None
        if kind:
            signature = wrong_signature(kind, key, self._signed)
        self._signature = signature
        return signature

    def withdraw_signature(self) -> None:
        """Notes that the signature does not leave after all."""
        self._signature = None

    def note_upstream(self, verdict: Verdict) -> None:
        """Notes whether the upstream's signature is right; this may be told after the response."""
        self._upstream = verdict
        if self._is_finished:
            self._operations.journal.amend(self._number, verdict)

    async def refuse(self, error: SignerError, type_name: str | None) -> None:
        """Notes why a sign request is refused.

        Faults also apply to a request that is refused before signing: raises as `apply_fault`.
        """
        self.type = type_name or self._named_type()
        if isinstance(error, SigningRootError):
            self._signing_root = error.signing_root
        if not self._has_asked_faults:
            await self.apply_fault()

    def note_error(self, error: SignerError) -> None:
        """Notes the message of a refusal, as in its response, or the answer of a fault."""
        self.message = str(error)
        if not isinstance(error, FaultError):
            self.message = one_line(self.message)

    def finish(self, status: int) -> None:
        """Adds the record. The response leaves later, because its client may look at once."""
        self._number = self._add_record(status)
        self._is_finished = True

    def _named_type(self) -> str | None:
        """The signing type that a sign request names, known or not; None for a large body."""
        body = self._http_request.body or b""
        if not self.is_sign_request or len(body) > LARGE_BODY_SIZE:
            return None
        with suppress(SignerError):  # the response reports that
            return type_named_in(body)
        return None

    async def read_body(self) -> None:
        """Takes the JSON of the body. Text that is no JSON, and keystores, are not recorded."""
        if PATHS_WITH_SECRETS.search(self.path):
            return
        if self.request and self._http_request.body and self._http_request.body.isascii():
            self.body = Raw(self._http_request.body)  # was decoded
            return
        with suppress(SignerError):  # refused before its body was read, and too large or cut
            if self.is_sign_request or self._http_request.body:
                self.body = await self._http_request.work_on_body(_json)

    def _add_record(self, status: int | None) -> int:
        """Adds the record without a copy of its body, and returns its number."""
        return self._operations.journal.add(self._record(status), self.body).seq

    def _record(self, status: int | None) -> Record:
        fields: dict[str, Any] = {}
        if self.request:
            fields |= _described(self.request)
        if self._signing_root:
            root = to_hex(self._signing_root)
            fields["signing_root"] = root
            fields["conflict"] = self._operations.rule_broken_by(self.pubkey or "", root)
        if self._reading:
            fields["reading"] = self._reading
        if self._signature is not None:
            fields["signature"] = to_hex(self._signature)
        if self.active_fault:
            fields["fault"] = self.active_fault.id
        if status and self._http_request.body and self.body is NO_BODY:
            fields["body_dropped"] = True
        return Record(
            seq=self._number,
            time=self._time,
            duration=time.perf_counter() - self._started,
            method=self._method,
            path=self.path,
            query=self._http_request.query_string.decode("latin-1"),
            user_agent=self._user_agent,
            accept=self._accept,
            type=self.type or self._named_type(),
            pubkey=self.pubkey,
            status=status,
            message=self.message,
            upstream=self._upstream,
            **fields,
        )


def _json(body: bytes) -> Raw:
    """A body as it is recorded. Raises SignerError when it is not JSON."""
    if not _is_utf_8(body):  # a Raw is checked for anything but that
        return NO_BODY
    document: Raw = decoding.decode(Raw, body, "JSON")
    return document


def _is_utf_8(body: bytes) -> bool:
    if body.isascii():
        return True
    decoder = getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), decoding.PIECE_SIZE):
            decoder.decode(body[start : start + decoding.PIECE_SIZE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


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


class Recorder:
    """A handler around another one: it records requests and applies faults."""

    def __init__(self, handler: Handler, operations: Operations) -> None:
        self._handler = handler
        self._operations = operations

    async def __call__(self, request: Request) -> Response:
        exchange = Exchange(self._operations, request, request.path)
        request.exchange = exchange

        async def handle(request: Request) -> Response:
            try:
                if not exchange.is_sign_request:
                    await exchange.apply_fault()
                response = await self._response(request)
                await response.collect()
            except SignerError as error:
                exchange.note_error(error)
                raise
            return response

        response = await answer(handle, request)
        await exchange.read_body()
        if exchange.active_fault:
            _change_response(response, exchange.active_fault.fault)
        exchange.finish(response.status)
        request.exchange = None  # both would live until a full collection, which is rare
        return response

    async def _response(self, request: Request) -> Response:
        try:
            return await self._handler(request)
        except UnknownRouteError as error:  # no route has asked for a fault
            await request.exchange.refuse(error, request.exchange.type)
            raise


def _change_response(response: Response, fault: Fault) -> None:
    """Applies a fault to a response: status, content type, body, end."""
    if fault.status is not None:
        response.status = fault.status
    if fault.content_type is not None:
        response.content_type = fault.content_type
    if fault.body is not None:
        response.body = fault.body.encode()
    if fault.drop:
        response.body = b"0x"
        response.is_cut = True
