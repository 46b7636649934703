"""Prysm's and SSV's requests, from Go: roots by go-eth2-client, signatures checked by blst."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from foreign import Signed, signed_by
from signer import Record, Signer

PROGRAM = "target/clients/go"
SINCE_PHASE0 = ["PHASE0", "ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU"]
SINCE_ALTAIR = ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU"]
SINCE_CAPELLA = ["CAPELLA", "DENEB", "ELECTRA", "FULU"]

# By type, the forks in whose time it is signed; newer versions of SSV send another fork_info
EXPECTED = {
    "prysm/AGGREGATION_SLOT": SINCE_PHASE0,
    "prysm/AGGREGATE_AND_PROOF_V2": SINCE_PHASE0,
    "prysm/ATTESTATION": SINCE_PHASE0,
    "prysm/BLOCK": ["PHASE0"],
    "prysm/BLOCK_V2": SINCE_ALTAIR,
    "prysm/RANDAO_REVEAL": SINCE_PHASE0,
    "prysm/SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": SINCE_ALTAIR,
    "prysm/SYNC_COMMITTEE_MESSAGE": SINCE_ALTAIR,
    "prysm/SYNC_COMMITTEE_SELECTION_PROOF": SINCE_ALTAIR,
    "prysm/VALIDATOR_REGISTRATION": [],
    "prysm/VOLUNTARY_EXIT": SINCE_PHASE0,
    "ssv/AGGREGATION_SLOT": SINCE_CAPELLA,
    "ssv/AGGREGATE_AND_PROOF": SINCE_CAPELLA,
    "ssv/ATTESTATION": SINCE_CAPELLA,
    "ssv/BLOCK_V2": SINCE_CAPELLA,
    "ssv/RANDAO_REVEAL": SINCE_CAPELLA,
    "ssv/SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": SINCE_CAPELLA,
    "ssv/SYNC_COMMITTEE_MESSAGE": SINCE_CAPELLA,
    "ssv/SYNC_COMMITTEE_SELECTION_PROOF": SINCE_CAPELLA,
    "ssv/VALIDATOR_REGISTRATION": ["FULU", "FULU/newer"],
    "ssv/VOLUNTARY_EXIT": [*SINCE_CAPELLA, "FULU/newer"],
}
TYPES = [f"{kind}/{fork}" for kind, forks in EXPECTED.items() for fork in forks]
TYPES += [kind for kind, forks in EXPECTED.items() if not forks]


class Exchange(NamedTuple):
    """A message, as the client and as the signer saw it."""

    signed: Signed
    record: Record


@pytest.fixture(scope="module")
def exchanges() -> Iterator[dict[str, Exchange]]:
    with Signer(interop=1, network="mainnet") as signer:
        answers = signed_by("go", PROGRAM, PROGRAM, signer.url, signer.pubkeys[0])
        pairs = zip(answers.values(), signer.requests, strict=True)
        yield {signed.type: Exchange(signed, record) for signed, record in pairs}


def test_the_client_signs_all_that_is_expected_and_no_more(exchanges: dict[str, Exchange]) -> None:
    assert sorted(TYPES) == sorted(exchanges)


@pytest.mark.parametrize("kind", TYPES)
def test_the_signature_is_verified_by_blst(exchanges: dict[str, Exchange], kind: str) -> None:
    signed, record = exchanges[kind]

    assert record.signature == signed.signature
    assert signed.verified is True


@pytest.mark.parametrize("kind", TYPES)
def test_the_signer_computed_the_root_of_the_client(
    exchanges: dict[str, Exchange], kind: str
) -> None:
    signed, record = exchanges[kind]

    assert kind.split("/")[1] == record.type
    assert record.signing_root == record.root_given == signed.signing_root


def test_the_client_notices_a_wrong_signature() -> None:
    with Signer(interop=1) as signer, signer.fault(signature="wrong_root"):
        answers = signed_by("go", PROGRAM, PROGRAM, signer.url, signer.pubkeys[0])

    assert {False} == {signed.verified for signed in answers.values()}


def test_the_client_shows_why_it_was_refused() -> None:
    with (
        Signer(interop=1) as signer,
        signer.fault(type="BLOCK_V2", status=412, body="not this one"),
        pytest.raises(AssertionError, match=r"prysm/BLOCK_V2/ALTAIR: .* 412 .*: not this one"),
    ):
        signed_by("go", PROGRAM, PROGRAM, signer.url, signer.pubkeys[0])
