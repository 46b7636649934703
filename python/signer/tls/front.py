"""TLS that Granian cannot do: PKCS#12, keys with a password, clients known by a fingerprint.

A thread per connection terminates TLS with OpenSSL and forwards plaintext to Granian over a Unix
socket. This is slower, so Granian serves certificates in PEM itself.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from select import POLLIN, POLLOUT, poll
from socket import AF_UNIX, MSG_PEEK, SHUT_RDWR, socket
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, TypeVar

from ..api.refusals import Refusals
from ..config.settings import Config
from .context import needs_front, openssl_context
from .handshakes import UNFINISHED, openssl_reason

log = logging.getLogger(__name__)

T = TypeVar("T")

CHUNK_SIZE = 1 << 16  # bytes that are forwarded at a time
ACCEPT_RETRY_DELAY = 0.1  # seconds; wait after a failed accept, such as without descriptors


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
    context = openssl_context(config)
    with TemporaryDirectory() as folder, socket(AF_UNIX) as inner, listener:
        address = f"{folder}/signer"
        inner.bind(address)
        inner.listen()
        listener.settimeout(None)
        relay = _Relay(context, address, config.idle_timeout, refusals)
        front = Front(listener, inner, relay)
        try:
            yield front
        finally:
            front.refuse_connections()


class Front:
    """Accepts connections, each of which gets a thread. Their plaintext comes to `inner`."""

    def __init__(self, listener: socket, inner: socket, relay: "_Relay") -> None:
        self.inner = inner
        self._listener = listener
        self._relay = relay
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tls", daemon=True)
        self._thread.start()

    def refuse_connections(self) -> None:
        """Ends the accepting thread: connecting is refused then. Open connections continue."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._listener.shutdown(SHUT_RDWR)  # wakes `accept`
        self._thread.join()
        self._listener.close()

    def _run(self) -> None:
        has_warned = False
        while not self._stopping.is_set():
            try:
                client, address = self._listener.accept()
                arguments = (client, f"{address[0]}:{address[1]}")
                threading.Thread(target=self._relay.run, args=arguments, daemon=True).start()
            except (OSError, RuntimeError) as error:  # no descriptor, no thread, or the end
                if not self._stopping.is_set() and not has_warned:
                    log.warning("cannot accept a connection now, will try again: %s", error)
                    has_warned = True
                self._stopping.wait(ACCEPT_RETRY_DELAY)


class _Relay:
    """Forwards what clients and the server send. Each connection has a thread."""

    def __init__(
        self,
        context: Any,
        address: str,
        idle_timeout: float,
        refusals: Refusals,
    ) -> None:
        self._context = context
        self._address = address
        self._idle_timeout = idle_timeout
        self._refusals = refusals

    def run(self, client: socket, peer: str) -> None:
        """Serves a connection until the client or the server ends it, or its time is over."""
        from OpenSSL import SSL  # noqa: PLC0415 - of the extra

        with closing(client), suppress(SSL.Error, OSError), socket(AF_UNIX) as server:
            client.settimeout(0)
            connection = self._shake_hands(client, peer)
            if connection:
                server.connect(self._address)
                self._forward(connection, client, server)

    def _shake_hands(self, client: socket, peer: str) -> Any:
        """The connection; None when the client sends nothing, or its handshake is refused."""
        from OpenSSL import SSL  # noqa: PLC0415 - of the extra

        # One for the whole handshake: bytes that drip do not prolong it.
        deadline = monotonic() + self._idle_timeout
        if not _wait(client, POLLIN, deadline) or not client.recv(1, MSG_PEEK):
            return None
        connection = SSL.Connection(self._context, client)
        connection.set_accept_state()
        try:
            _when_ready(connection.do_handshake, client, deadline)
        except TimeoutError:
            self._refusals.note_handshake(peer, UNFINISHED.format(f"{self._idle_timeout:g}"))
        except (SSL.Error, OSError) as error:
            self._refusals.note_handshake(peer, openssl_reason(connection, error))
        else:
            return connection
        return None

    def _forward(self, connection: Any, client: socket, server: socket) -> None:
        """Raises SSL.Error, OSError or TimeoutError when the client has ended."""
        from OpenSSL import SSL  # noqa: PLC0415 - of the extra

        readable = poll()
        readable.register(client, POLLIN)
        readable.register(server, POLLIN)
        while True:
            timeout = 0 if connection.pending() else None
            ready = {descriptor for descriptor, _ in readable.poll(timeout)}
            if connection.pending() or client.fileno() in ready:
                with suppress(SSL.WantReadError):  # a part of a TLS record
                    server.sendall(connection.recv(CHUNK_SIZE))
            if server.fileno() in ready:
                response = server.recv(CHUNK_SIZE)
                if not response:
                    _when_ready(connection.shutdown, client, monotonic() + self._idle_timeout)
                    return
                self._send(connection, client, response)

    def _send(self, connection: Any, client: socket, response: bytes) -> None:
        """Sends a part of a response. Raises TimeoutError when the client reads nothing."""
        rest = memoryview(response)
        while rest:
            deadline = monotonic() + self._idle_timeout
            part = rest
            sent = _when_ready(lambda: connection.send(part), client, deadline)  # noqa: B023
            rest = rest[sent:]


def _when_ready(step: Callable[[], T], client: socket, deadline: float) -> T:
    """The result of a step of OpenSSL, once the client sends or reads what the step needs.

    Raises TimeoutError at the deadline, and what the step raises.
    """
    from OpenSSL import SSL  # noqa: PLC0415 - of the extra

    while True:
        try:
            return step()
        except SSL.WantReadError:
            event = POLLIN
        except SSL.WantWriteError:
            event = POLLOUT
        if not _wait(client, event, deadline):
            raise TimeoutError


def _wait(client: socket, event: int, deadline: float) -> bool:
    """Whether an event comes on a socket until the deadline."""
    waiting = poll()
    waiting.register(client, event)
    remaining = deadline - monotonic()
    return remaining > 0 and bool(waiting.poll(remaining * 1000))
