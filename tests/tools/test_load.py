"""The generator of load: it reads any server's responses, and leaves no stall out."""

import asyncio
import http.client
import io
from typing import Any

import pytest

from signer import Signer
from signer.tools.bench.access import access_to
from signer.tools.bench.connections import requests
from signer.tools.bench.loads import Load, Order, next_epoch
from signer.tools.bench.loops import closed_loop, open_loop, precise_loop
from signer.tools.bench.messages import new_roots
from signer.tools.bench.responses import read_response
from signer.tools.bench.result import Result
from signer.tools.bench.target import HttpTarget
from support.served import free_port

RESPONSES = {
    "with a length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n0xabc",
    "without a body": b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
    "in chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\n0xa\r\n2;name=value\r\nbc\r\n0\r\n\r\n",
    "with a trailer": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"A\r\n0123456789\r\n0\r\nExpires: never\r\n\r\n",
    "with a line break in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\n\r\n\r\n\r\n0\r\n\r\n",
    "the last one": b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\n{}",
}


class Stored:
    """A socket that a response came from."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def read_by_python(content: bytes) -> tuple[int, bytes, bool]:
    """What Python's own client reads: the status, the body, and whether it is the last one."""
    stored: Any = Stored(content)
    response = http.client.HTTPResponse(stored)
    response.begin()
    return response.status, response.read(), response.will_close


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_read_as_pythons_own_client_reads_it(name: str) -> None:
    content = RESPONSES[name]

    assert read_by_python(content) == read_response(content)


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_is_whole_with_its_last_byte_only(name: str) -> None:
    content = RESPONSES[name]

    assert {None} == {read_response(content[:size]) for size in range(len(content))}


def test_a_response_without_a_length_ends_with_its_connection() -> None:
    content = b"HTTP/1.0 200 OK\r\n\r\n0xabc"

    assert None is read_response(content)
    assert read_by_python(content) == read_response(content, has_ended=True)


def test_other_bytes_are_no_response() -> None:
    with pytest.raises(ValueError, match="expected an HTTP response, found"):
        read_response(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")


def test_what_is_shown_of_a_response_is_short_and_printable() -> None:
    body = b"\x1b[31mno\r\n\xff" + b"x" * 5000
    response = read_response(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    assert response
    shown = response.shown()
    assert shown.startswith("400 [31mno")
    assert len(shown) < 150
    assert shown.isprintable()


def loaded(signer: Signer, *, rate: float = 0.0) -> Result:
    """What comes back of one connection in a quarter of a second."""
    access = access_to(signer.url)
    sent = requests(access, signer.pubkeys, new_roots())
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        if rate:
            return runner.run(open_loop(access, sent, 1, 0.25, rate=rate))
        return runner.run(closed_loop(access, sent, 1, 0.25, keeps_answers=True))


def test_a_stall_delays_every_request_that_is_due_meanwhile() -> None:
    with Signer(interop=1) as signer:
        signer.fault(delay=0.2, times=1)

        result = loaded(signer, rate=200.0)

    assert (50, 0, 0) == (result.count, result.errors, result.lost)
    assert 20 <= len([latency for latency in result.latencies if latency >= 0.1])


def test_a_closed_loop_has_each_answer_by_the_number_of_its_request() -> None:
    with Signer(interop=2) as signer:
        result = loaded(signer)
        signatures = [record.signature for record in signer.requests]

    assert (0, 0, "") == (result.errors, result.lost, result.problem)
    assert [*range(result.count)] == [*(result.answers or {})]
    answers = [body.decode() for body in (result.answers or {}).values()]
    assert [f'{{"signature":"{signature}"}}' for signature in signatures] == answers


def test_a_connection_that_the_signer_closes_is_opened_again() -> None:
    with Signer(interop=1) as signer:
        signer.fault(drop=True, times=3)

        result = loaded(signer)

    assert 3 == result.lost
    assert 0 < result.count
    assert "the connection was closed without an answer" == result.problem


@pytest.mark.parametrize("is_open", [False, True])
def test_a_target_without_a_listener_is_told_without_numbers_of_errors(*, is_open: bool) -> None:
    target = HttpTarget(access_to(f"http://127.0.0.1:{free_port()}"), "nobody")
    load = Load("new roots", 1, is_open=is_open)

    result = target.measure(Order(load, [f"0x{'ab' * 48}"], next_epoch(), 0.05, rate=100.0))

    assert (0, "cannot connect: Connection refused") == (result.count, result.problem)
