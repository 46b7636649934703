"""The composition root: wires keys, network, metrics and control to routes."""

from contextlib import ExitStack
from functools import partial
from typing import Self

from .api import auth, batch, distributed, extension, keymanager, openapi, scraped
from .api.bodies import BodyReader, Receive
from .api.browsers import BrowserGuard
from .api.control import PREFIX, ControlRoutes
from .api.diagnoses import Diagnoses
from .api.http import Handler, Request, Response, Scope, Send, respond
from .api.recorder import SIGN_PREFIX, Recorder
from .api.refusals import Refusals
from .api.routes import Router, Routes
from .api.signing import SignRoute
from .api.status import StatusRoutes
from .api.upstream import keys_for
from .config.settings import Config
from .control.operations import Operations
from .errors import SignerError
from .files import secret_file
from .keys.data_dir import DataDir
from .keys.keyring import Keyring
from .keys.manager import KeyManager
from .metrics import Metrics
from .plugin.loading import load_plugins
from .slashing.protection import Protection
from .spec.network_files import load_network
from .tls import context as tls


class Application:
    """An ASGI application without lifespan.

    As an async context manager it has the threads that it needs to respond. It owns the data
    directory until `close`. Raises ConfigError.
    """

    def __init__(self, config: Config) -> None:
        tls.check(config)
        self._network = load_network(config.network)
        self._plugins = load_plugins(config.plugin)
        self._token: str | None = None
        if config.keymanager_token_file:
            self._token = secret_file(config.keymanager_token_file)
        self._check_user = self._plugins.check_of_others(self._user_check(config))
        self._bodies = BodyReader(config.idle_timeout)
        self.keyring = Keyring()
        self.metrics = Metrics()
        self.refusals = Refusals(self.metrics, Diagnoses(self._network))
        with ExitStack() as unless_complete:
            self._data_dir: DataDir | None = None
            if config.data_dir:
                self._data_dir = DataDir(config.data_dir)
                unless_complete.callback(self._data_dir.close)
            history = self._data_dir.history if self._data_dir else None
            self._slashing = Protection(config, history, self.metrics.count_conflict)
            self._keys = keys_for(config, self.keyring, self._slashing, self.metrics)
            self.keymanager = KeyManager(config, self.keyring, self._data_dir, self._slashing)
            self.operations = Operations(self.keyring, self.keymanager, self._slashing)
            self.operations.start_with(config.fault, self._plugins.types, self._network)
            scraped.connect(self.metrics, config, self.keyring, self.operations.faults)
            self._make_routes(config)
            unless_complete.pop_all()

    def _user_check(self, config: Config) -> auth.Check:
        exempt = keymanager.PREFIX if self._token else None  # the token guards these routes
        return auth.require_user(config.auth_file, exempt)

    def _make_routes(self, config: Config) -> None:
        types = self._plugins.signing_types()
        key_signer = self._plugins.observed(self._keys.key_signer())
        self._sign = SignRoute(key_signer, types, self._network, self.refusals)
        self._batch = batch.BatchRoute(
            key_signer, types, self._network, self.refusals, self.metrics
        )
        self._control = ControlRoutes(self.operations, config, self._network)
        routes = StatusRoutes(self.keyring, self.keymanager, self._slashing, self._keys).routes
        if config.keymanager:
            routes = {**routes, **self._keymanager_routes()}
        shares = distributed.ShareSigner(self.keymanager.distributed, self._slashing, self.metrics)
        distributed_routes = distributed.make_routes(shares, self._sign, self._batch)
        routes = {**routes, **self._batch.routes, **distributed_routes}
        if config.signing_ext:
            routes = {**routes, **extension.routes(self.keyring, self.metrics, self.refusals)}
        routes = self._plugins.all_routes(routes, config.auth_file, self._token)
        others = [f"POST {SIGN_PREFIX}{{identifier}}"]
        if config.control:
            others += [f"{method} {PREFIX}{path}" for method, path in self._control.paths()]
        self.router = Router(routes, others, config)
        openapi.add_to(self.router, self.operations, config)
        handler: Handler = self._respond
        if config.control or config.fault:
            handler = Recorder(handler, self.operations)
        if config.control:
            handler = partial(self._respond_under_control, handler)
        self._handler = BrowserGuard(handler, config)

    def _keymanager_routes(self) -> Routes:
        return keymanager.KeymanagerRoutes(
            self.keyring,
            self.keymanager,
            self._slashing,
            self._network,
            self._token,
        ).routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await respond(self._handler, Request(scope, receive, self._bodies), send)

    async def _respond_under_control(self, recorder: Handler, request: Request) -> Response:
        if f"{request.path}/".startswith(PREFIX):
            return await self._control(request)
        return await recorder(request)

    async def _respond(self, request: Request) -> Response:
        try:
            self._check_user(request)
            if request.path.startswith(SIGN_PREFIX):
                return await self._sign(request)
            return await self.router(request)
        except SignerError as error:
            self.refusals.note(f"{request.method} {request.path}", error)
            raise

    async def __aenter__(self) -> Self:
        await self._keys.start()
        self._bodies.start()
        self._sign.start()
        self._batch.start()
        self.keymanager.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sign.stop()
        self._batch.stop()
        self._bodies.stop()
        await self._keys.stop()
        self.keymanager.stop()
        self.refusals.close()

    def close(self) -> None:
        """Finishes changes of keys, and lets another process have the data directory."""
        self.keymanager.close()
        if self._data_dir:
            self._data_dir.close()
