"""What routes have in common: what they work on, the choice between JSON and text, and errors.

Error bodies are `{"message": ..., "error": ...}` with one text: Keymanager clients read the
first member, Nimbus the second.
"""

import logging
from collections.abc import Iterable, Mapping

import msgspec
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.types import Send

from ..errors import SignerError
from ..keys.keyring import Keyring
from ..keys.manager import KeyManager
from ..slashing.protection import Protection
from ..spec.networks import Network

log = logging.getLogger(__name__)

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


class Parts(State):
    """The parts of the application, as Litestar hands them to a route that asks for `state`."""

    keyring: Keyring
    keymanager: KeyManager
    slashing: Protection
    network: Network


def wants_json(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Web3Signer's rule: JSON if an Accept entry is application/json or */*, else text.

    Also text without an Accept header: Teku and Prysm send none and read either.
    """
    accepted = b",".join([value for name, value in headers if name == b"accept"]).lower()
    entries = [entry.partition(b";")[0].strip() for entry in accepted.split(b",")]
    return b"application/json" in entries or b"*/*" in entries


async def answer(
    send: Send, body: bytes, content_type: str, status: int = 200, headers: Mapping[str, str] = {}
) -> None:
    """Sends a whole response."""
    await begin(send, content_type, status, headers)
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def begin(
    send: Send, content_type: str, status: int = 200, headers: Mapping[str, str] = {}
) -> None:
    """Sends what comes before the body of a response."""
    sent = [(b"content-type", content_type.encode())]
    sent += [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": sent})


def explain(error: Exception) -> tuple[bytes, str, int, Mapping[str, str]]:
    """The body, content type, status and headers that answer an error.

    One that nobody raised on purpose is a bug: it is logged with its traceback, and the client
    is not told more than that.
    """
    if isinstance(error, SignerError):
        status, message, headers = error.status, str(error), error.headers
    elif isinstance(error, HTTPException):  # Litestar's own: no such route, no such method
        status, message, headers = error.status_code, error.detail, error.headers or {}
    else:
        log.error("a request failed on a bug of the signer", exc_info=error)
        status, message, headers = 500, "internal error of the signer: see its log", {}
    return msgspec.json.encode({"message": message, "error": message}), JSON, status, headers
