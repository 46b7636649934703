"""GET /openapi.json: the signer as it was started, described for machines."""

import asyncio

from ..config.settings import Config
from ..control.operations import Operations
from .contract import contract
from .http import Request, Response
from .routes import Router

PATH = "/openapi.json"


class OpenApiRoute:
    """The handler of this route; the first request makes the document, on a thread."""

    def __init__(self, router: Router, operations: Operations, config: Config) -> None:
        self._router = router
        self._operations = operations
        self._config = config
        self._document = b""

    @contract({200: dict})
    async def document(self, _: Request) -> Response:
        """The signer as it was started: OpenAPI 3.1."""
        if not self._document:
            self._document = await asyncio.to_thread(self._make)
        return Response(self._document)

    def _make(self) -> bytes:
        from .description.document import make_document  # noqa: PLC0415 - few ask for it

        return make_document(self._router.routes, self._operations, self._config)


def add_to(router: Router, operations: Operations, config: Config) -> None:
    """Adds the route to the others, which it describes."""
    route = OpenApiRoute(router, operations, config)
    router.add(PATH, {"GET": route.document})
