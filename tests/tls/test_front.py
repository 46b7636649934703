"""OpenSSL in front of the server: many clients, slow ones, and those that never finish."""

import hashlib
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import pytest

from signer.metrics.connections import open_connections
from signer.testing.certificates import Certificates, issue
from support.logs import once
from support.served import Running, Served, command, running, serving, serving_here
from support.vectors import vectors

CASE = vectors("signing/signing.json")["cases"][0]
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"  # the first bytes of one
LIST_KEYS = b"GET /api/v1/eth2/publicKeys HTTP/1.1\r\nHost: me\r\n\r\n"
UPCHECK = b"GET /upcheck HTTP/1.1\r\nHost: me\r\n\r\n"
T = TypeVar("T")

MORE_THAN_THE_LIMIT = 60  # connections; 128 descriptors are enough for some 25
HELD = 1_000  # connections
MANY_KEYS = 1_000  # whose list has 100 kB
PIPELINED = 100  # lists, more than the buffers of the kernel and of both sides take


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return issue(tmp_path_factory.mktemp("certificates"), "127.0.0.1")


@pytest.fixture(scope="module")
def flags(files: Certificates) -> list[str | Path]:
    """Known clients, which only OpenSSL can tell by a fingerprint."""
    [certificate] = files.client.read_text().split("-----BEGIN CERTIFICATE-----")[1:]
    der = ssl.PEM_cert_to_DER_cert(f"-----BEGIN CERTIFICATE-----{certificate}".strip())
    known = files.client.parent / "known"
    known.write_text(f"vc {hashlib.sha256(der).hexdigest()}")
    named: list[str | Path] = [
        "--tls-cert",
        files.server,
        "--tls-key",
        files.server,
        "--tls-known-clients",
        known,
    ]
    return [*named, "--no-metrics"]


@pytest.fixture(scope="module")
def context(files: Certificates) -> ssl.SSLContext:
    return files.ssl_context()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as connections:
        yield connections


def plain(signer: Served, stack: ExitStack) -> socket.socket:
    """A connection that has not begun its handshake."""
    address = urlsplit(signer.url)
    opened = socket.create_connection((address.hostname, address.port), 20)
    return stack.enter_context(opened)


def secure(signer: Served, stack: ExitStack, context: ssl.SSLContext) -> ssl.SSLSocket:
    wrapped = context.wrap_socket(plain(signer, stack), server_hostname="127.0.0.1")
    return stack.enter_context(wrapped)


def until_done(step: Callable[[], T], connection: socket.socket, incoming: ssl.MemoryBIO) -> T:
    """The result of a step of TLS in memory, which may need bytes of the connection."""
    while True:
        with suppress(ssl.SSLWantReadError):
            return step()
        incoming.write(connection.recv(1 << 16))


def upcheck(connection: ssl.SSLSocket) -> bytes:
    connection.sendall(UPCHECK)
    return connection.recv(4096)[:15]


def status_of_signature(connection: ssl.SSLSocket, pubkey: str) -> bytes:
    body = json.dumps(CASE["request"]).encode()
    head = f"POST /api/v1/eth2/sign/{pubkey} HTTP/1.1\r\nHost: me\r\nContent-Length: {len(body)}"
    connection.sendall(f"{head}\r\n\r\n".encode() + body)
    return connection.recv(4096).split(b"\r\n")[0]


def pubkey_of(connection: ssl.SSLSocket) -> str:
    connection.sendall(LIST_KEYS)
    answer = connection.recv(4096)
    return str(json.loads(answer.partition(b"\r\n\r\n")[2])[0])


def threads(signer: Running) -> int:
    return len([*Path(f"/proc/{signer.process.pid}/task").iterdir()])


@pytest.mark.slow
def test_a_thousand_connections_are_held_without_threads(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack
) -> None:
    with serving("--interop", "1", *flags) as signer:
        held = [secure(signer, stack, context) for _ in range(HELD)]
        for connection in held:
            connection.sendall(UPCHECK)
        answers = [connection.recv(4096)[:15] for connection in held]
        pubkey = pubkey_of(held[0])

        assert b"HTTP/1.1 200 OK" == status_of_signature(held[-1], pubkey)
        assert [b"HTTP/1.1 200 OK"] * HELD == answers
        assert threads(signer) < HELD / 10


@pytest.mark.slow
def test_connections_above_the_limit_of_open_files_wait_and_the_log_says_so(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack
) -> None:
    def ask(_: int) -> tuple[ssl.SSLSocket, bytes]:
        connection = secure(signer, stack, context)
        return connection, upcheck(connection)

    limited = ["sh", "-c", 'ulimit -n 128; exec "$@"', "sh"]
    with (
        running([*limited, *command("--port", "0", "--ready-json", *flags)]) as signer,
        ThreadPoolExecutor(MORE_THAN_THE_LIMIT) as pool,
    ):
        asking = [pool.submit(ask, number) for number in range(MORE_THAN_THE_LIMIT)]
        once(lambda: "connections that the limit of open files allows" in signer.process.log())
        answers = []
        for asked in as_completed(asking):
            connection, answer = asked.result()
            answers.append(answer)
            connection.close()  # one of those that wait has its turn

    assert [b"HTTP/1.1 200 OK"] * MORE_THAN_THE_LIMIT == answers


@pytest.mark.parametrize("text", [b"", CLIENT_HELLO])
def test_clients_that_do_not_finish_their_handshakes_stop_nobody(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack, text: bytes
) -> None:
    with serving_here("--interop", "1", *flags) as signer:
        for _ in range(100):
            plain(signer, stack).sendall(text)
        connection = secure(signer, stack, context)

        assert b"HTTP/1.1 200 OK" == status_of_signature(connection, pubkey_of(connection))


def test_a_client_that_reads_later_gets_all_and_stops_nobody(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack
) -> None:
    with serving_here("--interop", str(MANY_KEYS), *flags) as signer:
        connection = secure(signer, stack, context)
        other = secure(signer, stack, context)
        last = LIST_KEYS.replace(b"Host: me", b"Host: me\r\nConnection: close")
        connection.sendall(LIST_KEYS * (PIPELINED - 1) + last)
        answers = {upcheck(other) for _ in range(100)}  # meanwhile the lists fill all buffers
        received = b"".join(iter(lambda: connection.recv(1 << 14), b""))

    assert {b"HTTP/1.1 200 OK"} == answers
    assert PIPELINED == received.count(b"HTTP/1.1 200 OK")
    assert PIPELINED * MANY_KEYS == received.count(b'"0x')


def test_a_client_that_reads_nothing_is_given_up_after_the_idle_timeout(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack
) -> None:
    given = ["--interop", str(MANY_KEYS), "--idle-timeout", "0.3", *flags]

    with serving_here(*given) as signer:
        port = urlsplit(signer.url).port or 0
        connection = secure(signer, stack, context)
        connection.sendall(LIST_KEYS * PIPELINED)

        assert once(lambda: open_connections(port) == {(): 0})


def test_a_client_that_ends_tls_is_let_go(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack
) -> None:
    with serving_here(*flags) as signer:
        connection = secure(signer, stack, context)
        upcheck(connection)

        rest = connection.unwrap()

        assert b"" == rest.recv(100)


def test_a_connection_is_closed_when_the_signer_ends(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack
) -> None:
    with serving_here(*flags) as signer:
        connection = secure(signer, stack, context)
        upcheck(connection)

    assert b"" == connection.recv(100)


def test_a_request_that_comes_with_the_end_of_the_handshake_is_answered(
    flags: list[str | Path], context: ssl.SSLContext, stack: ExitStack
) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")

    with serving_here(*flags) as signer:
        connection = plain(signer, stack)
        with suppress(ssl.SSLWantReadError):
            client.do_handshake()
        connection.sendall(outgoing.read())
        until_done(client.do_handshake, connection, incoming)
        client.write(UPCHECK)
        connection.sendall(outgoing.read())

        answer = until_done(lambda: client.read(4096), connection, incoming)

    assert answer.startswith(b"HTTP/1.1 200 OK")
