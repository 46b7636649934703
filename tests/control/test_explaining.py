"""Explanations of a running signer: of a recorded request, and of a pasted one."""

from collections.abc import Iterator
from typing import Any

import pytest

from signer import Signer, SignerError, explain
from signer.control.faults import WrongSignature
from support.asking import WHERE, sign
from support.duties import ATTESTATION, KEYS
from support.plugins import EXECUTION_PROOF, PROOF_ROOT, proof_request
from support.served import Served, serving_here
from support.vectors import vectors

EXPLAIN = "/_signer/explain"
HOODI = next(
    case
    for case in vectors("signing/signing_live.json")["cases"]
    if case["name"] == "VALIDATOR_REGISTRATION/hoodi-without-a-flag/sent"
)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving_here("--interop", "1", "--no-metrics", "--control") as served:
        yield served


def test_a_request_is_explained_as_python_does(served: Served) -> None:
    answer = served.ask("POST", EXPLAIN, ATTESTATION["request"])

    assert (200, explain(ATTESTATION["request"]).to_dict()) == (answer.status, answer.json)


def test_a_signed_message_is_explained(served: Served) -> None:
    message = ATTESTATION["request"]["attestation"]
    signed = {name: ATTESTATION[name] for name in ("pubkey", "signature")}

    explained = served.ask("POST", EXPLAIN, {"message": message, **signed}).json

    assert (ATTESTATION["signing_root"], True) == (explained["signing_root"], explained["verifies"])


def test_nothing_is_signed_or_recorded(served: Served) -> None:
    served.ask("POST", "/_signer/reset", {})

    explained = served.ask("POST", EXPLAIN, ATTESTATION["request"]).json

    assert explained["signature"] is None
    assert [] == served.ask("GET", "/_signer/requests").json


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"{}", b"7"])
def test_another_document_is_refused(served: Served, body: bytes) -> None:
    answer = served.ask("POST", EXPLAIN, body)

    assert (400, True) == (answer.status, answer.json["message"].startswith("expected "))


@WHERE
def test_a_recorded_request_is_explained_with_its_signature(where: dict[str, Any]) -> None:
    with Signer(keys=KEYS, **where) as signer:
        sign(signer, ATTESTATION)
        [record] = signer.wait_for(1)

        explained = signer.explain(record.seq)

        expected = (ATTESTATION["signing_root"], ATTESTATION["signature"], True)
        assert expected == (explained.signing_root, explained.signature, explained.verifies)
        assert explained == explain(record) == signer.explain(record)


@pytest.mark.parametrize("kind", ["wrong_root", "wrong_key", "malformed", "short", "infinity"])
def test_a_wrong_signature_of_a_fault_does_not_verify(kind: WrongSignature) -> None:
    with Signer(keys=KEYS) as signer:
        signer.fault(signature=kind)
        answer = sign(signer, ATTESTATION)
        [record] = signer.wait_for(1)

        explained = signer.explain(record.seq)

    assert (answer.body.decode(), False) == (explained.signature, explained.verifies)


def test_a_refused_request_shows_both_roots() -> None:
    wrong = f"0x{7:064x}"
    vector = {**ATTESTATION, "request": ATTESTATION["request"] | {"signingRoot": wrong}}
    with Signer(keys=KEYS) as signer:
        assert 400 == sign(signer, vector).status
        [record] = signer.wait_for(1)

        explained = signer.explain(record.seq)

    assert (ATTESTATION["signing_root"], wrong) == (explained.signing_root, explained.sent_root)
    assert explained.problem
    assert (None, None) == (explained.signature, explained.verifies)


def test_a_number_that_no_record_has_is_told() -> None:
    expected = "expected the number of one of the last"
    with Signer() as signer, pytest.raises(SignerError, match=expected):
        signer.explain(7)


def test_a_record_without_a_body_is_refused(served: Served) -> None:
    served.ask("GET", "/upcheck")
    record = served.ask("GET", "/_signer/requests?path=/upcheck").json[-1]

    answer = served.ask("GET", f"/_signer/requests/{record['seq']}/explain")

    assert 400 == answer.status
    assert "found GET /upcheck, which has no JSON body" in answer.json["message"]


@pytest.mark.parametrize("path", ["requests/1/other", "requests/x/explain", "faults/1/explain"])
def test_another_view_is_no_operation(served: Served, path: str) -> None:
    answer = served.ask("GET", f"/_signer/{path}")

    assert answer.status in {400, 404}


def test_the_network_is_that_of_the_signer() -> None:
    request = {name: value for name, value in HOODI["request"].items() if name != "signingRoot"}
    with Signer(network="hoodi") as signer:
        explained = signer.explain(request)

    assert (HOODI["signing_root"], "hoodi") == (explained.signing_root, explained.network)


def test_a_type_of_a_plugin_is_explained() -> None:
    with Signer(plugins=[EXECUTION_PROOF]) as signer:
        explained = signer.explain(proof_request(1))

    assert ("EXECUTION_PROOF_ENVELOPE", f"0x{PROOF_ROOT}") == (
        explained.type,
        explained.object_root,
    )


def test_without_control_there_is_no_explanation() -> None:
    with serving_here("--no-metrics") as without:
        assert 404 == without.ask("POST", EXPLAIN, ATTESTATION["request"]).status
