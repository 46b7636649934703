"""The standard Keymanager API for keystores: GET, POST and DELETE /eth/v1/keystores.

Source: ethereum/keymanager-APIs, apis/local_keystores.yaml and flows/README.md.
"""

import asyncio
from typing import Any

from litestar import Request, Router, delete, get, post
from msgspec import Struct

from .. import decoding
from ..errors import BadRequestError
from ..hex import to_hex
from ..slashing import interchange
from ..ssz.scalars import Bytes48
from .auth import require_token
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
            "validating_pubkey": to_hex(pubkey),
            "derivation_path": key.derivation_path,
            "readonly": pubkey in state.keyring.readonly,
        }
        for pubkey, key in sorted(state.keyring.all().items())
    ]
    return {"data": keys}


@post("", status_code=200)
async def import_keystores(state: Parts, request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Imports keystores; `passwords[i]` decrypts `keystores[i]`."""
    body = decoding.decode(_Import, await request.body(), "keystores and passwords")
    if len(body.keystores) != len(body.passwords):
        found = f"{len(body.keystores)} keystores and {len(body.passwords)} passwords"
        raise BadRequestError(f"expected a password for each keystore, found {found}")
    history = None
    if body.slashing_protection is not None:
        history = interchange.decode(body.slashing_protection, state.network)
    results = await state.keymanager.import_keystores(body.keystores, body.passwords, history)
    return {"data": results}


@delete("", status_code=200)
async def delete_keys(state: Parts, request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Deletes imported keys, and returns their histories, for import into the next signer."""
    body = decoding.decode(_Delete, await request.body(), "pubkeys")
    results = await state.keymanager.delete(body.pubkeys)
    outcomes = zip(body.pubkeys, results, strict=True)
    gone = {pubkey for pubkey, result in outcomes if result.status != "error"}
    exported = await asyncio.to_thread(state.slashing.export, gone, state.network)
    return {"data": results, "slashing_protection": exported}


def router(token: str | None) -> Router:
    """The routes; they require the bearer token, unless it is None."""
    guards = []
    if token:
        guards.append(require_token(token))
    handlers = [list_keys, import_keystores, delete_keys]
    return Router(PREFIX, route_handlers=handlers, guards=guards)
