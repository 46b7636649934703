"""Histories on disk: SQLite in the data directory.

Changes wait in a list, and one transaction writes all of them: requests that wait for the disk at
the same time share it. Epochs and slots are stored as bytes, because SQLite's integers end at 2^63.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from ..errors import ConfigError, SignerError
from ..files import translating_errors
from .rules import HistoryKey, Vote

# A row of `floor` is the minimum of a history, with the columns of a vote.
SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, pubkey BLOB, genesis_validators_root BLOB, kind TEXT,
    UNIQUE (pubkey, genesis_validators_root, kind)
);
CREATE TABLE IF NOT EXISTS floor (
    history INTEGER PRIMARY KEY, source BLOB, target BLOB, signing_root BLOB
);
CREATE TABLE IF NOT EXISTS vote (
    history INTEGER, source BLOB, target BLOB, signing_root BLOB,
    PRIMARY KEY (history, source, target, signing_root)
) WITHOUT ROWID;
"""
SELECT_HISTORIES = "SELECT id, pubkey, genesis_validators_root, kind FROM history"
SELECT_VOTES = """
    SELECT pubkey, genesis_validators_root, kind, source, target, signing_root
    FROM history JOIN vote ON history = id WHERE pubkey = ?
"""
SELECT_MINIMUMS = """
    SELECT pubkey, genesis_validators_root, kind, source, target, signing_root
    FROM history JOIN floor ON history = id WHERE pubkey = ?
"""
INSERT_HISTORY = "INSERT INTO history VALUES (?, ?, ?, ?)"
INSERT_VOTE = "INSERT OR IGNORE INTO vote VALUES (?, ?, ?, ?)"
DELETE_VOTES = "DELETE FROM vote WHERE history = ? AND target <= ?"
REPLACE_MINIMUM = "INSERT OR REPLACE INTO floor VALUES (?, ?, ?, ?)"
CLEAR = ("DELETE FROM vote", "DELETE FROM floor", "DELETE FROM history")


class HistoryDatabase:
    """Votes and minimums in a file. Any thread may call.

    Raises ConfigError when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changes: list[tuple[str, tuple[object, ...]]] = []
        self._is_flushing = False
        self._waiters: list[asyncio.Future[None]] = []  # of the next flush that ends
        self._writing = threading.Lock()
        self.noted = 0  # changes since the start
        self.written = 0  # of these, those on disk
        action = f"use {path}, move it away to begin anew"
        with translating_errors(action, ConfigError), ExitStack() as unless_usable:
            path.touch(0o600)  # the files that SQLite puts next to it get the same mode
            # Two connections: reading does not wait while the other one waits for the disk.
            self._reader = unless_usable.enter_context(self._connect())
            self._writer = unless_usable.enter_context(self._connect())
            self._writer.executescript(SCHEMA)
            rows = self._reader.execute(SELECT_HISTORIES)
            self._ids = {HistoryKey(*key): number for number, *key in rows}
            self.pubkeys = {key.pubkey for key in self._ids}  # the keys that have signed
            unless_usable.pop_all()

    def _connect(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(self._path, check_same_thread=False))

    def votes(self, pubkey: bytes) -> Iterator[tuple[HistoryKey, Vote]]:
        """All votes of a key. Raises SignerError when they cannot be read."""
        return self._rows(SELECT_VOTES, pubkey)

    def minimums(self, pubkey: bytes) -> Iterator[tuple[HistoryKey, Vote]]:
        """The minimum of each history of a key. Raises SignerError when they cannot be read."""
        return self._rows(SELECT_MINIMUMS, pubkey)

    def _rows(self, query: str, pubkey: bytes) -> Iterator[tuple[HistoryKey, Vote]]:
        with translating_errors(f"read {self._path}", SignerError):
            for *key, source, target, root in self._reader.execute(query, [pubkey]):
                vote = Vote(int.from_bytes(source), int.from_bytes(target), root or None)
                yield HistoryKey(*key), vote

    def add_vote(self, key: HistoryKey, vote: Vote) -> None:
        """Notes a new vote. It is on disk after `flush`."""
        self._note_vote(INSERT_VOTE, key, vote)

    def drop_votes(self, key: HistoryKey, target: int) -> None:
        """Notes that the votes of a history up to a target are no longer kept."""
        self._note(DELETE_VOTES, self._number_of(key), target.to_bytes(8))

    def set_minimum(self, key: HistoryKey, minimum: Vote) -> None:
        """Notes the minimum of a history."""
        self._note_vote(REPLACE_MINIMUM, key, minimum)

    def _note_vote(self, statement: str, key: HistoryKey, vote: Vote) -> None:
        source = vote.source.to_bytes(8)
        target = vote.target.to_bytes(8)
        self._note(statement, self._number_of(key), source, target, vote.signing_root or b"")

    def _number_of(self, key: HistoryKey) -> int:
        number = self._ids.get(key)
        if number is None:
            number = len(self._ids) + 1
            self._ids[key] = number
            self.pubkeys.add(key.pubkey)
            self._note(INSERT_HISTORY, number, *key)
        return number

    def _note(self, statement: str, *row: object) -> None:
        self._changes.append((statement, row))
        self.noted += 1

    async def wait_for_disk(self, noted: int) -> None:
        """Returns once the first `noted` changes are on disk.

        Raises SignerError when they cannot be written; the next call tries again.
        """
        while self.written < noted:
            loop = asyncio.get_running_loop()
            waiter: asyncio.Future[None] = loop.create_future()
            self._waiters.append(waiter)
            if not self._is_flushing:
                self._is_flushing = True
                loop.run_in_executor(None, self.flush).add_done_callback(self._end_flush)
            await waiter

    def _end_flush(self, flushing: asyncio.Future[None]) -> None:
        """Wakes the requests that wait; those whose changes came too late flush again."""
        self._is_flushing = False
        waiters = self._waiters
        self._waiters = []
        error = flushing.exception()
        for waiter in waiters:
            if waiter.done():
                continue  # its request was cancelled
            if error:
                waiter.set_exception(error)
            else:
                waiter.set_result(None)

    def flush(self) -> None:
        """Writes the noted changes in one transaction. They are on disk when this returns."""
        with self._writing:
            changes = self._changes.copy()
            with translating_errors(f"write {self._path}", SignerError), self._writer:
                for statement, group in groupby(changes, itemgetter(0)):
                    self._writer.executemany(statement, map(itemgetter(1), group))
            del self._changes[: len(changes)]
            self.written += len(changes)

    def clear(self) -> None:
        """Forgets everything, on disk too. Raises SignerError, and then forgets nothing."""
        with self._writing:
            with translating_errors(f"write {self._path}", SignerError), self._writer:
                for statement in CLEAR:
                    self._writer.execute(statement)
            self._changes.clear()
            self.written = self.noted
            self._ids.clear()
            self.pubkeys.clear()

    def close(self) -> None:
        """Writes the noted changes, and closes the file."""
        with closing(self._reader), closing(self._writer):
            self.flush()
