"""Histories on disk: SQLite in the data directory.

Changes are rows in a list; all who wait for the disk at a time share one transaction. Epochs and
slots are stored as bytes: SQLite's integers end at 2^63.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Literal

from ..errors import ConfigError, SignerError
from ..files import attempt
from .rules import HistoryKey, Vote

# a floor is a row like a vote's
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
NEW = "INSERT INTO history VALUES (?, ?, ?, ?)"
ADD = "INSERT OR IGNORE INTO vote VALUES (?, ?, ?, ?)"
DROP = "DELETE FROM vote WHERE history = ? AND source = ? AND target = ? AND signing_root = ?"
RAISE_FLOOR = "INSERT OR REPLACE INTO floor VALUES (?, ?, ?, ?)"


class HistoryFile:
    """Votes and floors in a file; any thread may call.

    Raises ConfigError when the file cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changes: list[tuple[str, tuple[object, ...]]] = []
        self._flushing: asyncio.Future[None] | None = None
        self._writing = threading.Lock()
        self.noted = self.written = 0  # changes since the start
        with attempt(f"use {path}, move it away to begin anew", ConfigError), ExitStack() as undo:
            path.touch(0o600)  # what SQLite puts beside it has the same mode
            # two of them: who reads does not wait while the other one waits for the disk
            self._reader, self._writer = (
                undo.enter_context(closing(sqlite3.connect(path, check_same_thread=False)))
                for _ in range(2)
            )
            self._writer.executescript(SCHEMA)
            query = "SELECT id, pubkey, genesis_validators_root, kind FROM history"
            self._ids = {HistoryKey(*key): number for number, *key in self._reader.execute(query)}
            undo.pop_all()

    def pubkeys(self) -> set[bytes]:
        """The keys that have signed."""
        return {key.pubkey for key in self._ids}

    def rows(
        self, table: Literal["vote", "floor"], pubkey: bytes
    ) -> Iterator[tuple[HistoryKey, Vote]]:
        """What a table has of a key."""
        query = f"""
            SELECT pubkey, genesis_validators_root, kind, source, target, signing_root
            FROM history JOIN {table} ON history = id WHERE pubkey = ?
        """  # noqa: S608 - one of ours
        with attempt(f"read {self._path}", SignerError):
            for *key, source, target, root in self._reader.execute(query, [pubkey]):
                vote = Vote(int.from_bytes(source), int.from_bytes(target), root or None)
                yield HistoryKey(*key), vote

    def note(self, statement: str, key: HistoryKey, vote: Vote) -> None:
        """Notes a change: ADD, DROP or RAISE_FLOOR. It is on disk after `flush`."""
        number = self._ids.get(key)
        if number is None:
            number = self._ids[key] = len(self._ids) + 1
            self._note(NEW, number, *key)
        epochs = vote.source.to_bytes(8), vote.target.to_bytes(8)
        self._note(statement, number, *epochs, vote.signing_root or b"")

    def _note(self, statement: str, *row: object) -> None:
        self._changes.append((statement, row))
        self.noted += 1

    async def durable(self, noted: int) -> None:
        """Returns once so many changes are on disk.

        Raises SignerError when they cannot be written; the next call tries again.
        """
        while self.written < noted:
            if self._flushing is None or self._flushing.done():
                self._flushing = asyncio.get_running_loop().run_in_executor(None, self.flush)
            # who goes away while he waits does not cancel it: others wait too
            await asyncio.shield(self._flushing)

    def flush(self) -> None:
        """Writes what was noted, in one transaction; it is on disk when this returns."""
        with self._writing:
            changes = self._changes.copy()
            with attempt(f"write {self._path}", SignerError), self._writer:
                for statement, some in groupby(changes, itemgetter(0)):
                    self._writer.executemany(statement, map(itemgetter(1), some))
            del self._changes[: len(changes)]
            self.written += len(changes)

    def clear(self) -> None:
        """Forgets everything, on disk too."""
        for table in ("vote", "floor", "history"):
            self._note(f"DELETE FROM {table}")  # noqa: S608 - one of ours
        self._ids.clear()
        self.flush()

    def close(self) -> None:
        """Writes what was noted, and lets the file go."""
        with closing(self._reader), closing(self._writer):
            self.flush()
