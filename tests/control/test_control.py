"""/_signer, for tests in every language: over HTTP, on the command line, and from Node."""

import http.client
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import pytest

from signer import Signer
from support.asking import sign
from support.duties import ATTESTATION, KEYS, RANDAO, SLOT
from support.known_keys import INTEROP
from support.served import Answer, Served, command, refused, serving, serving_here

FLAGS = "--interop", "1", "--no-metrics"
KEY = INTEROP[0]
HARNESS = Path(__file__).parent / "harness.mjs"
ROUTES = ["requests", "faults", "faults/1", "keys", "reset"]


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving(*FLAGS, "--control") as served:
        yield served


@pytest.fixture
def control(served: Served) -> Served:
    """A signer with one key, that remembers nothing."""
    assert 200 == served.ask("POST", "/_signer/reset", {}).status
    return served


def signed(control: Served, *vectors: Any) -> list[Answer]:
    return [control.sign(KEY, vector["request"]) for vector in vectors]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_without_control_there_are_no_control_routes(
    signer: Served, method: str, route: str
) -> None:
    assert 404 == signer.ask(method, f"/_signer/{route}", {}).status


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["ATTESTATION", None, "RANDAO_REVEAL"]),
        ("type=ATTESTATION", ["ATTESTATION"]),
        (f"pubkey={KEY[2:].upper()}", ["ATTESTATION", "RANDAO_REVEAL"]),
        ("path=/up*&status=200", [None]),
        (f"slot={SLOT}&n=5&wait=0.05", ["ATTESTATION"]),
    ],
)
def test_requests_are_told_as_they_match(
    control: Served, query: str, expected: list[str | None]
) -> None:
    signed(control, ATTESTATION)
    control.ask("GET", "/upcheck")
    signed(control, RANDAO)

    records = control.ask("GET", f"/_signer/requests?{query}").json

    assert expected == [record.get("type") for record in records]


def test_requests_are_told_since_a_number(control: Served) -> None:
    signed(control, ATTESTATION, RANDAO)
    first, second = control.ask("GET", "/_signer/requests").json

    later = control.ask("GET", f"/_signer/requests?since={first['seq']}").json

    assert [second] == later


def test_a_long_poll_returns_when_the_request_comes(control: Served) -> None:
    with ThreadPoolExecutor(1) as client:
        path = "/_signer/requests?wait=20&n=2&type=ATTESTATION"
        started, polled = perf_counter(), client.submit(control.ask, "GET", path)
        signed(control, ATTESTATION, RANDAO, ATTESTATION)

        assert 2 == len(polled.result(30).json)
    assert perf_counter() - started < 10


def test_many_long_polls_hold_no_other_operation_up(control: Served) -> None:
    many, took = (os.cpu_count() or 1) + 5, []
    with ThreadPoolExecutor(many) as clients:
        path = "/_signer/requests?wait=0.7"
        polls = [clients.submit(control.ask, "GET", path) for _ in range(many)]
        while not all(poll.done() for poll in polls):
            started = perf_counter()
            control.ask("GET", "/_signer/keys")
            took.append(perf_counter() - started)

    assert max(took) < 0.3


def test_requests_are_forgotten(control: Served) -> None:
    signed(control, ATTESTATION)

    assert 200 == control.ask("DELETE", "/_signer/requests").status
    assert [] == control.ask("GET", "/_signer/requests").json


def test_a_fault_is_set_told_and_removed(control: Served) -> None:
    fault = control.ask("POST", "/_signer/faults", {"type": "ATTESTATION", "status": 412}).json
    statuses = [answer.status for answer in signed(control, ATTESTATION, RANDAO)]
    one = control.ask("GET", f"/_signer/faults/{fault['id']}").json
    every = control.ask("GET", "/_signer/faults").json
    removed = control.ask("DELETE", f"/_signer/faults/{fault['id']}").status

    assert [412, 200] == statuses
    assert {"id": fault["id"], "hits": 1, "type": "ATTESTATION", "status": 412} == one
    assert ([one], 200) == (every, removed)
    assert [] == control.ask("GET", "/_signer/faults").json


def test_keys_are_added_told_and_removed(control: Served) -> None:
    secret = ATTESTATION["secret_key"]
    expected = [INTEROP[1], ATTESTATION["pubkey"]]

    added = control.ask("POST", "/_signer/keys", {"interop": 2, "keys": [secret]}).json
    told = control.ask("GET", "/_signer/keys").json
    removed = control.ask("DELETE", "/_signer/keys", {"pubkeys": expected}).status

    assert [KEY, *expected] == added
    assert ({KEY, *expected}, 200) == (set(told), removed)
    assert [KEY] == control.ask("GET", "/_signer/keys").json


def test_a_reset_keeps_keys_only(control: Served) -> None:
    control.ask("POST", "/_signer/faults", {"status": 500})
    control.ask("POST", "/_signer/faults", {"status": 503})
    signed(control, ATTESTATION)

    control.ask("POST", "/_signer/reset", {})

    names = "requests", "faults", "keys"
    assert [[], [], [KEY]] == [control.ask("GET", f"/_signer/{name}").json for name in names]


@pytest.mark.parametrize(
    ("operation", "body", "status", "told"),
    [
        ("GET nothing", None, 404, "requests"),
        ("PUT faults", {}, 404, "faults"),
        ("POST reset/1", {}, 404, "found POST"),
        ("DELETE faults/99999", None, 404, "found 99999"),
        ("POST faults", b"{", 400, "JSON"),
        ("POST faults", [], 400, "expected"),
        ("POST faults", {"bogus": 1}, 400, "bogus"),
        ("POST keys", {"bogus": 1}, 400, "bogus"),
        ("POST keys", {"keys": ["0x12"]}, 400, "keys"),
        ("DELETE keys", {}, 400, "pubkeys"),
        ("DELETE keys", {"pubkeys": [KEY], "bogus": 1}, 400, "bogus"),
        ("DELETE keys", {"pubkeys": [INTEROP[9]]}, 404, "expected"),
        ("GET requests?bogus=1", None, 400, "bogus"),
        ("GET requests?n=many", None, 400, "n"),
        ("GET requests?slot=first", None, 400, 'slot: expected `int | null`, found "first"'),
        ("GET request", None, 404, "did you mean GET requests?"),
        ("GET requests?wait=inf", None, 400, 'wait: expected `float` <= 86400.0, found "inf"'),
        ("GET requests?n=10001", None, 400, "n: expected `int` <= 10000, found "),
        ("GET requests?typ=ATTESTATION", None, 400, "unknown field `typ`; did you mean type?"),
        ("GET requests?type=ATESTATION", None, 400, "did you mean ATTESTATION?"),
        ("GET requests?method=GTE", None, 400, "did you mean GET?"),
        ("DELETE requests?type=ATTESTATION", None, 400, "unknown field `type`"),
        ("DELETE faults", {"type": "ATTESTATION"}, 400, "unknown field `type`"),
        ("POST reset", {"keys": True}, 400, "unknown field `keys`"),
        ("GET keys?interop=1", None, 400, "unknown field `interop`"),
        ("POST faults?type=ATTESTATION", {"status": 500}, 400, "query or in the body, found both"),
        ("POST faults", {"staus": 500}, 400, "unknown field `staus`; did you mean status?"),
        ("POST faults", {"status": 42}, 400, "status: expected `int` >= 200, found 42"),
        ("POST faults", {"signature": "wrong_rot"}, 400, "did you mean wrong_root?"),
        ("POST keys", {}, 400, "found no key"),
        ("POST keys", {"interop": -1}, 400, "interop: expected `int` >= 0, found -1"),
        ("POST keys", {"interop": 10**9}, 400, "interop: expected `int` <= 100000"),
        ("POST keys", {"mnemonic": "devnet"}, 400, "mnemonic and count together"),
        ("POST keys", {"mnemonic": "a b", "count": 1}, 400, "words, found 2"),
        ("DELETE keys", {"pubkeys": []}, 400, "pubkeys: expected `array` of length >= 1"),
    ],
)
def test_what_is_not_understood_is_refused(
    control: Served, operation: str, body: Any, status: int, told: str
) -> None:
    method, route = operation.split()

    answer = control.ask(method, f"/_signer/{route}", body)

    assert (status, "application/json") == (answer.status, answer.headers["content-type"])
    assert told in answer.json["message"]


@pytest.fixture
def refusing() -> Iterator[Signer]:
    """It signed a request, and refused the next."""
    with Signer(keys=KEYS) as refusing:
        refusing.fault(status=412, type="RANDAO_REVEAL")
        assert [200, 412] == [sign(refusing, vector).status for vector in (ATTESTATION, RANDAO)]
        yield refusing


def test_wait_for_shows_at_its_timeout_what_came(refusing: Signer) -> None:
    with pytest.raises(AssertionError) as caught:
        refusing.wait_for(2, timeout=0.05, type="ATTESTATION")

    lines = str(caught.value).splitlines()
    assert re.fullmatch(r"expected 2 requests .*type\W+ATTESTATION\W+found 1", lines[0])
    assert re.search(r"#2 RANDAO_REVEAL +0x\w{8}\.\. +epoch 504487 +412 .* ms", lines[-1])


def test_assert_signed_finds_what_was_signed(refusing: Signer) -> None:
    refusing.assert_signed()
    refusing.assert_signed(1, pubkey=ATTESTATION["pubkey"], type="ATTESTATION")


@pytest.mark.parametrize(
    ("n", "match", "told"),
    [
        (2, {}, "expected 2 signed of any kind, found 1"),
        (None, {"slot": 7}, r"expected at least 1 signed .*slot\W+7\W+found 0"),
        (
            1,
            {"type": "RANDAO_REVEAL"},
            r"#2 RANDAO.* 412 .* fault 1   <- differs only in its signature",
        ),
        (
            1,
            {"type": "RANDAO_REVEAL", "slot": SLOT},
            "#1 ATTESTATION .*   <- differs only in its type",
        ),
        (1, {"slot": 0}, r"signed .*slot\W+0\W+found 0"),
    ],
)
def test_assert_signed_shows_what_came_instead(
    refusing: Signer, n: int | None, match: dict[str, Any], told: str
) -> None:
    with pytest.raises(AssertionError, match=told):
        refusing.assert_signed(n, **match)


@pytest.mark.slow
def test_a_signer_of_a_test_has_no_more_keys_than_it_asks_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIGNER_INTEROP", "3")
    with Signer(process=True) as signer:
        assert [] == signer.pubkeys


def test_faults_come_from_the_command_line() -> None:
    first = '{"type": "ATTESTATION", "status": 500}'
    last = '{"type": "ATTESTATION", "status": 412, "times": 1}'
    with serving_here(*FLAGS, "--fault", first, "--fault", last) as served:
        answers = signed(served, ATTESTATION, ATTESTATION, RANDAO)

    assert [412, 500, 200] == [answer.status for answer in answers]


@pytest.mark.parametrize(("fault", "told"), [('{"status": 42}', "status"), ("{", "expected")])
def test_a_bad_fault_is_refused_at_start(fault: str, told: str) -> None:
    assert told in refused("--port", "0", *FLAGS, "--fault", fault)


def test_control_is_not_for_other_hosts() -> None:
    everywhere = ["--host", "0.0.0.0", "--port", "0", "--keymanager-auth", "off", "--no-metrics"]

    assert "--control-anywhere" in refused(*everywhere, "--control")


def test_a_fault_alone_opens_no_control_route() -> None:
    with serving_here(*FLAGS, "--fault", '{"status": 500, "times": 1}') as served:
        answer = served.ask("GET", "/_signer/requests")

        assert (404, True) == (
            answer.status,
            "start the signer with --control" in answer.body.decode(),
        )
        assert [500, 200] == [answer.status for answer in signed(served, ATTESTATION, ATTESTATION)]


@pytest.mark.slow
def test_sigterm_answers_what_a_fault_holds_and_ends_at_once() -> None:
    fault = '{"hang": true}'
    with serving(*FLAGS, "--control", "--fault", fault) as served, ThreadPoolExecutor(1) as client:
        held = client.submit(signed, served, ATTESTATION)
        served.ask("GET", "/_signer/requests?wait=20")

        started = perf_counter()
        served.process.terminate()

        assert [200] == [answer.status for answer in held.result(20)]
        assert 0 == served.process.wait(timeout=20)
    assert perf_counter() - started < 2


@pytest.mark.slow
def test_sigterm_does_not_wait_for_a_long_poll() -> None:
    with serving(*FLAGS, "--control") as served:
        connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=20)
        connection.request("GET", "/_signer/requests?wait=1.5")
        served.ask("GET", "/_signer/keys")  # when it is answered, the poll has been read

        started = perf_counter()
        served.process.terminate()

        assert 0 == served.process.wait(timeout=20)
        connection.close()
        assert perf_counter() - started < 1


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_a_test_in_node_spawns_a_signer_and_makes_it_fail() -> None:
    request = json.dumps(ATTESTATION["request"])
    serve = command("--port", "0", "--ready-json", "--control", *FLAGS)

    done = subprocess.run(
        ["node", HARNESS, KEY, request, *serve],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (0, "") == (done.returncode, done.stderr)
    refused, answered, body, requests = json.loads(done.stdout)
    assert (412, 200) == (refused, answered)
    assert requests[1]["signature"] == json.loads(body)["signature"]
    assert ["ATTESTATION"] * 2 == [record["type"] for record in requests]


def test_a_request_with_an_empty_body_is_answered_and_recorded(control: Served) -> None:
    answer = control.ask("POST", f"/api/v1/eth2/sign/{KEY}", b"")

    [record] = control.ask("GET", "/_signer/requests").json
    assert (400, 400) == (answer.status, record["status"])


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"type": "ATTESTATION", "n": [1, 2.5]}', {"type": "ATTESTATION", "n": [1, 2.5]}),
        (b'"\xff"', None),
        (b"{} x", None),
        (b"\xef\xbb\xbf{}", None),
        (b"[" * 5_000, None),
    ],
)
def test_a_body_is_recorded_as_it_came_if_it_is_json(
    control: Served,
    body: bytes,
    expected: Any,
) -> None:
    control.ask("POST", f"/api/v1/eth2/sign/{KEY}", body)

    assert expected == control.ask("GET", "/_signer/requests").json[0].get("body")
