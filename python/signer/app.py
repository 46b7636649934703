"""The application: wires keys, network, metrics and control to routes, and errors to answers."""

from functools import cached_property
from typing import Any, Self

from litestar import Litestar, Request, Response
from litestar.types import Receive, Send

from . import tls
from .api import auth, control, keymanager, signing, status
from .api.responses import Parts, answer, explain
from .config import Config
from .control.faults import fault_of
from .control.operations import Control
from .files import secret_file
from .keys.data_dir import DataDir
from .keys.keyring import Keyring
from .keys.manager import KeyManager
from .metrics import Metrics
from .slashing.protection import Protection
from .spec.networks import load_network


class Application:
    """An ASGI application without lifespan: the sign route, and Litestar for every other one.

    As an async context manager it has the threads that it needs to answer.
    """

    def __init__(self, config: Config) -> None:
        tls.check(config)
        self.keyring = keyring = Keyring()
        self._network = network = load_network(config.network)
        self._token = secret_file(path) if (path := config.keymanager_token_file) else None
        self.metrics = Metrics(lambda: len(keyring), lambda: len(keyring.failures))
        self._data_dir = DataDir(config.data_dir) if config.data_dir else None
        file = self._data_dir.history if self._data_dir else None
        self._slashing = Protection(config, file, self.metrics.count_slashable)
        self.control = Control(keyring, self._slashing)
        for fault in config.fault:
            self.control.add_fault(fault_of(fault))
        self.keymanager = KeyManager(config, keyring, self._data_dir, self._slashing)
        self._sign = signing.SignRoute(keyring, network, self._slashing, self.metrics)
        exempt = keymanager.PREFIX if self._token else None
        self._check = auth.users(path, exempt) if (path := config.auth_file) else auth.everybody
        self._entry: Any = self._route
        if config.control or config.fault:
            parts = self.control, keyring, network, self._check
            self._entry = control.Controlled(self._route, *parts)
        self._routes: list[Any] = [*status.ROUTES]
        if config.keymanager:
            self._routes.append(keymanager.router(self._token))

    @cached_property
    def litestar(self) -> Litestar:
        """Every route but the sign route; made when it is first asked for, in 4 ms."""
        parts = {
            "keyring": self.keyring,
            "keymanager": self.keymanager,
            "slashing": self._slashing,
            "network": self._network,
        }
        return Litestar(
            self._routes,
            state=Parts(parts),
            exception_handlers={Exception: _on_error},
            logging_config=None,
            openapi_config=None,
            request_max_body_size=signing.MAX_BODY_SIZE,
        )

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        await self._entry(scope, receive, send)

    async def _route(self, scope: Any, receive: Receive, send: Send) -> None:
        try:
            self._check(scope)
            if scope["path"] == signing.BATCH or scope["path"].startswith(signing.PREFIX):
                await self._sign(scope, receive, send)
                return
        except Exception as error:  # noqa: BLE001 - the one handler, for these routes
            await answer(send, *explain(error))
            return
        await self.litestar(scope, receive, send)

    async def __aenter__(self) -> Self:
        self._sign.start()
        self.keymanager.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sign.stop()
        self.keymanager.stop()

    def close(self) -> None:
        """Lets another process have the data directory."""
        if self._data_dir:
            self._data_dir.close()


def _on_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    body, media_type, status_code, headers = explain(error)
    return Response(body, media_type=media_type, status_code=status_code, headers=headers)
