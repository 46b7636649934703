"""HTTP/1.1 replies: their head and their body, read from a stream within limits.

Source: RFC 9112. Every library that was measured took twice the CPU or more (docs/decisions.md).
"""

import asyncio
from typing import NamedTuple

MAX_LINE_SIZE = 64 << 10  # bytes; of the head, and of the line of a chunk
WITHOUT_BODY = {204, 304}
FIRST_FINAL_STATUS = 200  # earlier ones announce another reply


class Reply(NamedTuple):
    """A whole reply, and whether its connection may be used again."""

    status: int
    body: bytes
    keeps_alive: bool


class NoReplyError(Exception):
    """What came is no HTTP/1.1 reply, or too large."""


class _Head(NamedTuple):
    status: int
    version: bytes
    fields: dict[bytes, bytes]  # by lower-case name


async def read_reply(reader: asyncio.StreamReader, max_body_size: int) -> Reply:
    """The next reply on a stream.

    Raises NoReplyError, and EOFError when the stream ends in the middle.
    """
    try:
        head = await _read_head(reader)
        while head.status < FIRST_FINAL_STATUS:
            head = await _read_head(reader)
        return await _with_body(reader, head, max_body_size)
    except asyncio.LimitOverrunError:
        raise NoReplyError(f"a line of more than {MAX_LINE_SIZE} bytes") from None


async def _read_head(reader: asyncio.StreamReader) -> _Head:
    text = await reader.readuntil(b"\r\n\r\n")
    status_line, *lines = text[:-4].split(b"\r\n")
    version, _, rest = status_line.partition(b" ")
    number = rest[:3]
    if not version.startswith(b"HTTP/1.") or not number.isdigit() or rest[3:4] not in {b"", b" "}:
        raise NoReplyError(f"{status_line[:80]!r}")
    fields = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise NoReplyError(f"{line[:80]!r} among its headers")
        fields[name.lower()] = value.strip()
    return _Head(int(number), version, fields)


async def _with_body(reader: asyncio.StreamReader, head: _Head, max_size: int) -> Reply:
    keeps_alive = head.version == b"HTTP/1.1"
    if b"close" in head.fields.get(b"connection", b"").lower():
        keeps_alive = False
    length = head.fields.get(b"content-length")
    if head.status in WITHOUT_BODY:
        body = b""
    elif b"chunked" in head.fields.get(b"transfer-encoding", b"").lower():
        body = await _read_chunks(reader, max_size)
    elif length is not None:
        body = await reader.readexactly(_size(length, 10, max_size))
    else:
        body = await _read_rest(reader, max_size)
        keeps_alive = False
    return Reply(head.status, body, keeps_alive)


def _size(digits: bytes, base: int, max_size: int) -> int:
    """A size on the wire. Raises NoReplyError for other text, and above `max_size`."""
    try:
        size = int(digits, base)
    except ValueError:
        size = -1
    if not 0 <= size <= max_size:
        raise NoReplyError(f"a body of {digits[:20]!r} bytes, of at most {max_size}")
    return size


async def _read_chunks(reader: asyncio.StreamReader, max_size: int) -> bytes:
    chunks: list[bytes] = []
    room = max_size
    while True:
        line = await reader.readuntil(b"\r\n")
        size = _size(line.partition(b";")[0].strip(), 16, room)
        if size == 0:
            break
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)  # the line break after a chunk
        room -= size
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass  # a field of the trailer
    return b"".join(chunks)


async def _read_rest(reader: asyncio.StreamReader, max_size: int) -> bytes:
    """The body that ends with the connection."""
    body = b""
    while part := await reader.read(MAX_LINE_SIZE):
        body += part
        if len(body) > max_size:
            raise NoReplyError(f"a body of more than {max_size} bytes")
    return body
