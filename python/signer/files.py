"""Files: read with a bound, written whole or not at all."""

import os
import secrets
import sqlite3
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import ConfigError, SignerError

USUAL_SIZE = 8 << 10  # bytes; nearly every file is smaller
MAX_FILE_SIZE = 1 << 20  # bytes; a keystore has about a thousand
MAX_KEY_FILE_SIZE = 100 << 20  # bytes; Web3Signer's bound, for files with many keys
TEMPORARY = ".tmp"  # the ending of a file that is being written


@contextmanager
def translating_errors(
    action: str,
    error_class: type[SignerError],
    hint: str = "",
) -> Iterator[None]:
    """A block whose OSError or sqlite3.Error becomes `error_class`: "cannot {action}: {reason}"."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise error_class(f"cannot {action}: {reason}{hint}") from None


def read(
    path: Path | str,
    error_class: type[SignerError],
    max_size: int = MAX_FILE_SIZE,
) -> bytes:
    """The content of a file.

    Raises `error_class` for a file that cannot be read or is above `max_size`, in bytes.
    """
    reading = translating_errors(f"read {path}", error_class)
    content = b""
    with reading, open(path, "rb") as file:  # noqa: PTH123 - of text too
        # In steps, because Python allocates what it is asked for, and a mebibyte takes 35 µs.
        for size in (USUAL_SIZE, MAX_FILE_SIZE + 1, max_size + 1):
            content += file.read(min(size, max_size + 1) - len(content))
            if len(content) < size:
                break
    if len(content) > max_size:
        raise error_class(f"expected at most {max_size} bytes in {path}, found more")
    return content


def text_of(content: bytes, path: Path | str, error_class: type[SignerError]) -> str:
    """The text of a file: UTF-8, or UTF-16 with a byte order mark, which Windows writes.

    Raises `error_class`, which shows nothing of the content.
    """
    encoding = "utf-8-sig"
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise error_class(f"expected UTF-8 in {path}, found other bytes") from None


def read_start(path: str, size: int, error_class: type[SignerError]) -> bytes:
    """The first `size` bytes of a file. Raises `error_class` for one that cannot be read."""
    with translating_errors(f"read {path}", error_class), open(path, "rb") as file:  # noqa: PTH123
        return file.read(size)


def contains(path: str, text: bytes, error_class: type[SignerError]) -> bool:
    """Whether a file of any size contains these bytes.

    Reads it in pieces. Raises `error_class` for a file that cannot be read.
    """
    end = b""  # of the last piece: the bytes may lie across two
    with translating_errors(f"read {path}", error_class), open(path, "rb") as file:  # noqa: PTH123
        while piece := file.read(MAX_FILE_SIZE):
            if text in end + piece:
                return True
            end = piece[-len(text) :]
    return False


def parse_yaml(text: str | bytes) -> list[Any]:
    """The documents of a YAML text, with every scalar as text: YAML reads 0x01 as the integer 1.

    Raises ValueError, which shows nothing of the text, also for a member that has two values: YAML
    forbids that, and the library takes the last.
    """
    import yaml  # noqa: PLC0415 - most starts read no YAML and should not wait for the import

    base: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

    class Loader(base):  # type: ignore[misc] # a module that is imported here
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:  # noqa: FBT001, FBT002
            members = super().construct_mapping(node, deep)
            if len(members) < len(node.value):
                _check_duplicates(self, node)
            return members

    try:
        return list(yaml.load_all(text, Loader=Loader))
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = getattr(mark, "line", 0) + 1
        raise ValueError(f"expected YAML, found a mistake in line {line}") from None


def _check_duplicates(loader: Any, node: Any) -> None:
    """Raises ValueError for a member of a mapping that stands there again with another value."""
    first: dict[str, Any] = {}
    for name, value in node.value:
        earlier = first.setdefault(name.value, value)
        values = [loader.construct_object(each, deep=True) for each in (earlier, value)]
        if values[0] != values[1]:
            lines = f"in line {earlier.start_mark.line + 1}, and again in line"
            raise ValueError(
                f"expected each member once, found one {lines} {value.start_mark.line + 1}"
            )


def write(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Makes or replaces a file that only its owner can read.

    A process that is killed leaves the old file or the new one, never a mixture. A durable write is
    on disk when this returns, and survives a power failure. Raises OSError and leaves the old file.
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
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flushes a folder's entries to disk (`fsync`). Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def secret_file(path: Path) -> str:
    """The text of a file; a missing file is made, with 32 random bytes as hex.

    Raises ConfigError for a file that cannot be read or made, or is not one word of ASCII.
    """
    with translating_errors(f"use {path}", ConfigError):
        if not path.exists():
            write(path, secrets.token_hex(32).encode())
        text = text_of(path.read_bytes(), path, ConfigError).strip()
    if not text:
        raise ConfigError(f"expected a secret in {path}, found none: remove it for another")
    if not text.isascii() or len(text.split()) > 1:  # no client could send it
        raise ConfigError(f"expected one word of ASCII in {path}, found other text")
    return text
