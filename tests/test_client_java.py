"""Teku's requests, from Java's own HTTP client: roots by SSZ of its own, signatures by blst."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from foreign import Signed, signed_by
from signer import Record, Signer

CLIENT = "target/clients/java/client.jar"
CLASS_PATH = f"{CLIENT}:target/clients/java/lib/*"

MESSAGES = [
    "AGGREGATE_AND_PROOF/PHASE0",
    "AGGREGATE_AND_PROOF/DENEB",
    "AGGREGATE_AND_PROOF/ELECTRA",
    "AGGREGATE_AND_PROOF/FULU",
    "AGGREGATE_AND_PROOF_V2/FULU",
    "AGGREGATION_SLOT/PHASE0",
    "AGGREGATION_SLOT/FULU",
    "ATTESTATION/PHASE0",
    "ATTESTATION/FULU",
    "BLOCK/PHASE0",
    "BLOCK_V2/ALTAIR",
    "BLOCK_V2/BELLATRIX",
    "BLOCK_V2/CAPELLA",
    "BLOCK_V2/DENEB",
    "BLOCK_V2/ELECTRA",
    "BLOCK_V2/FULU",
    "DEPOSIT",
    "RANDAO_REVEAL/FULU",
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF/FULU",
    "SYNC_COMMITTEE_MESSAGE/FULU",
    "SYNC_COMMITTEE_SELECTION_PROOF/FULU",
    "VALIDATOR_REGISTRATION",
    "VOLUNTARY_EXIT/CAPELLA",
    "VOLUNTARY_EXIT/FULU",
]


class Session(NamedTuple):
    """A run of the client: what it says of each message, and what the signer says of it."""

    signed: dict[str, Signed]
    records: dict[tuple[str | None, str | None], Record]  # by signing type and signature


def run(signer: Signer, **properties: object) -> dict[str, Signed]:
    settings = [f"-Djavax.net.ssl.{name}={value}" for name, value in properties.items()]
    command = ["java", *settings, "--class-path", CLASS_PATH, "Client"]
    return signed_by("java", CLIENT, *command, signer.url, *signer.pubkeys)


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Signer(interop=1, network="mainnet") as signer:
        signed = run(signer)
        yield Session(signed, {(each.type, each.signature): each for each in signer.requests})


def test_the_client_signs_the_messages_that_are_expected_and_no_more(session: Session) -> None:
    assert sorted(MESSAGES) == sorted(session.signed)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_client_verifies_the_signature(session: Session, message: str) -> None:
    assert session.signed[message].verified is True


@pytest.mark.parametrize("message", MESSAGES)
def test_the_client_computes_the_root_that_the_signer_computes(
    session: Session, message: str
) -> None:
    signed = session.signed[message]
    signing_type, _, _ = message.partition("/")

    record = session.records[signing_type, signed.signature]

    assert signed.signing_root == record.root_given == record.signing_root


def test_the_client_does_not_say_what_it_accepts(session: Session) -> None:
    assert {""} == {record.accept for record in session.records.values()}


def test_the_client_does_not_verify_a_signature_of_another_root() -> None:
    with Signer(interop=1, network="mainnet") as signer:
        signer.fault(signature="wrong_root", type="ATTESTATION")

        signed = run(signer)

    wrong = {message for message, each in signed.items() if not each.verified}
    assert {"ATTESTATION/PHASE0", "ATTESTATION/FULU"} == wrong


def test_the_client_shows_why_it_was_refused() -> None:
    with (
        Signer(interop=1, network="mainnet") as signer,
        signer.fault(type="BLOCK_V2", status=412, body="not this one"),
        pytest.raises(AssertionError, match=r"BLOCK_V2/ALTAIR: expected 200, found 412: not this"),
    ):
        run(signer)


def test_the_client_shows_its_certificate_where_both_sides_need_one() -> None:
    with Signer(interop=1, network="mainnet", tls="mtls") as signer:
        signed = run(
            signer,
            keyStore=signer.tls.client_p12,
            keyStorePassword=signer.tls.password,
            trustStore=signer.tls.ca_p12,
            trustStorePassword=signer.tls.password,
        )

    assert sorted(MESSAGES) == sorted(signed)
