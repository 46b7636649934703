"""The standard Keymanager API for keystores: GET, POST and DELETE /eth/v1/keystores.

Source: ethereum/keymanager-APIs, apis/local_keystores.yaml and flows/README.md.
"""

import asyncio
import hmac
from typing import Any

from litestar import Request, Router, delete, get, post
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from .. import decoding
from ..errors import BadRequestError, ForbiddenError, UnauthorizedError
from ..slashing import interchange
from ..ssz.scalars import Bytes48
from .responses import Parts

PREFIX = "/eth/v1/keystores"


class _Import(Struct):
    """`slashing_protection` is text, as the keystores are: JSON inside of JSON."""

    keystores: list[str]
    passwords: list[str]
    slashing_protection: str | None = None

    __repr__ = object.__repr__  # it holds passwords


class _Delete(Struct):
    pubkeys: list[Bytes48]


@get("", sync_to_thread=False)
def list_keys(state: Parts) -> dict[str, Any]:
    """All keys that can sign, by public key; those that were not imported are read-only."""
    keys = [
        {
            "validating_pubkey": f"0x{pubkey.hex()}",
            "derivation_path": key.derivation_path,
            "readonly": pubkey in state.keyring.readonly,
        }
        for pubkey, key in sorted(state.keyring.all().items())
    ]
    return {"data": keys}


@post("", status_code=200)
async def import_keystores(state: Parts, request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Imports keystores; `passwords[i]` opens `keystores[i]`."""
    sent = decoding.decode(_Import, await request.body(), "keystores and passwords")
    if len(sent.keystores) != len(sent.passwords):
        found = f"{len(sent.keystores)} keystores and {len(sent.passwords)} passwords"
        raise BadRequestError(f"expected a password for each keystore, found {found}")
    text = sent.slashing_protection
    history = None if text is None else interchange.decode(text, state.network)
    results = await state.keymanager.import_keystores(sent.keystores, sent.passwords, history)
    return {"data": results}


@delete("", status_code=200)
async def delete_keys(state: Parts, request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Deletes imported keys, and tells what protects them elsewhere from being slashed."""
    sent = decoding.decode(_Delete, await request.body(), "pubkeys")
    results = await state.keymanager.delete(sent.pubkeys)
    pairs = zip(sent.pubkeys, results, strict=True)
    gone = {pubkey for pubkey, result in pairs if result.status in {"deleted", "not_active"}}
    exported = await asyncio.to_thread(state.slashing.export, gone, state.network)
    return {"data": results, "slashing_protection": exported}


def router(token: str | None) -> Router:
    """The routes, behind a bearer token unless it is None."""

    def check(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
        scheme, _space, given = connection.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not given:
            raise UnauthorizedError("expected the header Authorization: Bearer TOKEN, found none")
        if not hmac.compare_digest(given.strip().encode(), (token or "").encode()):
            raise ForbiddenError("expected the token of --keymanager-token-file, found another")

    guards = [check] if token else []
    handlers = [list_keys, import_keystores, delete_keys]
    return Router(PREFIX, route_handlers=handlers, guards=guards)
