"""Web3Signer's reload: GET and POST /reload."""

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State

from ..keymanager import KeyManager, ReloadStatus


@post("/reload")
async def start(state: State, request: Request[Any, Any, Any]) -> Response[Any]:
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
def status(state: State) -> ReloadStatus:
    """How the reload under way goes, or how the last one went; idle when there was none."""
    keymanager: KeyManager = state.keymanager
    return keymanager.reload_status


ROUTES = (start, status)
