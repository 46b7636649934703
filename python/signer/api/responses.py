"""What routes have in common: responses, the choice between JSON and text, and errors.

Error bodies are `{"message": ..., "error": ...}` with one text: Keymanager clients read the
first member, Nimbus the second.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import HTTPScope, Receive, Send

from ..errors import BadRequestError, BodyTooLargeError, SignerError
from ..keys.keyring import Keyring
from ..keys.manager import KeyManager
from ..slashing.protection import Protection
from ..spec.networks import Network

log = logging.getLogger(__name__)

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
MAX_BODY_SIZE = 16 << 20  # bytes; the largest request, an ALTAIR block, stays below 1 MiB


class Parts(State):
    """The parts of the application, as Litestar hands them to a route that asks for `state`."""

    keyring: Keyring
    keymanager: KeyManager
    slashing: Protection
    network: Network


def header(scope: HTTPScope, name: bytes) -> bytes:
    """The first value of a header, whose name is in lower case; empty without that header."""
    for key, value in scope["headers"]:
        if key == name:
            return value
    return b""


def wants_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Web3Signer's rule: JSON if an Accept entry is application/json or */*, else text.

    Also text without an Accept header: Teku and Prysm send none and read either.
    """
    accepted = b",".join([value for name, value in headers if name == b"accept"]).lower()
    entries = [entry.partition(b";")[0].strip() for entry in accepted.split(b",")]
    return b"application/json" in entries or b"*/*" in entries


async def read_body(scope: HTTPScope, receive: Receive) -> bytes:
    """The whole body of a request.

    Raises BodyTooLargeError above MAX_BODY_SIZE, before reading a body whose length is announced.
    """
    announced = int(header(scope, b"content-length") or 0)
    chunks: list[bytes] = []
    received = 0
    is_whole = False
    while not is_whole and max(received, announced) <= MAX_BODY_SIZE:
        event = await receive()
        if event["type"] != "http.request":
            raise BadRequestError("the connection ended before the body was whole")
        chunks.append(event["body"])
        received += len(event["body"])
        is_whole = not event["more_body"]
    if max(received, announced) > MAX_BODY_SIZE:
        raise BodyTooLargeError(f"expected a body of at most {MAX_BODY_SIZE} bytes, found more")
    return b"".join(chunks)


async def respond(
    send: Send,
    body: bytes,
    content_type: str,
    status: int = 200,
    headers: Mapping[str, str] = {},
) -> None:
    """Sends a whole response."""
    await start_response(send, content_type, status, headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def start_response(
    send: Send,
    content_type: str,
    status: int = 200,
    headers: Mapping[str, str] = {},
) -> None:
    """Sends the status and the headers of a response."""
    lines = [(b"content-type", content_type.encode())]
    lines += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})


class ErrorResponse(NamedTuple):
    """The response to a request that failed."""

    body: bytes
    status: int
    headers: Mapping[str, str]


def error_response(error: Exception) -> ErrorResponse:
    """The response for an error.

    An unexpected error is a bug: its traceback goes to the log, and the response says no more.
    """
    headers: Mapping[str, str] = {}
    if isinstance(error, SignerError):
        status = error.status
        message = str(error)
        headers = error.headers
    elif isinstance(error, HTTPException):  # Litestar's own: no such route, no such method
        status = error.status_code
        message = error.detail
        headers = error.headers or {}
    else:
        log.error("a request failed on a bug of the signer", exc_info=error)
        status = 500
        message = "internal error of the signer: see its log"
    body = msgspec.json.encode({"message": message, "error": message})
    return ErrorResponse(body, status, headers)


async def answering_errors(application: Any, scope: Any, receive: Receive, send: Send) -> None:
    """Runs a bare ASGI application, and answers the error that it raises.

    An error after the response has started can only be logged. The server then closes the
    connection, so that the client sees a body without an end.
    """
    has_started = False

    async def watched_send(event: Any) -> None:
        nonlocal has_started
        has_started = True
        await send(event)

    try:
        await application(scope, receive, watched_send)
    except Exception as error:  # noqa: BLE001 - the one error handler of bare applications
        response = error_response(error)
        if not has_started:
            await respond(send, response.body, JSON, response.status, response.headers)
