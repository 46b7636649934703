"""Which keys can sign, whether the signer is well, and Web3Signer's reload."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State

from ..keymanager import KeyManager, ReloadStatus
from ..keyring import Keyring


@get("/api/v1/eth2/publicKeys", sync_to_thread=False)
def public_keys(state: State) -> list[str]:
    """The public keys that can sign, in the order they were loaded."""
    return [f"0x{pubkey.hex()}" for pubkey in state.keyring]


@get("/upcheck", sync_to_thread=False)
def upcheck(request: Request[Any, Any, Any]) -> Response[Any]:
    """`OK`; as JSON for Lodestar, which accepts nothing else, where Web3Signer says 406."""
    if request.headers.get("accept") == "application/json":
        return Response({"status": "OK"})
    return Response("OK", media_type="text/plain")


@get("/healthcheck", sync_to_thread=False)
def healthcheck(state: State) -> Response[Any]:
    """Web3Signer's report: 200 and UP, or 503 and DOWN when a key could not be loaded."""
    keyring: Keyring = state.keyring
    status = "DOWN" if keyring.failures else "UP"
    loading = {
        "id": "keystores-bulk-loading",
        "status": status,
        "data": {"keys-loaded": len(keyring), "error-count": len(keyring.failures)},
    }
    checks = [
        {"id": "default-check", "status": "UP"},
        {"id": "keys-check", "status": status, "checks": [loading]},
    ]
    body = {"status": status, "checks": checks, "outcome": status}
    return Response(body, status_code=503 if keyring.failures else 200)


@get("/health", sync_to_thread=False)
def health(state: State) -> dict[str, str | int]:
    """That the signer runs, and how many keys it has."""
    return {"status": "healthy", "keys_loaded": len(state.keyring)}


@post("/reload")
async def start_reload(state: State, request: Request[Any, Any, Any]) -> Response[Any]:
    """202 at once, or with ?wait=true how it went; 409 while a reload is under way."""
    keymanager: KeyManager = state.keymanager
    reloading = keymanager.reload()
    if reloading is None:
        message = "A reload operation is already in progress. Please try again later."
        body = {"status": "error", "message": message, "error": message}
        return Response(body, status_code=409)
    if request.query_params.get("wait") == "true":
        await reloading
        return Response(keymanager.reload_status, status_code=200)
    message = (
        "Reload operation accepted and is running in the background. "
        "Use GET /reload to check status."
    )
    return Response({"status": "accepted", "message": message}, status_code=202)


@get("/reload", sync_to_thread=False)
def reload_status(state: State) -> ReloadStatus:
    """How the reload under way goes, or how the last one went; idle when there was none."""
    keymanager: KeyManager = state.keymanager
    return keymanager.reload_status


ROUTES = (public_keys, upcheck, healthcheck, health, start_reload, reload_status)
