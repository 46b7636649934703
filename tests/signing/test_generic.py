"""GENERIC of both drafts: what is signed, and what slashing protection asks of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from signer import Signer
from support.asking import ask
from support.hashing import checkpoint_root, container, sha256, uint64
from support.vectors import unhex, vectors

CASES: dict[str, Any] = {
    case["name"]: case for case in vectors("signing/signing_live.json")["cases"]
}
ATTESTATION = CASES["GENERIC/pr30-attestation/none"]
BLOCK = CASES["GENERIC/pr30-block/none"]
KEYS = {ATTESTATION["secret_key"], BLOCK["secret_key"]}
ATTESTER = "0x01000000" + "11" * 28
PROPOSER = "0x00000000" + "11" * 28
OTHER = "0x02000000" + "11" * 28
LEAF = "0x" + "22" * 32


@pytest.fixture
def enforcing() -> Iterator[Signer]:
    with Signer(keys=KEYS, slashing="enforce") as signer:
        yield signer


@pytest.fixture
def reporting() -> Iterator[Signer]:
    with Signer(keys=KEYS) as signer:
        yield signer


def sign(signer: Signer, request: Any) -> Any:
    return ask(signer, "POST", f"/api/v1/eth2/sign/{ATTESTATION['pubkey']}", request)


def below(container: dict[str, Any], index: int, siblings: list[str]) -> dict[str, Any]:
    """A proven container that is deeper in its message."""
    proof = {"generalized_index": str(index), "merkle_proof": siblings}
    return container | {"proof": proof}


def signing_data(domain: str) -> dict[str, Any]:
    return {"type": "GENERIC", "signing_data": {"object_root": LEAF, "domain": domain}}


def merkle_root(domain: str, **members: Any) -> dict[str, Any]:
    return {"type": "GENERIC", "merkle_root": LEAF, "domain": domain, **members}


@pytest.mark.parametrize("case", [ATTESTATION, BLOCK], ids=["attestation", "block"])
def test_enforce_signs_a_slashable_domain_with_its_container(
    enforcing: Signer,
    case: dict[str, Any],
) -> None:
    answer = ask(enforcing, "POST", f"/api/v1/eth2/sign/{case['pubkey']}", case["request"])

    assert case["signature"] == answer.body.decode()


def test_enforce_refuses_a_conflicting_message_after_a_generic_one(enforcing: Signer) -> None:
    vote = ATTESTATION["request"]["attestation"]
    data = {name: value for name, value in vote.items() if name != "proof"}
    data["beacon_block_root"] = LEAF
    fork_info = ATTESTATION["request"]["fork_info"]
    attestation = {"type": "ATTESTATION", "fork_info": fork_info, "attestation": data}

    statuses = [
        sign(enforcing, request).status for request in (ATTESTATION["request"], attestation)
    ]

    assert [200, 412] == statuses


def test_enforce_refuses_a_container_with_its_source_above_its_target(enforcing: Signer) -> None:
    request = json.loads(json.dumps(ATTESTATION["request"]))
    data = request["attestation"]
    data["source"]["epoch"] = "26"  # the target is 25
    root = container(
        uint64(data["slot"]),
        uint64(data["index"]),
        unhex(data["beacon_block_root"]),
        checkpoint_root(data["source"]),
        checkpoint_root(data["target"]),
    )

    answer = sign(enforcing, request | {"merkle_root": f"0x{root.hex()}"})

    assert (412, True) == (answer.status, "source epoch 26 is above" in answer.json["message"])


def test_a_container_may_be_deeper_in_the_message(enforcing: Signer) -> None:
    request = dict(ATTESTATION["request"])
    leaf = bytes.fromhex(request["merkle_root"][2:])
    sibling = bytes.fromhex(LEAF[2:])
    request["merkle_root"] = f"0x{sha256(sha256(leaf + sibling) + sibling).hex()}"
    request["attestation"] = below(request["attestation"], 4, [LEAF, LEAF])

    assert 200 == sign(enforcing, request).status


@pytest.mark.parametrize(
    ("index", "siblings"),
    [(2, [LEAF]), (3, [LEAF]), (1, [LEAF]), (2, []), (0, []), (1 << 63, [LEAF])],
)
def test_enforce_refuses_a_proof_that_leads_elsewhere(
    enforcing: Signer,
    index: int,
    siblings: list[str],
) -> None:
    request = dict(ATTESTATION["request"])
    request["attestation"] = below(request["attestation"], index, siblings)

    answer = sign(enforcing, request)

    assert (400, True) == (answer.status, "attestation.proof" in answer.json["message"])


@pytest.mark.parametrize("domain", [ATTESTER, PROPOSER])
@pytest.mark.parametrize("draft", [signing_data, merkle_root])
def test_a_hidden_slashable_message_is_signed_unless_protection_is_enforced(
    enforcing: Signer,
    reporting: Signer,
    draft: Any,
    domain: str,
) -> None:
    statuses = [sign(signer, draft(domain)).status for signer in (reporting, enforcing)]

    assert [200, 400] == statuses


def test_report_notes_what_a_container_tells(reporting: Signer) -> None:
    other = json.loads(json.dumps(ATTESTATION["request"]))
    data = {name: value for name, value in other["attestation"].items() if name != "proof"}
    data["beacon_block_root"] = LEAF
    sign(reporting, {"type": "ATTESTATION", "fork_info": other["fork_info"], "attestation": data})
    sign(reporting, ATTESTATION["request"])

    assert ["double_vote"] == [pair.rule for pair in reporting.slashable()]


def test_a_differing_root_is_refused(reporting: Signer) -> None:
    answer = sign(reporting, signing_data(OTHER) | {"signingRoot": LEAF})

    assert (400, True) == (answer.status, "signing_root: expected 0x" in answer.json["message"])


def test_a_batch_signs_a_generic_message(reporting: Signer) -> None:
    body = {"identifiers": reporting.pubkeys, "signing_request": signing_data(OTHER)}

    answer = ask(reporting, "POST", "/api/v1/eth2/sign", body)

    assert {"identifier", "signature"} == set(answer.json[0])
