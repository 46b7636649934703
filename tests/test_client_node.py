"""Lodestar's own packages, in Node: they compute the roots and verify the signatures."""

from typing import NamedTuple

import pytest

from foreign import Signed, signed_by
from signer import Record, Signer

PROGRAM = "tests/clients/node/lodestar.mjs"
BUILT = "tests/clients/node/node_modules/.package-lock.json"  # npm writes it when all is there

MESSAGES = [
    "AGGREGATE_AND_PROOF/PHASE0",
    "AGGREGATE_AND_PROOF/ELECTRA",
    "AGGREGATE_AND_PROOF_V2/PHASE0",
    "AGGREGATE_AND_PROOF_V2/ALTAIR",
    "AGGREGATE_AND_PROOF_V2/BELLATRIX",
    "AGGREGATE_AND_PROOF_V2/CAPELLA",
    "AGGREGATE_AND_PROOF_V2/DENEB",
    "AGGREGATE_AND_PROOF_V2/ELECTRA",
    "AGGREGATE_AND_PROOF_V2/FULU",
    "AGGREGATE_AND_PROOF_V2/GLOAS",
    "AGGREGATION_SLOT",
    "ATTESTATION",
    "BLOCK",
    "BLOCK_V2/PHASE0",
    "BLOCK_V2/ALTAIR",
    "BLOCK_V2/BELLATRIX",
    "BLOCK_V2/CAPELLA",
    "BLOCK_V2/DENEB",
    "BLOCK_V2/ELECTRA",
    "BLOCK_V2/FULU",
    "BLOCK_V2/GLOAS",
    "BLOCK_V2/HEZE",
    "BUILDER_REQUEST_AUTH",
    "DEPOSIT",
    "EXECUTION_PAYLOAD_BID",
    "EXECUTION_PAYLOAD_ENVELOPE",
    "PAYLOAD_ATTESTATION_MESSAGE",
    "PROPOSER_PREFERENCES",
    "RANDAO_REVEAL",
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF",
    "SYNC_COMMITTEE_MESSAGE",
    "SYNC_COMMITTEE_SELECTION_PROOF",
    "VALIDATOR_REGISTRATION",
    "VOLUNTARY_EXIT/BELLATRIX",
    "VOLUNTARY_EXIT/FULU",
]


class Session(NamedTuple):
    """A run of the client: what it says of each message, and what the signer says of it."""

    signed: dict[str, Signed]
    records: dict[tuple[str | None, str | None], Record]  # by signing type and signature


def signed_for(signer: Signer, preset: str) -> dict[str, Signed]:
    command = ["env", f"LODESTAR_PRESET={preset}", "node", PROGRAM, signer.url, *signer.pubkeys]
    return signed_by("node", BUILT, *command)


@pytest.fixture(scope="module", params=["mainnet", "minimal", "gnosis"])
def session(request: pytest.FixtureRequest) -> Session:
    with Signer(interop=1, network=request.param) as signer:
        signed = signed_for(signer, request.param)
        return Session(signed, {(each.type, each.signature): each for each in signer.requests})


def test_lodestar_has_every_message_signed_that_is_expected_of_it(session: Session) -> None:
    assert sorted(MESSAGES) == sorted(session.signed)


@pytest.mark.parametrize("message", MESSAGES)
def test_lodestar_verifies_the_signature(session: Session, message: str) -> None:
    assert session.signed[message].verified


@pytest.mark.parametrize("message", MESSAGES)
def test_lodestar_computes_the_same_signing_root(session: Session, message: str) -> None:
    signed = session.signed[message]
    signing_type, _, _ = message.partition("/")

    record = session.records[signing_type, signed.signature]

    assert signed.signing_root == record.root_given == record.signing_root


def test_lodestar_does_not_verify_a_signature_of_another_root() -> None:
    with Signer(interop=1, network="mainnet") as signer:
        signer.fault(signature="wrong_root", type="ATTESTATION")

        signed = signed_for(signer, "mainnet")

    assert ["ATTESTATION"] == [message for message, each in signed.items() if not each.verified]


def test_lodestar_tells_why_it_got_no_signature() -> None:
    with Signer(interop=1, network="mainnet") as signer:
        signer.fault(status=412, body="slashable", type="ATTESTATION")

        with pytest.raises(AssertionError, match=r"ATTESTATION: expected .* found 412 .*slashable"):
            signed_for(signer, "mainnet")
