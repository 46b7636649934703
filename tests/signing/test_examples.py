"""Examples: each type and fork has one, somebody else computes the same root, and it is signed."""

import json
from typing import Any, get_args

import pytest

from signer import Signer
from signer.errors import SignerError
from signer.signing.example import Example, Values
from signer.signing.examples import examples
from signer.signing.registry import BUILT_IN
from signer.spec.networks import NETWORKS
from support.example_roots import PRESETS, signing_root
from support.plugins import EXECUTION_PROOF, PREREGISTRATION
from support.served import Answer, request

SINCE_PHASE0 = ["PHASE0", "ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU"]
SINCE_PHASE0 += ["GLOAS", "HEZE"]
ALL_VALUES = get_args(Values)
SEEDS = 5


def sign(signer: Signer, body: Any) -> Answer:
    return request(signer.url, "POST", f"/api/v1/eth2/sign/{signer.pubkeys[0]}", body)


def made(network: str, values: Values, seed: int = 0, **options: bool) -> list[Example]:
    return list(examples(BUILT_IN, NETWORKS[network], seed, values, **options))


def forks_of(name: str) -> list[str | None]:
    return [example.fork for example in made("mainnet", "ordinary") if example.type == name]


def test_a_type_has_an_example_for_each_of_its_forks() -> None:
    assert {kind.TYPE for kind in BUILT_IN} == {ex.type for ex in made("mainnet", "ordinary")}
    assert SINCE_PHASE0 == forks_of("BLOCK_V2")
    assert SINCE_PHASE0 == forks_of("AGGREGATE_AND_PROOF")
    assert SINCE_PHASE0 == forks_of("AGGREGATE_AND_PROOF_V2")
    assert ["GLOAS", "HEZE"] == forks_of("EXECUTION_PAYLOAD_BID")
    assert ["HEZE"] == forks_of("INCLUSION_LIST")
    assert ["FULU"] == forks_of("ATTESTATION")
    assert [None] == forks_of("DEPOSIT")
    assert [None, None] == forks_of("GENERIC")  # one for each draft


@pytest.mark.parametrize(
    "values",
    ["ordinary", "minimal", pytest.param("extreme", marks=pytest.mark.slow)],
)
@pytest.mark.parametrize("network", ["mainnet", "minimal"])
def test_somebody_else_computes_the_root_of_each_example(network: str, values: Values) -> None:
    preset = PRESETS[network]
    genesis_version = {"mainnet": 0, "minimal": 1}[network]
    seeds = range(SEEDS) if values == "ordinary" else [0]

    for seed in seeds:
        for example in made(network, values, seed, with_root=True):
            expected = signing_root(example.request, example.fork, preset, genesis_version)
            found = example.request["signingRoot"]
            assert expected == found, f"{example.type} of {example.fork}, seed {seed}"


@pytest.mark.parametrize("values", ALL_VALUES)
def test_a_signer_on_a_stated_network_signs_each_example(values: Values) -> None:
    with Signer(interop=1, network="minimal") as signer:
        of_all = signer.examples(seed=7, values=values, root=True)
        statuses = {(ex.type, ex.fork): sign(signer, ex.request).status for ex in of_all}

    assert [] == [of for of, status in statuses.items() if status != 200]
    assert len(statuses) == len(of_all) - 1  # GENERIC has two


def test_the_types_of_plugins_have_examples_that_are_signed() -> None:
    plugins = [str(EXECUTION_PROOF), str(PREREGISTRATION)]
    with Signer(interop=1, network="mainnet", plugins=plugins) as signer:
        proof, registration = signer.examples(root=True)[-2:]

        assert ("EXECUTION_PROOF_ENVELOPE", "FULU") == (proof.type, proof.fork)
        assert ("VALIDATOR_PREREGISTRATION", None) == (registration.type, registration.fork)
        assert 200 == sign(signer, proof.request).status
        assert 200 == sign(signer, registration.request).status


def test_a_seed_makes_the_same_examples_again() -> None:
    assert made("mainnet", "ordinary", 1) == made("mainnet", "ordinary", 1)
    assert made("mainnet", "ordinary", 1) != made("mainnet", "ordinary", 2)


def test_one_type_alone_has_the_same_example_as_among_all() -> None:
    with Signer() as signer:
        of_all = signer.examples(seed=3)
        [alone] = signer.examples("attestation", seed=3)

    assert alone in of_all


def test_examples_have_a_root_only_on_request() -> None:
    with Signer() as signer:
        without = signer.examples()
        with_root = signer.examples(root=True)

    assert [] == [ex.type for ex in without if "signingRoot" in ex.request]
    assert [] == [ex.type for ex in with_root if "signingRoot" not in ex.request]


def test_the_route_answers_type_fork_and_request() -> None:
    with Signer() as signer:
        answer = request(signer.url, "GET", "/_signer/examples?type=ATTESTATION&root=true")

    [example] = answer.json
    assert ["type", "fork", "request"] == list(example)
    assert ("ATTESTATION", "FULU") == (example["type"], example["fork"])
    assert {"type", "fork_info", "attestation", "signingRoot"} == example["request"].keys()


def test_an_unknown_type_is_told_with_the_nearest() -> None:
    with Signer() as signer, pytest.raises(SignerError, match="did you mean ATTESTATION"):
        signer.examples("ATESTATION")


def test_extreme_examples_reach_the_limits_and_stay_below_a_mebibyte() -> None:
    of_all = made("mainnet", "extreme")
    [block] = [ex.request for ex in of_all if (ex.type, ex.fork) == ("BLOCK_V2", "ALTAIR")]

    assert str(2**64 - 1) == block["beacon_block"]["block"]["slot"]
    assert 128 == len(block["beacon_block"]["block"]["body"]["attestations"])
    assert 1 << 20 > max(len(json.dumps(ex.request)) for ex in of_all)
