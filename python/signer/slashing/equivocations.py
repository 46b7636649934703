"""Equivocations: two contents of a message of which the network takes one.

Nobody is slashed for them, so they are reported and never refused, never on disk and never
exported. A signing type says in SIGNED_ONCE_FOR which members identify a message.
"""

import threading
from collections import OrderedDict
from operator import attrgetter

from msgspec import Struct

from ..hex import to_hex
from ..signing.request import SignRequest
from .reports import Count, Reports
from .slashable import Slashable

SLOTS_KEPT = 64  # two epochs; the network takes these messages in their slot or the next
MESSAGES_KEPT = 32_768  # a committee of 512 in each of these slots; at most some 20 MB
ROOTS_KEPT_PER_MESSAGE = 8  # further ones are reported each time they come


class _Message(Struct, frozen=True, gc=False):
    """What identifies a message. Plain text and numbers, for the garbage collector's sake."""

    pubkey: bytes
    genesis_validators_root: bytes
    type: str
    slot: int
    members: tuple[str, ...]


class Equivocations:
    """The signing roots of the newest messages that are signed once. Any thread may call."""

    def __init__(self, count: Count) -> None:
        self.reports = Reports(count)
        self._roots = OrderedDict[_Message, tuple[bytes, ...]]()  # the first is compared with
        self._lock = threading.Lock()

    def note(self, pubkey: bytes, request: SignRequest, signing_root: bytes) -> None:
        """Remembers a message that is about to be signed, and reports a second content of it."""
        paths = getattr(request, "SIGNED_ONCE_FOR", None)
        if paths is None:
            return
        message = _message(pubkey, request, paths)
        with self._lock:
            roots = self._roots.get(message, ())
            if signing_root in roots:
                return
            if len(roots) < ROOTS_KEPT_PER_MESSAGE:
                self._roots[message] = (*roots, signing_root)
            if roots:
                self._report(message, paths, roots[0], signing_root)
            else:
                self._forget_old(message)

    def _forget_old(self, newest: _Message) -> None:
        """Forgets at most two messages for a new one, so that no request waits for many."""
        for _ in range(2):
            oldest = next(iter(self._roots))
            is_same_chain = oldest.genesis_validators_root == newest.genesis_validators_root
            is_past = is_same_chain and oldest.slot + SLOTS_KEPT < newest.slot
            if is_past or len(self._roots) > MESSAGES_KEPT:
                del self._roots[oldest]

    def _report(
        self, message: _Message, paths: tuple[str, ...], earlier: bytes, later: bytes
    ) -> None:
        names = [path.rpartition(".")[2] for path in paths]
        members = dict(zip(names, message.members, strict=True))
        pair = Slashable(
            rule=f"double_{message.type.lower()}",
            pubkey=to_hex(message.pubkey),
            genesis_validators_root=to_hex(message.genesis_validators_root),
            earlier={**members, "signing_root": to_hex(earlier)},
            later={**members, "signing_root": to_hex(later)},
        )
        self.reports.add(pair, "signed")

    def clear(self) -> None:
        """Forgets every message and every report."""
        with self._lock:
            self._roots.clear()
            self.reports.clear()


def _message(pubkey: bytes, request: SignRequest, paths: tuple[str, ...]) -> _Message:
    genesis_validators_root = bytes(32)
    fork_info = getattr(request, "fork_info", None)
    if fork_info:
        genesis_validators_root = bytes(fork_info.genesis_validators_root)
    return _Message(
        pubkey=pubkey,
        genesis_validators_root=genesis_validators_root,
        type=request.TYPE,
        slot=int(request.slot or 0),
        members=tuple(_text(attrgetter(path)(request)) for path in paths),
    )


def _text(value: object) -> str:
    """A member as in JSON, without quotes."""
    if isinstance(value, bytes):
        return to_hex(value)
    return str(value)
