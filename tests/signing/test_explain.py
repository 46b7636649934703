"""`explain`: from a request to its signing root, next to roots that others computed."""

import json
from typing import Any

import pytest

from signer import SecretKey, explain
from signer.errors import BadRequestError
from signer.ssz.nodes import ITEMS_SHOWN, Node
from support.remerkleable_types import SIGNED, parsed, roots_below
from support.vectors import unhex, vectors

Case = dict[str, Any]

LIVE = vectors("signing/signing_live.json")
NO_DATA = "BUILDER_REQUEST_AUTH/GLOAS/no-data"  # is refused
CASES: list[Case] = [
    case for case in vectors("signing/signing.json")["cases"] if NO_DATA != case["name"]
]
LIVE_CASES: list[Case] = LIVE["cases"]
BY_NAME: dict[str, Case] = {case["name"]: case for case in [*LIVE_CASES, *reversed(CASES)]}
ATTESTATION = BY_NAME["ATTESTATION/FULU/random-0"]


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The consensus configuration of the private network of the live vectors."""
    path = tmp_path_factory.mktemp("network") / "config.yaml"
    members = {name: value for name, value in LIVE["networks"]["private"].items() if name != "note"}
    path.write_text("".join(f"{name}: {value}\n" for name, value in members.items()))
    return str(path)


def network_of(case: Case, private: str) -> str | None:
    return {"private": private, "unknown": None}.get(case["network"], case["network"])


def name(case: Case) -> str:
    return f"{case['network']}:{case['name']}"


@pytest.mark.parametrize("case", CASES + LIVE_CASES, ids=name)
def test_the_steps_are_those_of_the_vectors(case: Case, private: str) -> None:
    explained = explain(
        case["request"],
        network=network_of(case, private),
        pubkey=case["pubkey"],
        signature=case["signature"],
    )

    roots = (explained.object_root, explained.domain, explained.signing_root)
    assert (case["object_root"], case["domain"], case["signing_root"]) == roots
    assert (True, None) == (explained.verifies, explained.problem)


def message_of(request: Case) -> Any:
    """The signed object in a request, as JSON."""
    others = {"type", "fork_info", "signingRoot", "signing_root"}
    [message] = [value for member, value in request.items() if member not in others]
    for wrapped in ("data", "block", "block_header"):
        if isinstance(message.get(wrapped), dict) and "version" in message:
            return message[wrapped]
    bare = {"RANDAO_REVEAL": "epoch", "AGGREGATION_SLOT": "slot"}
    bare["SYNC_COMMITTEE_MESSAGE"] = "beacon_block_root"
    if request["type"] in bare:
        return message[bare[request["type"]]]
    return message


def shown_roots(node: Node, path: str = "message") -> dict[str, str]:
    roots = {path: node.root}
    for child in node.children:
        roots |= shown_roots(child, f"{path}.{child.name}")
    return roots


def folded_paths(node: Node, path: str = "message") -> list[str]:
    """The paths that begin with items that are not shown."""
    paths = []
    if node.folded:
        items = range(ITEMS_SHOWN, ITEMS_SHOWN + node.folded)
        paths = [f"{path}.{index}" for index in items]
    for child in node.children:
        paths += folded_paths(child, f"{path}.{child.name}")
    return paths


@pytest.mark.parametrize("vector", SIGNED)
def test_each_node_has_remerkleables_root(vector: str, private: str) -> None:
    case = BY_NAME[vector]
    expected = roots_below(parsed(SIGNED[vector], message_of(case["request"])))

    explained = explain(case["request"], network=network_of(case, private))

    hidden = folded_paths(explained.message)
    for path in hidden:
        expected = {other: root for other, root in expected.items() if not is_in(other, path)}
    assert expected == shown_roots(explained.message)


def is_in(path: str, folded: str) -> bool:
    return path == folded or path.startswith(f"{folded}.")


def find(node: Node, path: str) -> Node:
    for part in path.split("."):
        node = next(child for child in node.children if child.name == part)
    return node


def test_a_long_list_is_folded_and_has_its_length() -> None:
    explained = explain(BY_NAME["BLOCK_V2/ALTAIR/every-operation"]["request"])

    proof = find(explained.message, "body.deposits.0.proof")
    assert ("Vector[Bytes32, 33]", 33, 33 - ITEMS_SHOWN) == (proof.type, proof.length, proof.folded)
    assert ITEMS_SHOWN == len(proof.children)


def test_values_and_types_are_written_as_in_the_specification() -> None:
    request = BY_NAME["AGGREGATE_AND_PROOF_V2/GLOAS/random-0"]["request"]
    aggregate = request["aggregate_and_proof"]["data"]["aggregate"]

    message = explain(request).message

    slot = find(message, "aggregate.data.slot")
    committee_bits = find(message, "aggregate.committee_bits")
    assert ("uint64", aggregate["data"]["slot"]) == (slot.type, slot.value)
    assert "ProgressiveBitlist" == find(message, "aggregate.aggregation_bits").type
    assert ("Bitvector[64]", aggregate["committee_bits"]) == (
        committee_bits.type,
        committee_bits.value,
    )


def fork_step(case: Case, **changes: str) -> Any:
    """The step of the fork for a request whose fork_info is changed."""
    request = json.loads(json.dumps(case["request"]))
    request["fork_info"]["fork"] |= changes
    step = explain(request, network=case["network"]).fork
    assert step
    return step


def test_the_epoch_decides_the_version() -> None:
    epoch = ATTESTATION["request"]["attestation"]["target"]["epoch"]
    later = str(int(epoch) + 1)

    at_fork = fork_step(ATTESTATION, epoch=epoch)
    before = fork_step(ATTESTATION, epoch=later)

    assert f"epoch {epoch} is not before {epoch}: current_version" == at_fork.why
    assert (at_fork.current_version, epoch) == (at_fork.version, at_fork.epoch)
    assert f"epoch {epoch} is before {later}: previous_version" == before.why
    assert before.previous_version == before.version


def test_a_slot_tells_its_epoch() -> None:
    step = fork_step(BY_NAME["AGGREGATION_SLOT/FULU/random-0"])

    assert int(step.slot) // 32 == int(step.epoch)
    assert step.why.startswith(f"slot {step.slot} is in epoch {step.epoch} (32 slots each); epoch")


def test_an_exit_says_why_its_version_is_capellas() -> None:
    step = fork_step(BY_NAME["VOLUNTARY_EXIT/FULU/random-0"])

    assert "CAPELLA" == step.name
    assert step.why.endswith(
        ": current_version, but exits are signed for CAPELLA from DENEB on (EIP-7044)"
    )


def test_a_registration_has_a_version_without_a_fork() -> None:
    step = explain(BY_NAME["VALIDATOR_REGISTRATION/hoodi-without-a-flag/sent"]["request"])

    assert step.fork
    assert ("0x10000910", None, "hoodi") == (step.fork.version, step.fork.epoch, step.network)
    assert step.fork.why == step.reading != ""


def test_a_problem_says_what_the_client_did_differently() -> None:
    explained = explain(ATTESTATION["request"] | {"signingRoot": f"0x{0:064x}"}, network="mainnet")

    assert explained.problem
    assert explained.problem.endswith("zeros instead of a hash; compute it, or send no root")


def test_a_root_that_no_reading_has_is_a_problem() -> None:
    wrong = f"0x{7:064x}"

    explained = explain(ATTESTATION["request"] | {"signingRoot": wrong}, network="mainnet")

    assert (wrong, ATTESTATION["signing_root"]) == (explained.sent_root, explained.signing_root)
    assert explained.problem
    assert wrong in explained.problem


def test_a_key_signs() -> None:
    key = SecretKey.from_bytes(unhex(ATTESTATION["secret_key"]))

    explained = explain(ATTESTATION["request"], key=key)

    assert (ATTESTATION["signature"], True) == (explained.signature, explained.verifies)
    assert ATTESTATION["pubkey"] == explained.pubkey


def test_a_signature_by_another_key_does_not_verify() -> None:
    other = next(case for case in CASES if case["pubkey"] != ATTESTATION["pubkey"])

    explained = explain(
        ATTESTATION["request"], pubkey=other["pubkey"], signature=ATTESTATION["signature"]
    )

    assert explained.verifies is False


def test_json_and_mapping_and_text_have_the_same_explanation() -> None:
    text = json.dumps(ATTESTATION["request"])

    explained = explain(ATTESTATION["request"])

    assert explained == explain(text) == explain(text.encode())
    assert explained.to_dict() == json.loads(explained.to_json())


def test_the_text_has_every_root_of_the_tree() -> None:
    explained = explain(BY_NAME["BLOCK/PHASE0/every-operation"]["request"])

    text = str(explained)

    assert [] == [root for root in shown_roots(explained.message).values() if root not in text]
    assert [] == [step for step in (explained.domain, explained.signing_root) if step not in text]


def test_a_document_of_no_form_is_told_the_forms() -> None:
    with pytest.raises(BadRequestError, match=r"a record .* or a signed message"):
        explain({"slot": "1"})


def test_a_value_that_json_cannot_hold_is_refused() -> None:
    with pytest.raises(BadRequestError, match="expected JSON, or a mapping"):
        explain({"type": object()})
