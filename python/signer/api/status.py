"""Which keys can sign, and whether the signer is well."""

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State

from ..keyring import Keyring
from .answers import wants_json


@get("/api/v1/eth2/publicKeys", sync_to_thread=False)
def public_keys(state: State) -> list[str]:
    """The public keys that can sign, in the order they were loaded."""
    return [f"0x{pubkey.hex()}" for pubkey in state.keyring]


@get("/upcheck", sync_to_thread=False)
def upcheck(request: Request[Any, Any, Any]) -> Response[Any]:
    """`OK`; as JSON for a client that accepts nothing else, where Web3Signer says 406."""
    accept = request.headers.get("accept", "")
    if "*/*" not in accept and wants_json(request.scope["headers"]):
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


ROUTES = (public_keys, upcheck, healthcheck, health)
