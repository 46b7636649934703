"""Requests as clients send them on live networks, in Gloas and Heze, over HTTP.

Lodestar's types and blst made the expected roots and signatures.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from signer import Signer
from signer.errors import BadRequestError, SigningRootError
from signer.hex import to_hex
from signer.signing.registry import SigningTypes
from signer.spec.network_files import load_network
from support.asking import sign
from support.vectors import vectors

Case = dict[str, Any]

LIVE = vectors("signing/signing_live.json")
CASES: list[Case] = LIVE["cases"]
SEPOLIA = "0xd8ea171f3c94aea21ebc42a1ed61052acf3f9209c00e4efbaaddac09ed9b8078"
BY_NAME = {case["name"]: case for case in CASES}


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The consensus configuration of the private network of these vectors."""
    path = tmp_path_factory.mktemp("network") / "config.yaml"
    members = {name: value for name, value in LIVE["networks"]["private"].items() if name != "note"}
    path.write_text("".join(f"{name}: {value}\n" for name, value in members.items()))
    return path


@pytest.fixture(scope="module")
def signer_of(private: Path) -> Iterator[Callable[[str], Signer]]:
    """The signer for a network; all have the keys of all cases."""
    keys = {case["secret_key"] for case in CASES}
    with (
        Signer(keys=keys) as without_network,
        Signer(keys=keys, network=private) as on_private,
    ):
        yield lambda name: on_private if name == "private" else without_network


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_live_request_gets_the_expected_signature(
    signer_of: Callable[[str], Signer],
    case: Case,
) -> None:
    answer = sign(signer_of(case["network"]), case, Accept="application/json")

    assert {"signature": case["signature"]} == answer.json


@pytest.mark.parametrize("network", ["sepolia", "plataberget"])
def test_a_live_request_gets_the_same_signature_on_the_network_by_its_name(network: str) -> None:
    cases = [case for case in CASES if case["network"] == network]

    with Signer(keys={case["secret_key"] for case in cases}, network=network) as signer:
        answers = [sign(signer, case) for case in cases]

    expected = [case["signature"] for case in cases]
    assert (10, expected) == (len(cases), [answer.body.decode() for answer in answers])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "AGGREGATE_AND_PROOF/unknown/gloas-by-its-root/sent",
            "aggregate read as Gloas's",
        ),
        ("AGGREGATE_AND_PROOF/sepolia/gloas-bare-0/sent", None),
        ("INCLUSION_LIST/heze-bare-0/none", "inclusion_list without a version"),
        ("INCLUSION_LIST/heze-0/none", None),
        (
            "AGGREGATION_SLOT/minimal-unknown/8/sent",
            "fork version 0x10424242: other slots per epoch",
        ),
        (
            "VALIDATOR_REGISTRATION/hoodi-without-a-flag/sent",
            "genesis fork version 0x10000910: hoodi's",
        ),
    ],
)
def test_a_record_says_how_a_request_was_read_where_that_is_not_the_default(
    signer_of: Callable[[str], Signer],
    name: str,
    expected: str | None,
) -> None:
    case = BY_NAME[name]
    signer = signer_of(case["network"])

    sign(signer, case)

    assert expected == signer.requests[-1].reading


def test_an_unusual_reading_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    case = BY_NAME["VALIDATOR_REGISTRATION/sepolia-without-a-flag/sent"]
    caplog.set_level("INFO")
    with Signer(keys=[case["secret_key"]]) as signer:
        for _ in range(3):
            sign(signer, case)

    assert 1 == caplog.text.count("genesis fork version 0x90000069: sepolia's")


@pytest.mark.parametrize(
    "name",
    [
        "VALIDATOR_REGISTRATION/hoodi-without-a-flag/sent",
        "AGGREGATION_SLOT/minimal-unknown/8/sent",
    ],
)
def test_what_a_network_states_is_not_open(name: str) -> None:
    request = SigningTypes().decode(json.dumps(BY_NAME[name]["request"]).encode())

    with pytest.raises(SigningRootError):
        request.choose(load_network("mainnet"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_no_reading_leads_to_a_root_that_the_client_did_not_send(case: Case, private: Path) -> None:
    request = case["request"] | {"signingRoot": "0x" + "11" * 32}
    network = load_network(str(private) if case["network"] == "private" else None)

    with pytest.raises(SigningRootError):
        SigningTypes().decode(json.dumps(request).encode()).choose(network)


RENAMED = [
    ("PAYLOAD_ATTESTATION_MESSAGE", "PAYLOAD_ATTESTATION", "payload_attestation"),
    ("PAYLOAD_ATTESTATION_MESSAGE", "PAYLOAD_ATTESTATION", "payload_attestation_data"),
    ("BUILDER_REQUEST_AUTH", "REQUEST_AUTH", "request_auth"),
]


@pytest.mark.parametrize("is_bare", [False, True])
@pytest.mark.parametrize(("name", "old_name", "old_member"), RENAMED)
def test_old_names_and_bare_payloads_have_the_same_root(
    name: str,
    old_name: str,
    old_member: str,
    *,
    is_bare: bool,
) -> None:
    case = next(case for case in CASES if case["request"]["type"] == name)
    request = dict(case["request"])
    payload = request.pop(name.lower())
    request |= {"type": old_name, old_member: payload["data"] if is_bare else payload}

    chosen = SigningTypes().decode(json.dumps(request).encode()).choose(load_network(None))

    assert case["signing_root"] == to_hex(chosen.signing_root) or name.startswith("BUILDER")
    assert f"{old_member} read as {name.lower()}" in chosen.reading


@pytest.mark.parametrize(
    "name",
    [
        "PROPOSER_PREFERENCES/heze-0",
        "EXECUTION_PAYLOAD_BID/heze-0",
        "AGGREGATE_AND_PROOF_V2/heze-0",
    ],
)
def test_a_fork_that_nobody_knows_is_signed_if_the_newest_shape_leads_to_its_root(
    name: str,
    private: Path,
) -> None:
    case = BY_NAME[f"{name}/sent"]
    text = json.dumps(case["request"]).replace('"HEZE"', '"IONA"')
    without_root = json.dumps(BY_NAME[f"{name}/none"]["request"]).replace('"HEZE"', '"IONA"')
    types = SigningTypes()

    root = types.decode(text.encode()).choose(load_network(str(private))).signing_root

    assert case["signing_root"] == to_hex(root)
    with pytest.raises(BadRequestError, match="with signingRoot it is signed"):
        types.decode(without_root.encode())


def test_preferences_of_the_epoch_after_a_fork_may_follow_the_schedule() -> None:
    case = next(case for case in CASES if case["request"]["type"] == "PROPOSER_PREFERENCES")
    preferences = case["request"]["proposer_preferences"]
    preferences["data"]["proposal_slot"] = str(353024 * 32)
    fulu = {"previous_version": "0x90000074", "current_version": "0x90000075", "epoch": "272640"}
    gloas = {"previous_version": "0x90000075", "current_version": "0x90000076", "epoch": "353024"}
    types = SigningTypes()

    def request(fork: Any, **root: str) -> Any:
        fork_info = {"fork": fork, "genesis_validators_root": SEPOLIA}
        body = {"type": "PROPOSER_PREFERENCES", "proposer_preferences": preferences}
        return types.decode(json.dumps(body | {"fork_info": fork_info} | root).encode())

    root = to_hex(request(gloas).choose(load_network(None)).signing_root)
    chosen = request(fulu, signingRoot=root).choose(load_network(None))

    assert (root, True) == (to_hex(chosen.signing_root), "the schedule's" in chosen.reading)
