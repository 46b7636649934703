"""Faults: what the signer is told to do wrong, when, and how often."""

import random
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta

from ..decoding import decode
from ..errors import BadRequestError
from ..keys.derived import interop_key
from ..keys.keyring import Key
from .journal import Target, fits

WrongSignature = Literal[
    "wrong_root", "wrong_key", "malformed", "short", "infinity", "not_in_group"
]

Seconds = Annotated[float, Meta(ge=0)]

NO_SIGNATURES = {
    "malformed": bytes([0x11]) * 96,  # no compressed point: the highest bit says so
    "infinity": bytes([0xC0]) + bytes(95),
    "not_in_group": bytes([0x80]) + bytes(94) + bytes([2]),  # x = 2, a point of the curve only
}


class Fault(Target, frozen=True, kw_only=True):
    """When it strikes: each given value must match. And what it does: one thing, and a delay.

    Without a `path`, a glob, it strikes sign requests. After `after` matches that pass, `times`
    times, each with probability `chance`. Times are seconds; `jitter` adds up to that much.
    """

    after: Annotated[int, Meta(ge=0)] = 0
    times: Annotated[int, Meta(ge=1)] | None = None
    chance: Annotated[float, Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    delay: Seconds = 0.0
    jitter: Seconds = 0.0
    status: Annotated[int, Meta(ge=200, le=599)] | None = None
    body: str | None = None
    content_type: str | None = None
    hang: bool = False  # no answer until it is removed or the signer stops
    drop: bool = False  # a status line, then the connection closes in the middle of the body
    signature: WrongSignature | None = None

    @property
    def answers(self) -> bool:
        """Whether it answers by itself, so that nothing is signed."""
        return self.drop or self.body is not None or (self.status or 0) >= 400  # noqa: PLR2004


def wrong_signature(kind: WrongSignature, key: Key, signing_root: bytes) -> bytes:
    """What is given out instead of the signature of a key over a 32-byte root."""
    if kind == "wrong_root":
        return key.secret_key.sign(bytes(byte ^ 0xFF for byte in signing_root))
    if kind == "wrong_key":
        return interop_key(1 << 32).sign(signing_root)
    if kind == "short":
        return key.secret_key.sign(signing_root)[:-1]
    return NO_SIGNATURES[kind]


def fault_of(sent: str | Mapping[str, Any]) -> Fault:
    """A fault of JSON, or of its fields. Raises BadRequestError, naming what is not as expected."""
    fault: Fault = decode(Fault, sent, "a fault")
    does = [fault.hang, fault.drop, fault.signature, fault.answers and not fault.drop]
    if sum(map(bool, does)) > 1:
        raise BadRequestError("expected one of hang, drop, signature, and an answer, found several")
    if not any((*does, fault.delay, fault.jitter, fault.status, fault.content_type)):
        raise BadRequestError("expected a fault that does something, such as a status, found none")
    return fault


class ActiveFault:
    """A fault in effect, with its number and how often it struck."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.id, self.fault, self.removed = number, fault, False
        self.hits = self._seen = 0
        self._random = random.Random(fault.seed)  # noqa: S311 - to be foreseen

    def strikes(self, signing_type: str | None, pubkey: str | None, path: str) -> bool:
        """Whether it strikes this request; counts it."""
        fault, asked = self.fault, {"type": signing_type, "pubkey": pubkey, "path": path}
        meant = all(fits(name, getattr(fault, name), value) for name, value in asked.items())
        if not meant or (fault.path is None and signing_type is None):
            return False
        self._seen += 1
        spent = fault.times and self.hits >= fault.times
        struck = self._seen > fault.after and not spent and self._random.random() < fault.chance
        self.hits += struck
        return struck

    def delay(self) -> float:
        """Seconds to wait before it does what it does."""
        return self.fault.delay + self.fault.jitter * self._random.random()
