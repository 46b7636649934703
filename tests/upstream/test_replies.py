"""Replies of servers that write HTTP otherwise than we do, over real sockets."""

import pytest

from signer import Signer
from support.asking import sign
from support.duties import RANDAO
from support.known_keys import INTEROP
from support.served import Answer
from support.upstreams import Scripted, response, scripted

KEY = INTEROP[0]
# whatever it is: the signer in front passes it on, and reports it
SIGNATURE = "0x" + "8b" * 96
JSON = b'{"signature":"%s"}' % SIGNATURE.encode()
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def ask(server: Scripted, times: int = 1) -> list[Answer]:
    """What clients get who ask one after the other."""
    with Signer(upstream=server.url, upstream_timeout=2) as front:
        return [sign(front, RANDAO | {"pubkey": KEY}) for _ in range(times)]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(response(JSON), id="JSON"),
        pytest.param(response(SIGNATURE.encode()), id="text"),
        pytest.param(response(SIGNATURE.upper().replace("X", "x").encode()), id="upper case"),
        pytest.param(response(SIGNATURE.removeprefix("0x").encode() + b"\n"), id="without 0x"),
        pytest.param(response(f'"{SIGNATURE}"'.encode()), id="a JSON string"),
        pytest.param(response(JSON.replace(b":", b" :\n ")), id="JSON with white space"),
        pytest.param(CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (len(JSON), JSON), id="a chunk"),
        pytest.param(
            CHUNKED
            + b"5;a=b\r\n%s\r\n%X\r\n%s\r\n0\r\nX: y\r\n\r\n" % (JSON[:5], len(JSON) - 5, JSON[5:]),
            id="chunks with extensions and a trailer",
        ),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + response(JSON), id="after a 100"),
        pytest.param(response(JSON, "200"), id="no words after the status"),
    ],
)
def test_a_signature_is_read(reply: bytes) -> None:
    with scripted(reply) as server:
        [answer] = ask(server)

    assert (200, SIGNATURE) == (answer.status, answer.body.decode())


def test_a_body_may_end_with_its_connection() -> None:
    with scripted(b"HTTP/1.1 200 OK\r\n\r\n" + JSON, closes_after_each=True) as server:
        [answer] = ask(server)

    assert (200, SIGNATURE) == (answer.status, answer.body.decode())


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "found b'SSH-2.0"),
        (b"HTTP/2 200\r\n\r\n", "found b'HTTP/2 200'"),
        (b"HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "found b'nonsense' among its headers"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "found a body of b'-1' bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", "of at most 65536"),
        (CHUNKED + b"zz\r\n", "found a body of b'zz' bytes"),
        (CHUNKED + b"fffffff\r\n", "of at most 65536"),
        (b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000, "found a line of more than 65536 bytes"),
        (response(b'{"signature": 5}'), "found '{"),
        (response(b"<html>"), "found '<html>'"),
        (response(b""), "found ''"),
    ],
)
def test_a_reply_of_another_kind_is_502(reply: bytes, found: str) -> None:
    with scripted(reply) as server:
        [answer] = ask(server)

    assert 502 == answer.status
    assert found in answer.json["message"]


def test_a_connection_that_ends_in_the_middle_is_502() -> None:
    reply = response(JSON)[:-9]
    with scripted(reply, reply, closes_after_each=True) as server:
        [answer] = ask(server)

    assert 502 == answer.status
    assert "closed the connection without an answer" in answer.json["message"]


def test_connections_are_used_again() -> None:
    with scripted(*[response(JSON)] * 5) as server:
        answers = ask(server, 5)

    assert [200] * 5 == [answer.status for answer in answers]
    assert 1 == server.connections


def test_a_connection_that_the_upstream_has_closed_is_made_anew() -> None:
    with scripted(*[response(JSON)] * 3, closes_after_each=True) as server:
        answers = ask(server, 3)

    assert [200] * 3 == [answer.status for answer in answers]


def test_the_request_names_its_host_once_and_asks_for_json() -> None:
    with scripted(response(JSON)) as server:
        ask(server)

    head = server.requests[0].partition(b"\r\n\r\n")[0].lower().split(b"\r\n")
    assert b"post /api/v1/eth2/sign/%s http/1.1" % KEY.encode() == head[0]
    assert 1 == head.count(b"accept: application/json")
    assert [b"host: " + server.url[7:].encode()] == [
        line for line in head if line.startswith(b"host")
    ]


@pytest.mark.parametrize("listed", [b"{}", b'["0x00"]', b"[1]", b"no", b'["zz"]'])
def test_a_list_of_something_else_is_502(listed: bytes) -> None:
    with scripted() as server:
        server.list_of_keys = response(listed)
        with Signer(upstream=server.url, upstream_timeout=2) as front:
            answer = sign(front, RANDAO)

    assert 502 == answer.status
    assert "expected a JSON list of public keys from the upstream" in answer.json["message"]
