"""The application: wires keys, network, metrics and control to routes, and errors to answers."""

from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from .api import control, keymanager, signing, status
from .api.answers import answer, explain
from .config import Config
from .control import Control
from .engine import SigningEngine
from .faults import fault_of
from .files import secret_file
from .keymanager import KeyManager
from .keyring import Keyring
from .metrics import Metrics
from .spec.networks import load_network
from .threads import cores


class Application:
    """An ASGI application: the sign route, and Litestar for every other one."""

    def __init__(self, config: Config) -> None:
        self.keyring = keyring = Keyring()
        network = load_network(config.network)
        token = secret_file(path) if (path := config.keymanager_token_file) else None
        self.control = Control(keyring)
        for fault in config.fault:
            self.control.add_fault(fault_of(fault))
        self.keymanager = KeyManager(config, keyring)
        self.metrics = Metrics(lambda: len(keyring), lambda: len(keyring.failures))
        self._sign = signing.SignRoute(keyring, network, self.metrics)
        self._engine: SigningEngine | None = None
        self._entry: Any = self._route
        if config.control or config.fault:
            self._entry = control.Controlled(self._route, self.control, keyring, network)
        self.litestar = Litestar(
            [*status.ROUTES, keymanager.router(token)],
            state=State({"keyring": keyring, "keymanager": self.keymanager, "network": network}),
            exception_handlers={Exception: _on_error},
            on_startup=[self._start],
            on_shutdown=[self.stop],
            logging_config=None,
            openapi_config=None,
            request_max_body_size=signing.MAX_BODY_SIZE,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._entry(scope, receive, send)

    async def _route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not scope["path"].startswith(signing.PREFIX):
            await self.litestar(scope, receive, send)
            return
        try:
            await self._sign(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the one handler, for this route
            await answer(send, *explain(error))

    async def _start(self) -> None:
        self._sign.engine = self._engine = SigningEngine(cores())
        self.keymanager.start()

    async def stop(self) -> None:
        """Ends the threads; more than once does nothing more."""
        if self._engine:
            self._engine.close()
            self.keymanager.stop()
            self._engine = None


def _on_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    body, media_type, status_code, headers = explain(error)
    return Response(body, media_type=media_type, status_code=status_code, headers=headers)
