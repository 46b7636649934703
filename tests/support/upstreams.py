"""A server of another kind behind a signer: it answers as a test says."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from support.known_keys import INTEROP


def response(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """A response with a Content-Length."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def public_keys(*pubkeys: str) -> bytes:
    """The response to GET publicKeys."""
    names = ",".join(f'"{pubkey}"' for pubkey in pubkeys or INTEROP[:1])
    return response(f"[{names}]".encode())


@dataclass
class Scripted:
    """Sends the list of keys, and `replies` in turn to sign requests."""

    replies: list[bytes]
    url: str = ""
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    closes_after_each: bool = False
    keeps_requests: bool = True
    list_of_keys: bytes = field(default_factory=public_keys)

    def reply(self, request: bytes) -> bytes:
        if request.startswith(b"GET"):
            return self.list_of_keys
        if self.keeps_requests:
            self.requests.append(request)
        return self.replies.pop(0)


@contextmanager
def scripted(*replies: bytes, closes_after_each: bool = False) -> Iterator[Scripted]:
    """Serves until the end of the block, a thread for each connection."""
    open_sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Scripted([*replies], f"http://127.0.0.1:{listener.getsockname()[1]}")
        server.closes_after_each = closes_after_each

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    server.connections += 1
                    open_sockets.append(connection)
                    threads.append(threading.Thread(target=_serve, args=(server, connection)))
                    threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            _close([listener, *open_sockets])
            accepting.join()
            _close(open_sockets)
            for thread in threads:
                thread.join()


def _close(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def _serve(server: Scripted, connection: socket.socket) -> None:
    with suppress(OSError), connection:
        while request := _read_request(connection):
            reply = server.reply(request)
            connection.sendall(reply)
            if server.closes_after_each:
                return


def _read_request(connection: socket.socket) -> bytes:
    content = b""
    while b"\r\n\r\n" not in content:
        part = connection.recv(65536)
        if not part:
            return b""
        content += part
    head, _, body = content.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
