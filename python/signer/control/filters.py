"""Filters: which requests a fault or a test means. A value that can match none is refused."""

import re
from collections.abc import Collection, Mapping
from fnmatch import fnmatchcase
from http import HTTPMethod
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from ..errors import BadRequestError, did_you_mean
from ..hex import from_hex
from ..signing.registry import BUILT_IN
from ..ssz.scalars import shown

PUBKEY_SIZE = 48  # bytes; compressed G1
QUERY = re.compile(r"\?[^/]*=")  # a ? alone is part of a glob
NEAR_TYPE = 0.75  # difflib's ratio; BUILDER_DEPOSIT, which a plugin may add, is 0.64 from DEPOSIT
TYPES = tuple(signing_type.TYPE for signing_type in BUILT_IN)

Natural = Annotated[int, Meta(ge=0)]
# of an upstream's signature; only asked: it was passed on, and no signature was verified yet
Verdict = Literal["asked", "right", "wrong", "unverified"]


def normalised_pubkey(pubkey: str) -> str:
    """A public key as it stands in records: lower case, with 0x."""
    return f"0x{pubkey.lower().removeprefix('0x')}"


class RequestFilter(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
):
    """Selects the requests that have every given value; `path` may be a glob.

    Raises BadRequestError for a value that no request can have.
    """

    COMPARED: ClassVar[tuple[str, ...]] = ("type", "pubkey", "path")

    type: str | None = None
    pubkey: str | None = None
    path: str | None = None

    def __post_init__(self) -> None:
        if self.type is not None:
            force_setattr(self, "type", _type_name(self.type))
        if self.pubkey is not None:
            force_setattr(self, "pubkey", _whole_pubkey(self.pubkey))
        if self.path is not None:
            _check_path(self.path)

    def require_known_type(self, types: Collection[str] = TYPES) -> None:
        """Raises BadRequestError for a type that nearly is one of `types`, those of a signer.

        Other names are let through: mocks have types of their own.
        """
        if self.type is None or self.type in types:
            return
        in_part = [known for known in types if f"_{self.type}_" in f"_{known}_"]
        hint = did_you_mean(self.type, in_part, near=0)
        hint = hint or did_you_mean(self.type, types, NEAR_TYPE)
        if hint:
            raise BadRequestError(f"unknown type {shown(self.type)}{hint}")

    def given(self) -> dict[str, Any]:
        """The values to compare, by name."""
        values = {name: getattr(self, name) for name in self.COMPARED}
        return {name: value for name, value in values.items() if value is not None}


class RecordFilter(RequestFilter, frozen=True, kw_only=True):
    """Selects records."""

    COMPARED = (*RequestFilter.COMPARED, "method", "status", "slot", "epoch", "fault", "upstream")

    method: str | None = None
    status: Annotated[int, Meta(ge=100, le=599)] | None = None
    slot: Natural | None = None
    epoch: Natural | None = None
    fault: Natural | None = None
    upstream: Verdict | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.method is None:
            return
        method = self.method.upper()
        if method not in HTTPMethod.__members__:
            hint = did_you_mean(method, HTTPMethod.__members__)
            raise BadRequestError(f"method: unknown method {shown(self.method)}{hint}")
        force_setattr(self, "method", method)


def _type_name(name: str) -> str:
    """The name of a type in upper case. Raises BadRequestError for an empty one."""
    if not name.strip():
        raise BadRequestError(f"type: expected the name of a type, found {shown(name)}")
    return name.upper()


def _check_path(path: str) -> None:
    """Raises BadRequestError for a path that no request has: theirs come here without its parts."""
    expected = ""
    if not path.startswith(("/", "*")):
        expected = "a path that begins with / or *"
    elif "//" in path or (path.endswith("/") and path != "/"):
        expected = "a path without doubled slashes and without one at its end"
    elif QUERY.search(path):
        expected = "a path without a query"
    elif path.startswith("/_signer"):
        expected = "a path outside of /_signer, where requests are not recorded"
    if expected:
        raise BadRequestError(f"path: expected {expected}, found {shown(path)}")


def _whole_pubkey(text: str) -> str:
    """A public key as it stands in records. Raises BadRequestError for other text."""
    pubkey = normalised_pubkey(text)
    try:
        size = len(from_hex(pubkey))
    except ValueError:
        size = 0
    if size != PUBKEY_SIZE:
        expected = f"expected a public key of {PUBKEY_SIZE} bytes as hex"
        raise BadRequestError(f"pubkey: {expected}, found {shown(text)}")
    return pubkey


def differing(given: Mapping[str, Any], request: Any) -> list[str]:
    """The names of the given values of a filter that a record or a request does not have."""
    return [name for name, value in given.items() if not _fits(name, value, getattr(request, name))]


def _fits(name: str, wanted: Any, value: Any) -> bool:
    return wanted == value or (name == "path" and fnmatchcase(value, wanted))
