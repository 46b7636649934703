"""The application: wires keys, network and metrics to the routes, and errors to answers."""

from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.types import Receive, Scope, Send

from .api import signing, status
from .api.answers import answer, explain
from .config import Config
from .engine import SigningEngine
from .keyring import Keyring, Report, cores, interop_keys, load_keystores, mnemonic_keys
from .metrics import Metrics
from .spec.networks import load_network


def load_keys(config: Config, keyring: Keyring, report: Report) -> None:
    """Loads the keys of all configured sources; what fails goes to `keyring.failures`."""
    keyring.add(interop_keys(config.interop))
    if config.mnemonic:
        keyring.add(mnemonic_keys(config.mnemonic, config.count, config.start))
    if config.keystores_path:
        passwords = config.keystores_passwords_path, config.keystores_password_file
        load_keystores(keyring, config.keystores_path, *passwords, report)


class Application:
    """An ASGI application: the sign route, and Litestar for every other one."""

    def __init__(self, config: Config, keyring: Keyring) -> None:
        self.metrics = Metrics(lambda: len(keyring), lambda: len(keyring.failures))
        self._sign = signing.SignRoute(keyring, load_network(config.network), self.metrics)
        self._litestar = Litestar(
            [status.public_keys, status.upcheck, status.healthcheck, status.health],
            state=State({"keyring": keyring}),
            exception_handlers={Exception: _on_error},
            on_startup=[self._start],
            on_shutdown=[self._stop],
            logging_config=None,
            openapi_config=None,
            request_max_body_size=signing.MAX_BODY_SIZE,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not scope["path"].startswith(signing.PREFIX):
            await self._litestar(scope, receive, send)
            return
        try:
            await self._sign(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the one handler, for this route
            await answer(send, *explain(error))

    async def _start(self) -> None:
        self._sign.engine = SigningEngine(cores())

    async def _stop(self) -> None:
        self._sign.engine.close()


def _on_error(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    body, media_type, status_code, headers = explain(error)
    return Response(body, media_type=media_type, status_code=status_code, headers=headers)
