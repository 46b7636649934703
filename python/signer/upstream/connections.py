"""Connections to the upstream, which are kept and used again."""

import asyncio
import ssl
from collections.abc import Iterable
from time import monotonic
from typing import NamedTuple

from .endpoint import Endpoint
from .errors import UpstreamError, UpstreamTimeoutError
from .replies import MAX_LINE_SIZE, NoReplyError, Reply, read_reply

MAX_CONNECTIONS = 64  # at a time; further requests wait for one of them
IDLE_TIME = 15.0  # seconds; most servers close an idle connection later than this

Header = tuple[bytes, bytes]


class _Connection(NamedTuple):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    last_used: float = 0.0  # of the monotonic clock


class Connections:
    """Asks the upstream. Belongs to the event loop that `start` is called on."""

    def __init__(self, endpoint: Endpoint, timeout: float) -> None:
        self._endpoint = endpoint
        self._timeout = timeout
        self._idle: list[_Connection] = []
        self._in_use = 0
        self.start()

    def start(self) -> None:
        """Gets ready for the running event loop, or for the next one."""
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)

    @property
    def are_idle(self) -> bool:
        """Whether none is in use."""
        return self._in_use == 0

    def stop(self) -> None:
        """Closes the connections that are idle."""
        while self._idle:
            _abort(self._idle.pop())

    async def ask(
        self,
        method: str,
        path: str,
        max_size: int,
        headers: Iterable[Header] = (),
        body: bytes = b"",
    ) -> Reply:
        """The reply to one request, with a body of at most `max_size` bytes.

        Raises UpstreamTimeoutError after --upstream-timeout, UpstreamError for every other reason
        that leaves it out. Both are made to be shown to clients.
        """
        content = self._content(method, path, headers, body)
        url = self._endpoint.url
        try:
            async with asyncio.timeout(self._timeout), self._slots:
                return await self._ask(content, max_size)
        except TimeoutError:
            expected = f"expected an answer of the upstream {url} within {self._timeout} seconds"
            raise UpstreamTimeoutError(
                f"{expected}, found none: see its log, or raise --upstream-timeout"
            ) from None
        except NoReplyError as error:
            raise UpstreamError(
                f"expected HTTP/1.1 from the upstream {url}, found {error}: see --upstream"
            ) from None
        except (OSError, EOFError) as error:
            raise UpstreamError(
                f"cannot reach the upstream {url}: {_reason(error)}: start it, or see --upstream"
            ) from None

    def _content(self, method: str, path: str, headers: Iterable[Header], body: bytes) -> bytes:
        """A request as it is sent."""
        endpoint = self._endpoint
        lines = [
            f"{method} {endpoint.base_path}{path} HTTP/1.1".encode(),
            b"host: " + endpoint.netloc.encode(),
            b"accept: application/json",
        ]
        if endpoint.authorization:
            lines.append(b"authorization: " + endpoint.authorization)
        lines += [b"%s: %s" % header for header in headers]
        if method != "GET":
            lines.append(b"content-length: %d" % len(body))
        return b"\r\n".join([*lines, b"", body])

    async def _ask(self, content: bytes, max_size: int) -> Reply:
        kept = self._take_idle()
        if kept:
            try:
                return await self._ask_on(kept, content, max_size)
            except (ConnectionError, asyncio.IncompleteReadError):
                # The upstream may close an idle connection just when it is used again. To have a
                # message signed twice is harmless, so it is sent again.
                pass
        return await self._ask_on(await self._connect(), content, max_size)

    async def _ask_on(self, connection: _Connection, content: bytes, max_size: int) -> Reply:
        keeps_alive = False
        self._in_use += 1
        try:
            connection.writer.write(content)
            await connection.writer.drain()
            reply = await read_reply(connection.reader, max_size)
            keeps_alive = reply.keeps_alive
        finally:
            self._in_use -= 1
            if keeps_alive:
                self._idle.append(connection._replace(last_used=monotonic()))
            else:
                _abort(connection)
        return reply

    def _take_idle(self) -> _Connection | None:
        """The connection that was used last, unless it has been idle for long."""
        while self._idle:
            connection = self._idle.pop()
            is_fresh = monotonic() - connection.last_used < IDLE_TIME
            if is_fresh and not connection.reader.at_eof():
                return connection
            _abort(connection)
        return None

    async def _connect(self) -> _Connection:
        endpoint = self._endpoint
        streams = await asyncio.open_connection(
            endpoint.host,
            endpoint.port,
            ssl=endpoint.tls,
            limit=MAX_LINE_SIZE,
        )
        return _Connection(*streams)


def _abort(connection: _Connection) -> None:
    """Closes a connection at once; a TLS one without waiting for the other side's goodbye."""
    connection.writer.transport.abort()


def _reason(error: OSError | EOFError) -> str:
    """Why it failed, in words: what the system says, or the certificate's problem."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, EOFError):
        return "it closed the connection without an answer"
    return error.strerror or str(error) or type(error).__name__
