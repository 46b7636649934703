"""The standard Keymanager API for keystores: GET, POST and DELETE /eth/v1/keystores.

Source: ethereum/keymanager-APIs, apis/local_keystores.yaml and flows/README.md.
"""

import asyncio
from collections.abc import Sequence
from functools import partial, wraps
from typing import ClassVar

import msgspec
from msgspec import Struct

from ..control.fields import decode_fields
from ..errors import BadRequestError
from ..hex import to_hex
from ..keys.keyring import Key, Keyring
from ..keys.manager import KeyManager
from ..keys.results import Result
from ..slashing import interchange
from ..slashing.interchange import Interchange
from ..slashing.protection import Protection
from ..spec.networks import Network
from ..ssz.scalars import Bytes48
from .auth import Check, let_everybody_in, require_token
from .contract import PublicKey, authenticated, contract
from .http import Handler, Request, Response
from .lists import json_list
from .routes import Routes

PREFIX = "/eth/v1/keystores"


class Import(Struct, forbid_unknown_fields=True):
    """`slashing_protection` is text, as the keystores are: JSON inside of JSON.

    A misspelled one is refused, because the keys would sign without their history.
    """

    SECRETS: ClassVar[frozenset[str]] = frozenset({"keystores", "passwords", "slashing_protection"})

    keystores: list[str]
    passwords: list[str]
    slashing_protection: str | None = None

    __repr__ = object.__repr__  # it holds passwords


class Delete(Struct, forbid_unknown_fields=True):
    pubkeys: list[Bytes48]


class Listed(Struct):
    """A key that can sign."""

    validating_pubkey: PublicKey
    derivation_path: str
    readonly: bool


class Listing(Struct):
    data: list[Listed]


class Results(Struct):
    """The outcomes, in the order of the request."""

    data: list[Result]


class Deletion(Results):
    """The outcomes, in the order of the request, and the histories as EIP-3076's JSON."""

    slashing_protection: str


class KeymanagerRoutes:
    """The handlers of these routes; they require the bearer token, unless it is None."""

    def __init__(
        self,
        keyring: Keyring,
        keymanager: KeyManager,
        slashing: Protection,
        network: Network,
        token: str | None,
    ) -> None:
        self._keyring = keyring
        self._keymanager = keymanager
        self._slashing = slashing
        self._network = network
        self._check_token: Check = let_everybody_in
        if token:
            self._check_token = require_token(token)
        handlers = {
            "GET": self.list_keys,
            "POST": self.import_keystores,
            "DELETE": self.delete_keys,
        }
        self.routes: Routes = {
            PREFIX: {method: self._guarded(handler) for method, handler in handlers.items()}
        }

    def _guarded(self, handler: Handler) -> Handler:
        @wraps(handler)
        async def guarded(request: Request) -> Response:
            self._check_token(request)
            return await handler(request)

        if self._check_token is not let_everybody_in:
            authenticated(guarded, "token")
        return guarded

    @contract({200: Listing})
    async def list_keys(self, _: Request) -> Response:
        """All keys that can sign, in the order they were loaded; imported ones can be deleted."""
        keys = self._keyring.all().items()
        return json_list((self._listed(*key) for key in keys), b'{"data":[', b"]}")

    def _listed(self, pubkey: bytes, key: Key) -> Listed:
        is_readonly = pubkey in self._keyring.readonly
        return Listed(to_hex(pubkey), key.derivation_path, is_readonly)

    @contract({200: Results}, body=Import)
    async def import_keystores(self, request: Request) -> Response:
        """Imports keystores; `passwords[i]` decrypts `keystores[i]`."""
        body, history = await request.work_on_body(self._read_import)
        results = await self._keymanager.import_keystores(body.keystores, body.passwords, history)
        return json_list(results, b'{"data":[', b"]}")

    def _read_import(self, document: bytes) -> tuple[Import, Interchange | None]:
        body = decode_fields(Import, document, "keystores and passwords")
        if len(body.keystores) != len(body.passwords):
            found = f"{len(body.keystores)} keystores and {len(body.passwords)} passwords"
            raise BadRequestError(f"expected a password for each keystore, found {found}")
        if not body.slashing_protection:  # clients without a history send an empty text too
            return body, None
        return body, interchange.decode(body.slashing_protection, self._network)

    @contract({200: Deletion}, body=Delete)
    async def delete_keys(self, request: Request) -> Response:
        """Deletes imported keys, and returns their histories, for import into the next signer."""
        read = partial(decode_fields, Delete, expected="pubkeys")
        body = await request.work_on_body(read)
        results = await self._keymanager.delete(body.pubkeys)
        history = await asyncio.to_thread(self._exported, body.pubkeys, results)
        return json_list(results, b'{"data":[', b'],"slashing_protection":"%s"}' % history)

    def _exported(self, pubkeys: Sequence[bytes], results: Sequence[Result]) -> bytes:
        """The histories of the keys that are gone, as the content of a JSON text."""
        outcomes = zip(pubkeys, results, strict=True)
        gone = [pubkey for pubkey, result in outcomes if result.status != "error"]
        parts = self._slashing.export_parts(gone, self._network)
        return b"".join([msgspec.json.encode(part)[1:-1] for part in parts])
