"""The HTTP side: forms of answers, errors, limits, and what tells that the signer is well."""

import http.client
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

from support.served import Served
from support.vectors import vectors

CASE = next(
    case
    for case in vectors("signing/signing.json")["cases"]
    if case["name"] == "RANDAO_REVEAL/FULU/random-0" and case["network"] == "mainnet"
)
ENVELOPE = next(
    case
    for case in vectors("signing/signing.json")["cases"]
    if case["request"]["type"] == "EXECUTION_PAYLOAD_ENVELOPE"
)
SIGN = f"/api/v1/eth2/sign/{CASE['pubkey']}"
UNKNOWN_KEY = vectors("interop_keys/keys.json")[9]["pubkey"]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ({}, "text/plain; charset=utf-8"),
        ({"Accept": "text/plain"}, "text/plain; charset=utf-8"),
        ({"Accept": "text/*"}, "text/plain; charset=utf-8"),
        ({"Accept": "application/*"}, "text/plain; charset=utf-8"),
        ({"Accept": "application/json"}, "application/json"),
        ({"Accept": "Application/JSON"}, "application/json"),
        ({"Accept": "*/*"}, "application/json"),
        ({"Accept": "text/plain, application/json;q=0.1"}, "application/json"),
    ],
)
def test_accept_decides_between_json_and_text(
    signer: Served, accept: Mapping[str, str], expected: str
) -> None:
    answer = signer.ask("POST", SIGN, CASE["request"], accept)

    as_json = expected == "application/json"
    content = json.dumps({"signature": CASE["signature"]}, separators=(",", ":"))
    assert (200, expected) == (answer.status, answer.headers["content-type"])
    assert (content if as_json else CASE["signature"]) == answer.body.decode()


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "nonsense"])
def test_the_content_type_of_a_request_does_not_matter(signer: Served, content_type: str) -> None:
    answer = signer.ask("POST", SIGN, CASE["request"], {"Content-Type": content_type})

    assert 200 == answer.status


@pytest.mark.parametrize(
    "identifier",
    [CASE["pubkey"].removeprefix("0x"), CASE["pubkey"].upper(), CASE["pubkey"][2:].upper()],
)
def test_the_key_in_the_path_may_be_hex_of_any_form(signer: Served, identifier: str) -> None:
    assert CASE["signature"] == signer.sign(identifier, CASE["request"]).body.decode()


@pytest.mark.parametrize("identifier", [UNKNOWN_KEY, "0x00", "garbage", "%20", "0xzz"])
def test_an_unknown_key_is_404_and_says_how_many_there_are(signer: Served, identifier: str) -> None:
    answer = signer.sign(identifier, CASE["request"])

    assert (404, "application/json") == (answer.status, answer.headers["content-type"])
    assert answer.json["message"] == answer.json["error"]
    assert "public key" in answer.json["message"]


def test_a_broken_body_is_400_even_for_an_unknown_key(signer: Served) -> None:
    assert 400 == signer.sign(UNKNOWN_KEY, {}).status


def test_errors_carry_one_text_under_both_names(signer: Served) -> None:
    answer = signer.sign(CASE["pubkey"], {"type": "RANDAO_REVEAL"})

    assert {"code", "message", "error"} == set(answer.json)
    assert answer.status == answer.json["code"]
    assert answer.json["message"] == answer.json["error"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_405_and_names_the_right_one(signer: Served, method: str) -> None:
    answer = signer.ask(method, SIGN)

    assert (405, "POST") == (answer.status, answer.headers["allow"])
    assert f"expected POST, found {method}" == answer.json["message"]


def test_another_method_on_an_ordinary_route_is_405_too(signer: Served) -> None:
    answer = signer.ask("POST", "/api/v1/eth2/publicKeys", b"")

    assert (405, "GET, HEAD") == (answer.status, answer.headers["allow"])
    assert "expected GET, HEAD, found POST" == answer.json["error"]


@pytest.mark.parametrize("path", ["/upcheck", "/api/v1/eth2/publicKeys", "/healthcheck"])
def test_head_is_get_without_a_body(signer: Served, path: str) -> None:
    whole = signer.ask("GET", path)
    answer = signer.ask("HEAD", path)

    assert (200, b"") == (answer.status, answer.body)
    assert whole.headers["content-length"] == answer.headers["content-length"]


def test_options_lists_the_methods(signer: Served) -> None:
    answer = signer.ask("OPTIONS", "/reload")

    assert (204, "GET, POST, HEAD") == (answer.status, answer.headers["allow"])


@pytest.mark.parametrize("path", ["//upcheck", "/upcheck/", "/upcheck//"])
def test_doubled_slashes_and_one_at_the_end_of_a_path_do_not_matter(
    signer: Served,
    path: str,
) -> None:
    assert 200 == signer.ask("GET", path).status


def test_doubled_slashes_in_front_of_the_sign_route_do_not_matter(signer: Served) -> None:
    path = SIGN.replace("/eth2/", "//eth2/")

    answer = signer.ask("POST", f"/{path}", CASE["request"])

    assert 200 == answer.status


def test_an_unknown_path_is_404_as_json(signer: Served) -> None:
    answer = signer.ask("GET", "/nowhere")

    assert (404, "application/json") == (answer.status, answer.headers["content-type"])
    assert answer.json["message"].startswith("no route /nowhere")


def test_a_sign_request_of_4_mib_is_read(signer: Served) -> None:
    body = json.dumps(CASE["request"]).encode()

    answer = signer.ask("POST", SIGN, body + b" " * ((4 << 20) - len(body)))

    assert CASE["signature"] == answer.body.decode()


def test_a_sign_request_above_4_mib_is_413(signer: Served) -> None:
    body = json.dumps(CASE["request"]).encode()

    answer = signer.ask("POST", SIGN, body + b" " * ((4 << 20) + 1 - len(body)))

    assert 413 == answer.status
    assert "expected a body of at most 4194304 bytes" in answer.json["message"]


def test_an_envelope_of_16_mib_is_signed(signer: Served) -> None:
    request = {**ENVELOPE["request"], "padding": "0" * (16 << 20)}

    answer = signer.ask("POST", SIGN, request)

    assert 200 == answer.status


def test_a_body_with_more_than_350_000_values_is_413(signer: Served) -> None:
    body = b'{"type":"RANDAO_REVEAL","x":[' + b"0," * 350_000 + b"0]}"

    answer = signer.ask("POST", SIGN, body)

    assert (413, "350000 JSON values") == (answer.status, answer.json["message"][17:35])


@pytest.mark.parametrize("path", [SIGN, "/api/v1/eth2/sign", "/eth/v1/keystores"])
def test_a_body_above_32_mib_is_413_before_it_is_read(signer: Served, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=20)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str((32 << 20) + 1))
    connection.endheaders()  # and no body at all

    response = connection.getresponse()

    assert 413 == response.status
    assert "33554432 bytes" in json.loads(response.read())["message"]
    connection.close()


def test_a_chunked_body_above_32_mib_is_413(signer: Served) -> None:
    connection = http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=20)
    chunks = (b" " * (1 << 20) for _ in range(33))
    connection.request("POST", SIGN, chunks, {"Transfer-Encoding": "chunked"}, encode_chunked=True)

    response = connection.getresponse()

    assert 413 == response.status
    response.read()
    connection.close()


def test_a_chunked_body_is_signed(signer: Served) -> None:
    connection = http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=20)
    body = json.dumps(CASE["request"]).encode()
    connection.request("POST", SIGN, iter([body[:50], body[50:]]), encode_chunked=True)

    response = connection.getresponse()

    assert CASE["signature"] == response.read().decode()
    connection.close()


def test_public_keys_are_lower_case_hex(signer: Served) -> None:
    answer = signer.ask("GET", "/api/v1/eth2/publicKeys")

    expected = {case["pubkey"] for case in vectors("signing/signing.json")["cases"]}
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert expected == set(answer.json)


def test_upcheck_is_ok(signer: Served) -> None:
    answer = signer.ask("GET", "/upcheck")

    assert (200, b"OK") == (answer.status, answer.body)
    assert "text/plain; charset=utf-8" == answer.headers["content-type"]


def test_upcheck_is_json_for_who_takes_nothing_else(signer: Served) -> None:
    answer = signer.ask("GET", "/upcheck", None, {"Accept": "application/json"})

    assert {"status": "OK"} == answer.json


def test_healthcheck_is_up_in_web3signers_shape(signer: Served) -> None:
    answer = signer.ask("GET", "/healthcheck")

    assert (200, "UP", "UP") == (answer.status, answer.json["status"], answer.json["outcome"])
    assert ["default-check", "keys-check"] == [check["id"] for check in answer.json["checks"]]


def test_health_counts_the_keys(signer: Served) -> None:
    expected = {"status": "healthy", "keys_loaded": signer.ready["pubkeys"]}

    assert expected == signer.ask("GET", "/health").json
