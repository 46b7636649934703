"""Serves an application from a thread of this process."""

import asyncio
import threading
from concurrent.futures import Future
from socket import socket

import uvloop

from .. import server
from ..app import Application
from ..config import Config
from ..errors import ConfigError

READY_TIMEOUT = 10.0  # seconds; a thread that does not serve by then has failed to start


class ServerThread:
    """A thread that serves an application on a bound socket, which it takes over.

    Raises ConfigError when it does not serve within READY_TIMEOUT.
    """

    def __init__(self, application: Application, listener: socket, config: Config) -> None:
        self._application = application
        self._listener = listener
        self._config = config
        self._stop = asyncio.Event()
        self._ready = Future[asyncio.AbstractEventLoop]()
        self._thread = threading.Thread(target=self._run, name="signer", daemon=True)
        self._thread.start()
        try:
            self._loop = self._ready.result(READY_TIMEOUT)
        except TimeoutError:
            url = server.url_of(listener, config)
            problem = f"expected {url} to answer within {READY_TIMEOUT} seconds"
            raise ConfigError(problem) from None

    def _run(self) -> None:
        serving = server.serve(
            self._application,
            self._listener,
            self._config,
            self._on_ready,
            self._stop,
            drain=False,
        )
        try:
            uvloop.run(serving)
        except BaseException as error:  # noqa: BLE001 - raised where the signer is started
            if not self._ready.done():
                self._ready.set_exception(error)

    def _on_ready(self) -> None:
        self._ready.set_result(asyncio.get_running_loop())

    def stop(self) -> None:
        """Stops serving at once: connecting is refused then."""
        self._application.operations.release()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
