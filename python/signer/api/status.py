"""Which keys can sign, whether the signer is well, and Web3Signer's reload."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from ..control.fields import decode_fields
from ..errors import BadRequestError, UnknownOperationError
from ..hex import to_hex
from ..keys.keyring import Keyring
from ..keys.manager import KeyManager, ReloadStatus
from ..slashing.protection import Protection
from ..upstream.errors import UpstreamError, UpstreamTimeoutError
from .contract import PublicKey, contract
from .http import TEXT, Request, Response, json_response
from .lists import KeptList
from .routes import Routes
from .upstream import OwnKeys

Status = Literal["UP", "DOWN"]


def _status(*, is_up: bool) -> Status:
    return "UP" if is_up else "DOWN"


class Upcheck(Struct):
    status: Literal["OK"]


class Health(Struct):
    status: Literal["healthy"]
    keys_loaded: int


class KeyCounts(Struct, rename="kebab"):
    keys_loaded: int
    error_count: int


class HealthCheck(Struct, omit_defaults=True):
    id: str
    status: Status
    data: KeyCounts | None = None
    checks: list["HealthCheck"] = []


class HealthReport(Struct):
    """Web3Signer's report."""

    status: Status
    checks: list[HealthCheck]
    outcome: Status


class ReloadAnswer(Struct, omit_defaults=True):
    """Web3Signer's answer to a reload; only the one that a reload is under way has an `error`."""

    code: int
    status: Literal["accepted", "error"]
    message: str
    error: str = ""


class HighWatermark(Struct, omit_defaults=True):
    """Decimal digits, where they are set."""

    epoch: str | None = None
    slot: str | None = None


class ReloadQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """With `wait`, the response comes after the reload."""

    wait: bool = False


class StatusRoutes:
    """The handlers of these routes."""

    def __init__(
        self,
        keyring: Keyring,
        keymanager: KeyManager,
        slashing: Protection,
        keys: OwnKeys,
    ) -> None:
        self._keyring = keyring
        self._keys = keys
        self._keymanager = keymanager
        self._slashing = slashing
        # What the list of public keys was made of, and the list. Nobody counts changes of keys:
        # to compare 100,000 takes 3 ms, to make the list 70.
        self._listed: tuple[list[bytes], Mapping[bytes, None]] = ([], {})
        self._public_keys = KeptList([])
        self.routes: Routes = {
            "/api/v1/eth2/publicKeys": {"GET": self.public_keys},
            "/upcheck": {"GET": self.upcheck},
            "/healthcheck": {"GET": self.healthcheck},
            "/health": {"GET": self.health},
            "/reload": {"GET": self.reload_status, "POST": self.start_reload},
            "/api/v1/eth2/highWatermark": {"GET": self.high_watermark},
        }

    @contract({200: list[PublicKey]}, errors=(UpstreamError, UpstreamTimeoutError))
    async def public_keys(self, _: Request) -> Response:
        """The public keys that can sign, in the order they were loaded; then the upstream's."""
        others = await self._keys.others()
        own = self._keyring.all()
        listed = ([*own], others)
        if listed != self._listed:
            self._listed = listed
            self._public_keys = KeptList(map(to_hex, dict.fromkeys([*own, *others])))
        return self._public_keys.response()

    @contract({200: Upcheck}, other_media={"text/plain": Literal["OK"]})
    async def upcheck(self, request: Request) -> Response:
        """`OK` as text, or as JSON for Lodestar. Web3Signer responds 406 there."""
        if request.header(b"accept") == b"application/json":
            return json_response(Upcheck("OK"))
        return Response(b"OK", TEXT)

    @contract({200: HealthReport, 503: HealthReport})
    async def healthcheck(self, _: Request) -> Response:
        """Web3Signer's report: 200 and UP, or 503 and DOWN when a key could not be loaded.

        Also DOWN while an upstream does not list its keys.
        """
        failures = len(self._keyring.failures)
        counts = KeyCounts(len(self._keyring), failures)
        loaded = _status(is_up=not failures)
        loading = HealthCheck("keystores-bulk-loading", loaded, counts)
        keys = HealthCheck("keys-check", loaded, checks=[loading])
        checks = [HealthCheck("default-check", "UP"), keys]
        upstream_is_up = self._keys.upstream_is_up
        if upstream_is_up is not None:
            checks.append(HealthCheck("upstream-check", _status(is_up=upstream_is_up)))
        is_up = all(check.status == "UP" for check in checks)
        status = _status(is_up=is_up)
        return json_response(HealthReport(status, checks, status), 200 if is_up else 503)

    @contract({200: Health})
    async def health(self, _: Request) -> Response:
        """Reports a running signer and its number of keys."""
        return json_response(Health("healthy", len(self._keyring)))

    @contract(
        {200: ReloadStatus, 202: ReloadAnswer, 409: ReloadAnswer},
        query=ReloadQuery,
        errors=(BadRequestError,),
    )
    async def start_reload(self, request: Request) -> Response:
        """202 at once, or with ?wait=true how it went; 409 while a reload is under way."""
        query: ReloadQuery = decode_fields(ReloadQuery, request.query, "a query")
        reloading = self._keymanager.reload()
        if reloading is None:
            message = "A reload operation is already in progress. Please try again later."
            return json_response(ReloadAnswer(409, "error", message, message), 409)
        if query.wait:
            # Its own outcome: by now another reload may be under way.
            return json_response(await reloading)
        message = "Reload operation accepted and is running in the background."
        message += " Use GET /reload to check status."
        return json_response(ReloadAnswer(202, "accepted", message), 202)

    @contract({200: ReloadStatus}, errors=(BadRequestError,))
    async def reload_status(self, request: Request) -> Response:
        """How the reload under way goes, or how the last one went; idle when there was none."""
        if request.query:
            raise BadRequestError("expected no query with GET, found one: POST /reload?wait=true")
        return json_response(self._keymanager.reload_status)

    @contract({200: HighWatermark}, errors=(UnknownOperationError,))
    async def high_watermark(self, _: Request) -> Response:
        """The epoch and the slot from which on nothing is signed, where they are set."""
        if self._slashing.mode == "off":
            raise UnknownOperationError("expected slashing protection, found --slashing off")
        ends = self._slashing.high_watermark
        return json_response({name: str(end) for name, end in ends.items() if end is not None})
