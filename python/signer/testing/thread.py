"""Serves an application from a thread of this process."""

import asyncio
import threading
from concurrent.futures import Future
from contextlib import suppress
from socket import socket

import uvloop

from .. import server
from ..app import Application
from ..config.settings import Config
from ..errors import ConfigError

READY_TIMEOUT = 10.0  # seconds; a thread that does not serve by then has failed to start
END_TIMEOUT = 5.0  # seconds; a thread that failed to start ends within this time


class ServerThread:
    """A thread that serves an application on a bound socket, which it takes over.

    Raises ConfigError when it does not serve within READY_TIMEOUT. The thread has ended then.
    """

    def __init__(self, application: Application, listener: socket, config: Config) -> None:
        self._application = application
        self._listener = listener
        self._config = config
        self._stop = asyncio.Event()
        self._ready = Future[None]()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_abandoned = False
        self._thread = threading.Thread(target=self._run, name="signer", daemon=True)
        url = server.url_of(listener, config)  # the thread takes the socket over
        self._thread.start()
        try:
            self._ready.result(READY_TIMEOUT)
        except TimeoutError:
            self._abandon()
            problem = f"expected {url} to answer within {READY_TIMEOUT} seconds"
            raise ConfigError(problem) from None
        except BaseException:  # such as KeyboardInterrupt
            self._abandon()
            raise

    def _run(self) -> None:
        try:
            uvloop.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised where the signer is started
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _serve(self) -> None:
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        if self._is_abandoned:
            return
        await server.serve(
            self._application,
            self._listener,
            self._config,
            lambda: self._ready.set_result(None),
            self._stop,
            drain=False,
        )

    def _abandon(self) -> None:
        """Ends a thread that does not serve yet."""
        self._is_abandoned = True
        if self._loop and self._task:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join(END_TIMEOUT)

    def stop(self) -> None:
        """Stops serving at once: connecting is refused then."""
        self._application.operations.release()
        if self._loop:
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._stop.set)
        if threading.current_thread() is not self._thread:  # which may collect a forgotten signer
            self._thread.join()
