"""`Signer`: a signer inside of a test, in a thread or in a process of its own."""

import asyncio
import os
import select
import sys
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import asdict
from pathlib import Path
from shutil import rmtree
from socket import socket
from subprocess import PIPE, Popen
from tempfile import TemporaryFile, mkdtemp
from typing import Any, Literal, Self
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import uvloop

from .. import server
from ..app import Application
from ..config import Config
from ..control.faults import fault_of
from ..errors import ConfigError
from .certificates import Certificates, issue
from .client import Controls

READY = 10.0  # seconds within which a signer answers, or its start has failed

Tls = bool | Literal["mtls"]


class Signer(Controls):
    """A signer on a free port of this machine, that answers when it is made.

    `with Signer(interop=4) as signer:` stops it on the way out. It serves from a thread, or with
    `process=True` from a process of its own; `start=False` leaves it unstarted: the url is known,
    connecting to it is refused. With `tls=True` it has certificates, `signer.tls`; with "mtls" it
    lets only their client in, and with auth="user:password" only that user. Other arguments are
    flags of `signer serve`, as `Config` has them.
    What was asked, set and added outlives `stop`, except in a process, which takes it along.
    Raises ConfigError when it cannot start.
    """

    tls: Certificates  # with `tls`

    def __init__(
        self,
        *,
        interop: int = 0,
        keystores: Path | None = None,
        keys: Iterable[bytes] = (),
        start_index: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls = False,
        auth: str = "",
        process: bool = False,
        start: bool = True,
        **flags: Any,
    ) -> None:
        self._keys = list(keys)
        self._end: Callable[[], None] | None = None  # stops what serves, while it does
        self._listener = self._reserve(host, port)
        port = self._listener.getsockname()[1]
        if tls or auth:
            flags |= self._guard(tls, host, auth)
        flags = {"metrics": False, "keystores_path": keystores, "start": start_index} | flags
        self._config = Config(interop=interop, host=host, port=port, control=True, **flags)
        self.url = server.url_of(self._listener, self._config)
        self._application = None if process else Application(self._config)
        if self._application:
            self._application.keymanager.load(lambda _: None)
            self.add_keys(keys=self._keys)
        if start:
            self.start()

    def _reserve(self, host: str, port: int) -> socket:
        """Takes the port, until the signer listens on it or is forgotten."""
        listener = server.bind(host, port)
        weakref.finalize(self, listener.close)
        return listener

    def _guard(self, tls: Tls, host: str, auth: str) -> dict[str, Path]:
        """The flags for TLS and for a user; their files are there as long as this object."""
        folder, flags = Path(mkdtemp(prefix="signer-")), dict[str, Path]()
        weakref.finalize(self, rmtree, folder, ignore_errors=True)
        if tls:
            self.tls = issue(folder, host)
            handler = HTTPSHandler(context=self.tls.ssl_context())
            self._opener = build_opener(ProxyHandler({}), handler)
            flags = {"tls_cert": self.tls.server, "tls_key": self.tls.server}
        if tls == "mtls":
            flags["tls_client_ca"] = self.tls.ca
        if auth:
            flags["auth_file"] = folder / "auth"
            flags["auth_file"].write_text(auth)
        return flags

    def ask_control(self, method: str, path: str, /, **sent: Any) -> Any:
        if self._application:
            return self._application.control.handle(method, path, sent)
        return super().ask_control(method, path, **sent)

    def start(self) -> None:
        """Serves; also again after `stop`, on the same port. Nothing if it does already."""
        if self._application and not self._end:
            self._start_thread(self._application)
        elif not self._end:
            self._start_process()

    def _start_thread(self, application: Application) -> None:
        listener, stop = self._listener, asyncio.Event()
        ready = Future[asyncio.AbstractEventLoop]()

        def on_ready() -> None:
            ready.set_result(asyncio.get_running_loop())

        def run() -> None:
            serving = server.serve(
                application, listener, self._config, on_ready, stop, patient=False
            )
            try:
                uvloop.run(serving)
            except BaseException as error:  # noqa: BLE001 - raised where the signer is started
                if not ready.done():
                    ready.set_exception(error)

        thread = threading.Thread(target=run, name="signer", daemon=True)
        thread.start()
        try:
            loop = ready.result(READY)
        except TimeoutError:
            raise ConfigError(f"expected {self.url} to answer within {READY} seconds") from None

        def end() -> None:
            application.control.journal.release()
            loop.call_soon_threadsafe(stop.set)
            thread.join()

        self._end = end

    def _start_process(self) -> None:
        self._listener.close()
        # by its environment: no mnemonic is in a list of processes then
        kept = {name: value for name, value in os.environ.items() if name[:7] != "SIGNER_"}
        flags = {
            f"SIGNER_{name.upper()}": str(value)
            for name, value in asdict(self._config).items()
            if value is not None and name != "fault"
        }
        command = [sys.executable, "-m", "signer", "serve", "--ready-json"]
        with TemporaryFile() as log:
            process = Popen(command, stdout=PIPE, stderr=log, env=kept | flags)  # noqa: S603

            def end() -> None:
                with process:
                    process.terminate()

            self._end = end
            output: Any = process.stdout
            ready, _, _ = select.select([output], [], [], READY)
            if not ready or not output.readline():
                process.kill()
                self.stop()
                log.seek(0)
                last = b"\n".join(log.read().splitlines()[-20:]).decode()
                raise ConfigError(f"expected a signer at {self.url}, found:\n{last}")
        self.add_keys(keys=self._keys)
        for fault in self._config.fault:
            self.fault(fault_of(fault))

    def stop(self) -> None:
        """Stops serving, at once: connecting is refused then. Nothing if it does not serve."""
        if self._end:
            self._end()
            self._end = None
            self._listener = self._reserve(self._config.host, self._config.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._listener.close()
        if self._application:
            self._application.close()
