"""The only file that touches Granian: sockets, signals, readiness, a graceful stop.

Granian calls its embedded server experimental. What we rely on is all here and in its tests.
"""

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.common import AbstractServer
from granian.server.embed import Server

from .config.settings import Config
from .descriptors import ConnectionLimit, raise_limit
from .draining import READY_PATH, WatchedApplication
from .errors import UnavailableError
from .files import translating_errors
from .tls.context import needs_front
from .tls.front import descriptors_each, serving_front
from .tls.granian import GranianHandshakes, noting_handshakes

log = logging.getLogger(__name__)

Hook = Callable[[], None]

SWITCH_INTERVAL = 0.0001  # seconds, less than a step of the event loop; Python's own is 0.005
BACKLOG = 4096  # connections that wait to be accepted; a slot's burst opens thousands at once
FULL_COLLECTION_THRESHOLD = 100_000  # collections of the middle generation; Python's own is 10
CLOSE_TIMEOUT = 1.0  # seconds; Granian closes idle connections within this time
ABRUPT_CLOSE_TIMEOUT = 0.1  # seconds; the same for a stop that may lose requests


def bind(host: str, port: int) -> socket.socket:
    """A bound socket that does not listen yet: connecting is refused until it does.

    We bind it, not Granian. Granian sets SO_REUSEPORT, so that a second signer would share the
    port. It also hides the port that it chose for port 0. Raises UnavailableError when the port is
    taken, or when this machine has no such host.
    """
    with _taking(host, port), ExitStack() as unless_bound:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = addresses[0]
        listener = unless_bound.enter_context(socket.socket(family, kind, protocol))
        # A port is free although its last connections are still in TIME_WAIT.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Connections inherit it: the end of a streamed response would wait 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind(address)
        listener.settimeout(0)  # what Granian expects
        unless_bound.pop_all()
        return listener


def _taking(host: str, port: int) -> AbstractContextManager[None]:
    """A block whose OSError is an UnavailableError: the address cannot be had."""
    hint = "; choose another --port (0 for a free one) or --host, or stop the process that has it"
    return translating_errors(f"listen on {host}, port {port}", UnavailableError, hint)


def url_of(listener: socket.socket, config: Config) -> str:
    """The URL of a bound socket, with its true port."""
    host, port = listener.getsockname()[:2]
    scheme = "https" if config.tls_cert else "http"
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}:{port}"


def run(app: Any, listener: socket.socket, config: Config, on_ready: Hook, on_stop: Hook) -> None:
    """Serves until SIGTERM or SIGINT, then answers the open requests. Blocks until it is over."""
    stop = asyncio.Event()

    def begin_to_stop() -> None:
        on_stop()
        stop.set()

    async def serve_until_signal() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, begin_to_stop)
        await serve(app, listener, config, on_ready, stop)

    raise_limit()
    # A thread asks for the GIL only after it has waited for this long without a break. While the
    # event loop releases and takes it again at each step, Granian's threads would wait for seconds.
    sys.setswitchinterval(SWITCH_INTERVAL)
    # The 60,000 objects of the start live for ever. Freezing them saves 20 ms per collection.
    gc.freeze()
    # A full collection while a request of 50,000 keystores is worked on takes half a second. What
    # is made here has no cycles that outlive the younger generations.
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, FULL_COLLECTION_THRESHOLD)
    uvloop.run(serve_until_signal())


async def serve(
    app: Any,
    listener: socket.socket,
    config: Config,
    on_ready: Hook,
    stop: asyncio.Event,
    *,
    drain: bool = True,
) -> None:
    """Serves `app` on a socket of `bind` until `stop`; draining, it then answers open requests.

    The application is an ASGI one without lifespan, and an async context manager. Its `refusals`
    get the failed handshakes. Takes the socket over. Calls `on_ready` once requests are answered.
    Idle timeout and TLS are the configuration's. Raises UnavailableError when another
    process took the port after `bind`.
    """
    host, port = listener.getsockname()[:2]
    with _taking(host, port):  # another process may have bound it too, and listen already
        listener.listen(BACKLOG)
    watched = WatchedApplication(app, port)
    with (
        noting_handshakes(app.refusals) as handshakes,
        serving_front(listener, config, app.refusals) as front,
    ):
        served = front.inner if front else listener
        address = served.getsockname()
        granian = _Granian(watched, served, config)

        async def serve_until_stopped() -> None:
            await _wait_for_response(address, handshakes)
            on_ready()
            await stop.wait()
            if drain:
                (front or granian).refuse_connections()
                await watched.drain()

        async with _ending() as tasks, app:
            serving = asyncio.create_task(granian.serve())
            stopping = asyncio.create_task(serve_until_stopped())
            tasks |= {serving, stopping, asyncio.create_task(granian.limit.watch())}
            try:
                await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:  # also when it is cancelled
                granian.stop()  # type: ignore[no-untyped-call]
                timeout = CLOSE_TIMEOUT if drain else ABRUPT_CLOSE_TIMEOUT
                await asyncio.wait({serving}, timeout=timeout)


@asynccontextmanager
async def _ending() -> AsyncIterator[set[asyncio.Task[None]]]:
    """Tasks to add to. On the way out cancels them, and raises the error of one that failed."""
    tasks = set[asyncio.Task[None]]()
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _wait_for_response(address: Any, handshakes: GranianHandshakes) -> None:
    """Waits for any response. A Granian that is told to stop before it serves never stops.

    Asks without TLS; the response is then that TLS was expected, and no failure to report.
    """
    if isinstance(address, str):
        connecting = asyncio.open_unix_connection(address)
    else:
        connecting = asyncio.open_connection(*address[:2])
    reader, writer = await connecting
    if not isinstance(address, str):
        handshakes.expect(writer.get_extra_info("sockname")[1])
    writer.write(f"GET {READY_PATH} HTTP/1.1\r\nHost: me\r\nConnection: close\r\n\r\n".encode())
    await reader.read()
    writer.close()
    await writer.wait_closed()


class _WithoutReload(AbstractServer[Any]):
    """Keeps Granian from asking for the working folder, which may have been removed."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(reload_paths=[Path(os.devnull)], **arguments)


class _Granian(Server, _WithoutReload):
    """Granian on a listening socket of ours, which it owns and closes."""

    def __init__(self, app: Any, listener: socket.socket, config: Config) -> None:
        # Granian's own logging would reconfigure the root logger of the process.
        no_logging = {"incremental": True, "root": {}, "handlers": {}, "loggers": {}}
        self.limit = ConnectionLimit(listener.fileno(), descriptors_each(config))
        super().__init__(
            app,
            backlog=BACKLOG,
            backpressure=self.limit.connections,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=int(config.idle_timeout * 1000)),
            websockets=False,
            log_enabled=False,
            log_dictconfig=no_logging,
            **_tls_arguments(config),
        )
        self._is_path = listener.family == socket.AF_UNIX
        self._descriptor = listener.detach()

    def refuse_connections(self) -> None:
        """Has the kernel refuse new connections to Granian.

        Granian has no such switch. So another socket, which nobody can connect to, replaces the
        listening one under its descriptor.
        """
        with socket.socket() as silent:
            os.dup2(silent.fileno(), self._descriptor)

    def _init_shared_socket(self) -> None:
        self._shd = SocketHolder(self._descriptor, self._is_path, BACKLOG)  # type: ignore[call-arg, assignment]


def _tls_arguments(config: Config) -> dict[str, Any]:
    """Granian's arguments for certificates in PEM; none where `tls/front.py` terminates TLS."""
    if not config.tls_cert or needs_front(config):
        return {}
    return {
        "ssl_cert": config.tls_cert,
        "ssl_key": config.tls_key,
        "ssl_protocol_min": SSLProtocols.tls12,
        "ssl_ca": config.tls_client_ca,
        "ssl_client_verify": config.tls_client_ca is not None,
    }
