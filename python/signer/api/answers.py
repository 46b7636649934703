"""What every route answers alike: the choice between JSON and text, and errors.

Error bodies are `{"message": ..., "error": ...}` with one text: Keymanager clients read the
first member, Nimbus the second.
"""

import logging
from collections.abc import Iterable

import msgspec
from litestar.exceptions import HTTPException
from litestar.types import Send

from ..errors import SignerError

log = logging.getLogger(__name__)

JSON = b"application/json"
TEXT = b"text/plain; charset=utf-8"

Headers = Iterable[tuple[bytes, bytes]]


def wants_json(headers: Headers) -> bool:
    """Web3Signer's rule: JSON if an Accept entry is application/json or */*, else text.

    Also text without an Accept header: Teku and Prysm send none and read either.
    """
    for name, value in headers:
        if name == b"accept":
            entries = [entry.partition(b";")[0].strip() for entry in value.lower().split(b",")]
            if JSON in entries or b"*/*" in entries:
                return True
    return False


async def answer(
    send: Send, body: bytes, content_type: bytes, status: int = 200, extra: Headers = ()
) -> None:
    """Sends a whole response."""
    headers = [(b"content-type", content_type), *extra]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def explain(error: Exception) -> tuple[int, bytes]:
    """The status and the JSON body of an error.

    One that nobody raised on purpose is a bug: it is logged with its traceback, and the client
    is not told more than that.
    """
    if isinstance(error, SignerError):
        status, message = error.status, str(error)
    elif isinstance(error, HTTPException):  # Litestar's own: no such route, no such method
        status, message = error.status_code, error.detail
    else:
        log.error("a request failed on a bug of the signer", exc_info=error)
        status, message = 500, "internal error of the signer: its log has the traceback"
    return status, msgspec.json.encode({"message": message, "error": message})
