"""The examples of docs/plugins.md sign what consensus-specs says, wherever the signer runs."""

from typing import Any

import pytest

from load import FORK_INFO, GENESIS_VALIDATORS_ROOT
from signer import Signer, verify
from support.asking import WHERE, ask
from support.hashing import domain, signing_root
from support.known_keys import INTEROP
from support.plugins import (
    COUNTS,
    EXAMPLES,
    EXECUTION_PROOF,
    PREREGISTRATION,
    PROOF,
    PROOF_ROOT,
    REGISTRATION_ROOT,
    proof_request,
    registration_request,
)
from support.served import Answer, serving
from support.vectors import unhex

FORK: Any = FORK_INFO["fork"]
FIRST_SLOT = 32 * int(FORK["epoch"])
PRIVATE_ROOT = "0x" + "5e" * 32
HOODI_VERSION = "0x10000910"
HOODI_ROOT = "0x212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f"


def proof_signing_root(version: str) -> str:
    in_domain = domain("0x0f000000", version, GENESIS_VALIDATORS_ROOT)
    return signing_root(unhex(PROOF_ROOT), in_domain)


def registration_signing_root(version: str, root: str) -> str:
    return signing_root(unhex(REGISTRATION_ROOT), domain("0x11000000", version, root))


def sign(signer: Signer, request: Any, key: int = 0) -> Answer:
    return ask(signer, "POST", f"/api/v1/eth2/sign/{INTEROP[key]}", request)


def is_signed(answer: Answer, root: str, key: int = 0) -> bool:
    return verify(unhex(INTEROP[key]), unhex(root), unhex(answer.body.decode()))


@WHERE
def test_all_examples_serve_together(where: Any) -> None:
    with Signer(interop=1, plugins=EXAMPLES, **where) as signer:
        proof = sign(signer, proof_request(FIRST_SLOT))
        registration = sign(signer, registration_request())
        counts = ask(signer, "GET", "/signatures").json

    assert is_signed(proof, proof_signing_root(FORK["current_version"]))
    assert is_signed(registration, registration_signing_root("0x00000000", GENESIS_VALIDATORS_ROOT))
    assert {INTEROP[0]: 2} == counts


@pytest.mark.slow
def test_the_examples_run_in_signer_serve() -> None:
    flags = [f"--plugin={example}" for example in EXAMPLES]
    with serving("--interop", "1", "--no-metrics", *flags) as signer:
        proof = signer.sign(INTEROP[0], proof_request(FIRST_SLOT))
        counts = signer.ask("GET", "/signatures").json

    assert is_signed(proof, proof_signing_root(FORK["current_version"]))
    assert {INTEROP[0]: 1} == counts


@pytest.mark.parametrize(
    ("slot", "version"),
    [(FIRST_SLOT - 1, FORK["previous_version"]), (FIRST_SLOT, FORK["current_version"])],
)
def test_the_slot_of_a_proof_decides_its_fork(slot: int, version: str) -> None:
    with Signer(interop=1, plugins=[EXECUTION_PROOF]) as signer:
        answer = sign(signer, proof_request(slot))

        assert is_signed(answer, proof_signing_root(version))
        assert slot == signer.requests[0].slot


def test_a_proof_without_a_slot_is_refused() -> None:
    request = proof_request(FIRST_SLOT)
    del request["slot"]

    with Signer(interop=1, plugins=[EXECUTION_PROOF]) as signer:
        answer = sign(signer, request)

    assert (400, "slot: expected this member, found none") == (
        answer.status,
        answer.json["message"],
    )


@pytest.mark.parametrize(
    ("proof", "status"),
    [
        ({"proof_type": "255"}, 200),
        ({"proof_type": "256"}, 400),
        ({"proof_data": "0x" + "ab" * 4194304}, 200),
        ({"proof_data": "0x" + "ab" * 4194305}, 400),
    ],
    ids=["largest type", "larger type", "largest proof", "larger proof"],
)
def test_a_proof_has_the_bounds_of_its_types(proof: dict[str, str], status: int) -> None:
    request = proof_request(FIRST_SLOT, execution_proof_envelope=PROOF | proof)

    with Signer(interop=1, plugins=[EXECUTION_PROOF]) as signer:
        assert status == sign(signer, request).status


def test_many_keys_sign_a_proof_in_a_batch() -> None:
    batch = {"identifiers": INTEROP[:2], "signing_request": proof_request(FIRST_SLOT)}

    with Signer(interop=2, plugins=[EXECUTION_PROOF]) as signer:
        results = ask(signer, "POST", "/api/v1/eth2/sign", batch).json

    root = unhex(proof_signing_root(FORK["current_version"]))
    for result in results:
        assert verify(unhex(result["identifier"]), root, unhex(result["signature"]))
    assert INTEROP[:2] == [result["identifier"] for result in results]


def test_a_type_that_does_not_say_so_is_in_no_batch() -> None:
    batch = {"identifiers": INTEROP[:1], "signing_request": registration_request()}

    with Signer(interop=1, plugins=[PREREGISTRATION]) as signer:
        answer = ask(signer, "POST", "/api/v1/eth2/sign", batch)

    assert 400 == answer.status
    assert "found VALIDATOR_PREREGISTRATION" in answer.json["message"]


def test_a_known_chain_states_the_genesis_version_of_a_preregistration() -> None:
    with Signer(interop=1, plugins=[PREREGISTRATION]) as signer:
        answer = sign(signer, registration_request(HOODI_ROOT))

    assert is_signed(answer, registration_signing_root(HOODI_VERSION, HOODI_ROOT))


def test_the_root_sent_chooses_the_genesis_version_on_an_unknown_chain() -> None:
    root = registration_signing_root(HOODI_VERSION, PRIVATE_ROOT)

    with Signer(interop=1, plugins=[PREREGISTRATION]) as signer:
        answer = sign(signer, registration_request(PRIVATE_ROOT, signingRoot=root))

    assert is_signed(answer, root)


def test_counts_belong_to_one_signer() -> None:
    plugins = [EXECUTION_PROOF, COUNTS]
    with Signer(interop=1, plugins=plugins) as one, Signer(interop=1, plugins=plugins) as other:
        sign(one, proof_request(FIRST_SLOT))

        assert {INTEROP[0]: 1} == ask(one, "GET", "/signatures").json
        assert {} == ask(other, "GET", "/signatures").json


def test_the_contract_of_a_plugins_route_is_in_the_openapi_document() -> None:
    with Signer(interop=1, plugins=[COUNTS]) as signer:
        described = ask(signer, "GET", "/openapi.json").json["paths"]["/signatures"]["get"]

    schema = described["responses"]["200"]["content"]["application/json"]["schema"]
    assert "The number of signatures of each key that signed." == described["summary"]
    assert {"type": "object", "additionalProperties": {"type": "integer"}} == schema


def test_batches_are_counted_and_refused_requests_are_not() -> None:
    batch = {"identifiers": INTEROP[:2], "signing_request": proof_request(FIRST_SLOT)}

    with Signer(interop=1, plugins=[EXECUTION_PROOF, COUNTS]) as signer:
        ask(signer, "POST", "/api/v1/eth2/sign", batch)  # the second key is unknown
        sign(signer, proof_request(FIRST_SLOT, signingRoot="0x" + "00" * 32))

        assert {INTEROP[0]: 1} == ask(signer, "GET", "/signatures").json
