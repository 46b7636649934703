"""The examples of remote-signing-api and its drafts, and the features after Heze.

Consensus-specs' executable specification and Lodestar's types made the roots.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from signer import Signer
from signer.decoding import decode
from signer.hex import to_hex
from signer.signing.registry import SigningTypes
from signer.spec.phase0 import DepositMessage
from signer.ssz.composites import Container
from signer.ssz.scalars import ByteList, Bytes32, Bytes48, uint64
from support.asking import ask
from support.consensus_specs import verify
from support.equivocations import encoded
from support.vectors import unhex, vectors

EXAMPLES = vectors("remote_signing_api/examples.json")
THRESHOLD = vectors("remote_signing_api/threshold-signing.json")
SHARES = THRESHOLD["participants"]

every_example = pytest.mark.parametrize("case", EXAMPLES["cases"], ids=lambda case: case["name"])


@pytest.fixture(scope="module")
def signer_on() -> Iterator[Callable[[str], Signer]]:
    """The signer on a network, which refuses what is slashable."""
    with (
        Signer(interop=1, network="minimal", slashing="enforce") as minimal,
        Signer(interop=1, network="mainnet", slashing="enforce") as mainnet,
    ):
        yield {"minimal": minimal, "mainnet": mainnet}.__getitem__


@every_example
def test_an_example_is_signed_with_the_root_of_others(
    signer_on: Callable[[str], Signer],
    case: Any,
) -> None:
    signer = signer_on(case["network"])
    [pubkey] = signer.pubkeys

    answer = ask(
        signer,
        "POST",
        f"/api/v1/eth2/sign/{pubkey}",
        case["request"] | {"signingRoot": case["signing_root"]},
        Accept="application/json",
    )

    assert 200 == answer.status, answer.body
    assert verify(pubkey, unhex(case["signing_root"]), unhex(answer.json["signature"]))


@pytest.mark.parametrize(
    "case",
    [case for case in EXAMPLES["cases"] if "GENERIC" not in case["name"]],
    ids=lambda case: case["name"],
)
def test_the_message_of_an_example_has_the_root_of_others(case: Any) -> None:
    request = SigningTypes().decode(encoded(case["request"]))

    assert case["object_root"] == to_hex(request.message.hash_tree_root())


def test_the_shares_of_the_draft_sign_as_its_vector() -> None:
    request = {"type": "GENERIC", "signing_data": THRESHOLD["signing_data"]}
    request["signingRoot"] = THRESHOLD["signing_root"]
    with Signer(keys=[share["secret_key"] for share in SHARES]) as signer:
        answers = [
            ask(signer, "POST", f"/api/v1/eth2/sign/{share['public_key']}", request)
            for share in SHARES
        ]

    assert [share["signature"] for share in SHARES] == [answer.body.decode() for answer in answers]


class ExecutionProofEnvelope(Container):
    proof_data: ByteList[4194304]  # type: ignore[type-arg,valid-type]
    proof_type: uint64  # uint8 there, which has the same root
    beacon_block_root: Bytes32


class ValidatorPreregistration(Container):
    pubkey: Bytes48
    withdrawal_credentials: Bytes32


class RandaoCommitmentRegistration(Container):
    validator_index: uint64
    commitment: Bytes32


CONTAINERS = [
    ExecutionProofEnvelope,
    ValidatorPreregistration,
    RandaoCommitmentRegistration,
    DepositMessage,
]


@pytest.mark.parametrize("container", CONTAINERS, ids=lambda container: container.__name__)
def test_a_container_of_a_later_feature_has_the_root_of_its_specification(container: Any) -> None:
    [case] = [case for case in EXAMPLES["features"] if container.__name__ in case["name"]]

    message = decode(container, encoded(case["fields"]), "a container")

    assert case["object_root"] == to_hex(message.hash_tree_root())
