"""Requests of web pages: which sites may ask, and what CORS tells their browsers."""

from collections.abc import Iterator

import pytest

from signer import Signer
from signer.errors import ConfigError
from support.served import Served, refused, serving_here

OTHER = "https://other.example"
LISTED = "https://listed.example:8443"
CROSS_SITE = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture(scope="module")
def signer() -> Iterator[Served]:
    flags = ["--interop", "1", "--control", "--host-allowlist", "signer.test"]
    with serving_here(*flags, "--cors-origins", f"{LISTED},http://localhost:3000") as signer:
        yield signer


@pytest.mark.parametrize(
    "path", ["/upcheck", "/_signer/keys", "/_signer/", "/_signer/events", "/api/v1/eth2/publicKeys"]
)
@pytest.mark.parametrize("headers", [{"Origin": OTHER}, {"Origin": "null"}, CROSS_SITE])
def test_a_page_of_another_site_is_refused(
    signer: Served,
    path: str,
    headers: dict[str, str],
) -> None:
    answer = signer.ask("GET", path, headers=headers)

    assert 403 == answer.status
    assert "--cors-origins" in answer.json["message"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
def test_a_page_of_the_signer_itself_and_an_address_that_was_typed_are_answered(
    signer: Served,
    site: str,
) -> None:
    headers = {"Sec-Fetch-Site": site}
    if site != "none":
        headers["Origin"] = signer.url

    assert 200 == signer.ask("GET", "/upcheck", headers=headers).status


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:9000", 200),
        ("LOCALHOST", 200),
        ("signer.localhost", 200),
        ("127.0.0.1:9000", 200),
        ("10.0.0.7", 200),
        ("[::1]:9000", 200),
        ("signer.test:9000", 200),
        ("rebound.example:9000", 403),
        ("localhost.example", 403),
        ("127.0.0.1.example", 403),
        ("[::1", 403),
    ],
)
def test_a_browser_asks_by_a_name_that_only_this_machine_can_have(
    signer: Served,
    host: str,
    expected: int,
) -> None:
    headers = {"Host": host, "Sec-Fetch-Site": "same-origin"}

    assert expected == signer.ask("GET", "/upcheck", headers=headers).status


@pytest.mark.parametrize("headers", [{"Host": "rebound.example"}, {"Host": "teku:9000"}])
def test_other_clients_ask_by_any_name(signer: Served, headers: dict[str, str]) -> None:
    assert 200 == signer.ask("GET", "/upcheck", headers=headers).status


@pytest.mark.parametrize("path", ["/upcheck", "/nowhere"])
def test_a_listed_page_may_read_responses_and_errors(signer: Served, path: str) -> None:
    answer = signer.ask("GET", path, headers={"Origin": LISTED, **CROSS_SITE})

    assert (LISTED, "origin") == (
        answer.headers["access-control-allow-origin"],
        answer.headers["vary"],
    )


def test_a_preflight_of_a_listed_page_is_answered_before_any_other_check(signer: Served) -> None:
    headers = {
        "Origin": LISTED,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }

    answer = signer.ask("OPTIONS", "/api/v1/eth2/sign/0x00", headers=headers)

    assert (204, b"") == (answer.status, answer.body)
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "content-type" == answer.headers["access-control-allow-headers"]


def test_a_star_lets_every_page_in() -> None:
    with Signer(interop=1, cors_origins=["*"], process=True) as signer:
        served = Served(signer.url, {})

        answer = served.ask("GET", "/upcheck", headers={"Origin": OTHER})

    assert (200, OTHER) == (answer.status, answer.headers["access-control-allow-origin"])


@pytest.mark.parametrize("origin", ["localhost:3000", "http://a.example/path", "other"])
def test_an_origin_that_is_none_is_refused_at_the_start(origin: str) -> None:
    assert f"found {origin}" in refused("--port", "0", "--cors-origins", origin)


def test_signer_refuses_an_origin_that_is_none() -> None:
    with pytest.raises(ConfigError, match="expected --cors-origins to be an origin"):
        Signer(cors_origins=["localhost"])
