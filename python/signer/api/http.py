"""HTTP over ASGI: requests, responses, and errors as responses. A handler turns one into the other.

Error bodies are `{"code": ..., "message": ..., "error": ...}`: the status as Web3Signer sends it,
and one text twice, because Keymanager clients read the second member and Nimbus the third.
"""

import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ..control.journal import one_line
from ..errors import ContentEncodingError, SignerError
from .bodies import BodyReader, Receive
from .queries import read_query

log = logging.getLogger(__name__)

T = TypeVar("T")

# ASGI's types, https://asgi.readthedocs.io/en/latest/specs/www.html
Scope = MutableMapping[str, Any]
Send = Callable[[Any], Awaitable[None]]

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
SLASHES = re.compile("//+")  # base URLs of clients often end in one


class Request:
    """A request. Its `path` has neither doubled slashes nor one at its end."""

    def __init__(self, scope: Scope, receive: Receive, bodies: BodyReader) -> None:
        self.method: str = scope["method"]
        self.path = SLASHES.sub("/", scope["path"]).rstrip("/") or "/"
        self.query_string: bytes = scope["query_string"]
        self.body: bytes | None = None  # None until it is read
        self.exchange: Any = None  # the Exchange of `recorder.py`, when the signer is under control
        self._scope = scope
        self._receive = receive
        self._bodies = bodies

    def header(self, name: bytes) -> bytes:
        """The first value of a header, whose name is in lower case; empty without that header."""
        for key, value in self._scope["headers"]:
            if key == name:
                return bytes(value)
        return b""

    @property
    def query(self) -> dict[str, str]:
        """The members of the query. Raises BadRequestError for one that stands twice."""
        return read_query(self.query_string)

    @property
    def wants_json(self) -> bool:
        """Web3Signer's rule: JSON if an Accept entry is application/json or */*, else text.

        Also text without an Accept header: Teku and Prysm send none and read either.
        """
        values = [value for name, value in self._scope["headers"] if name == b"accept"]
        for entry in b",".join(values).lower().split(b","):
            if entry.partition(b";")[0].strip() in {b"application/json", b"*/*"}:
                return True
        return False

    async def read_body(self) -> bytes:
        """The whole body. It is read once.

        Raises ContentEncodingError for a compressed one, and as `BodyReader.read`.
        """
        if self.body is None:
            encoding = self.header(b"content-encoding")
            if encoding and encoding.lower() != b"identity":
                name = encoding.decode("latin-1")
                raise ContentEncodingError(f"expected a plain body, found it compressed by {name}")
            announced = int(self.header(b"content-length") or 0)
            self.body = await self._bodies.read(self._receive, announced)
        return self.body

    async def work_on_body(self, work: Callable[[bytes], T]) -> T:
        """The result of work on the body, on a thread if the body is large."""
        return await self._bodies.work(work, await self.read_body())

    async def wait_until_gone(self) -> None:
        """Waits until the client of a request whose body was read closes its connection."""
        event = await self._receive()
        while event["type"] != "http.disconnect":  # an empty part may end the body
            event = await self._receive()


class Response(Struct):
    """A response. Its body is bytes, or parts that are sent as they come."""

    body: bytes | AsyncIterator[bytes] = b""
    content_type: str = JSON
    status: int = 200
    headers: Mapping[str, str] = {}
    is_cut: bool = False  # the connection closes in the middle of the body

    async def collect(self) -> None:
        """Waits for all parts of the body, and keeps them."""
        if not isinstance(self.body, bytes):
            self.body = _each([part async for part in self.body])

    async def send(self, send: Send) -> None:
        """Sends it."""
        lines = [(b"content-type", self.content_type.encode())]
        lines += [(name.encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": lines})
        last = b""
        if isinstance(self.body, bytes):
            last = self.body
        else:
            async for part in self.body:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        # Granian closes a connection whose body has no end.
        await send({"type": "http.response.body", "body": last, "more_body": self.is_cut})


async def _each(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


Handler = Callable[[Request], Awaitable[Response]]


def json_response(value: Any, status: int = 200) -> Response:
    """A response with a value as JSON."""
    return Response(msgspec.json.encode(value), JSON, status)


async def answer(handler: Handler, request: Request) -> Response:
    """The response of a handler, or the one for the error that it raises."""
    try:
        return await handler(request)
    except Exception as error:  # noqa: BLE001 - the one error handler
        return error_response(error)


async def respond(handler: Handler, request: Request, send: Send) -> None:
    """Answers one request of ASGI."""
    response = await answer(handler, request)
    try:
        await response.send(send)
    except Exception:  # raised while the parts of a body were made
        log.exception("a response was cut by a bug of the signer")


def error_response(error: Exception) -> Response:
    """The response for an error.

    An unexpected error is a bug: its traceback goes to the log, and the response says no more.
    """
    if isinstance(error, SignerError):
        response = _error(error.status, one_line(str(error)))
        response.headers = error.headers
        return response
    log.error("a request failed on a bug of the signer", exc_info=error)
    return _error(500, "internal error of the signer: see its log")


def _error(status: int, message: str) -> Response:
    return json_response({"code": status, "message": message, "error": message}, status)
