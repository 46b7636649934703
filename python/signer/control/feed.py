"""The feed: what happens in a signer, as server-sent events for any number of readers.

Nothing is stored for a reader. It has a position, and the feed makes its next events from what the
journal and the reports still have. So a signature costs nothing more when nobody reads.

Source of the format: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

import msgspec

from ..keys.keyring import Keyring
from ..slashing.protection import Protection
from .journal import MAX_RECORDS, Journal

MAX_ITEMS = 500  # of a kind in one event; encoding them takes the event loop half a millisecond
MAX_FAULTS_SHOWN = 100  # the newest
MAX_DIGITS = 18  # of a count; Python takes long to read thousands


class Position(NamedTuple):
    """What a reader has seen: a count for each kind of event."""

    records: int = 0
    completions: int = 0
    clears: int = 0
    slashable: int = 0
    equivocations: int = 0


class Events(NamedTuple):
    """Some events as text, the position after them, and whether there are more already."""

    text: bytes
    position: Position
    has_more: bool


class Changing(NamedTuple):
    """Faults as JSON, and what tells that keys have changed."""

    faults: bytes = b""
    keys: Any = None


class Feed:
    """The events of one signer. Any thread may call `release`, the event loop all else."""

    def __init__(
        self,
        journal: Journal,
        slashing: Protection,
        keyring: Keyring,
        faults: Callable[[], list[Any]],
    ) -> None:
        self.run = secrets.token_hex(4)  # a position of another run means nothing in this one
        self._journal = journal
        self._reports = slashing.reports
        self._equivocations = slashing.equivocations.reports
        self._keyring = keyring
        self._faults = faults
        self._readers: set[asyncio.Future[None]] = set()
        self._lock = threading.Lock()
        self._made_for: tuple[Position, Position] | None = None
        self._made = Events(b"", Position(), has_more=False)

    def newest(self) -> Position:
        """The position of a reader that has seen everything."""
        return Position(
            self._journal.newest,
            self._journal.completions,
            self._journal.clears,
            self._reports.total,
            self._equivocations.total,
        )

    def position_of(self, last_event_id: str) -> Position:
        """Where a reader goes on: after an id, or from the beginning for an id of another run."""
        run, *counts = last_event_id.split("-")
        numbers = [int(text) for text in counts if text.isdecimal() and len(text) <= MAX_DIGITS]
        if run != self.run or len(numbers) != len(Position._fields):
            return Position(clears=self._journal.clears)
        return Position(*numbers)

    def after(self, position: Position) -> Events:
        """The next events after a position; readers of one position share the text."""
        newest = self.newest()
        if self._made_for != (position, newest):
            self._made = self._make(position)
            self._made_for = (position, newest)
        return self._made

    def _make(self, position: Position) -> Events:
        journal = self._journal
        parts = []
        first = max(position.records, journal.newest - MAX_RECORDS)
        if first > position.records:
            parts.append(event("lost", {"count": first - position.records}))
        clears = journal.clears
        if clears != position.clears:
            parts.append(event("cleared", {}))
        records, completions = journal.completed_after(position.completions, MAX_ITEMS)
        records = [record for record in records if record.seq <= position.records]
        last = min(first + MAX_ITEMS, journal.newest)
        records += journal.after(first, MAX_ITEMS)
        if records:
            parts.append(event("records", records))
        slashable, slashable_seen = self._reports.after(position.slashable, MAX_ITEMS)
        pairs, pairs_seen = self._equivocations.after(position.equivocations, MAX_ITEMS)
        if slashable:
            parts.append(event("slashable", slashable))
        if pairs:
            parts.append(event("equivocations", pairs))
        seen = Position(last, completions, clears, slashable_seen, pairs_seen)
        if not parts:
            return Events(b"", seen, has_more=False)
        # The last event has the id: a reader that misses one of them gets all of them again.
        parts[-1] = self.id_line(seen) + parts[-1]
        return Events(b"".join(parts), seen, seen != self.newest())

    def id_line(self, position: Position) -> bytes:
        """The line by which a reader goes on after a position."""
        counts = "-".join(map(str, position))
        return f"id: {self.run}-{counts}\n".encode()

    def changes(self, seen: Changing) -> tuple[bytes, Changing]:
        """Events for what has no position, faults and keys, where they differ from `seen`."""
        parts = []
        faults = event("faults", self._faults()[-MAX_FAULTS_SHOWN:])
        if faults != seen.faults:
            parts.append(faults)
        readonly = self._keyring.readonly
        imported = self._keyring.imported
        # Thousands of keys cannot be compared each time: a change of any shows in one of these.
        keys = (id(readonly), len(readonly), len(imported), next(reversed(imported), None))
        if keys != seen.keys:
            parts.append(event("keys", {"count": len(self._keyring)}))
        return b"".join(parts), Changing(faults, keys)

    @contextmanager
    def reading(self) -> Iterator[asyncio.Future[None]]:
        """A future that is done when the signer stops. Entered on the event loop."""
        is_over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._readers.add(is_over)
        try:
            yield is_over
        finally:
            with self._lock:
                self._readers.discard(is_over)

    def release(self) -> None:
        """Ends the streams of all readers: the signer stops."""
        with self._lock:
            for is_over in self._readers:
                with suppress(RuntimeError):  # its loop has ended
                    is_over.get_loop().call_soon_threadsafe(_end, is_over)


def _end(is_over: asyncio.Future[None]) -> None:
    if not is_over.done():
        is_over.set_result(None)


def event(name: str, data: Any) -> bytes:
    """One event, with its data as JSON on a line."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))
