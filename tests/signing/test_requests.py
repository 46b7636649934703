"""What a sign request may look like beyond the vectors, and what root it has then.

The expected roots are the vectors', or are hashed with nothing but SHA-256.
"""

import json
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import pytest

from signer.errors import BadRequestError, SigningRootError
from signer.signing.registry import BUILT_IN, SigningTypes
from signer.signing.request import ForkRequest
from signer.spec import phase0
from signer.spec.network_files import load_network
from signer.spec.networks import Network
from support.hashing import (
    container,
    contribution_and_proof_root,
    domain,
    electra_aggregate_root,
    signing_root,
    uint64,
)
from support.requests import (
    BY_NAME,
    CASES,
    EVERY_SHAPE,
    FIRST_OF_EACH_TYPE,
    MAINNET,
    PRIVATE,
    PRIVATE_ROOT,
    Case,
    each,
    everywhere,
    private_fork,
    root_of,
    with_version,
)
from support.vectors import unhex

WITH_A_VERSION = [case for case in EVERY_SHAPE if '"version"' in json.dumps(case["request"])]


def is_hex(value: object) -> bool:
    return isinstance(value, str) and value.startswith("0x")


def with_integers(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def in_upper_case(value: Any) -> Any:
    return "0x" + value[2:].upper() if is_hex(value) else value


def without_prefix(value: Any) -> Any:
    return value[2:] if is_hex(value) else value


def in_upper_case_without_prefix(value: Any) -> Any:
    return without_prefix(in_upper_case(value))


def with_unknown_members(value: Any) -> Any:
    strange: dict[str, Any] = {
        "unheard_of": {"type": "BLOCK", "slot": [None, -1.5, {}]},
        "nothing": None,
    }
    return {**strange, **value, "": "later"} if isinstance(value, dict) else value


# What is written in another way


@pytest.mark.parametrize("change", [str.lower, str.capitalize, str.title])
@each(FIRST_OF_EACH_TYPE)
def test_the_type_is_read_in_any_case(case: Case, change: Callable[[str], str]) -> None:
    request = case["request"] | {"type": change(case["type"])}

    root = root_of(request, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize("change", [str.lower, str.capitalize])
@each(WITH_A_VERSION)
def test_the_version_is_read_in_any_case(case: Case, change: Callable[[str], str]) -> None:
    request = everywhere(case["request"], with_version(change))

    root = root_of(request, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    "change",
    [
        with_integers,
        in_upper_case,
        without_prefix,
        in_upper_case_without_prefix,
        with_unknown_members,
    ],
)
@each(EVERY_SHAPE)
def test_another_way_to_write_a_request_has_the_same_root(
    case: Case, change: Callable[[Any], Any]
) -> None:
    request = everywhere(case["request"], change)

    root = root_of(request, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    "garbage", [None, True, 7, "fork", [], [[]], {}, {"fork": 1}, {"fork": {"epoch": "x"}}], ids=str
)
@pytest.mark.parametrize("kind", ["DEPOSIT", "VALIDATOR_REGISTRATION", "BUILDER_REQUEST_AUTH"])
def test_fork_info_is_not_looked_at_outside_forks(kind: str, garbage: object) -> None:
    case = next(case for case in CASES if case["type"] == kind)

    root = root_of(case["request"] | {"fork_info": garbage}, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize("version", ["HEZE", "heze", "FORK_OF_2040", "7", ""])
def test_a_header_of_a_fork_nobody_has_heard_of_has_a_root(version: str) -> None:
    case = BY_NAME["mainnet", "BLOCK_V2/FULU/random-0"]
    block = case["request"]["beacon_block"] | {"version": version}

    root = root_of(case["request"] | {"beacon_block": block})

    assert case["signing_root"] == root


@pytest.mark.parametrize("shape", ["bare", "wrapped"])
@pytest.mark.parametrize("kind", ["AGGREGATE_AND_PROOF", "AGGREGATE_AND_PROOF_V2"])
@pytest.mark.parametrize("fork", ["PHASE0", "ALTAIR", "DENEB", "ELECTRA", "FULU"])
def test_both_types_of_aggregate_take_both_shapes(fork: str, kind: str, shape: str) -> None:
    case = BY_NAME["mainnet", f"AGGREGATE_AND_PROOF_V2/{fork}/random-0"]
    versioned = case["request"]["aggregate_and_proof"]
    payload = {"bare": versioned["data"], "wrapped": versioned}[shape]

    root = root_of(case["request"] | {"type": kind, "aggregate_and_proof": payload})

    assert case["signing_root"] == root


# The minimal preset


def test_the_electra_aggregate_hashed_here_has_the_root_of_the_vector() -> None:
    case = BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/FULU/random-0"]

    root = electra_aggregate_root(case["request"]["aggregate_and_proof"]["data"], limit=131072)

    assert case["object_root"] == f"0x{root.hex()}"


@pytest.mark.parametrize("kind", ["AGGREGATE_AND_PROOF", "AGGREGATE_AND_PROOF_V2"])
@pytest.mark.parametrize("prefix", ["0x", ""])
def test_one_byte_of_committee_bits_is_the_minimal_preset(kind: str, prefix: str) -> None:
    case = BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/ELECTRA/255-bits"]
    message = case["request"]["aggregate_and_proof"]["data"]
    message = message | {"aggregate": message["aggregate"] | {"committee_bits": f"{prefix}0d"}}
    payload = {
        "AGGREGATE_AND_PROOF": message,
        "AGGREGATE_AND_PROOF_V2": {"version": "FULU", "data": message},
    }[kind]

    root = root_of(case["request"] | {"type": kind, "aggregate_and_proof": payload})

    of_minimal = signing_root(electra_aggregate_root(message, limit=8192), unhex(case["domain"]))
    of_mainnet = signing_root(electra_aggregate_root(message, limit=131072), unhex(case["domain"]))
    assert of_minimal == root
    assert of_mainnet != root


def test_an_aggregate_of_the_minimal_preset_has_at_most_8192_bits() -> None:
    case = BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/FULU/random-0"]
    data = case["request"]["aggregate_and_proof"]["data"]
    aggregate = data["aggregate"] | {
        "committee_bits": "0x01",
        "aggregation_bits": "0x" + "00" * 1024 + "02",
    }
    payload = {"version": "FULU", "data": data | {"aggregate": aggregate}}

    with pytest.raises(BadRequestError, match=r"aggregate\.aggregation_bits: .* 8192 .* 8193"):
        root_of(case["request"] | {"aggregate_and_proof": payload})


@pytest.mark.parametrize("bits", ["0x00", "0x24", "0xff"])
def test_one_byte_of_contribution_bits_is_the_minimal_preset(bits: str) -> None:
    case = BY_NAME["mainnet", "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF/FULU/random-0"]
    message = case["request"]["contribution_and_proof"]
    contribution = message["contribution"] | {"aggregation_bits": bits}
    message = message | {"contribution": contribution}

    root = root_of(case["request"] | {"contribution_and_proof": message})

    expected = signing_root(contribution_and_proof_root(message), unhex(case["domain"]))
    assert expected == root


# The fork


SIGNED_AT = [
    ("AGGREGATION_SLOT/FULU/random-0", ["aggregation_slot", "slot"], 32),
    ("ATTESTATION/FULU/random-0", ["attestation", "target", "epoch"], 1),
    ("RANDAO_REVEAL/FULU/random-0", ["randao_reveal", "epoch"], 1),
    ("BLOCK_V2/FULU/random-0", ["beacon_block", "block_header", "slot"], 32),
    ("SYNC_COMMITTEE_MESSAGE/FULU/random-0", ["sync_committee_message", "slot"], 32),
    (
        "SYNC_COMMITTEE_SELECTION_PROOF/FULU/random-0",
        ["sync_aggregator_selection_data", "slot"],
        32,
    ),
    (
        "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF/FULU/random-0",
        ["contribution_and_proof", "contribution", "slot"],
        32,
    ),
    (
        "AGGREGATE_AND_PROOF_V2/FULU/random-0",
        ["aggregate_and_proof", "data", "aggregate", "data", "slot"],
        32,
    ),
]


def with_fork(request: Any, **members: str) -> Any:
    fork_info = request["fork_info"]
    return request | {"fork_info": fork_info | {"fork": fork_info["fork"] | members}}


@pytest.mark.parametrize(("duty", "path", "per_epoch"), SIGNED_AT)
def test_the_epoch_of_the_fork_may_be_that_of_the_duty(
    duty: str, path: list[str], per_epoch: int
) -> None:
    case = BY_NAME["mainnet", duty]
    moment = case["request"]
    for member in path:
        moment = moment[member]

    root = root_of(with_fork(case["request"], epoch=str(int(moment) // per_epoch)))

    assert case["signing_root"] == root


@pytest.mark.parametrize("edge", ["FULU/at-fork", "ELECTRA/before-fork"])
@pytest.mark.parametrize(
    "kind", ["AGGREGATION_SLOT", "BLOCK_V2", "SYNC_COMMITTEE_MESSAGE", "AGGREGATE_AND_PROOF_V2"]
)
def test_an_epoch_of_gnosis_has_16_slots_whatever_network_is_configured(
    kind: str, edge: str
) -> None:
    case = BY_NAME["gnosis", f"{kind}/{edge}"]

    root = root_of(case["request"], MAINNET)

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    ("slots_per_epoch", "slot", "version"),
    [
        (8, 799, "0x60000042"),
        (8, 800, "0x70000042"),
        (16, 1599, "0x60000042"),
        (16, 1600, "0x70000042"),
        (32, 3199, "0x60000042"),
        (32, 3200, "0x70000042"),
    ],
)
def test_the_slots_of_an_epoch_decide_the_fork_at_its_edge(
    slots_per_epoch: int, slot: int, version: str
) -> None:
    network = Network("private", slots_per_epoch, PRIVATE.fork_versions)
    request = {
        "type": "AGGREGATION_SLOT",
        "fork_info": private_fork("0x60000042", "0x70000042", epoch=100),
        "aggregation_slot": {"slot": str(slot)},
    }

    root = root_of(request, network)

    assert signing_root(uint64(str(slot)), domain("05000000", version, PRIVATE_ROOT)) == root


# The root that a client sends along


@each(FIRST_OF_EACH_TYPE)
def test_the_right_root_may_come_under_both_names(case: Case) -> None:
    both = {"signing_root": case["signing_root"], "signingRoot": case["signing_root"]}

    root = root_of(case["request"] | both, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    "wrong", [["signing_root"], ["signingRoot"], ["signing_root", "signingRoot"]]
)
@each(FIRST_OF_EACH_TYPE)
def test_a_wrong_root_is_refused_whatever_the_other_one_is(case: Case, wrong: list[str]) -> None:
    roots = {"signing_root": case["signing_root"], "signingRoot": case["signing_root"]}
    request = case["request"] | roots | dict.fromkeys(wrong, "0x" + "ab" * 32)

    with pytest.raises(SigningRootError, match=rf"^signing_root: expected {case['signing_root']}"):
        root_of(request, load_network(case["network"]))


# A new type


class Greeting(ForkRequest):
    TYPE = "GREETING"
    DOMAIN_TYPE = unhex("0x0f00000f")
    MESSAGE = attrgetter("greeting")
    EPOCH = attrgetter("greeting.epoch")

    greeting: phase0.Checkpoint


def test_a_class_is_all_that_a_new_type_needs() -> None:
    request = {
        "type": "greeting",
        "fork_info": private_fork("0x60000042", "0x70000042", epoch=100),
        "greeting": {"epoch": "99", "root": "0x" + "11" * 32},
    }

    decoded = SigningTypes([*BUILT_IN, Greeting]).decode(json.dumps(request).encode())

    in_domain = domain("0x0f00000f", "0x60000042", PRIVATE_ROOT)
    expected = signing_root(container(uint64("99"), unhex("0x" + "11" * 32)), in_domain)
    assert isinstance(decoded, Greeting)
    assert expected == f"0x{decoded.choose(PRIVATE).signing_root.hex()}"


def test_a_type_of_one_application_is_unknown_to_another() -> None:
    SigningTypes([*BUILT_IN, Greeting])

    with pytest.raises(BadRequestError, match=r"^type: expected one of "):
        SigningTypes().find(b'{"type": "GREETING"}')


def test_a_type_that_no_class_has_is_refused_with_those_there_are() -> None:
    request = {"type": "GREETING"}

    with pytest.raises(BadRequestError, match=r"^type: expected one of ") as refusal:
        root_of(request)

    assert all(case["type"] in str(refusal.value) for case in FIRST_OF_EACH_TYPE)


def test_a_type_that_is_nearly_known_is_refused_with_the_known_one() -> None:
    with pytest.raises(BadRequestError, match=r'found "ATESTATION"; did you mean ATTESTATION\?$'):
        root_of({"type": "ATESTATION"})
