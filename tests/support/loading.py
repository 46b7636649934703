"""A folder of keystores, loaded as at the start of a signer."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from signer.keys.keyring import LoadFailure
from signer.keys.keystore_folder import KeystoreFolder
from signer.threads import thread_pool


class Loaded(NamedTuple):
    """What came of it, with the lines that are said."""

    pubkeys: list[bytes]
    failures: list[LoadFailure]
    lines: list[str]


class _Lines(logging.Handler):
    """Keeps the messages of log records."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def logged() -> Iterator[list[str]]:
    """The lines that the package logs meanwhile."""
    log = logging.getLogger("signer")
    handler = _Lines()
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield handler.lines
    finally:
        log.removeHandler(handler)
        log.setLevel(level)


def load(folder: Path, passwords_path: Path | None = None) -> Loaded:
    """Passwords are beside the keystores or where they are said to be, or there is one for all."""
    common = folder / "password"
    password_file = common if common.exists() else None
    with thread_pool() as threads, logged() as lines:
        keystores = KeystoreFolder(folder, passwords_path, password_file)
        keys, failures = keystores.load(threads)
    return Loaded([key.pubkey for key in keys], failures, lines)
