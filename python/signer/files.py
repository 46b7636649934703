"""Files: read with a bound, written whole or not at all."""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import ConfigError, KeystoreError, SignerError

MAX_SIZE = 1 << 20  # bytes; a keystore has about a thousand
TEMPORARY = ".tmp"  # the ending of a file that is being written


@contextmanager
def attempt(what: str, refusal: type[SignerError], hint: str = "") -> Iterator[None]:
    """A block in which an error of the system, or of SQLite, becomes one of the signer's."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise refusal(f"cannot {what}: {reason}{hint}") from None


def read(path: Path | str) -> bytes:
    """The content. Raises KeystoreError for a file that cannot be read or is above MAX_SIZE."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - of text too
            content = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise KeystoreError(f"cannot read {path}: {os.strerror(error.errno or 0)}") from None
    if len(content) > MAX_SIZE:
        raise KeystoreError(f"expected at most {MAX_SIZE} bytes in {path}, found more")
    return content


def parse_yaml(text: str | bytes) -> list[Any]:
    """The documents of a YAML text, with every scalar as text: YAML reads 0x01 as the integer 1.

    Raises ValueError, which shows nothing of the text.
    """
    import yaml  # noqa: PLC0415 - most starts read none, and pay nothing for it

    try:
        return list(yaml.load_all(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    except (yaml.YAMLError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise ValueError(f"expected YAML, found what is none in line {line}") from None


def write(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Makes or replaces a file that only its owner can read. Raises OSError, and leaves the old.

    Whenever the process stops there is the old file or the new one, nothing between; when it is
    durable, also when the machine stops, and the new one is on disk when this returns.
    """
    temporary = path.with_name(path.name + TEMPORARY)
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            file.write(content)
            file.flush()
            if durable:
                os.fsync(descriptor)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync(path.parent)


def sync(folder: Path) -> None:
    """Has it on disk which files a folder has. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def secret_file(path: Path) -> str:
    """The text in a file; if there is none, it is made: 32 random bytes as hex.

    Raises ConfigError for a file that cannot be read or made, is empty, or is no ASCII.
    """
    with attempt(f"use {path}", ConfigError):
        if not path.exists():
            write(path, secrets.token_hex(32).encode())
        text = path.read_text("ascii", "replace").strip()
    if not text or not text.isascii():
        raise ConfigError(f"expected a secret (ASCII) in {path}, found none: remove it for another")
    return text
