"""The time of day jumps by a year while the signer serves: only times that it tells change.

fuzz/disk_faults.c shifts the clock for the process of the signer alone.
"""

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from support.data_dir import PUBKEYS, import_keys
from support.disk_faults import MISSING, FaultyDisk
from support.events import Reader
from support.known_keys import INTEROP
from support.randao import RANDAO
from support.served import Running, command, running

YEAR = 365 * 24 * 3600  # seconds
WAIT = 0.4  # seconds, that a request or a fault asks for
MOST = 15.0  # seconds, that it may take on a busy machine
IDLE = 2  # seconds
FLAGS: list[str | Path] = [
    "--port",
    "0",
    "--ready-json",
    "--no-metrics",
    "--interop",
    "1",
    "--control",
]
FLAGS += ["--idle-timeout", str(IDLE), "--log-level", "debug", "--log-format", "json"]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING)]


SIGN = f"/api/v1/eth2/sign/{INTEROP[0]}"


class Jumped(NamedTuple):
    """A signer whose clock jumped between its first two requests, and a reader of its events."""

    signer: Running
    clock: FaultyDisk
    seconds: int
    events: Reader


@pytest.fixture(scope="module", params=[-YEAR, YEAR], ids=["back", "forward"])
def jumped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jumped]:
    folder = tmp_path_factory.mktemp("clock")
    clock = FaultyDisk(folder, folder / "data")
    flags = [*FLAGS, "--data-dir", folder / "data"]
    with running(command(*flags), clock.environment) as signer, Reader(signer.url) as events:
        signer.sign(INTEROP[0], RANDAO)
        clock.set_clock(request.param)
        signer.sign(INTEROP[0], RANDAO)
        yield Jumped(signer, clock, request.param, events)


def records(signer: Running, **fields: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = signer.ask("GET", f"/_signer/requests?{urlencode(fields)}").json
    return found


def test_records_keep_their_order_and_tell_the_new_time(jumped: Jumped) -> None:
    first, second = records(jumped.signer, path=SIGN)[:2]

    assert first["seq"] < second["seq"]
    assert abs(second["time"] - first["time"] - jumped.seconds) < MOST


def test_durations_are_those_of_a_clock_that_does_not_jump(jumped: Jumped) -> None:
    durations = [record["duration"] for record in records(jumped.signer)]

    assert [True] * len(durations) == [0 <= duration < MOST for duration in durations]


def test_a_reader_of_events_sees_each_request_once_and_in_order(jumped: Jumped) -> None:
    newest = records(jumped.signer)[-1]["seq"]
    numbers = list[int]()

    while not numbers or numbers[-1] < newest:
        numbers += [record["seq"] for record in jumped.events.until("records").data]

    assert list(range(1, numbers[-1] + 1)) == numbers


def test_a_query_waits_as_long_as_it_asks_for(jumped: Jumped) -> None:
    started = time.monotonic()

    records(jumped.signer, path="/nowhere", wait=str(WAIT))

    assert WAIT <= time.monotonic() - started < MOST


@pytest.mark.parametrize("jumps", [False, True], ids=["after-a-jump", "in-a-jump"])
def test_a_delay_lasts_as_long_as_the_fault_says(jumped: Jumped, *, jumps: bool) -> None:
    fault = {"path": "/upcheck", "delay": WAIT, "times": 1}
    jumped.signer.ask("POST", "/_signer/faults", fault)
    started = time.monotonic()
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(jumped.signer.ask, "GET", "/upcheck")
        if jumps:
            jumped.clock.set_clock(0)

    jumped.clock.set_clock(jumped.seconds)
    assert 200 == asked.result().status
    assert WAIT <= time.monotonic() - started < MOST


def test_a_body_that_comes_while_the_clock_jumps_is_read(jumped: Jumped) -> None:
    body = json.dumps(RANDAO).encode()
    with begin_request(jumped.signer, body) as connection:
        jumped.clock.set_clock(0)
        jumped.clock.set_clock(jumped.seconds)
        connection.sendall(body[10:])
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_body_that_does_not_end_times_out(jumped: Jumped) -> None:
    with begin_request(jumped.signer, json.dumps(RANDAO).encode()) as connection:
        started = time.monotonic()
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")

    assert IDLE - 1 < time.monotonic() - started < MOST


def begin_request(signer: Running, body: bytes) -> socket.socket:
    """A connection on which the first ten bytes of a body have been sent."""
    address = urlsplit(signer.url)
    connection = socket.create_connection((str(address.hostname), address.port or 0), timeout=MOST)
    head = f"POST {SIGN} HTTP/1.1\r\nHost: signer\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body[:10])
    return connection


def test_keys_are_imported_signed_with_and_reloaded(jumped: Jumped) -> None:
    pubkey = PUBKEYS[5]

    statuses = [result["status"] for result in import_keys(jumped.signer, pubkey)]
    reload = jumped.signer.ask("POST", "/reload?wait=true").json

    assert (["imported"], "completed") == (statuses, reload["status"])
    assert 200 == jumped.signer.sign(pubkey, RANDAO).status
    assert_now(reload["lastOperationTime"], jumped.seconds)


def test_lines_of_the_log_tell_the_new_time(jumped: Jumped) -> None:
    lines = [json.loads(line) for line in jumped.signer.process.log().splitlines()]

    assert_now(lines[-1]["time"], jumped.seconds)


def assert_now(text: str, seconds: int) -> None:
    """Asserts that a time is that of the clock that has jumped."""
    difference = datetime.fromisoformat(text) - datetime.now(UTC)
    assert abs(difference.total_seconds() - seconds) < 60
