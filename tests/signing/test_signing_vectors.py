"""Every signing vector, over HTTP: roots and signatures that this project did not compute."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signer.signing.registry import SigningTypes
from signer.spec.network_files import load_network
from support.served import Served, serving_here
from support.vectors import vectors

Case = dict[str, Any]
SignerOn = Callable[[str], Served]

CASES: list[Case] = vectors("signing/signing.json")["cases"]
# remote-signing-api v1.4.0 forbids this one, which is younger than these vectors
NO_DATA = next(case for case in CASES if case["name"] == "BUILDER_REQUEST_AUTH/GLOAS/no-data")
CASES.remove(NO_DATA)
DIVERGENT: list[Case] = vectors("signing/signing_divergent.json")["cases"]
INVALID: list[Case] = vectors("signing/signing_invalid.json")["invalid"]
VARIANTS: list[Case] = vectors("signing/signing_invalid.json")["variants"]
EXAMPLES: list[Case] = vectors("signing/web3signer_examples.json")["cases"]

# The member that an error about a broken request must name, by the end of the case's name
NAMED = {
    "slot-overflow": "attestation.slot",
    "slot-negative": "attestation.slot",
    "slot-not-a-number": "attestation.slot",
    "slot-with-space": "attestation.slot",
    "slot-float": "attestation.slot",
    "slot-null": "attestation.slot",
    "root-31-bytes": "attestation.beacon_block_root",
    "root-odd-hex": "attestation.beacon_block_root",
    "root-non-hex": "attestation.beacon_block_root",
    "no-target": "attestation.target",
    "no-fork-info": "fork_info",
    "fork-version-3-bytes": "fork_info.fork.current_version",
    "fork-epoch-overflow": "fork_info.fork.epoch",
    "gvr-31-bytes": "fork_info.genesis_validators_root",
    "no-body": "attestation",
    "type-unknown": "type",
    "type-of-another-body": "randao_reveal",
    "wrong-signing-root": "signing_root",
    "wrong-signingRoot-alias": "signing_root",
    "bitlist-no-delimiter": "aggregate_and_proof.data.aggregate.aggregation_bits",
    "bitlist-empty-hex": "aggregate_and_proof.data.aggregate.aggregation_bits",
    "bitlist-over-limit": "aggregate_and_proof.data.aggregate.aggregation_bits",
    "bitlist-over-phase0-limit": "aggregate_and_proof.data.aggregate.aggregation_bits",
    "committee-bits-7-bytes": "aggregate_and_proof.data.aggregate.committee_bits",
    "no-committee-bits": "aggregate_and_proof.data.aggregate.committee_bits",
    "signature-95-bytes": "aggregate_and_proof.data.aggregate.signature",
    "version-unknown": "aggregate_and_proof.version",
    "bits-15-bytes": "contribution_and_proof.contribution.aggregation_bits",
    "no-header": "beacon_block.block_header",
    "header-under-block-key": "beacon_block.block_header",
    "proposer-slashings-over-limit": "beacon_block.block.body.proposer_slashings",
    "attester-slashings-over-limit": "beacon_block.block.body.attester_slashings",
    "exits-over-limit": "beacon_block.block.body.voluntary_exits",
    "deposit-proof-32": "beacon_block.block.body.deposits[0].proof",
    "indices-over-limit": (
        "beacon_block.block.body.attester_slashings[0].attestation_1.attesting_indices"
    ),
    "no-sync-aggregate": "beacon_block.block.body.sync_aggregate",
    "pubkey-47-bytes": "deposit.pubkey",
    "fee-recipient-19-bytes": "validator_registration.fee_recipient",
    "epoch-overflow": "randao_reveal.epoch",
}


def name(case: Case) -> str:
    return f"{case.get('network', '')}:{case['name']}"


@pytest.mark.parametrize("case", CASES + DIVERGENT + VARIANTS, ids=name)
def test_a_request_is_answered_with_the_expected_signature(signer_on: SignerOn, case: Case) -> None:
    signer = signer_on(case["network"])

    answer = signer.sign(case["pubkey"], case["request"], Accept="application/json")

    assert {"signature": case["signature"]} == answer.json


def test_an_auth_without_data_is_refused(signer_on: SignerOn) -> None:
    answer = signer_on(NO_DATA["network"]).sign(NO_DATA["pubkey"], NO_DATA["request"])

    assert (400, True) == (answer.status, "builder_request_auth" in answer.json["message"])


@pytest.mark.parametrize("case", CASES + DIVERGENT, ids=name)
def test_the_expected_root_is_computed(case: Case) -> None:
    request = SigningTypes().decode(json.dumps(case["request"]).encode())

    root = request.choose(load_network(case["network"])).signing_root

    assert case["object_root"] == f"0x{request.message.hash_tree_root().hex()}"
    assert case["signing_root"] == f"0x{root.hex()}"


@pytest.mark.parametrize("member", ["signing_root", "signingRoot"])
def test_the_right_root_is_accepted_under_either_name(signer_on: SignerOn, member: str) -> None:
    first_of_each_type = {case["type"]: case for case in reversed(CASES)}

    for case in first_of_each_type.values():
        request = case["request"] | {member: case["signing_root"]}
        answer = signer_on(case["network"]).sign(case["pubkey"], request)

        assert case["signature"] == answer.body.decode(), case["name"]


@pytest.mark.parametrize("case", INVALID, ids=name)
def test_a_broken_request_is_refused_and_the_member_named(signer_on: SignerOn, case: Case) -> None:
    answer = signer_on(case["network"]).sign(case["pubkey"], case["request"])

    assert 400 == answer.status
    member, colon, _ = answer.json["message"].partition(": ")
    assert (NAMED[case["name"].rpartition("/")[2]], ": ") == (member, colon)


def test_a_wrong_root_is_answered_with_both_roots_the_domain_and_the_version(
    signer_on: SignerOn,
) -> None:
    case = next(case for case in CASES if case["name"] == "ATTESTATION/FULU/random-0")
    wrong = f"0x{7:064x}"

    answer = signer_on("mainnet").sign(case["pubkey"], case["request"] | {"signingRoot": wrong})

    assert 400 == answer.status
    for part in (wrong, case["signing_root"], case["domain"], "0x06000000"):
        assert part in answer.json["message"]


@pytest.fixture(scope="module")
def one_fork_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network of Web3Signer's examples: minimal preset, every fork at 0x00000001."""
    config = tmp_path_factory.mktemp("network") / "config.yaml"
    config.write_text("PRESET_BASE: 'minimal'\nGENESIS_FORK_VERSION: 0x00000001\n")
    return config


@pytest.mark.parametrize("case", EXAMPLES, ids=name)
def test_web3signers_examples_have_the_published_root(case: Case, one_fork_network: Path) -> None:
    request = SigningTypes().decode(json.dumps(case["request"]).encode())

    root = request.choose(load_network(str(one_fork_network))).signing_root

    assert case["signing_root"] == f"0x{root.hex()}"


def test_web3signers_examples_are_signed_on_a_private_network(one_fork_network: Path) -> None:
    with serving_here("--interop", "1", "--network", one_fork_network, "--no-metrics") as signer:
        pubkey = signer.ask("GET", "/api/v1/eth2/publicKeys").json[0]

        statuses = {
            case["name"]: signer.sign(
                pubkey, case["request"] | {"signingRoot": case["signing_root"]}
            ).status
            for case in EXAMPLES
        }

    assert {case["name"]: 200 for case in EXAMPLES} == statuses
