"""Signatures that came back under load, compared between the targets and with our own."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from ..._core import SecretKey
from ...decoding import decoder
from ...hex import abbreviated, to_hex
from ...signing.registry import SigningTypes
from ...spec.network_files import load_network
from .loads import Order
from .result import Result

SIGNATURE = re.compile(rb"0x[0-9a-fA-F]{192}(?![0-9a-fA-F])")
SAMPLE = 40  # signatures of each measurement that are compared with our own: 15 ms


class Message(NamedTuple):
    """What a signature is of: a request's number in its load, and a key."""

    number: int
    pubkey: str


@dataclass
class Comparison:
    """How many signatures of a target were compared, and how many were wrong."""

    with_own: int = 0
    with_others: int = 0
    wrong: int = 0
    missing: int = 0  # answers with status 200 that had no signature
    example: str = ""

    @property
    def is_right(self) -> bool:
        """Whether each answer with status 200 had a signature, and no compared one was wrong."""
        return not (self.wrong or self.missing)

    def note_wrong(self, example: str) -> None:
        """Counts a wrong signature, and keeps the first as an example."""
        self.wrong += 1
        self.example = self.example or example


@dataclass
class Signatures:
    """Compares what targets sign with each other and with our own keys."""

    keys: Mapping[str, SecretKey]
    by_target: dict[str, Comparison] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._types = SigningTypes()
        self._network = load_network(None)

    def compare(self, results: Mapping[str, Result], order: Order) -> None:
        """Compares the answers of all targets to the same load."""
        signed: dict[str, dict[Message, bytes]] = {}
        for name, result in results.items():
            comparison = self.by_target.setdefault(name, Comparison())
            signed[name] = self._signed(result, order, comparison)
        known = self._our_own(signed, order)
        disputed = self._disputed(signed)
        for message in disputed - known.keys():
            known[message] = self._sign(message, order)
        for name, signatures in signed.items():
            self._count(self.by_target[name], signatures, known, signed, order)

    def liars(self) -> list[str]:
        """The targets that gave out a wrong signature, or none with status 200."""
        return [name for name, found in self.by_target.items() if not found.is_right]

    def _signed(self, result: Result, order: Order, comparison: Comparison) -> dict[Message, bytes]:
        """The signatures in the answers; an answer without one is counted."""
        signatures: dict[Message, bytes] = {}
        for number, body in (result.answers or {}).items():
            if order.load.roots == "one root":
                number %= len(order.pubkeys)  # noqa: PLW2901 - these are the same message
            for message, signature in _signatures(body, number, order):
                if signature and signatures.get(message, signature) == signature:
                    signatures[message] = signature
                elif signature:
                    pubkey = abbreviated(message.pubkey)
                    comparison.note_wrong(f"two signatures of key {pubkey} over one root")
                else:
                    comparison.missing += 1
        return signatures

    def _our_own(
        self, signed: Mapping[str, Mapping[Message, bytes]], order: Order
    ) -> dict[Message, bytes]:
        """Our own signatures over some messages that each target signed."""
        own: dict[Message, bytes] = {}
        for signatures in signed.values():
            step = max(1, len(signatures) // SAMPLE)
            for message in [*signatures][::step]:
                if message not in own:
                    own[message] = self._sign(message, order)
        return own

    def _disputed(self, signed: Mapping[str, Mapping[Message, bytes]]) -> set[Message]:
        """The messages over which targets have different signatures: SAMPLE at most."""
        disputed: set[Message] = set()
        first: dict[Message, bytes] = {}
        for signatures in signed.values():
            for message, signature in signatures.items():
                if first.setdefault(message, signature) != signature and len(disputed) < SAMPLE:
                    disputed.add(message)
        return disputed

    def _sign(self, message: Message, order: Order) -> bytes:
        body = order.load.body(order.first, message.number)
        root = self._types.decode(body).choose(self._network).signing_root
        return to_hex(self.keys[message.pubkey].sign(root)).encode()

    def _count(
        self,
        comparison: Comparison,
        signatures: Mapping[Message, bytes],
        own: Mapping[Message, bytes],
        signed: Mapping[str, Mapping[Message, bytes]],
        order: Order,
    ) -> None:
        others = [other for other in signed.values() if other is not signatures]
        for message, signature in signatures.items():
            comparison.with_others += any(message in other for other in others)
            expected = own.get(message)
            if expected is None:
                continue
            comparison.with_own += 1
            if signature != expected:
                comparison.note_wrong(
                    f"{order.load.name}, key {abbreviated(message.pubkey)}: expected "
                    f"{abbreviated(expected.decode())}, found {abbreviated(signature.decode())}"
                )


def _signatures(body: bytes, number: int, order: Order) -> Iterator[tuple[Message, bytes]]:
    """The signatures in an answer, each with its message; empty where one lacks."""
    if not order.load.batch:
        found = SIGNATURE.search(body)
        pubkey = order.pubkeys[number % len(order.pubkeys)]
        yield Message(number, pubkey), found[0].lower() if found else b""
        return
    by_key = _of_batch(body)
    for pubkey in order.pubkeys[: order.load.batch]:
        yield Message(number, pubkey), by_key.get(pubkey, b"")


class _Signed(msgspec.Struct):
    identifier: str
    signature: str = ""


def _of_batch(body: bytes) -> dict[str, bytes]:
    """The signatures of a batch by their keys; none in another answer."""
    try:
        results: Sequence[_Signed] = decoder(list[_Signed]).decode(body)
    except msgspec.MsgspecError:
        return {}
    return {
        result.identifier.lower(): result.signature.lower().encode()
        for result in results
        if SIGNATURE.fullmatch(result.signature.encode())
    }
