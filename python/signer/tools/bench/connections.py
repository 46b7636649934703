"""Kept-alive connections of the generator: asyncio protocols, one request at a time on each."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any

from .access import CONNECT_TIMEOUT, Access
from .reasons import reason_of
from .responses import Response, read_response
from .result import Result

OK = 200
PAUSE = 0.05  # seconds before the next connection, after one that answered nothing
PATIENCE = 10.0  # seconds to wait for the last answers


class Connection(asyncio.Protocol):
    """One connection; it calls `on_free` whenever it can send another request."""

    def __init__(self, result: Result, on_free: Callable[["Connection"], None]) -> None:
        self._result = result
        self._on_free = on_free
        self._buffer = b""
        self._due: float | None = None  # of the request under way
        self._number = 0  # of the request under way
        self.has_answered = False
        self.is_done = False  # we closed it
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def send(self, request: bytes, due: float) -> None:
        """Sends a request whose latency counts from `due`."""
        self._due = due
        self._number = self._result.sent
        self._result.sent += 1
        self._transport.write(request)

    def close(self) -> None:
        """Closes it for good; `closed` is done afterwards."""
        self.is_done = True
        self._transport.close()

    def abort(self) -> None:
        """Closes it for good, whatever is under way."""
        self.is_done = True
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        response = self._read()
        if response is None or self._due is None:
            return
        self._note(response)
        if response.is_last:
            self._transport.close()
        else:
            self._on_free(self)

    def _read(self, *, has_ended: bool = False) -> Response | None:
        try:
            return read_response(self._buffer, has_ended=has_ended)
        except ValueError as error:
            self._result.note_problem(str(error))
            self._transport.abort()
            return None

    def _note(self, response: Response) -> None:
        """Counts an answer."""
        if response.status == OK and self._due is not None:
            self._result.latencies.append(time.perf_counter() - self._due)
            if self._result.answers is not None:
                self._result.answers[self._number] = response.body
        else:
            self._result.errors += 1
            self._result.note_problem(response.shown())
        self.has_answered = True
        self._buffer = b""
        self._due = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._due is not None:
            response = self._read(has_ended=True)
            if response:  # one of no stated length
                self._note(response)
        if self._due is not None:  # a request that nobody answered
            self._result.lost += 1
            reason = "the connection was closed without an answer"
            if exc:
                reason = reason_of(exc)
            if self.is_done:  # we gave up
                reason = f"no answer within {PATIENCE:.0f} seconds"
            self._result.note_problem(reason)
        if not self.closed.done():
            self.closed.set_result(None)


class Pool:
    """Connections; each is opened again when the other side closes it."""

    def __init__(
        self,
        access: Access,
        result: Result,
        on_free: Callable[[Connection], None],
    ) -> None:
        self._access = access
        self._result = result
        self._on_free = on_free
        self._opened: set[Connection] = set()
        self._keepers: list[asyncio.Task[None]] = []

    async def open(self, count: int) -> list[Connection]:
        """Opens connections, one after the other. Raises OSError."""
        try:
            opened = [await self._connect() for _ in range(count)]
        except OSError:
            for connection in self._opened:
                connection.abort()
            raise
        self._keepers = [asyncio.create_task(self._keep(connection)) for connection in opened]
        return opened

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - it ends what is left
        """Waits until all are closed for good; after `timeout` seconds closes what is left."""
        await asyncio.wait(self._keepers, timeout=timeout)
        for connection in [*self._opened]:
            connection.abort()
        await asyncio.gather(*self._keepers)

    async def _connect(self) -> Connection:
        access = self._access
        opening = asyncio.get_running_loop().create_connection(
            lambda: Connection(self._result, self._on_free),
            access.host,
            access.port,
            ssl=access.tls,
        )
        _, connection = await asyncio.wait_for(opening, CONNECT_TIMEOUT)
        self._opened.add(connection)
        return connection

    async def _keep(self, connection: Connection) -> None:
        """Opens a connection again each time that the other side has closed it."""
        while True:
            await connection.closed
            self._opened.discard(connection)
            if connection.is_done:
                return
            if not connection.has_answered:
                await asyncio.sleep(PAUSE)
            try:
                connection = await self._connect()
            except OSError as error:
                self._result.note_problem(f"cannot connect again: {reason_of(error)}")
                return
            self._on_free(connection)


def requests(access: Access, pubkeys: list[str], bodies: Iterator[bytes]) -> Iterator[bytes]:
    """HTTP sign requests with these bodies, to each key in turn."""
    paths = cycle([f"/api/v1/eth2/sign/{pubkey}" for pubkey in pubkeys])
    return requests_to(access, paths, bodies)


def requests_to(access: Access, paths: Iterator[str], bodies: Iterator[bytes]) -> Iterator[bytes]:
    """HTTP requests: POST of each body to its path."""
    headers = {**access.headers(), "Content-Type": "application/json"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    end = f" HTTP/1.1\r\n{lines}Content-Length: ".encode()
    start = f"POST {access.prefix}".encode()
    for path, body in zip(paths, bodies, strict=False):
        yield b"%s%s%s%d\r\n\r\n%s" % (start, path.encode(), end, len(body), body)
