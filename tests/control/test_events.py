"""GET /_signer/events: what a reader is told, from where it goes on, and when it ends."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest

from signer import Signer
from signer.control import journal
from support.duties import ATTESTATION, KEYS, RANDAO
from support.events import Event, Reader
from support.served import Served, serving, serving_application, serving_here
from support.traffic import attestation

FLAGS = "--interop", "2", "--control"


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving_here(*FLAGS) as served:
        yield served


@pytest.fixture
def control(served: Served) -> Served:
    """A signer that remembers nothing."""
    served.ask("POST", "/_signer/reset", {})
    return served


def paths(event: Event) -> list[str]:
    return [record["path"] for record in event.data]


def test_a_new_reader_is_told_of_the_signer_its_faults_and_its_keys(control: Served) -> None:
    with Reader(control.url) as reader:
        first, faults, keys = [reader.next() for _ in range(3)]

    assert ("signer", "mainnet") == (first.name, first.data["network"])
    assert 1606824023 == first.data["clock"]["genesis_time"]
    assert ("faults", []) == (faults.name, faults.data)
    assert ("keys", {"count": 2}) == (keys.name, keys.data)


def test_a_new_reader_is_told_of_requests_from_now_on(control: Served) -> None:
    control.ask("GET", "/before")
    with Reader(control.url) as reader:
        reader.until("keys")
        control.ask("GET", "/after")

        assert ["/after"] == paths(reader.until("records"))


def test_a_reader_goes_on_after_the_last_event_that_it_had(control: Served) -> None:
    with Reader(control.url) as reader:
        reader.until("keys")
        control.ask("GET", "/first")
        last = reader.until("records")
    control.ask("GET", "/second")

    with Reader(control.url, last.id) as reader:
        assert ["/second"] == paths(reader.until("records"))


@pytest.mark.parametrize("last_event_id", ["0", "another-1-2-3-4-5", "x", "9" * 5000])
def test_a_reader_with_an_id_of_another_run_begins_with_all_records(
    control: Served, last_event_id: str
) -> None:
    control.ask("GET", "/upcheck")

    with Reader(control.url, last_event_id) as reader:
        assert ["/upcheck"] == paths(reader.until("records"))


def test_the_events_of_a_moment_come_in_few_of_them(control: Served) -> None:
    with Reader(control.url) as reader:
        reader.until("keys")
        for _ in range(20):
            control.ask("GET", "/upcheck")
        numbers: list[int] = []
        events = 0
        while len(numbers) < 20:
            numbers += [record["seq"] for record in reader.until("records").data]
            events += 1

    assert sorted(numbers) == numbers
    assert events < 20


def test_a_request_that_hung_is_told_again_when_it_is_answered(control: Served) -> None:
    fault = control.ask("POST", "/_signer/faults", {"path": "/slow", "hang": True}).json
    with Reader(control.url) as reader, socket.create_connection(address(control)) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: signer\r\n\r\n")
        [hanging] = reader.until("records").data
        control.ask("DELETE", f"/_signer/faults/{fault['id']}")
        [answered] = reader.until("records").data

    assert (None, 404) == (hanging.get("status"), answered["status"])
    assert hanging["seq"] == answered["seq"]


def address(served: Served) -> tuple[str, int]:
    parts = urlsplit(served.url)
    return parts.hostname or "", parts.port or 0


def test_a_slashable_pair_and_changes_of_faults_and_keys_are_told(control: Served) -> None:
    [key, _] = control.ask("GET", "/_signer/keys").json
    with Reader(control.url) as reader:
        reader.until("keys")
        control.sign(key, attestation(32))
        control.sign(key, attestation(33, block=2))
        [pair] = reader.until("slashable").data
        control.ask("POST", "/_signer/faults", {"status": 500})
        [fault] = reader.until("faults").data
        control.ask("POST", "/_signer/keys", {"keys": ["0x" + KEYS[0].hex()]})
        count = reader.until("keys").data["count"]

    assert ("double_vote", key) == (pair["rule"], pair["pubkey"])
    assert 500 == fault["status"]
    assert 3 == count


def test_forgetting_all_records_is_told(control: Served) -> None:
    control.ask("GET", "/upcheck")
    with Reader(control.url) as reader:
        reader.until("keys")
        control.ask("DELETE", "/_signer/requests")

        assert {} == reader.until("cleared").data


def test_records_come_without_their_bodies_and_one_record_has_it(control: Served) -> None:
    control.sign("0x00", RANDAO["request"])
    with Reader(control.url, "0") as reader:
        [record] = reader.until("records").data

    whole = control.ask("GET", f"/_signer/requests/{record['seq']}").json
    assert (True, None) == (record["body_dropped"], record.get("body"))
    assert RANDAO["request"] == whole["body"]


@pytest.mark.parametrize("number", ["0", "999999", "1/x"])
def test_a_record_that_is_not_there_is_404(control: Served, number: str) -> None:
    assert 404 == control.ask("GET", f"/_signer/requests/{number}").status


def test_a_reader_that_comes_too_late_learns_how_many_records_it_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(journal, "MAX_RECORDS", 5)
    monkeypatch.setattr("signer.control.feed.MAX_RECORDS", 5)
    with serving_here(*FLAGS) as signer:
        for _ in range(8):
            signer.ask("GET", "/upcheck")

        with Reader(signer.url, "0") as reader:
            lost = reader.until("lost")
            records = reader.until("records")

    assert {"count": 3} == lost.data
    assert 5 == len(records.data)


def test_readers_of_one_position_share_their_text() -> None:
    with serving_application(*FLAGS) as (signer, app):
        signer.ask("GET", "/upcheck")
        feed = app.operations.feed
        beginning = feed.position_of("0")

        assert feed.after(beginning).text is feed.after(beginning).text


def test_a_stopping_signer_ends_its_streams_and_waits_for_no_stalled_reader() -> None:
    with serving(*FLAGS) as signer, Reader(signer.url, "0") as stalled:
        body: Any = json.dumps(ATTESTATION["request"]).encode()
        for _ in range(300):
            signer.sign("0x" + "0" * 60_000, body)  # in all more than sockets hold
        with Reader(signer.url) as reader:
            reader.until("keys")
            started = monotonic()
            signer.process.terminate()

            assert reader.rest()
            signer.process.wait()
        assert monotonic() - started < 3
        assert 200 == stalled.status


def test_a_stalled_reader_slows_no_request_down() -> None:
    with serving(*FLAGS) as signer, Reader(signer.url, "0"):
        for _ in range(300):
            signer.sign("0x" + "0" * 60_000, b"{}")
        started = monotonic()
        for _ in range(50):
            signer.ask("GET", "/upcheck")

        assert monotonic() - started < 1


def test_a_signer_in_a_thread_ends_its_streams_and_starts_again() -> None:
    with Signer(interop=1) as signer:
        with Reader(signer.url) as reader:
            reader.until("keys")
            signer.stop()
            assert reader.rest()
        signer.start()

        with Reader(signer.url) as reader:
            assert "signer" == reader.next().name


def test_thousands_of_requests_that_hung_are_all_told_when_they_are_answered() -> None:
    count = 1200  # more than one event holds
    with serving_here(*FLAGS) as signer, Reader(signer.url) as reader:
        signer.ask("POST", "/_signer/faults", {"hang": True})
        identifiers = [f"0x{number:096x}" for number in range(count)]
        batch = {"identifiers": identifiers, "signing_request": RANDAO["request"]}
        with ThreadPoolExecutor(1) as client:
            client.submit(signer.ask, "POST", "/api/v1/eth2/sign", batch)
            statuses = dict.fromkeys(range(1, count + 1), 0)
            is_released = False
            while not all(statuses.values()):
                for record in reader.until("records").data:
                    if record["seq"] in statuses:
                        statuses[record["seq"]] = record.get("status", 0)
                if not is_released:
                    is_released = True
                    signer.ask("DELETE", "/_signer/faults")

    assert {404} == set(statuses.values())
