"""What a target signed instead: another root, or by another key."""

import time
from collections.abc import Sequence

from ..._core import SecretKey, aggregate, verify
from ...errors import BLSError
from ...hex import abbreviated, to_hex
from ...signing.diagnosis import Causes as Memory
from ...signing.diagnosis import find_mistake
from ...signing.request import SignRequest
from ...spec.networks import Network

MAX_SEARCH = 0.5  # seconds for a signature; a thousand roots
MAX_SEARCH_IN_ALL = 8.0  # seconds; a target that signs everything wrongly has one cause
UNKNOWN = "a signature by another key, or over a root that no usual mistake leads to"
INFINITY = bytes([0xC0]) + bytes(95)


class Causes:
    """Finds causes; the one that was found last is tried first."""

    def __init__(self, network: Network, pubkeys: Sequence[bytes]) -> None:
        self._network = network
        self._pubkeys = pubkeys
        self._memory = Memory()
        self._left = MAX_SEARCH_IN_ALL
        self._unknown = set[str]()  # types with a signature whose cause was not found

    def find(self, request: SignRequest, root: bytes, key: SecretKey, signature: bytes) -> str:
        """What a wrong signature of 96 bytes is, in words that complete a sentence."""
        if signature == INFINITY:
            return "the point at infinity, which no key signs"
        try:
            aggregate([signature])
        except BLSError:
            return "bytes that are no point of G2"
        for pubkey in self._pubkeys:
            if pubkey != key.public_key() and verify(pubkey, root, signature):
                return f"a signature by another key, {abbreviated(to_hex(pubkey))}"
        if request.TYPE in self._unknown or self._left <= 0:
            return UNKNOWN
        cause = self._other_root(request, key, signature)
        if cause is None:
            self._unknown.add(request.TYPE)
            return UNKNOWN
        return cause

    def _other_root(self, request: SignRequest, key: SecretKey, signature: bytes) -> str | None:
        started = time.monotonic()
        deadline = started + min(MAX_SEARCH, self._left)
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
