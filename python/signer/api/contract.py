"""What a route takes and what it responds with, declared next to its handler.

`GET /openapi.json` is made of it. Nothing else reads it, so it costs a request nothing.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta, Struct

from ..errors import (
    BadRequestError,
    BodyTimeoutError,
    BodyTooLargeError,
    ContentEncodingError,
    SignerError,
)

H = TypeVar("H", bound=Callable[..., Any])

PublicKey = Annotated[str, Meta(pattern="^0x[0-9a-f]{96}$", description="48 bytes")]
Signature = Annotated[str, Meta(pattern="^0x[0-9a-f]{192}$", description="96 bytes")]
ErrorClasses = tuple[type[SignerError], ...]

OF_BODIES: ErrorClasses = (
    BadRequestError,
    BodyTimeoutError,
    BodyTooLargeError,
    ContentEncodingError,
)


class Error(Struct, frozen=True):
    """An error: `message` and `error` are one text, because clients read one or the other."""

    code: int
    message: str
    error: str


class Contract(Struct, frozen=True):
    """What a route takes, and what it responds with. A type is msgspec's, and None stands for none.

    `results` are the types of its JSON by status, and `other_media` of what it responds with 200 in
    other media types. The errors of reading a body need not be listed.
    """

    results: Mapping[int, Any]
    other_media: Mapping[str, Any] = {}
    body: Any = None
    query: Any = None
    errors: ErrorClasses = ()


def contract(
    results: Mapping[int, Any],
    *,
    other_media: Mapping[str, Any] | None = None,
    body: Any = None,
    query: Any = None,
    errors: ErrorClasses = (),
) -> Callable[[H], H]:
    """Declares the contract of a handler."""

    def declare(handler: H) -> H:
        handler.__dict__["contract"] = Contract(results, other_media or {}, body, query, errors)
        return handler

    return declare


def authenticated(handler: H, auth: Literal["none", "basic", "token"]) -> H:
    """Declares who may use a handler; without it, `--auth-file` tells."""
    handler.__dict__["auth"] = auth
    return handler
