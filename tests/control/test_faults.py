"""Faults, one by one, as a client meets them over a real connection."""

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from signer import Fault, Signer, verify
from signer.errors import SignerError
from support.asking import ask, sign
from support.duties import ATTESTATION, KEYS, OTHER, RANDAO
from support.served import refused
from support.vectors import unhex

PUBKEY, ROOT = unhex(ATTESTATION["pubkey"]), unhex(ATTESTATION["signing_root"])
SIGNATURE: str = ATTESTATION["signature"]
WRONG = ["wrong_root", "wrong_key", "malformed", "infinity", "not_in_group"]
SIGN = f"/api/v1/eth2/sign/{ATTESTATION['pubkey']}"
TEXT, JSON = "text/plain; charset=utf-8", "application/json"
REASON = '{"code":%d,"message":"a fault of the test","error":"a fault of the test"}'


@pytest.fixture
def signer() -> Iterator[Signer]:
    with Signer(keys=KEYS) as signer:
        yield signer


@pytest.fixture
def client() -> Iterator[ThreadPoolExecutor]:
    """Asks in another thread, for requests that are not answered at once."""
    with ThreadPoolExecutor(2) as pool:
        yield pool


def statuses(signer: Signer, *cases: Any) -> list[int]:
    """What requests in a row are answered."""
    return [sign(signer, case).status for case in cases]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 404}, (404, JSON, REASON % 404)),
        ({"status": 412}, (412, JSON, REASON % 412)),
        ({"status": 202}, (202, TEXT, SIGNATURE)),
        ({"content_type": "text/html"}, (200, "text/html", SIGNATURE)),
        ({"body": ""}, (200, JSON, "")),
        ({"body": "{}", "status": 502, "content_type": "text/html"}, (502, "text/html", "{}")),
    ],
)
def test_status_content_type_and_body_are_what_they_are_set_to(
    signer: Signer, fault: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    signer.fault(Fault(**fault))

    answer = sign(signer, ATTESTATION)

    assert expected == (answer.status, answer.headers["content-type"], answer.body.decode())
    assert [expected[0]] == [record.status for record in signer.requests]


BAD_FAULTS: Any = [
    ({"content_type": "text/plain\r\nx-injected: 1"}, "content_type: expected printable ASCII"),
    ({"content_type": "text/\u00fc"}, "content_type: expected printable ASCII"),
    ({"content_type": "\x00"}, "content_type: expected printable ASCII"),
    ({"status": 204, "body": "x"}, "status: expected a status whose response has a body"),
    ({"status": 304, "drop": True}, "status: expected a status whose response has a body"),
]


@pytest.mark.parametrize("way", ["http", "thread", "argument", "flag", "yaml"])
@pytest.mark.parametrize(("fields", "expected"), BAD_FAULTS)
def test_what_cannot_be_sent_is_refused_when_it_is_set(
    tmp_path: Path, fields: dict[str, Any], expected: str, way: str
) -> None:
    if way == "http":
        with Signer() as signer:
            answer = ask(signer, "POST", "/_signer/faults", fields)
            told = answer.json["message"]
            assert 400 == answer.status
    elif way == "thread":
        with Signer() as signer, pytest.raises(SignerError) as error:
            signer.fault(**fields)
        told = str(error.value)
    elif way == "argument":
        with pytest.raises(SignerError) as error:
            Signer(fault=fields)
        told = str(error.value)
    elif way == "flag":
        told = refused("--no-metrics", "--fault", json.dumps(fields))
    else:
        path = tmp_path / "config.yaml"
        path.write_text(json.dumps({"fault": fields}))
        told = refused("--no-metrics", "--config", path)

    assert expected in told


def test_half_of_a_surrogate_pair_is_no_body(signer: Signer) -> None:
    with pytest.raises(SignerError, match="body: expected text"):
        signer.fault(body="\ud800")


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"type": "ATTESTATION"}, [500, 500, 200]),
        ({"pubkey": ATTESTATION["pubkey"][2:].upper()}, [500, 200, 200]),
        ({"times": 2}, [500, 500, 200]),
        ({"after": 1}, [200, 500, 500]),
        ({"after": 1, "type": "ATTESTATION"}, [200, 500, 200]),
    ],
)
def test_a_fault_strikes_the_requests_that_it_is_for(
    signer: Signer, when: dict[str, Any], expected: list[int]
) -> None:
    fault = signer.fault(status=500, **when)

    assert expected == statuses(signer, ATTESTATION, OTHER, RANDAO)
    assert expected.count(500) == fault.hits == signer.count(fault=fault.id)


def test_a_chance_strikes_the_same_requests_for_the_same_seed(signer: Signer) -> None:
    drawn = []
    for seed in (1, 1, 2):
        with signer.fault(status=500, chance=0.5, seed=seed):
            drawn.append(statuses(signer, *[ATTESTATION] * 20))

    assert drawn[0] == drawn[1]
    assert drawn[0] != drawn[2]
    assert {200, 500} == set(drawn[0])


@pytest.mark.parametrize("what", [{}, {"jitter": 0.01}, {"status": 500}, {"body": "{}"}])
def test_a_delay_holds_any_answer_back(signer: Signer, what: dict[str, Any]) -> None:
    signer.fault(delay=0.05, **what)

    started = perf_counter()
    answer = sign(signer, ATTESTATION)

    assert what.get("status", 200) == answer.status
    assert min(perf_counter() - started, signer.requests[0].duration) >= 0.05


def test_stop_does_not_wait_for_a_delay(client: ThreadPoolExecutor) -> None:
    with Signer(keys=KEYS) as signer:
        fault = signer.fault(delay=20)
        held = client.submit(sign, signer, ATTESTATION)
        while not fault.hits:
            ask(signer, "GET", "/upcheck")

        started = perf_counter()
        signer.stop()

        assert perf_counter() - started < 1
        wait([held])


def test_a_hanging_request_is_recorded_while_its_client_gives_up(signer: Signer) -> None:
    signer.fault(hang=True)

    with pytest.raises(TimeoutError):
        sign(signer, ATTESTATION, timeout=0.1)

    assert [(None, PUBKEY)] == [(r.status, unhex(r.pubkey or "")) for r in signer.requests]
    assert "hangs" in signer.requests[0].line()


@pytest.mark.parametrize("end", ["remove", "reset"])
def test_a_hanging_request_is_answered_once_its_fault_is_gone(
    signer: Signer, client: ThreadPoolExecutor, end: str
) -> None:
    fault = signer.fault(hang=True, times=1)
    held = client.submit(sign, signer, ATTESTATION)
    signer.wait_for(1)
    assert 200 == sign(signer, OTHER).status  # others do not hang with it

    {"remove": fault.remove, "reset": signer.reset}[end]()

    assert SIGNATURE == held.result(10).body.decode()


@pytest.mark.parametrize("where", [{"process": False}, {"process": True}])
def test_stop_answers_a_hanging_request_at_once(
    client: ThreadPoolExecutor, where: dict[str, Any]
) -> None:
    with Signer(keys=KEYS, **where) as signer:
        signer.fault(hang=True)
        held = client.submit(sign, signer, ATTESTATION)
        signer.wait_for(1)

        started = perf_counter()
        signer.stop()

        assert perf_counter() - started < 1
        assert SIGNATURE == held.result(10).body.decode()


def test_a_drop_closes_the_connection_in_the_middle_of_the_body(signer: Signer) -> None:
    signer.fault(drop=True)

    with pytest.raises(http.client.IncompleteRead):
        sign(signer, ATTESTATION)

    signer.assert_signed(0)


def test_an_idle_connection_is_closed_under_a_client_that_keeps_it() -> None:
    with (
        Signer(idle_timeout=0.2) as signer,
        closing(http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=10)) as connection,
    ):
        connection.request("GET", "/upcheck")
        assert b"OK" == connection.getresponse().read()

        assert b"" == connection.sock.recv(1)


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_signature_has_96_bytes_and_does_not_verify(signer: Signer, kind: Any) -> None:
    signer.fault(signature=kind)

    signature = sign(signer, ATTESTATION).body.decode()

    assert (194, signer.requests[0].signature) == (len(signature), signature)
    assert not verify(PUBKEY, ROOT, unhex(signature))


def test_a_signature_of_the_wrong_root_is_the_keys_over_another_root(signer: Signer) -> None:
    signer.fault(signature="wrong_root")

    signature = unhex(sign(signer, ATTESTATION).body.decode())

    assert verify(PUBKEY, bytes(byte ^ 0xFF for byte in ROOT), signature)


def test_a_short_signature_lacks_its_last_byte(signer: Signer) -> None:
    signer.fault(signature="short")

    answer = sign(signer, ATTESTATION, Accept="application/json")

    assert {"signature": SIGNATURE[:-2]} == answer.json


def test_a_signature_is_wrong_where_the_path_ends_with_a_slash(signer: Signer) -> None:
    signer.fault(signature="short")

    answer = ask(signer, "POST", f"{SIGN}/", ATTESTATION["request"])

    assert (200, SIGNATURE[:-2]) == (answer.status, answer.body.decode())


@pytest.mark.parametrize(
    ("path", "what", "expected"),
    [
        ("/healthcheck", {"status": 404}, (404, REASON % 404)),
        ("/api/v1/eth2/publicKeys", {"body": "[]"}, (200, "[]")),
        ("/eth/v1/*", {"status": 500, "body": "no"}, (500, "no")),
    ],
)
def test_a_fault_with_a_path_strikes_other_requests(
    signer: Signer, path: str, what: dict[str, Any], expected: tuple[int, str]
) -> None:
    signer.fault(path=path, **what)

    answer = ask(signer, "GET", path.replace("*", "keystores"))

    assert expected == (answer.status, answer.body.decode())
    assert 200 == sign(signer, ATTESTATION).status


@pytest.mark.parametrize("path", ["/upcheck", "/healthcheck", "/api/v1/eth2/publicKeys"])
def test_a_fault_without_a_path_leaves_other_requests_alone(signer: Signer, path: str) -> None:
    fault = signer.fault(status=500)

    assert (200, 0) == (ask(signer, "GET", path).status, fault.hits)


def test_the_last_fault_wins_until_its_times_are_over(signer: Signer) -> None:
    signer.fault(status=500, times=2)
    signer.fault(status=412, times=1)

    assert [412, 500, 500, 200] == statuses(signer, *[ATTESTATION] * 4)
    assert [(1, 500, 2), (2, 412, 1)] == [(f["id"], f["status"], f["hits"]) for f in signer.faults]


def test_a_with_block_ends_a_fault_and_its_hits_are_still_told(signer: Signer) -> None:
    with signer.fault(status=500) as fault:
        answered = statuses(signer, ATTESTATION)

    assert [500, 200] == answered + statuses(signer, ATTESTATION)
    assert (1, []) == (fault.hits, signer.faults)


@pytest.mark.parametrize("how", ["remove", "reset"])
def test_a_with_block_may_find_its_fault_gone(signer: Signer, how: str) -> None:
    with signer.fault(status=500) as fault:
        {"remove": fault.remove, "reset": signer.reset}[how]()

    assert [] == signer.faults


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ({"status": 500, "bogus": 1}, "unknown field `bogus`"),
        ({"status": 42}, "status"),
        ({"status": 500, "chance": 2}, "chance"),
        ({"status": 500, "times": 0}, "times"),
        ({"signature": "nice"}, "signature.* 'nice'"),
        ({"hang": True, "drop": True}, "one of hang, drop, signature, and an answer"),
        ({"signature": "short", "status": 500}, "one of hang, drop, signature, and an answer"),
        ({"type": "ATTESTATION"}, "does something"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(
    signer: Signer, what: dict[str, Any], told: str
) -> None:
    with pytest.raises(SignerError, match=told):
        signer.fault(**what)


@pytest.mark.slow
def test_faults_strike_a_signer_of_its_own_process() -> None:
    with Signer(keys=KEYS, process=True) as signer:
        fault = signer.fault(status=412, times=1)

        assert [412, 200] == statuses(signer, ATTESTATION, ATTESTATION)
        assert (1, 1) == (fault.hits, signer.count(status=412))


@pytest.mark.slow
def test_a_fault_given_as_a_flag_strikes_a_process_too() -> None:
    with Signer(keys=KEYS, process=True, fault=('{"status": 412}',)) as signer:
        assert [412] == statuses(signer, ATTESTATION)
