"""Which routes there are, and what the signer says about those that are not."""

from collections.abc import Iterator

import pytest

from signer import __version__
from support.served import Served, serving_here


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
