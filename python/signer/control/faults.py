"""Faults: wrong behaviour that a test asks for, when, and how often."""

import asyncio
import random
import re
import threading
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta

from ..decoding import decode
from ..errors import BadRequestError, FaultError, UnknownOperationError
from ..keys.derived import interop_key
from ..keys.keyring import Key
from ..ssz.scalars import shown
from .fields import check_doubled, decode_fields
from .filters import Natural, RequestFilter, differing
from .journal import MAX_NAME_LENGTH, one_line

WrongSignature = Literal[
    "wrong_root",
    "wrong_key",
    "malformed",
    "short",
    "infinity",
    "not_in_group",
]

FaultKind = Literal["answer", "delay", "drop", "hang", "response", "signature"]
FAULT_KINDS: tuple[FaultKind, ...] = get_args(FaultKind)

MAX_SECONDS = 86_400  # a day; much more overflows the event loop's clock
Seconds = Annotated[float, Meta(ge=0, le=MAX_SECONDS)]

MAX_REMOVED_FAULTS_KEPT = 100  # a test may ask for the hits of a fault after a reset
STATUSES_WITHOUT_BODY = {204, 304}  # RFC 9110: the server sends none, whatever the fault says
FIRST_ERROR_STATUS = 400
FOREIGN_KEY_INDEX = 1 << 32  # an interop key that no test uses

HEADER_VALUE = re.compile(r"[\x20-\x7e]*")  # RFC 9110, 5.5, without its obsolete part

INVALID_SIGNATURES = {
    "malformed": bytes([0x11]) * 96,  # not a compressed point: the highest bit says so
    "infinity": bytes([0xC0]) + bytes(95),
    "not_in_group": bytes([0x80]) + bytes(94) + bytes([2]),  # x = 2: on the curve only
}


class Fault(RequestFilter, frozen=True, kw_only=True, repr_omit_defaults=True):
    """Selects requests and does one thing to them, perhaps with a delay.

    Without a `path`, which may be a glob, it applies to sign requests that name a type. It lets
    `after` matching requests pass. Then it applies `times` times, each with probability `chance`.
    Times are seconds; `jitter` adds up to that much to `delay`.
    """

    after: Natural = 0
    times: Annotated[int, Meta(ge=1)] | None = None
    chance: Annotated[float, Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    delay: Seconds = 0.0
    jitter: Seconds = 0.0
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    body: str | None = None
    content_type: str | None = None
    hang: bool = False  # no response until it is removed or the signer stops
    drop: bool = False  # a status line, then the connection closes in the middle of the body
    signature: WrongSignature | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.content_type is not None and not HEADER_VALUE.fullmatch(self.content_type):
            expected = "expected printable ASCII, as a header needs it"
            raise BadRequestError(f"content_type: {expected}, found {shown(self.content_type)}")
        if self.body is not None and not _is_unicode(self.body):
            raise BadRequestError("body: expected text, found half of a surrogate pair")
        if self.status in STATUSES_WITHOUT_BODY and (self.body or self.drop):
            expected = "expected a status whose response has a body, with body or drop"
            raise BadRequestError(f"status: {expected}, found {self.status}")

    @property
    def answers(self) -> bool:
        """Whether it answers by itself, so that nothing is signed."""
        return self.drop or self.body is not None or (self.status or 0) >= FIRST_ERROR_STATUS

    @property
    def kind(self) -> FaultKind:
        """What it does above all, for the metrics; a delay counts if there is nothing else."""
        if self.hang:
            return "hang"
        if self.drop:
            return "drop"
        if self.signature:
            return "signature"
        if self.answers:
            return "answer"
        if self.status or self.content_type:
            return "response"
        return "delay"


def _is_unicode(text: str) -> bool:
    """Whether a text can be sent as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def fault_of(document: bytes | str | Mapping[str, Any]) -> Fault:
    """A fault from JSON, or from its fields. Raises BadRequestError, which names a bad member.

    Numbers may be text, as the fields of a YAML file are.
    """
    fields: Any = document
    if isinstance(document, str):
        check_doubled(document)
        fields = decode(dict[str, Any], document, "a fault")
    fault: Fault = decode_fields(Fault, fields, "a fault")
    answers = fault.answers and not fault.drop
    actions = [fault.hang, fault.drop, fault.signature is not None, answers]
    if actions.count(True) > 1:
        raise BadRequestError("expected one of hang, drop, signature, and an answer, found several")
    changes = [fault.delay, fault.jitter, fault.status, fault.content_type]
    if not any(actions) and not any(changes):
        raise BadRequestError(
            "expected a fault that does something, such as a status, found no effect"
        )
    return fault


def wrong_signature(kind: WrongSignature, key: Key, message: bytes) -> bytes:
    """The bytes to give out instead of the signature of a key over a root, or over other bytes."""
    if kind == "wrong_root":
        return key.secret_key.sign_message(bytes(byte ^ 0xFF for byte in message))
    if kind == "wrong_key":
        return interop_key(FOREIGN_KEY_INDEX).sign_message(message)
    if kind == "short":
        return key.secret_key.sign_message(message)[:-1]
    return INVALID_SIGNATURES[kind]


class ActiveFault:
    """A fault that was set, with its number and its hits. The event loop applies it.

    Any thread may remove it.
    """

    def __init__(self, number: int, fault: Fault) -> None:
        self.id = number
        self.fault = fault
        self.is_removed = False
        self.hits = 0
        self._given = fault.given()
        self._matched = 0
        self._random = random.Random(fault.seed)  # noqa: S311 - a seed must reproduce it
        self._held: set[asyncio.Future[None]] = set()
        self._lock = threading.Lock()

    def try_apply(self, request: Any) -> bool:
        """Whether it applies to a request; counts it. `request` has a type, a pubkey and a path."""
        if differing(self._given, request):
            return False
        if self.fault.path is None and request.type is None:
            return False
        self._matched += 1
        is_spent = self.fault.times is not None and self.hits >= self.fault.times
        if self._matched <= self.fault.after or is_spent:
            return False
        if self._random.random() >= self.fault.chance:
            return False
        self.hits += 1
        return True

    async def hold(self) -> None:
        """Waits until its delay is over, it is removed, or the signer stops."""
        timeout = None
        if not self.fault.hang:
            timeout = self.fault.delay + self.fault.jitter * self._random.random()
            if timeout == 0:
                return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            if self.is_removed:
                return
            self._held.add(waiting)
        try:
            await asyncio.wait({waiting}, timeout=timeout)
        finally:
            with self._lock:
                self._held.discard(waiting)

    def release(self) -> None:
        """Releases the requests that it holds now."""
        with self._lock:
            for waiting in self._held:
                with suppress(RuntimeError):  # its loop has ended, and its request with it
                    waiting.get_loop().call_soon_threadsafe(_end, waiting)

    def remove(self) -> None:
        """Applies it to no further request, and releases those that it holds."""
        with self._lock:
            self.is_removed = True
        self.release()

    def error(self) -> FaultError:
        """The answer that it gives by itself."""
        message = self.fault.body
        if message is None:
            message = "a fault of the test"
        return FaultError(message, self.fault.status or 200)


def _end(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


class Faults:
    """The faults of a signer. Any thread may call."""

    def __init__(self) -> None:
        self.applied = Counter[FaultKind]()  # requests, by what was done to them; never reset
        self._faults: list[ActiveFault] = []
        self._numbers = count(1)

    def add(self, fault: Fault) -> ActiveFault:
        """Adds a fault, which comes before earlier ones."""
        active = ActiveFault(next(self._numbers), fault)
        self._faults.append(active)
        return active

    def find(self, number: str) -> ActiveFault:
        """The fault with an id, removed or not. Raises UnknownOperationError."""
        for active in self._faults:
            if str(active.id) == number:
                return active
        found = one_line(number, MAX_NAME_LENGTH)
        raise UnknownOperationError(f"expected the id of a fault, found {found}")

    def all(self) -> list[ActiveFault]:
        """Every fault, oldest first; a removed one stays, so that a test may ask for its hits."""
        return self._faults.copy()

    def apply_next(self, request: Any) -> ActiveFault | None:
        """The newest fault that applies to a request; counts its hit."""
        for active in reversed(self.all()):
            if not active.is_removed and active.try_apply(request):
                self.applied[active.fault.kind] += 1
                return active
        return None

    def remove_all(self) -> None:
        """Removes all faults."""
        for active in self.all():
            active.remove()

    def reset(self) -> None:
        """Removes all faults, and keeps the last MAX_REMOVED_FAULTS_KEPT for their hits."""
        self.remove_all()
        del self._faults[:-MAX_REMOVED_FAULTS_KEPT]

    def release(self) -> None:
        """Releases all requests that faults hold: the signer stops."""
        for active in self.all():
            active.release()
