"""Connections: how many there may be, and which of them are closed."""

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

import pytest

from signer import Signer
from signer.server import bind
from signer.testing.process import SignerProcess
from support.asking import sign
from support.duties import ATTESTATION, KEYS
from support.served import Running, Served, command, serving

IDLE = b"GET /upcheck HTTP/1.1\r\nHost: signer\r\n\r\n"
HALF_A_HEAD = b"POST /api/v1/eth2/sign HTTP/1.1\r\nHost:"
SIGN = "/api/v1/eth2/sign/0x00"
DEADLINE = 10.0  # seconds


def connect(signer: Served | Signer, text: bytes) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", urlsplit(signer.url).port or 0), DEADLINE)
    connection.sendall(text)
    return connection


def everything_from(connection: socket.socket) -> bytes:
    """What comes until the signer closes the connection."""
    content = b""
    while part := connection.recv(4096):
        content += part
    return content


@contextmanager
def connected(signer: Served | Signer, text: bytes, count: int) -> Iterator[list[socket.socket]]:
    """So many connections, on each of which a text was sent."""
    with ExitStack() as stack:
        yield [stack.enter_context(connect(signer, text)) for _ in range(count)]


@contextmanager
def many_descriptors() -> Iterator[None]:
    """As many descriptors for this process as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("text", [b"", HALF_A_HEAD, IDLE])
def test_a_connection_on_which_nothing_comes_is_closed(text: bytes) -> None:
    with Signer(idle_timeout=0.2) as signer, connect(signer, text) as connection:
        assert (text == IDLE) == everything_from(connection).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("path", [SIGN, "/api/v1/eth2/sign", "/eth/v1/keystores", "/_signer/keys"])
@pytest.mark.parametrize("framing", ["Content-Length: 10", "Transfer-Encoding: chunked"])
def test_half_a_body_is_408_and_its_connection_closed(path: str, framing: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: signer\r\n{framing}\r\n\r\n"
    half = b"3\r\n{  \r\n" if "chunked" in framing else b"{"
    with Signer(idle_timeout=0.2) as signer, connect(signer, head.encode() + half) as connection:
        response = everything_from(connection)

    assert response.startswith(b"HTTP/1.1 408 ")
    assert b"found no more of it for 0.2 s" in response


@pytest.mark.slow
@pytest.mark.parametrize("text", [IDLE, HALF_A_HEAD])
def test_two_thousand_open_connections_keep_no_request_waiting(text: bytes) -> None:
    with many_descriptors(), serving("--interop", "1") as signer, connected(signer, text, 2_000):
        assert 200 == signer.ask("GET", "/upcheck").status


@pytest.mark.slow
def test_connections_above_the_limit_of_open_files_wait_and_the_log_says_so_once() -> None:
    limited = ["sh", "-c", 'ulimit -n 128; exec "$@"', "sh"]
    with SignerProcess([*limited, *command("--port", "0", "--ready-json")]) as process:
        signer = Running(process.url, process.ready, process)
        with connected(signer, IDLE, 128):
            deadline = time.monotonic() + DEADLINE
            while "connections that the limit of open files allows" not in process.log():
                assert time.monotonic() < deadline
        assert 200 == signer.ask("GET", "/upcheck").status
    assert 1 == process.log().count("further ones wait")


def sign_request() -> bytes:
    """A sign request of HTTP, as it is sent."""
    body = json.dumps(ATTESTATION["request"])
    head = f"POST /api/v1/eth2/sign/{ATTESTATION['pubkey']} HTTP/1.1\r\nHost: signer\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.slow
def test_a_burst_of_1500_requests_on_as_many_connections_is_signed() -> None:
    with (
        many_descriptors(),
        Signer(keys=KEYS, process=True) as signer,
        connected(signer, sign_request(), 1_500) as connections,
    ):
        answers = {connection.recv(15) for connection in connections}

    assert {b"HTTP/1.1 200 OK"} == answers


@pytest.mark.slow
def test_control_is_answered_while_two_thousand_requests_hang() -> None:
    with many_descriptors(), Signer(keys=KEYS, process=True) as signer:
        fault = signer.fault(hang=True, times=2_000)
        with connected(signer, sign_request(), 2_000) as connections:
            assert 2_000 == len(signer.wait_for(2_000, DEADLINE))
            assert 200 == sign(signer, ATTESTATION).status

            fault.remove()

            assert all(part.recv(15) == b"HTTP/1.1 200 OK" for part in connections)


def test_small_parts_of_a_response_leave_at_once() -> None:
    with closing(bind("127.0.0.1", 0)) as listener:
        listener.listen()
        with (
            socket.create_connection(listener.getsockname()),
            closing(listener.accept()[0]) as accepted,
        ):
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
