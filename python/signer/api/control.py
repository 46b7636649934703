"""The control routes /_signer, and the wrapper that records requests and lets faults strike them.

Only there with --control: without, no request passes through this file.
"""

import asyncio
import math
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote

import msgspec
from litestar.types import HTTPScope, Receive, Send
from msgspec.structs import replace

from .. import decoding
from ..control.faults import ActiveFault, Fault, wrong_signature
from ..control.journal import Record, hex_of
from ..control.operations import Control
from ..errors import SignerError
from ..keys.keyring import Keyring
from ..signing import signing_types
from ..signing.request import SignRequest
from ..spec.networks import Network
from . import signing
from .auth import Check
from .responses import JSON, answer, explain

PREFIX = "/_signer/"
POLL = 0.005  # seconds between two looks whether a fault was removed, by another thread
SIGNATURE = re.compile(rb"0x[0-9a-f]{190,192}")
OK = 200


class Controlled:
    """An ASGI application under control: recorded, and struck by faults."""

    def __init__(
        self, app: Any, control: Control, keyring: Keyring, network: Network, check: Check
    ) -> None:
        self._app, self._check = app, check
        self._control, self._keyring, self._network = control, keyring, network

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            body = await signing.read_body(scope, receive)
            if scope["path"].startswith(PREFIX):
                await answer(send, await self._operate(scope, body), JSON)
                return
        except Exception as error:  # noqa: BLE001 - the one handler, for these routes
            await answer(send, *explain(error))
            return
        _, events = await self._observe(scope, body, receive)
        for event in events:
            await send(event)

    async def _observe(self, scope: Any, body: bytes, receive: Receive) -> tuple[Record, list[Any]]:
        """The record of a request, and the events of its answer, by faults or the application."""
        started, journal = time.perf_counter(), self._control.journal
        record, fault = self._describe(scope, body), Fault()  # it does nothing
        active = self._control.next_fault(record.type, record.pubkey, record.path)
        if active:
            record, fault = replace(record, fault=active.id), active.fault
            if fault.hang:
                record = journal.add(record)
            await self._hold(active)
        events = await self._answer(scope, body, receive, fault, record)
        status = events[0]["status"]
        found = SIGNATURE.search(events[-1]["body"]) if record.type and status == OK else None
        signature = found[0].decode() if found else None
        duration = time.perf_counter() - started
        # before the answer: who has it may look at once
        record = replace(record, status=status, signature=signature, duration=duration)
        return journal.add(record), events

    async def _hold(self, fault: ActiveFault) -> None:
        """Waits until a delay is over, the fault is removed, or the signer stops."""
        journal = self._control.journal
        released, left = journal.released, math.inf if fault.fault.hang else fault.delay()
        while left > 0 and not fault.removed and released == journal.released:
            await asyncio.sleep(min(POLL, left))
            left -= POLL

    async def _operate(self, scope: HTTPScope, body: bytes) -> bytes:
        """What `Control.handle` does; its fields are the query's, or the JSON body's."""
        fields = dict(parse_qsl(scope["query_string"].decode()))
        if body:
            fields = decoding.decode(dict[str, Any], body, "fields")
        path = scope["path"].removeprefix(PREFIX)
        # on a thread of its own: it may wait for requests, for as long as it is asked to
        thread = ThreadPoolExecutor(1)
        done = thread.submit(self._control.handle, scope["method"], path, fields)
        thread.shutdown(wait=False)
        return msgspec.json.encode(await asyncio.wrap_future(done))

    async def _answer(
        self, scope: HTTPScope, body: bytes, receive: Receive, fault: Fault, record: Record
    ) -> list[Any]:
        """The events of the answer: a bare one, or the application's, changed by the fault."""
        events: list[Any] = []
        unread = [{"type": "http.request", "body": body, "more_body": False}]

        async def keep(event: Any) -> None:
            events.append(event)

        async def again() -> Any:
            return unread.pop() if unread else await receive()

        if fault.answers:
            content, *_ = explain(SignerError("a fault of the test"))
            await answer(keep, content, JSON)
        elif batch := await self._batch(scope, body):
            results = await self._sign_each(batch, scope, receive)
            await answer(keep, b"[%s]" % b",".join(results), JSON)
        else:
            await self._app(scope, again, keep)
        self._spoil(events, fault, record)
        return events

    async def _batch(self, scope: HTTPScope, body: bytes) -> signing.Batch | None:
        """The batch that is asked for; the application says what is wrong with a bad one."""
        if (scope["method"], scope["path"]) == ("POST", signing.BATCH):
            with suppress(SignerError):
                self._check(scope)
                return (await signing.Batch.read(body, self._network))[0]
        return None

    async def _sign_each(self, batch: signing.Batch, scope: Any, receive: Receive) -> list[bytes]:
        """The results of a batch whose keys are recorded, and struck by faults, one by one."""

        async def sign(identifier: str) -> bytes:
            single = scope | {"path": f"{signing.PREFIX}{quote(identifier, safe='')}"}
            record, events = await self._observe(single, bytes(batch.signing_request), receive)
            if record.signature:
                return signing.result(identifier, record.signature)
            content = events[-1]["body"]
            message = content.decode(errors="replace")
            with suppress(msgspec.DecodeError, KeyError, TypeError):
                message = msgspec.json.decode(content)["message"]
            return signing.result(identifier, "", events[0]["status"], message)

        return await asyncio.gather(*map(sign, batch.identifiers))

    def _spoil(self, events: list[Any], fault: Fault, record: Record) -> None:
        """Makes of an answer what the fault wants: signature, body, content type, status."""
        start, last = events[0], events[-1]
        if fault.signature and record.pubkey and record.signing_root and start["status"] == OK:
            key = self._keyring[bytes.fromhex(record.pubkey[2:])]
            root = bytes.fromhex(record.signing_root[2:])
            wrong = wrong_signature(fault.signature, key, root)
            last["body"] = SIGNATURE.sub(b"0x" + wrong.hex().encode(), last["body"])
        if fault.body is not None:
            last["body"] = fault.body.encode()
        if fault.drop:
            # Granian closes a connection whose body has no end
            last |= {"body": b"0x", "more_body": True}
        if fault.content_type:
            others = [header for header in start["headers"] if header[0] != b"content-type"]
            start["headers"] = [*others, (b"content-type", fault.content_type.encode())]
        start["status"] = fault.status or start["status"]

    def _describe(self, scope: HTTPScope, body: bytes) -> Record:
        """What is known of a request before it is answered."""
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        path, known = scope["path"], dict[str, Any]()
        known["user_agent"] = headers.get(b"user-agent", "")
        known["accept"] = headers.get(b"accept", "")
        with suppress(SignerError):
            known["body"] = decoding.decode(Any, body, "JSON")
        if path.startswith(signing.PREFIX):
            known["pubkey"] = hex_of(path[len(signing.PREFIX) :].removesuffix("/"))
            if isinstance(known.get("body"), dict) and "type" in known["body"]:
                known["type"] = str(known["body"]["type"]).upper()
            with suppress(SignerError):
                known |= self._understand(signing_types.decode(body))
        return Record(time=time.time(), duration=0.0, method=scope["method"], path=path, **known)

    def _understand(self, request: SignRequest) -> dict[str, Any]:
        """What a record tells of a sign request: slot, epoch, the root computed and the given."""
        bare = replace(request, signing_root=None, signing_root_alias=None)
        slot, epoch = getattr(request, "slot", None), getattr(request, "EPOCH", None)
        given = request.signing_root or request.signing_root_alias
        return {
            "slot": None if slot is None else int(slot),
            "epoch": int(epoch(request)) if epoch else None,
            "signing_root": f"0x{bare.compute_signing_root(self._network).hex()}",
            "root_given": f"0x{given.hex()}" if given else None,
        }
