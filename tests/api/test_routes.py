"""Which routes there are, and what the signer says about those that are not."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from signer import Signer, __version__
from support.duties import RANDAO
from support.logs import messages
from support.served import Served, request, serving_here


@pytest.fixture(scope="module")
def signer() -> Iterator[Served]:
    with serving_here("--interop", "1", "--no-metrics", "--no-keymanager") as signer:
        yield signer


def test_the_root_lists_version_and_routes(signer: Served) -> None:
    answer = signer.ask("GET", "/")

    assert ("py3signer", __version__) == (answer.json["name"], answer.json["version"])
    assert {"GET /upcheck", "POST /api/v1/eth2/sign/{identifier}"} < set(answer.json["routes"])


def test_a_browser_gets_the_routes_as_a_page(signer: Served) -> None:
    answer = signer.ask("GET", "/", headers={"Accept": "text/html,*/*;q=0.8"})

    assert "text/html; charset=utf-8" == answer.headers["content-type"]
    assert b"<code>GET /upcheck</code>" in answer.body


def test_the_root_lists_operations_only_under_control(signer: Served) -> None:
    with serving_here("--control") as controlled:
        routes = controlled.ask("GET", "/").json["routes"]

    assert "GET /_signer/requests" in routes
    assert "GET /_signer/requests" not in signer.ask("GET", "/").json["routes"]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/v1/eth2/publickeys", "did you mean /api/v1/eth2/publicKeys?"),
        ("/api/v1/eth2/public_keys", "did you mean /api/v1/eth2/publicKeys?"),
        ("/upchek", "did you mean /upcheck?"),
        ("/metrics", "metrics are switched off by --no-metrics"),
        ("/_signer/requests", "start the signer with --control"),
        ("/eth/v1/keystores", "the Keymanager API is switched off by --no-keymanager"),
        ("/publicKeys", "did you mean /api/v1/eth2/publicKeys?"),
        ("/readyz", "no route /readyz; GET / lists the routes"),
        ("/api/v1/eth2/foo", "no route /api/v1/eth2/foo; GET / lists the routes"),
        ("/favicon.ico", "GET / lists the routes"),
        ("/eth/v1/validator/0x00/feerecipient", "GET / lists the routes"),
    ],
)
def test_an_unknown_path_is_404_with_the_nearest_or_the_reason(
    signer: Served,
    path: str,
    told: str,
) -> None:
    answer = signer.ask("GET", path)

    assert 404 == answer.status
    assert told in answer.json["message"]


@pytest.mark.parametrize(
    ("body", "headers", "expected"),
    [
        (b"", {}, (400, "found nothing")),
        (b"\xef\xbb\xbf{}", {}, (400, "a byte order mark in front of it")),
        (b"\x1f\x8b\x08", {}, (400, "gzip: send it without compression")),
        (b"{}", {"Content-Encoding": "gzip"}, (415, "found it compressed by gzip")),
        (b"{}", {"Content-Encoding": "identity"}, (400, "type: expected this member")),
    ],
)
def test_a_body_that_is_no_json_is_told_as_what_it_is(
    signer: Served,
    body: bytes,
    headers: dict[str, str],
    expected: tuple[int, str],
) -> None:
    answer = signer.ask("POST", "/api/v1/eth2/sign/0x00", body, headers)

    status, told = expected
    assert status == answer.status
    assert told in answer.json["message"]


LONG = "a" * 30_000
HISTORY = {"metadata": {"interchange_format_version": LONG}}


def import_of(document: Any, history: Any = None) -> dict[str, Any]:
    body: dict[str, Any] = {"keystores": [json.dumps(document)], "passwords": ["password"]}
    if history:
        body["slashing_protection"] = json.dumps(history)
    return body


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("GET", f"/{LONG}", None, {}),
        (LONG, "/upcheck", None, {}),
        (LONG, "/api/v1/eth2/sign/0x00", None, {}),
        ("POST", f"/api/v1/eth2/sign/{LONG}", {"type": LONG}, {}),
        ("POST", f"/api/v1/eth2/sign/{'ab' * 15_000}", {"type": "RANDAO_REVEAL"}, {}),
        ("POST", "/api/v1/eth2/sign/0x00", {}, {"Content-Encoding": LONG}),
        ("GET", "/upcheck", None, {"Origin": f"http://{LONG}"}),
        ("GET", "/upcheck", None, {"Host": LONG, "Origin": "http://a"}),
        ("GET", f"/reload?{LONG}=1", None, {}),
        ("GET", f"/reload?wait={LONG}", None, {}),
        ("GET", f"/_signer/{LONG}", None, {}),
        ("GET", f"/_signer/faults/{LONG}", None, {}),
        ("GET", f"/_signer/requests?{LONG}=1", None, {}),
        ("POST", "/_signer/faults", {LONG: 1}, {}),
        ("POST", "/_signer/faults", {"signature": LONG}, {}),
        ("POST", "/eth/v1/keystores", import_of({"crypto": {"kdf": {"function": LONG}}}), {}),
        ("POST", "/eth/v1/keystores", import_of({}, HISTORY), {}),
    ],
    ids=range(17),
)
def test_what_came_is_shown_with_a_bound(
    method: str, path: str, body: Any, headers: dict[str, str]
) -> None:
    with Signer(interop=1) as served:
        answer = request(served.url, method, path, body, headers)
        records = served.requests

    assert len(answer.body) < 3000
    assert "a" * 1100 not in answer.body.decode()
    for record in records:
        assert len(record.message or "") < 1100
        assert len(record.line()) < 1500


def test_a_public_key_that_is_too_short_is_told_its_length() -> None:
    with Signer(interop=1) as served:
        path = f"/api/v1/eth2/sign/{served.pubkeys[0][:-2]}"
        answer = request(served.url, "POST", path, RANDAO["request"])

    assert 404 == answer.status
    assert "loaded public keys, found 0xa99a76ed.. of 47 bytes" in answer.json["message"]


def test_control_characters_of_a_path_are_escaped() -> None:
    with Signer() as served:
        answer = request(served.url, "GET", "/x%0a%1b[31m")
        [record] = served.requests

    assert "no route /x\\n\\x1b[31m; GET /" in answer.json["message"]
    assert record.line().isprintable()


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/reload?wait=yes", 'wait: expected `bool`, found "yes"'),
        ("/reload?wait", 'wait: expected `bool`, found ""'),
        ("/reload?wiat=true", "unknown field `wiat`; did you mean wait?"),
        ("/reload?wait=true&wait=false", "expected wait once in the query, found it 2 times"),
    ],
)
def test_a_slip_in_a_query_reloads_nothing(signer: Served, path: str, expected: str) -> None:
    answer = signer.ask("POST", path)

    assert 400 == answer.status
    assert expected in answer.json["message"]
    assert "idle" == signer.ask("GET", "/reload").json["status"]


@pytest.mark.parametrize("value", ["TRUE", "true", "1"])
def test_a_reload_waits_in_every_spelling(value: str) -> None:
    with serving_here("--no-metrics") as served:
        answer = served.ask("POST", f"/reload?wait={value}")

    assert (200, "completed") == (answer.status, answer.json["status"])


def test_the_status_of_a_reload_waits_for_nothing(signer: Served) -> None:
    answer = signer.ask("GET", "/reload?wait=true")

    assert (400, True) == (answer.status, "POST /reload?wait=true" in answer.json["message"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("wiat=1", "unknown field `wiat`; did you mean wait?"),
        ("type=ATTESTATION&type=BLOCK", "expected type once in the query, found it 2 times"),
        ("type", "type: expected the name of a type"),
        ("n=", "n: expected `int`"),
    ],
)
def test_a_slip_in_a_query_of_records_is_refused(query: str, expected: str) -> None:
    with Signer() as served:
        answer = request(served.url, "GET", f"/_signer/requests?{query}")

    assert 400 == answer.status
    assert expected in answer.json["message"]


def test_a_query_that_a_route_does_not_have_is_warned_of_once(
    signer: Served, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [signer.ask("GET", f"/upcheck?{query}") for query in ("wait=1&a=2", "b=3")]

    assert [200, 200] == [answer.status for answer in answers]
    assert ["/upcheck has no query, ignored (told once): wait, a"] == messages(caplog)
