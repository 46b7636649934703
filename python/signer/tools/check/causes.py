"""What a target signed instead: another root, or by another key."""

import time
from collections.abc import Sequence
from typing import Any

from ..._core import SecretKey, aggregate, verify
from ...errors import BLSError
from ...hex import abbreviated, to_hex
from ...signing.diagnosis import Memory, Step, find_mistake
from ...signing.request import SignRequest
from ...spec.networks import Network
from .messages import Message, later_messages

MAX_SEARCH = 1.0  # seconds for a signature; some thousand roots
MAX_SEARCH_AGAIN = 0.1  # seconds for a type whose last cause was not found
MAX_SEARCH_IN_ALL = 10.0  # seconds; a target that signs everything wrongly has one cause
UNKNOWN = "a signature by another key, or over a root that no usual mistake leads to"
INFINITY = bytes([0xC0]) + bytes(95)


class LastStep(Memory[tuple[str, Any], Step]):
    """Remembers the step that found the last cause of any type: a target has one, mostly."""

    def __init__(self) -> None:
        super().__init__()
        self._step: Step | None = None

    def get(self, key: tuple[str, Any]) -> Step | None:  # noqa: ARG002
        return self._step

    def keep(self, key: tuple[str, Any], value: Step) -> None:  # noqa: ARG002
        self._step = value


class Causes:
    """Finds causes; the one that was found last is tried first."""

    def __init__(self, network: Network, pubkeys: Sequence[bytes]) -> None:
        self._network = network
        self._pubkeys = pubkeys
        self._memory = LastStep()
        self._left = MAX_SEARCH_IN_ALL
        self._unknown = set[str]()  # types with a signature whose cause was not found

    def find(self, message: Message, key: SecretKey, signature: bytes) -> str:
        """What a wrong signature of 96 bytes is, in words that complete a sentence."""
        if signature == INFINITY:
            return "the point at infinity, which no key signs"
        try:
            aggregate([signature])
        except BLSError:
            return "bytes that are no point of G2"
        for pubkey in self._pubkeys:
            is_another = pubkey != key.public_key()
            if is_another and verify(pubkey, message.signing_root, signature):
                return f"a signature by another key, {abbreviated(to_hex(pubkey))}"
        for when, signing_root in later_messages(message):
            if key.sign(signing_root) == signature:
                return f"a signature over {when}"
        cause = self._other_root(message.request, key, signature)
        if cause is None:
            self._unknown.add(message.type)
            return UNKNOWN
        return cause

    def _other_root(self, request: SignRequest, key: SecretKey, signature: bytes) -> str | None:
        started = time.monotonic()
        limit = MAX_SEARCH
        if request.TYPE in self._unknown:
            limit = MAX_SEARCH_AGAIN
        deadline = started + min(limit, self._left)
        tried = set[bytes]()

        def is_signed(signing_root: bytes) -> bool:
            if time.monotonic() > deadline:
                raise TimeoutError
            if signing_root in tried:
                return False
            tried.add(signing_root)
            return key.sign(signing_root) == signature

        try:
            mistake = find_mistake(request, self._network, is_signed, self._memory)
        except TimeoutError:
            return None
        finally:
            self._left -= time.monotonic() - started
        if mistake is None:
            return None
        differences = " and ".join(difference.found for difference in mistake.differences)
        return f"a signature over the root with {differences}"
