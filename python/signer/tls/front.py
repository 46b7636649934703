"""TLS that Granian cannot do: PKCS#12, keys with a password, clients known by a fingerprint.

The event loop accepts connections, and forwards their plaintext to Granian over a Unix socket. This
costs more than Granian's own TLS, so Granian serves certificates in PEM itself.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from socket import AF_UNIX, SOMAXCONN, socket
from tempfile import TemporaryDirectory
from typing import Any

from ..api.refusals import Refusals
from ..config.settings import Config
from ..descriptors import ConnectionLimit
from .context import needs_front, openssl_context

log = logging.getLogger(__name__)

ACCEPT_RETRY_DELAY = 0.1  # seconds; wait after a failed accept, such as without descriptors

Serve = Callable[[socket, str], Coroutine[Any, Any, None]]  # a connection of a peer


@contextmanager
def serving_front(
    listener: socket,
    config: Config,
    refusals: Refusals,
) -> Iterator["Front | None"]:
    """A front that takes the listener over, and closes it on the way out; None without need."""
    if not needs_front(config):
        yield None
        return
    from .relay import Relay  # noqa: PLC0415 - of the extra

    context = openssl_context(config)
    handshakes = ThreadPoolExecutor(1, "tls")
    with TemporaryDirectory() as folder, socket(AF_UNIX) as inner, listener:
        address = f"{folder}/signer"
        inner.bind(address)
        inner.listen(SOMAXCONN)

        def serve(client: socket, peer: str) -> Coroutine[Any, Any, None]:
            relay = Relay(context, config.idle_timeout, handshakes)
            return relay.run(client, address, partial(refusals.note_handshake, peer))

        limit = ConnectionLimit(inner.fileno(), descriptors_each(config)).connections
        front = Front(listener, inner, serve, limit)
        try:
            yield front
        finally:
            front.close()
            handshakes.shutdown(cancel_futures=True)


def descriptors_each(config: Config) -> int:
    """How many descriptors a connection takes with these flags."""
    if needs_front(config):
        return 3  # the client's socket, and the two ends to Granian
    return 1


class Front:
    """Accepts connections, up to a limit. Their plaintext comes to `inner`."""

    def __init__(self, listener: socket, inner: socket, serve: Serve, limit: int) -> None:
        self.inner = inner
        self._listener = listener
        self._serve = serve
        self._limit = limit
        self._has_warned = False
        self._connections = set[asyncio.Task[None]]()
        self._loop = asyncio.get_running_loop()
        self._retry = self._loop.call_soon(self._resume)

    def refuse_connections(self) -> None:
        """Closes the listening socket: connecting is refused then. Open connections continue."""
        self._retry.cancel()
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    def close(self) -> None:
        """Ends everything."""
        self.refuse_connections()
        for connection in self._connections:
            connection.cancel()

    def _resume(self) -> None:
        self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        """Accepts one connection: the event loop does something else before the next one."""
        try:
            client, address = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # the client has gone
            return
        except OSError as error:  # no descriptor
            if not self._has_warned:
                log.warning("cannot accept a connection now, will try again: %s", error)
                self._has_warned = True
            self._loop.remove_reader(self._listener)
            self._retry = self._loop.call_later(ACCEPT_RETRY_DELAY, self._resume)
            return
        client.settimeout(0)
        connection = self._loop.create_task(self._serve(client, f"{address[0]}:{address[1]}"))
        self._connections.add(connection)
        connection.add_done_callback(self._forget)
        if len(self._connections) == self._limit:  # further ones wait in the kernel
            self._loop.remove_reader(self._listener)

    def _forget(self, connection: asyncio.Task[None]) -> None:
        if len(self._connections) == self._limit and self._listener.fileno() >= 0:
            self._resume()
        self._connections.discard(connection)
