"""The composition root: wires keys, network, metrics and control to routes."""

from contextlib import ExitStack
from functools import cached_property
from typing import Any, Self

from litestar import Litestar, Request, Response
from litestar.types import Receive, Send

from . import tls
from .api import auth, batch, control, keymanager, status
from .api.recorder import SIGN_PREFIX, Recorder
from .api.responses import JSON, MAX_BODY_SIZE, Parts, answering_errors, error_response
from .api.signing import KeySigner, SignRoute
from .config import Config
from .control.faults import fault_of
from .control.operations import Operations
from .files import secret_file
from .keys.data_dir import DataDir
from .keys.keyring import Keyring
from .keys.manager import KeyManager
from .metrics import Metrics
from .signing.registry import SigningTypes
from .slashing.protection import Protection
from .spec.networks import load_network


class Application:
    """An ASGI application without lifespan: the sign routes, and Litestar for all other routes.

    As an async context manager it has the threads that it needs to respond. It owns the data
    directory until `close`. Raises ConfigError.
    """

    def __init__(self, config: Config) -> None:
        tls.check(config)
        self._network = load_network(config.network)
        faults = [fault_of(fault) for fault in config.fault]
        self._token: str | None = None
        if config.keymanager_token_file:
            self._token = secret_file(config.keymanager_token_file)
        self._check_user = self._user_check(config)
        self.keyring = Keyring()
        self.metrics = Metrics(
            keys=lambda: len(self.keyring),
            failures=lambda: len(self.keyring.failures),
        )
        with ExitStack() as unless_complete:
            self._data_dir: DataDir | None = None
            if config.data_dir:
                self._data_dir = DataDir(config.data_dir)
                unless_complete.callback(self._data_dir.close)
            self._slashing = self._protection(config)
            self.keymanager = KeyManager(config, self.keyring, self._data_dir, self._slashing)
            self.operations = Operations(self.keyring, self.keymanager, self._slashing)
            for fault in faults:
                self.operations.faults.add(fault)
            self._make_routes(config)
            unless_complete.pop_all()

    def _user_check(self, config: Config) -> auth.Check:
        if config.auth_file is None:
            return auth.let_everybody_in
        exempt = keymanager.PREFIX if self._token else None  # the token guards these routes
        return auth.require_user(config.auth_file, exempt)

    def _protection(self, config: Config) -> Protection:
        history = self._data_dir.history if self._data_dir else None
        return Protection(config, history, self.metrics.count_slashable)

    def _make_routes(self, config: Config) -> None:
        types = SigningTypes()
        key_signer = KeySigner(self.keyring, self._slashing, self.metrics)
        self._sign = SignRoute(key_signer, types, self._network)
        self._batch = batch.BatchRoute(key_signer, types, self._network)
        self._control = control.ControlRoutes(self.operations)
        self._recorder: Recorder | None = None
        if config.control or config.fault:
            self._recorder = Recorder(self._respond, self.operations)
        self._other_routes: list[Any] = [*status.ROUTES]
        if config.keymanager:
            self._other_routes.append(keymanager.router(self._token))

    @cached_property
    def litestar(self) -> Litestar:
        """All routes but the sign routes. Made at the first request for one, in 4 ms."""
        parts = {
            "keyring": self.keyring,
            "keymanager": self.keymanager,
            "slashing": self._slashing,
            "network": self._network,
        }
        return Litestar(
            self._other_routes,
            state=Parts(parts),
            exception_handlers={Exception: _on_error},
            logging_config=None,
            openapi_config=None,
            request_max_body_size=MAX_BODY_SIZE,
        )

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if self._recorder is None:
            await answering_errors(self._respond, scope, receive, send)
        elif scope["path"].startswith(control.PREFIX):
            await answering_errors(self._control, scope, receive, send)
        else:
            await self._recorder(scope, receive, send)

    async def _respond(self, scope: Any, receive: Receive, send: Send) -> None:
        self._check_user(scope)
        path = scope["path"]
        if path.startswith(SIGN_PREFIX):
            await self._sign(scope, receive, send)
        elif path == batch.PATH:
            await self._batch(scope, receive, send)
        else:
            await self.litestar(scope, receive, send)

    async def __aenter__(self) -> Self:
        self._sign.start()
        self._batch.start()
        self.keymanager.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sign.stop()
        self._batch.stop()
        self.keymanager.stop()

    def close(self) -> None:
        """Finishes changes of keys, and lets another process have the data directory."""
        self.keymanager.close()
        if self._data_dir:
            self._data_dir.close()


def _on_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    response = error_response(error)
    return Response(
        response.body,
        media_type=JSON,
        status_code=response.status,
        headers=response.headers,
    )
