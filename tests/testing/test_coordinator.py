"""`Coordinator`: any two of three sign as the whole key, and whoever does not is named."""

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.request import HTTPSHandler, build_opener

import pytest

from signer import Coordinator, SecretKey, Signer, ThresholdError, verify
from signer.errors import ConfigError
from support.distributed import (
    IDS,
    KEY,
    OTHER,
    SECRETS,
    account_of,
    account_sets,
    changed,
    coordinating,
    partial,
    participants,
)
from support.duties import RANDAO
from support.hashing import sha256
from support.known_keys import INTEROP
from support.served import free_port, free_ports
from support.slashable import attestation, block
from support.vectors import unhex, vectors

CASES: dict[str, Any] = {}
for case in vectors("signing/signing.json")["cases"]:
    CASES.setdefault(case["type"], case)
LEAF, DOMAIN = "0x" + "22" * 32, "0x07000000" + "33" * 28
GENERIC = {
    "request": {"type": "GENERIC", "signing_data": {"object_root": LEAF, "domain": DOMAIN}},
    "signing_root": f"0x{sha256(unhex(LEAF) + unhex(DOMAIN)).hex()}",
}
BATCHABLE = {
    "AGGREGATION_SLOT": CASES["AGGREGATION_SLOT"],
    "ATTESTATION": CASES["ATTESTATION"],
    "GENERIC": GENERIC,
    "PAYLOAD_ATTESTATION_MESSAGE": CASES["PAYLOAD_ATTESTATION_MESSAGE"],
    "RANDAO_REVEAL": CASES["RANDAO_REVEAL"],
    "SYNC_COMMITTEE_MESSAGE": CASES["SYNC_COMMITTEE_MESSAGE"],
    "SYNC_COMMITTEE_SELECTION_PROOF": CASES["SYNC_COMMITTEE_SELECTION_PROOF"],
}
SINGLE = BATCHABLE | {"BLOCK_V2": CASES["BLOCK_V2"]}
PAIRS = pytest.mark.parametrize("pair", [*combinations(IDS, 2)], ids="{0[0]} and {0[1]}".format)
REQUEST, ROOT = RANDAO["request"], RANDAO["signing_root"]
UNKNOWN = INTEROP[2]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return account_sets(tmp_path_factory.mktemp("shares") / "out")


@pytest.fixture(scope="module")
def shared(paths: list[Path]) -> Iterator[dict[int, Signer]]:
    """Three participants, for tests that leave nothing behind."""
    with participants(paths) as signers:
        yield signers


@pytest.fixture
def signers(paths: list[Path]) -> Iterator[dict[int, Signer]]:
    """Three participants, for one test."""
    with participants(paths) as signers:
        yield signers


def two_of(shared: dict[int, Signer], pair: tuple[int, int]) -> Coordinator:
    """A coordinator that finds only two of the three."""
    nobody = f"http://127.0.0.1:{free_port()}"
    endpoints = dict.fromkeys(IDS, nobody) | {i: shared[i].url for i in pair}
    return Coordinator(endpoints, 2)


def whole(signing_root: str, index: int = 0) -> str:
    """The signature of a key that was never split."""
    signature = SecretKey.from_bytes(SECRETS[index]).sign(unhex(signing_root))
    return f"0x{signature.hex()}"


@PAIRS
@pytest.mark.parametrize("vector", SINGLE.values(), ids=SINGLE)
def test_any_two_of_three_sign_as_the_whole_key(
    shared: dict[int, Signer], pair: tuple[int, int], vector: Any
) -> None:
    recovered = two_of(shared, pair).sign(KEY, vector["request"])

    assert whole(vector["signing_root"]) == recovered.signature
    assert vector["signing_root"] == recovered.signing_root
    assert [*pair] == recovered.participants


@PAIRS
@pytest.mark.parametrize("vector", BATCHABLE.values(), ids=BATCHABLE)
def test_any_two_of_three_sign_a_batch_as_the_whole_keys(
    shared: dict[int, Signer], pair: tuple[int, int], vector: Any
) -> None:
    results = two_of(shared, pair).sign_batch([OTHER, KEY], vector["request"])

    expected = [whole(vector["signing_root"], index) for index in (1, 0)]
    assert expected == [getattr(result, "signature", result) for result in results]


def test_all_three_are_asked_the_same(signers: dict[int, Signer]) -> None:
    coordinating(signers).sign(KEY, REQUEST)

    bodies = [signers[i].wait_for(1, type="RANDAO_REVEAL")[0].body for i in IDS]
    assert [REQUEST] * 3 == bodies


def test_nobody_is_named_when_all_sign(shared: dict[int, Signer]) -> None:
    assert {} == coordinating(shared).sign(KEY, REQUEST).problems


def test_a_participant_that_is_down_is_named(signers: dict[int, Signer]) -> None:
    signers[1].stop()

    recovered = coordinating(signers).sign(KEY, REQUEST)

    assert whole(ROOT) == recovered.signature
    assert [2, 3] == recovered.participants
    assert [1] == [*recovered.problems]
    assert recovered.problems[1].startswith("down: ")


@pytest.mark.parametrize("fault", [{"hang": True}, {"drop": True}], ids=["hangs", "cuts"])
def test_a_participant_that_hangs_or_cuts_is_named(
    signers: dict[int, Signer], fault: dict[str, Any]
) -> None:
    endpoints = {number: signer.url for number, signer in signers.items()}
    coordinator = Coordinator(endpoints, 2, timeout=0.3)

    with signers[2].fault(type="RANDAO_REVEAL", **fault):
        recovered = coordinator.sign(KEY, REQUEST)

    assert [1, 3] == recovered.participants
    assert recovered.problems[2].startswith("down: ")


LIES = {
    "wrong_root": "lying: its partial signature does not verify",
    "wrong_key": "lying: its partial signature does not verify",
    "malformed": "lying: its partial signature does not verify",
    "not_in_group": "lying: its partial signature does not verify",
    "infinity": "lying: its partial signature does not verify",
    "short": "lying: its answer is not as specified: ",
}


@pytest.mark.parametrize("liar", IDS)
@pytest.mark.parametrize(("kind", "told"), LIES.items(), ids=LIES)
def test_a_liar_is_named_and_the_others_sign(
    signers: dict[int, Signer], liar: int, kind: Any, told: str
) -> None:
    signers[liar].fault(signature=kind)
    coordinator = coordinating(signers)

    recovered = coordinator.sign(KEY, REQUEST)
    [batched] = coordinator.sign_batch([KEY], REQUEST)

    assert whole(ROOT) == recovered.signature == getattr(batched, "signature", batched)
    assert [liar] == [*recovered.problems]
    assert recovered.problems[liar].startswith(told)


def test_who_signs_another_root_is_named(signers: dict[int, Signer]) -> None:
    other = REQUEST | {"randao_reveal": {"epoch": "1"}}
    answer(signers[3], "sign/*", partial(signers[3], other).json)

    recovered = coordinating(signers).sign(KEY, REQUEST)

    assert whole(ROOT) == recovered.signature
    assert recovered.problems[3].startswith("lying: it signed another root than the others")


def test_a_root_in_the_request_decides_against_most(signers: dict[int, Signer]) -> None:
    other = REQUEST | {"randao_reveal": {"epoch": "1"}}
    for number in (1, 2):
        answer(signers[number], "sign/*", partial(signers[number], other).json)

    with pytest.raises(ThresholdError, match="expected 2 partial signatures, found 1") as error:
        coordinating(signers).sign(KEY, REQUEST | {"signingRoot": ROOT})

    assert [1, 2] == [*error.value.problems]
    assert "which is not the root in the request" in error.value.problems[1]


def test_who_says_it_is_another_participant_is_named(signers: dict[int, Signer]) -> None:
    answer(signers[2], "sign/*", partial(signers[1], REQUEST).json)

    recovered = coordinating(signers).sign(KEY, REQUEST)

    assert {2: "lying: it says that it is participant 1"} == recovered.problems


def test_endpoints_that_were_swapped_are_named(shared: dict[int, Signer]) -> None:
    swapped = Coordinator({1: shared[2].url, 2: shared[1].url, 3: shared[3].url}, 2)

    with pytest.raises(ThresholdError) as error:
        swapped.sign(KEY, REQUEST)

    assert {
        1: "lying: it says that it is participant 2",
        2: "lying: it says that it is participant 1",
    } == error.value.problems


def test_who_tells_a_false_component_key_is_named(signers: dict[int, Signer]) -> None:
    false_key = SecretKey.from_bytes(bytes(31) + b"\x09")
    signature = f"0x{false_key.sign(unhex(ROOT)).hex()}"
    account = account_of(signers[1]) | {"public_key": f"0x{false_key.public_key().hex()}"}
    answer(signers[1], "accounts", [account])
    answer(signers[1], "sign/*", partial(signers[1], REQUEST).json | {"signature": signature})

    recovered = coordinating(signers).sign(KEY, REQUEST)

    assert {1: "lying: its component key is no share of the composite key"} == recovered.problems
    assert whole(ROOT) == recovered.signature


def test_of_two_contradicting_component_keys_neither_is_used(signers: dict[int, Signer]) -> None:
    signers[3].stop()
    false_key = SecretKey.from_bytes(bytes(31) + b"\x09")
    signature = f"0x{false_key.sign(unhex(ROOT)).hex()}"
    account = account_of(signers[1]) | {"public_key": f"0x{false_key.public_key().hex()}"}
    answer(signers[1], "accounts", [account])
    answer(signers[1], "sign/*", partial(signers[1], REQUEST).json | {"signature": signature})

    with pytest.raises(ThresholdError, match="the component keys of 1, 2 do not recover"):
        coordinating(signers).sign(KEY, REQUEST)


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"signing_threshold": "1"}, "another set, of threshold 1 and participants [1, 2, 3]"),
        (
            {"participants": [{"id": "1", "endpoint": "https://a"}]},
            "another set, of threshold 2 and participants [1]",
        ),
        (
            {"participants": [{"id": str(i), "endpoint": f"https://other-{i}"} for i in IDS]},
            "it tells other endpoints than the others",
        ),
    ],
)
def test_who_belongs_to_another_set_is_named(
    signers: dict[int, Signer], members: dict[str, Any], told: str
) -> None:
    answer(signers[2], "accounts", [account_of(signers[2]) | members])

    recovered = coordinating(signers).sign(KEY, REQUEST)

    assert [1, 3] == recovered.participants
    assert told in recovered.problems[2]


def test_shares_of_two_splits_are_never_mixed(shared: dict[int, Signer], tmp_path: Path) -> None:
    with participants(account_sets(tmp_path / "again")) as others:
        mixed = coordinating({1: shared[1], 2: others[2], 3: others[3]})
        recovered = mixed.sign(KEY, REQUEST)

    assert {1: "lying: its component key is no share of the composite key"} == recovered.problems
    assert whole(ROOT) == recovered.signature


def test_a_refusal_of_one_participant_is_named(paths: list[Path]) -> None:
    with participants(paths, slashing="enforce") as signers:
        assert 200 == partial(signers[2], block(7, 1)).status  # by another coordinator

        recovered = coordinating(signers).sign(KEY, block(7))

    assert [1, 3] == recovered.participants
    assert recovered.problems[2].startswith("refused: 412 not signed: double_block_proposal by ")


def test_nothing_is_signed_when_two_refuse(paths: list[Path]) -> None:
    with participants(paths, slashing="enforce") as signers:
        coordinator = coordinating(signers)
        coordinator.sign(KEY, attestation(4))

        with pytest.raises(ThresholdError) as error:
            coordinator.sign(KEY, attestation(4, 1))
        [late, other] = coordinator.sign_batch([KEY, OTHER], attestation(4, 1))

    assert isinstance(late, ThresholdError)
    assert not isinstance(other, ThresholdError)
    for problems in (error.value.problems, late.problems):
        assert [*IDS] == [*problems]
        assert all(problem.startswith("refused: 412") for problem in problems.values())


def test_below_the_threshold_the_error_names_everybody(signers: dict[int, Signer]) -> None:
    signers[1].stop()
    signers[3].fault(signature="wrong_key")

    with pytest.raises(ThresholdError) as error:
        coordinating(signers).sign(KEY, REQUEST)

    told = str(error.value)
    assert [1, 3] == [*error.value.problems]
    assert told.startswith(
        f"not signed for {KEY[:10]}..: expected 2 partial signatures, found 1: participant 1 at "
        f"{signers[1].url}: down: "
    )
    assert f"; participant 3 at {signers[3].url}: lying: its partial signature" in told


def test_an_unknown_key_of_a_batch_has_its_own_error(shared: dict[int, Signer]) -> None:
    unknown, known = coordinating(shared).sign_batch([UNKNOWN, KEY], REQUEST)

    assert isinstance(unknown, ThresholdError)
    assert unknown.problems[1].startswith("refused: 404 expected the composite public key")
    assert whole(ROOT) == getattr(known, "signature", known)


def test_an_unknown_key_is_refused(shared: dict[int, Signer]) -> None:
    with pytest.raises(ThresholdError, match="it has no account with this composite key"):
        coordinating(shared).sign(UNKNOWN, REQUEST)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("[]", "its results are for other keys"),
        ("{}", "its answer is not as specified"),
        (f'[{{"identifier": "{KEY}"}}]', "neither all members of a signature nor an error"),
        (f'[{{"identifier": "{OTHER}"}}]', "its results are for other keys"),
    ],
)
def test_a_batch_with_other_results_is_a_lie(
    signers: dict[int, Signer], body: str, told: str
) -> None:
    signers[2].fault(path="*/distributed/sign", status=200, body=body)

    [recovered] = coordinating(signers).sign_batch([KEY], REQUEST)

    assert not isinstance(recovered, ThresholdError)
    assert told in recovered.problems[2]


def test_a_participant_may_come_back(signers: dict[int, Signer]) -> None:
    coordinator = coordinating(signers)
    signers[2].stop()
    missing = coordinator.sign(KEY, REQUEST).problems
    signers[2].start()

    assert [2] == [*missing]
    assert {} == coordinator.sign(KEY, REQUEST).problems


def test_a_coordinator_is_made_of_an_account_set(tmp_path: Path) -> None:
    ports = free_ports(len(IDS))
    flags = [text for port in ports for text in ("--endpoint", f"http://127.0.0.1:{port}")]
    paths = account_sets(tmp_path / "out", *flags)

    with (
        Signer(distributed=paths[0], port=ports[0]),
        Signer(distributed=paths[1], port=ports[1]),
    ):
        recovered = Coordinator.of(paths[2]).sign(KEY, REQUEST)

    assert verify(unhex(KEY), unhex(ROOT), unhex(recovered.signature))
    assert [1, 2] == recovered.participants
    assert [3] == [*recovered.problems]


def test_a_coordinator_is_not_made_of_a_wrong_set(tmp_path: Path) -> None:
    path = changed(account_sets(tmp_path / "out")[0], signing_threshold="0")

    with pytest.raises(ConfigError, match="expected 1 to 3"):
        Coordinator.of(path)


@pytest.mark.parametrize("threshold", [0, 4])
def test_a_threshold_outside_of_the_participants_is_refused(threshold: int) -> None:
    endpoints = dict.fromkeys(IDS, "http://127.0.0.1:1")

    with pytest.raises(ConfigError, match="expected a threshold between 1 and the 3 endpoints"):
        Coordinator(endpoints, threshold)


@pytest.mark.parametrize("number", [0, -1, "1"])
def test_an_id_that_is_no_number_above_0_is_refused(number: Any) -> None:
    with pytest.raises(ConfigError, match="expected ids above 0 in endpoints"):
        Coordinator({number: "http://127.0.0.1:1"}, 1)


def test_a_coordinator_authenticates_by_its_opener(paths: list[Path]) -> None:
    with Signer(distributed=paths[0], tls="mtls") as first:
        handler = HTTPSHandler(context=first.tls.ssl_context())
        with Signer(distributed=paths[1]) as second:
            endpoints = {1: first.url, 2: second.url, 3: "http://127.0.0.1:1"}
            coordinator = Coordinator(endpoints, 2, opener=build_opener(handler))
            recovered = coordinator.sign(KEY, REQUEST)

    assert [1, 2] == recovered.participants


def test_text_that_is_no_public_key_is_refused(shared: dict[int, Signer]) -> None:
    with pytest.raises(ConfigError, match="composite key: expected 48 bytes"):
        coordinating(shared).sign("0x00", REQUEST)


def answer(signer: Signer, path: str, value: Any) -> None:
    """Has a participant answer this to a request of the profile."""
    signer.fault(
        path=f"/api/v1/eth2/distributed/{path}",
        status=200,
        content_type="application/json",
        body=json.dumps(value),
    )
