"""The only file that touches Granian: sockets, signals, readiness, and a stop that loses nothing.

Granian's embedded server is called experimental; everything we rely on is here and in its tests.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from time import monotonic
from typing import Any

import uvloop
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server
from litestar.types import Receive, Send

from . import tls
from .api.responses import TEXT, answer
from .config import Config
from .errors import ConfigError
from .files import attempt

log = logging.getLogger(__name__)

Hook = Callable[[], None]

PROBE = "/_ready"  # what a server asks itself
BACKLOG = 1024  # connections that wait to be accepted; a slot's burst opens hundreds at once
QUIET = 0.05  # seconds without a request, after which a stopping server holds none
PATIENCE = 5.0  # seconds that a stopping server waits for that
GRACE = 1.0  # seconds that Granian has to close idle connections
BRIEF_GRACE = 0.1  # the same where nobody minds a request that is lost


def bind(host: str, port: int) -> socket.socket:
    """A socket on the address, which does not listen yet: connecting is refused until it does.

    Bound here and not by Granian, which sets SO_REUSEPORT (a second signer on the port would
    start, and take half of the traffic) and does not tell what port 0 became. Raises ConfigError
    when the port is taken or the host is none of this machine's.
    """
    with _taking(host, port), ExitStack() as unless_bound:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = addresses[0]
        listener = unless_bound.enter_context(socket.socket(family, kind, protocol))
        # a port whose last connections are still in TIME_WAIT is free
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.settimeout(0)  # what Granian expects
        unless_bound.pop_all()
        return listener


def _taking(host: str, port: int) -> AbstractContextManager[None]:
    """Where the OSError of an address that cannot be had is a ConfigError."""
    hint = "; choose another --port (0 for a free one) or --host, or stop the process that has it"
    return attempt(f"listen on {host}, port {port}", ConfigError, hint)


def url_of(listener: socket.socket, config: Config) -> str:
    """The URL of a bound socket, with its true port."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if config.tls_cert else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def run(app: Any, listener: socket.socket, config: Config, on_ready: Hook, on_stop: Hook) -> None:
    """Serves until SIGTERM or SIGINT, then answers what was asked; blocks until it is over."""
    stop = asyncio.Event()

    def stopping() -> None:
        on_stop()
        stop.set()

    async def until_signal() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping)
        await serve(app, listener, config, on_ready, stop)

    # what is there stays, 60,000 objects: no collection need look through them, for 20 ms each time
    gc.freeze()
    uvloop.run(until_signal())


async def serve(
    app: Any,
    listener: socket.socket,
    config: Config,
    on_ready: Hook,
    stop: asyncio.Event,
    *,
    patient: bool = True,
) -> None:
    """Serves `app` on a socket of `bind` until `stop`; a patient one then answers what was asked.

    The application is an ASGI one without lifespan, and a context manager. Takes the socket over.
    `on_ready` is called once requests are answered; idle connections and TLS are as the
    configuration says. Raises ConfigError when another process came to listen on the port since
    it was bound.
    """
    host, port = listener.getsockname()[:2]
    with _taking(host, port):  # another process may have bound it too, and listen already
        listener.listen(BACKLOG)
    watched = _Watched(app)
    with tls.front(listener, config) as served:
        address = served.getsockname()
        granian = _Granian(watched, served, config)

        async def until_stopped() -> None:
            await _answers(address)
            on_ready()
            await stop.wait()
            if patient:
                granian.refuse()
                await watched.finish()

        async with app:
            serving = asyncio.create_task(granian.serve())
            stopping = asyncio.create_task(until_stopped())
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            granian.stop()  # type: ignore[no-untyped-call]
            await asyncio.wait({serving}, timeout=GRACE if patient else BRIEF_GRACE)
    for task in (serving, stopping):
        if not task.cancel():  # it is done, and may have failed
            await task


async def _answers(address: Any) -> None:
    """Waits for an answer, whatever it is: Granian, told to stop before it serves, never does.

    Without TLS: then the answer is that it was expected.
    """
    is_path = isinstance(address, str)
    connecting = (
        asyncio.open_unix_connection(address) if is_path else asyncio.open_connection(*address[:2])
    )
    reader, writer = await connecting
    writer.write(f"GET {PROBE} HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()
    await writer.wait_closed()


class _Watched:
    """The application, with an eye on what it is working on."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._closing, self._in_flight, self._last_seen = False, 0, monotonic()

    async def finish(self) -> None:
        """Answers every request that was sent on an old connection, for PATIENCE at most.

        A client whose connection closes under its request cannot know whether it was signed. So
        each answer now says `connection: close`, and only when no request came for a while may the
        server go, and close the connections that are idle.
        """
        self._closing, end = True, monotonic() + PATIENCE
        while monotonic() < end:
            quiet = 0.0 if self._in_flight else monotonic() - self._last_seen
            if quiet >= QUIET:
                return
            await asyncio.sleep(QUIET - quiet)
        log.warning("gave up on requests that were not done within %s seconds", PATIENCE)

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["path"] == PROBE:
            await answer(send, b"ready", TEXT)
            return
        self._in_flight += 1
        try:
            await self._app(scope, receive, partial(self._send, send))
        finally:
            self._in_flight -= 1
            self._last_seen = monotonic()

    async def _send(self, send: Send, event: Any) -> None:
        if self._closing and event["type"] == "http.response.start":
            event = event | {"headers": [*event["headers"], (b"connection", b"close")]}
        await send(event)


class _Granian(Server):
    """Granian on a listening socket of ours, which it owns and closes."""

    def __init__(self, app: Any, listener: socket.socket, config: Config) -> None:
        # its own logging would reconfigure the root logger of the process
        silence = {"incremental": True, "root": {}, "handlers": {}, "loggers": {}}
        super().__init__(
            app,
            backlog=BACKLOG,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=int(config.idle_timeout * 1000)),
            websockets=False,
            log_enabled=False,
            log_dictconfig=silence,
            **({} if tls.needs_front(config) else _tls(config)),
        )
        self._is_path = listener.family == socket.AF_UNIX
        self._descriptor = listener.detach()

    def refuse(self) -> None:
        """Has the kernel refuse new connections.

        The listening socket makes way for one that nobody can connect to, while Granian, which has
        no such switch, keeps a descriptor that stays silent.
        """
        with socket.socket() as silent:
            os.dup2(silent.fileno(), self._descriptor)

    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(self._descriptor, self._is_path, BACKLOG)  # type: ignore[call-arg, assignment]


def _tls(config: Config) -> dict[str, Any]:
    """Granian's arguments for certificates in PEM."""
    return {
        "ssl_cert": config.tls_cert,
        "ssl_key": config.tls_key,
        "ssl_protocol_min": SSLProtocols.tls12,
        "ssl_ca": config.tls_client_ca,
        "ssl_client_verify": config.tls_client_ca is not None,
    }
