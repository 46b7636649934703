"""Which keys can sign, whether the signer is well, and Web3Signer's reload."""

from msgspec import Struct

from ..control.fields import decode_fields
from ..errors import BadRequestError, UnknownOperationError
from ..hex import to_hex
from ..keys.keyring import Keyring
from ..keys.manager import KeyManager
from ..slashing.protection import Protection
from .http import TEXT, Request, Response, json_response
from .lists import json_list
from .routes import Routes


class ReloadQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """With `wait`, the response comes after the reload."""

    wait: bool = False


class StatusRoutes:
    """The handlers of these routes."""

    def __init__(self, keyring: Keyring, keymanager: KeyManager, slashing: Protection) -> None:
        self._keyring = keyring
        self._keymanager = keymanager
        self._slashing = slashing
        self.routes: Routes = {
            "/api/v1/eth2/publicKeys": {"GET": self.public_keys},
            "/upcheck": {"GET": self.upcheck},
            "/healthcheck": {"GET": self.healthcheck},
            "/health": {"GET": self.health},
            "/reload": {"GET": self.reload_status, "POST": self.start_reload},
            "/api/v1/eth2/highWatermark": {"GET": self.high_watermark},
        }

    async def public_keys(self, _: Request) -> Response:
        """The public keys that can sign, in the order they were loaded."""
        return json_list(map(to_hex, [*self._keyring]))

    async def upcheck(self, request: Request) -> Response:
        """`OK` as text, or as JSON for Lodestar. Web3Signer responds 406 there."""
        if request.header(b"accept") == b"application/json":
            return json_response({"status": "OK"})
        return Response(b"OK", TEXT)

    async def healthcheck(self, _: Request) -> Response:
        """Web3Signer's report: 200 and UP, or 503 and DOWN when a key could not be loaded."""
        failures = len(self._keyring.failures)
        status = "UP"
        code = 200
        if failures:
            status = "DOWN"
            code = 503
        counts = {"keys-loaded": len(self._keyring), "error-count": failures}
        loading = {"id": "keystores-bulk-loading", "status": status, "data": counts}
        keys = {"id": "keys-check", "status": status, "checks": [loading]}
        checks = [{"id": "default-check", "status": "UP"}, keys]
        return json_response({"status": status, "checks": checks, "outcome": status}, code)

    async def health(self, _: Request) -> Response:
        """Reports a running signer and its number of keys."""
        return json_response({"status": "healthy", "keys_loaded": len(self._keyring)})

    async def start_reload(self, request: Request) -> Response:
        """202 at once, or with ?wait=true how it went; 409 while a reload is under way."""
        query: ReloadQuery = decode_fields(ReloadQuery, request.query, "a query")
        reloading = self._keymanager.reload()
        if reloading is None:
            message = "A reload operation is already in progress. Please try again later."
            told = {"code": 409, "status": "error", "message": message, "error": message}
            return json_response(told, 409)
        if query.wait:
            await reloading
            return json_response(self._keymanager.reload_status)
        message = "Reload operation accepted and is running in the background."
        message += " Use GET /reload to check status."
        return json_response({"code": 202, "status": "accepted", "message": message}, 202)

    async def reload_status(self, request: Request) -> Response:
        """How the reload under way goes, or how the last one went; idle when there was none."""
        if request.query:
            raise BadRequestError("expected no query with GET, found one: POST /reload?wait=true")
        return json_response(self._keymanager.reload_status)

    async def high_watermark(self, _: Request) -> Response:
        """The epoch and the slot from which on nothing is signed, where they are set."""
        if self._slashing.mode == "off":
            raise UnknownOperationError("expected slashing protection, found --slashing off")
        ends = self._slashing.high_watermark
        return json_response({name: str(end) for name, end in ends.items() if end is not None})
