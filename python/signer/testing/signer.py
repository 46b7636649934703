"""`Signer`: a signer inside of a test, in a thread or in a process of its own."""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from shutil import rmtree
from socket import socket
from tempfile import TemporaryFile, mkdtemp
from time import monotonic, sleep
from typing import Any, Literal, Self, Unpack
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import msgspec

from .. import files, server
from .._core import SecretKey
from ..app import Application
from ..config.settings import Config
from ..control.faults import fault_of
from ..errors import ConfigError
from .arguments import (
    check_access,
    check_arguments,
    check_switches,
    flag_for,
    help_of_arguments,
    require_threads,
    secrets_of,
)
from .certificates import Certificates, issue
from .client import ControlClient
from .keywords import Flags, PathLike
from .lifetimes import in_forked_child, replace_sockets, when_forgotten
from .process import SERVE, SignerProcess, serve_with_path
from .thread import ServerThread
from .twins import in_thread

Tls = bool | Literal["mtls"]

VARIABLE_PREFIX = "SIGNER_"
FORK_TIMEOUT = 1.0  # seconds; a child that was just forked closes its sockets within this time
RETRY_INTERVAL = 0.005  # seconds


class Signer(ControlClient):
    """A signer on a free port of this machine, which serves once it is constructed.

    `with Signer(interop=4) as signer:` stops it on the way out. It serves from a thread, or with
    `process=True` from a process of its own. `start=False` leaves it unstarted: its url is known,
    and connecting to it is refused.
    With `tls=True` it has certificates, `signer.tls`; with "mtls" it accepts only their client.
    With auth="user:password" it accepts only that user. With `plugins`, modules or files, it has
    their signing types and routes. Other arguments are the flags of
    `signer serve`, by the names of the fields of `Config`.
    Records, faults and added keys outlive `stop`; with `process=True` they do not.
    It stops when it is forgotten, and its process also when this one is killed. A child made by
    fork can ask it, and cannot start or stop it. Raises ConfigError when it cannot start.
    """

    tls: Certificates  # only with the argument `tls`

    def __init__(
        self,
        *,
        interop: int = 0,
        keystores: PathLike | None = None,
        keys: Iterable[bytes | str] = (),
        plugins: PathLike | Sequence[PathLike] = (),
        start_index: int = 0,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls = False,
        auth: str = "",
        process: bool = False,
        start: bool = True,
        **others: Unpack[Flags],
    ) -> None:
        flags: dict[str, Any] = {**others, "start_index": start_index}
        if keystores is not None:
            flags |= flag_for("keystores", keystores, "keystores_path", flags)
        if plugins != ():
            flags |= flag_for("plugins", plugins, "plugin", flags)
        check_arguments({"interop": interop, "host": host, "port": port, **flags})
        check_access(tls, auth, flags)
        check_switches(process=process, start=start)
        if not process:
            require_threads()
        self._process_of_owner = os.getpid()
        self._keys = secrets_of(keys)
        self._has_ended = False
        self._application: Application | None = None
        self._serving: ServerThread | SignerProcess | None = None
        self._listener = self._reserve(host, port)
        free_port = self._listener.getsockname()[1]
        in_forked_child(self, replace_sockets, free_port)
        with ExitStack() as unless_complete:
            unless_complete.callback(self._release)
            if tls or auth:
                flags |= self._guard(tls, host, auth)
            defaults = {"metrics": False, "control": True}
            self._config = Config(
                interop=interop,
                host=host,
                port=free_port,
                **(defaults | flags),
            )
            self.url = server.url_of(self._listener, self._config)
            if self._config.control_token_file:
                self.control_token = files.secret_file(self._config.control_token_file)
            if not process:
                self._application = Application(self._config)
                self._close_application = when_forgotten(self, self._application.close)
                secret_keys = [SecretKey.from_bytes(key) for key in self._keys]
                self._application.keymanager.load(secret_keys)
            if start:
                self.start()
            unless_complete.pop_all()

    __init__.__doc__ = help_of_arguments()

    def __repr__(self) -> str:
        if not hasattr(self, "url"):  # its constructor has failed, or goes on
            return "<Signer, not constructed>"
        state = "not serving"
        if self._is_inherited:
            state = f"of process {self._process_of_owner}"
        elif self._has_ended:
            state = "ended"
        elif isinstance(self._serving, SignerProcess):
            state = f"process {self._serving.pid}"
        elif self._serving:
            state = "serving"
        return f"<Signer {self.url}, {state}>"

    def _reserve(self, host: str, port: int) -> socket:
        """Takes the port, until the signer listens on it or is forgotten."""
        listener = server.bind(host, port)
        when_forgotten(self, listener.close)
        return listener

    def _guard(self, tls: Tls, host: str, auth: str) -> dict[str, Path]:
        """The flags for TLS and for a user. Their files exist as long as this object."""
        folder = Path(mkdtemp(prefix="signer-"))
        when_forgotten(self, partial(rmtree, folder, ignore_errors=True))
        flags = {}
        if tls:
            self.tls = issue(folder, host)
            handler = HTTPSHandler(context=self.tls.ssl_context())
            self._opener = build_opener(ProxyHandler({}), handler)
            flags["tls_cert"] = self.tls.server
            flags["tls_key"] = self.tls.server
        if tls == "mtls":
            flags["tls_client_ca"] = self.tls.ca
        if auth:
            flags["auth_file"] = folder / "auth"
            flags["auth_file"].write_text(auth)
        return flags

    @property
    def _is_inherited(self) -> bool:
        """Whether this is a forked child. Its parent owns the thread or the process that serves."""
        return os.getpid() != self._process_of_owner

    def ask_control(self, method: str, path: str, kind: Any = Any, /, **fields: Any) -> Any:
        if self._application and not self._is_inherited:
            return self._application.operations.handle(method, path, fields)
        try:
            return super().ask_control(method, path, kind, **fields)
        except OSError:
            if isinstance(self._serving, SignerProcess) and not self._is_inherited:
                self._serving.require_running()
            raise

    def start(self) -> None:
        """Starts to serve; after `stop`, on the same port. Does nothing while it serves.

        Starts another process when the last one has ended by itself. Raises ConfigError after the
        end of its `with` block.
        """
        self._check_not_ended()
        if self._is_inherited:
            problem = f"expected process {self._process_of_owner}, which made this signer, to start"
            raise ConfigError(f"{problem} it, found its child {os.getpid()}; make another Signer")
        if isinstance(self._serving, SignerProcess) and self._serving.has_ended:
            self.stop()
        if self._serving:
            return
        if self._application:
            self._serving = ServerThread(self._application, self._listener, self._config)
        else:
            self._listener.close()
            self._serving = self._start_process()
        self._stop_serving = when_forgotten(self, self._serving.stop)

    def _start_process(self) -> SignerProcess:
        """Starts the process. It has its keys and faults before it serves."""
        environment = _without_flags(os.environ) | _as_variables(self._config)
        serve: Sequence[str] = SERVE
        if self._config.plugin:  # modules that the test can import
            serve = serve_with_path(sys.path)
        plugins = [f"--plugin={plugin}" for plugin in self._config.plugin]
        command = [*serve, "--ready-json", "--exit-with-parent", *plugins]
        if not self._keys:
            return SignerProcess(command, environment)
        # A file without a name: nobody has to remove it if this process is killed.
        with TemporaryFile() as file:
            file.write(self._secret_keys())
            file.seek(0)
            environment[f"{VARIABLE_PREFIX}SECRET_KEYS_FILE"] = f"/dev/fd/{file.fileno()}"
            return SignerProcess(command, environment, descriptors=[file.fileno()])

    def _secret_keys(self) -> bytes:
        """The lines of --secret-keys-file: those of the test's own file, then our keys."""
        lines = [key.hex().encode() for key in self._keys]
        if self._config.secret_keys_file:
            lines = [files.read(self._config.secret_keys_file, ConfigError), *lines]
        return b"\n".join(lines)

    def stop(self) -> None:
        """Stops serving at once: connecting is refused then. Does nothing if it does not serve."""
        if self._serving and not self._is_inherited:
            self._stop_serving()
            self._serving = None
            self._listener = self._reserve_again()

    def _reserve_again(self) -> socket:
        """Takes the port once nobody listens on it: a forked child closes it in its own time."""
        end = monotonic() + FORK_TIMEOUT
        while True:
            try:
                return self._reserve(self._config.host, self._config.port)
            except ConfigError:
                if monotonic() > end:
                    raise
                sleep(RETRY_INTERVAL)

    async def start_async(self) -> None:
        """As `start`, while the event loop goes on."""
        await in_thread(self.start)

    async def stop_async(self) -> None:
        """As `stop`, while the event loop goes on."""
        await in_thread(self.stop)

    def _release(self) -> None:
        """Stops serving, and lets go of the port and the data directory."""
        if self._is_inherited:
            return
        self._has_ended = True
        with suppress(ConfigError):  # another process has taken the port meanwhile
            self.stop()
        self._listener.close()
        if self._application:
            self._close_application()

    def _check_not_ended(self) -> None:
        if self._has_ended:
            raise ConfigError("cannot start a signer whose `with` block has ended: make another")

    def __enter__(self) -> Self:
        self._check_not_ended()
        return self

    def __exit__(self, *_: object) -> None:
        self._release()


def _without_flags(environment: os._Environ[str]) -> dict[str, str]:
    """The variables but for flags of the signer: a test's signer has only those it was given."""
    return {
        name: value for name, value in environment.items() if not name.startswith(VARIABLE_PREFIX)
    }


def _as_variables(config: Config) -> dict[str, str]:
    """The flags of a configuration as variables, so that no list of processes shows a mnemonic."""
    values = asdict(config)
    # One line each: lines separate the values in the variable.
    values["fault"] = [msgspec.json.encode(fault_of(fault)).decode() for fault in config.fault]
    del values["plugin"]  # a path may hold what separates them in a variable
    variables = {}
    for name, value in values.items():
        text = "\n".join(value) if isinstance(value, list | tuple) else str(value)
        if text and value is not None:
            variables[f"{VARIABLE_PREFIX}{name.upper()}"] = text
    return variables
