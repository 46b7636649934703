"""Web3Signer's signing extension: DAppNode's PROOF_OF_VALIDATION."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from signer import Signer
from signer.cli.web3signer import translate
from support.asking import ask
from support.consensus_specs import unhex, verify
from support.known_keys import INTEROP
from support.served import Served, serving_application, serving_here

KEY = INTEROP[0]
UNKNOWN = f"0x{'12' * 48}"
PATH = "/api/v1/eth2/ext/sign/"
PROOF = {"type": "PROOF_OF_VALIDATION", "platform": "dappnode", "timestamp": "1711338489397"}
DISORDERLY = (
    b' {"timestamp": 1711338489397,\n"platform":"d\xc3\xa4ppnode", "type":"proof_of_validation"}\n'
)


@pytest.fixture(scope="module")
def signer() -> Iterator[Served]:
    with serving_here("--interop", "1", "--signing-ext") as signer:
        yield signer


@pytest.mark.parametrize("body", [json.dumps(PROOF).encode(), DISORDERLY])
def test_the_bytes_of_the_body_are_signed_as_they_are(signer: Served, body: bytes) -> None:
    answer = signer.ask("POST", PATH + KEY, body)

    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert {"payload", "signature"} == set(answer.json)
    assert body == base64.b64decode(answer.json["payload"])
    assert verify(KEY, body, unhex(answer.json["signature"]))


@pytest.mark.parametrize("identifier", [KEY[2:], KEY.upper().replace("0X", "0x"), f"{KEY}/"])
def test_a_key_may_be_spelled_as_in_a_sign_request(signer: Served, identifier: str) -> None:
    assert 200 == signer.ask("POST", PATH + identifier, PROOF).status


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (PROOF | {"network": "mainnet"}, "unknown field `network`"),
        (PROOF | {"type": "ATTESTATION"}, 'expected PROOF_OF_VALIDATION, found "ATTESTATION"'),
        (PROOF | {"timestamp": "today"}, "timestamp: expected an integer"),
        (PROOF | {"platform": None}, "platform: expected `str`"),
        ({"type": PROOF["type"]}, "platform: expected this member, found none"),
        ({}, "type: expected this member, found none"),
        (b"", "found nothing"),
        (b"\xff", "expected a PROOF_OF_VALIDATION as a JSON object"),
    ],
)
def test_any_other_body_is_refused_before_its_key_is_looked_up(
    signer: Served, body: Any, told: str
) -> None:
    answer = signer.ask("POST", PATH + UNKNOWN, body)

    assert (400, True) == (answer.status, told in answer.json["message"]), answer.json


def test_a_body_above_64_kib_is_refused(signer: Served) -> None:
    answer = signer.ask("POST", PATH + KEY, PROOF | {"platform": "a" * (64 << 10)})

    assert (413, True) == (answer.status, "at most 65536 bytes" in answer.json["message"])


@pytest.mark.parametrize("identifier", [UNKNOWN, "nobody"])
def test_an_unknown_key_is_404(signer: Served, identifier: str) -> None:
    answer = signer.ask("POST", PATH + identifier, PROOF)

    assert 404 == answer.status
    assert "start the signer with" not in answer.json["message"]


def test_the_route_has_one_method_and_is_listed(signer: Served) -> None:
    answer = signer.ask("GET", PATH + KEY)

    assert (405, "POST") == (answer.status, answer.headers["allow"])
    assert f"POST {PATH}{{identifier}}" in signer.ask("GET", "/").json["routes"]


def test_without_its_flag_the_route_is_404_with_a_hint() -> None:
    with serving_here("--interop", "1") as signer:
        answer = signer.ask("POST", PATH + KEY, PROOF)

    assert (404, True) == (answer.status, "with --signing-ext" in answer.json["message"])


def test_a_signature_is_counted_and_a_refusal_too() -> None:
    with serving_application("--interop", "1", "--signing-ext") as (signer, app):
        signer.ask("POST", PATH + KEY, PROOF)
        signer.ask("POST", PATH + UNKNOWN, PROOF)
        signer.ask("POST", PATH + KEY, {})
        registry = app.metrics.registry

    def requests(signing_type: str, status: str) -> float | None:
        labels = {"type": signing_type, "status": status}
        return registry.get_sample_value("signer_sign_requests_total", labels)

    proofs = [requests("PROOF_OF_VALIDATION", status) for status in ("200", "404")]
    assert [1, 1, 1] == [*proofs, requests("unknown", "400")]


def test_a_record_has_its_type_key_and_signature() -> None:
    with Signer(interop=1, signing_ext=True) as signer:
        signature = ask(signer, "POST", PATH + KEY, PROOF).json["signature"]
        ask(signer, "POST", PATH + UNKNOWN, PROOF)
        signed, refused = signer.requests

    assert ("PROOF_OF_VALIDATION", KEY, signature) == (signed.type, signed.pubkey, signed.signature)
    assert (PROOF, None, None) == (signed.body, signed.signing_root, signed.message)
    assert ("PROOF_OF_VALIDATION", UNKNOWN, 404) == (refused.type, refused.pubkey, refused.status)
    assert refused.message


def test_a_fault_applies_by_type_and_may_change_the_signature() -> None:
    body = json.dumps(PROOF).encode()
    with Signer(interop=1, signing_ext=True) as signer:
        with signer.fault(status=503, type="PROOF_OF_VALIDATION", times=1):
            statuses = [ask(signer, "POST", PATH + KEY, PROOF).status for _ in range(2)]
        with signer.fault(signature="wrong_root", pubkey=KEY):
            answer = ask(signer, "POST", PATH + KEY, PROOF).json

    assert [503, 200] == statuses
    assert not verify(KEY, body, unhex(answer["signature"]))


def test_a_fault_applies_where_the_route_is_missing() -> None:
    with Signer(interop=1) as signer, signer.fault(status=503, path=PATH + KEY, times=1):
        statuses = [ask(signer, "POST", PATH + KEY, PROOF).status for _ in range(2)]

    assert [503, 404] == statuses


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        (["eth2", "--Xsigning-ext-enabled=true"], {}),
        (["--Xsigning-ext-enabled", "true", "eth2"], {}),
        (["eth2"], {"WEB3SIGNER_XSIGNING_EXT_ENABLED": "true"}),
        (["eth2"], {"WEB3SIGNER_ETH2_XSIGNING_EXT_ENABLED": "true"}),
    ],
)
def test_web3signers_option_switches_it_on(
    arguments: list[str], environment: dict[str, str]
) -> None:
    flags, ignored = translate(arguments, environment)

    assert (True, []) == ("--signing-ext" in flags, ignored)


def test_web3signers_option_switches_it_off() -> None:
    flags, ignored = translate(["eth2", "--Xsigning-ext-enabled=false"], {})

    assert (False, []) == ("--signing-ext" in flags, ignored)
