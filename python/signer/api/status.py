"""Which keys can sign, whether the signer is well, and Web3Signer's reload."""

from typing import Any

from litestar import Request, Response, get, post

from ..errors import UnknownOperationError
from ..hex import to_hex
from ..keys.manager import ReloadStatus
from .responses import Parts


@get("/api/v1/eth2/publicKeys", sync_to_thread=False)
def public_keys(state: Parts) -> list[str]:
    """The public keys that can sign, in the order they were loaded."""
    return [to_hex(pubkey) for pubkey in state.keyring]


@get("/upcheck", sync_to_thread=False)
def upcheck(request: Request[Any, Any, Any]) -> Response[Any]:
    """`OK` as text, or as JSON for Lodestar. Web3Signer responds 406 there."""
    if request.headers.get("accept") == "application/json":
        return Response({"status": "OK"})
    return Response("OK", media_type="text/plain")


@get("/healthcheck", sync_to_thread=False)
def healthcheck(state: Parts) -> Response[Any]:
    """Web3Signer's report: 200 and UP, or 503 and DOWN when a key could not be loaded."""
    failures = len(state.keyring.failures)
    status = "UP"
    code = 200
    if failures:
        status = "DOWN"
        code = 503
    counts = {"keys-loaded": len(state.keyring), "error-count": failures}
    loading = {"id": "keystores-bulk-loading", "status": status, "data": counts}
    keys = {"id": "keys-check", "status": status, "checks": [loading]}
    checks = [{"id": "default-check", "status": "UP"}, keys]
    return Response({"status": status, "checks": checks, "outcome": status}, status_code=code)


@get("/health", sync_to_thread=False)
def health(state: Parts) -> dict[str, str | int]:
    """Reports a running signer and its number of keys."""
    return {"status": "healthy", "keys_loaded": len(state.keyring)}


@post("/reload")
async def start_reload(state: Parts, request: Request[Any, Any, Any]) -> Response[Any]:
    """202 at once, or with ?wait=true how it went; 409 while a reload is under way."""
    reloading = state.keymanager.reload()
    if reloading is None:
        message = "A reload operation is already in progress. Please try again later."
        return Response({"status": "error", "message": message, "error": message}, status_code=409)
    if request.query_params.get("wait") == "true":
        await reloading
        return Response(state.keymanager.reload_status, status_code=200)
    message = "Reload operation accepted and is running in the background."
    message += " Use GET /reload to check status."
    return Response({"status": "accepted", "message": message}, status_code=202)


@get("/reload", sync_to_thread=False)
def reload_status(state: Parts) -> ReloadStatus:
    """How the reload under way goes, or how the last one went; idle when there was none."""
    return state.keymanager.reload_status


@get("/api/v1/eth2/highWatermark", sync_to_thread=False)
def high_watermark(state: Parts) -> dict[str, str]:
    """The epoch and the slot from which on nothing is signed, where they are set."""
    if state.slashing.mode == "off":
        raise UnknownOperationError("expected slashing protection, found --slashing off")
    ends = state.slashing.high_watermark
    return {name: str(end) for name, end in ends.items() if end is not None}


ROUTES = (public_keys, upcheck, healthcheck, health, start_reload, reload_status, high_watermark)
