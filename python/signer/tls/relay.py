"""One connection: OpenSSL takes TLS off what the client sends, and puts it on what Granian sends.

OpenSSL reads from memory and writes to memory, and the event loop moves the bytes.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from socket import socket
from typing import Any

from OpenSSL import SSL

from .handshakes import UNFINISHED, openssl_reason

CHUNK_SIZE = 1 << 16  # bytes that are taken from OpenSSL at a time


class Relay(asyncio.Protocol):
    """The client's side of a connection. A side that reads slowly stops what the other one sends.

    The steps of a handshake run on `handshakes`, because one takes as long as several signatures.
    """

    def __init__(self, context: Any, idle_timeout: float, handshakes: Executor) -> None:
        self._idle_timeout = idle_timeout
        self._handshakes = handshakes
        self._tls = SSL.Connection(context, None)
        self._tls.set_accept_state()
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()  # for the handshake: bytes came, or the end
        self._end = asyncio.Event()
        self._deadline: asyncio.TimerHandle | None = None
        self._has_begun = False
        self._client: Any = None  # transports
        self._server: Any = None

    async def run(self, client: socket, address: str, report: Callable[[str], None]) -> None:
        """Serves a connection until its end; reports why its handshake failed, if it did.

        Its plaintext goes to the Unix socket at this address.
        """
        with client, suppress(OSError):  # one of the sides has gone
            await self._loop.connect_accepted_socket(lambda: self, client)
            try:
                if await self._shake_hands(report):
                    await self._loop.create_unix_connection(lambda: _Server(self), address)
                await self._end.wait()
            finally:
                self._client.abort()

    async def _shake_hands(self, report: Callable[[str], None]) -> bool:
        """Whether the handshake succeeded. A client that sends nothing is not reported."""
        try:
            # One for the whole handshake: bytes that drip do not prolong it.
            async with asyncio.timeout(self._idle_timeout):
                await self._take_steps()
        except TimeoutError:
            problem = UNFINISHED.format(f"{self._idle_timeout:g}")
            self._client.abort()  # the other thread may still have OpenSSL
        except SSL.Error as error:
            problem = openssl_reason(self._tls, error)
            self._close()
        else:
            return True
        if self._has_begun:
            report(problem)
        return False

    async def _take_steps(self) -> None:
        """Returns at the end of the handshake. Raises SSL.Error when it fails."""
        while True:
            await self._news.wait()
            self._news.clear()
            if self._end.is_set():
                self._tls.bio_shutdown()  # the next step fails with the right words
            try:
                await self._loop.run_in_executor(self._handshakes, self._tls.do_handshake)
            except SSL.WantReadError:
                self._flush()
                self._client.resume_reading()
            else:
                self._flush()
                return

    def connection_made(self, transport: Any) -> None:
        self._client = transport

    def data_received(self, data: bytes) -> None:
        self._tls.bio_write(data)
        if self._server:
            self._forward()
        else:
            self._client.pause_reading()  # another thread has OpenSSL now
            self._has_begun = True
            self._news.set()

    def connection_lost(self, _: Exception | None) -> None:
        self._set_deadline(None)
        self._leave_server()
        self._end.set()
        self._news.set()

    def pause_writing(self) -> None:
        if self._server:
            self._set_deadline(self._idle_timeout)
            self._server.pause_reading()

    def resume_writing(self) -> None:
        if self._server:
            self._set_deadline(None)
            self._server.resume_reading()

    def begin(self, server: Any) -> None:
        """Forwards from now on, first what came with the end of the handshake."""
        if self._end.is_set():
            server.abort()
            return
        self._server = server
        self._client.resume_reading()
        self._forward()

    def send(self, response: bytes) -> None:
        """Sends a part of a response to the client."""
        self._tls.sendall(response)
        self._flush()

    def end(self) -> None:
        """Ends the connection, as the server has done."""
        if self._server:
            self._server = None
            self._close()

    def pause(self) -> None:
        """Stops reading from the client."""
        self._client.pause_reading()

    def resume(self) -> None:
        """Reads from the client again."""
        self._client.resume_reading()

    def _forward(self) -> None:
        try:
            while True:
                self._server.write(self._tls.recv(CHUNK_SIZE))
        except SSL.WantReadError:  # a part of a record is left, or nothing
            return
        except SSL.Error:  # the client has ended it, or it sent something else than TLS
            self._close()

    def _close(self) -> None:
        """Closes once the client has read what it was sent, or after the idle time-out."""
        if self._end.is_set():
            return
        self._leave_server()
        with suppress(SSL.Error):  # no handshake has ended, or what came is no TLS
            self._tls.shutdown()
        self._flush()
        self._client.close()
        self._set_deadline(self._idle_timeout)

    def _leave_server(self) -> None:
        if self._server:
            self._server.abort()
            self._server = None

    def _flush(self) -> None:
        """Sends what OpenSSL has written."""
        with suppress(SSL.WantReadError):
            while not self._end.is_set():
                self._client.write(self._tls.bio_read(CHUNK_SIZE))

    def _set_deadline(self, seconds: float | None) -> None:
        """Ends the connection after these seconds; never, for None."""
        if self._deadline:
            self._deadline.cancel()
        if seconds is not None:
            self._deadline = self._loop.call_later(seconds, self._client.abort)


class _Server(asyncio.Protocol):
    """The server's side of a connection."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def connection_made(self, transport: Any) -> None:
        self._relay.begin(transport)

    def data_received(self, data: bytes) -> None:
        self._relay.send(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._relay.end()

    def pause_writing(self) -> None:
        self._relay.pause()

    def resume_writing(self) -> None:
        self._relay.resume()
