"""HTTP responses of any server, read from the bytes of a connection."""

import re
from typing import NamedTuple

LONGEST = 16 << 20  # bytes; a batch of 10,000 keys has 4 MiB
SHOWN = 120  # characters of a body, in a message
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*(?:\r\n|$)")
CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r]*chunked")
CLOSES = re.compile(rb"\r\nconnection:[^\r]*close")
STATUS = re.compile(rb"http/1\.[01] (\d{3})\b")
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,7})[^\r\n]*\r\n")


class Response(NamedTuple):
    """A whole response; `is_last` when its server closes the connection after it."""

    status: int
    body: bytes
    is_last: bool

    def shown(self) -> str:
        """The status and the start of the body, for a message: printable, on one line."""
        text = self.body[: 4 * SHOWN].decode("utf-8", "replace")
        words = " ".join(text.split())
        printable = "".join(character for character in words if character.isprintable())
        return f"{self.status} {printable[:SHOWN]}".strip()


def read_response(content: bytes, *, has_ended: bool = False) -> Response | None:
    """The response in these bytes; None while some of it lacks. Raises ValueError for other bytes.

    A body of no stated length is whole when the connection `has_ended`.
    """
    if len(content) > LONGEST:
        raise ValueError(f"expected a response below {LONGEST} bytes, found a longer one")
    head, separator, rest = content.partition(b"\r\n\r\n")
    if not separator:
        return None
    head = head.lower()
    status = STATUS.match(head)
    if not status:
        raise ValueError(f"expected an HTTP response, found {head[:40]!r}")
    body = _body(head, rest, has_ended=has_ended)
    if body is None:
        return None
    is_last = has_ended or CLOSES.search(head) is not None
    return Response(int(status[1]), body, is_last)


def _body(head: bytes, rest: bytes, *, has_ended: bool) -> bytes | None:
    length = LENGTH.search(head)
    if length:
        size = int(length[1])
        return rest[:size] if len(rest) >= size else None
    if CHUNKED.search(head):
        return _joined_chunks(rest)
    return rest if has_ended else None


def _joined_chunks(rest: bytes) -> bytes | None:
    """The body of chunks; None while some of it lacks. Source: RFC 9112, section 7.1."""
    body = bytearray()
    position = 0
    while True:
        size = CHUNK_SIZE.match(rest, position)
        if not size:
            return None
        length = int(size[1], 16)
        if length == 0:  # trailers may follow, and an empty line ends them
            is_whole = rest.find(b"\r\n\r\n", size.end() - 2) >= 0
            return bytes(body) if is_whole else None
        end = size.end() + length
        if len(rest) < end + 2:
            return None
        body += rest[size.end() : end]
        position = end + 2
