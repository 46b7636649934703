"""Clients in other languages, which compute signing roots and verify signatures by themselves.

Each has a folder in tests/clients: a program, the libraries that it pins, and `build`, which
`make test` runs where the language is at hand. The program has every message that it knows signed
by the signer at a URL, and prints a line of JSON for each.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from signer import Record, Signer
from support.sharing import Shared

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

SINCE_PHASE0 = ["PHASE0", "ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU"]
SINCE_ALTAIR = ["ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU"]
SINCE_CAPELLA = ["CAPELLA", "DENEB", "ELECTRA", "FULU"]


def messages(forks: dict[str, list[str]]) -> list[str]:
    """Of each type one for each fork in whose time it is signed; one where no fork matters."""
    of_forks = [f"{kind}/{fork}" for kind, names in forks.items() for fork in names]
    return of_forks + [kind for kind, names in forks.items() if not names]


LODESTAR = messages(
    {
        "AGGREGATE_AND_PROOF": ["PHASE0", "ELECTRA"],
        "AGGREGATE_AND_PROOF_V2": [*SINCE_PHASE0, "GLOAS", "HEZE"],
        "AGGREGATION_SLOT": [],
        "ATTESTATION": [],
        "BLOCK": [],
        "BLOCK_V2": [*SINCE_PHASE0, "GLOAS", "HEZE"],
        "BUILDER_REQUEST_AUTH": [],
        "DEPOSIT": [],
        "EXECUTION_PAYLOAD_BID": ["GLOAS", "HEZE"],
        "EXECUTION_PAYLOAD_ENVELOPE": ["GLOAS", "HEZE"],
        "INCLUSION_LIST": ["HEZE", "HEZE/bare"],
        "PAYLOAD_ATTESTATION_MESSAGE": ["GLOAS", "HEZE"],
        "PROPOSER_PREFERENCES": ["GLOAS", "HEZE"],
        "RANDAO_REVEAL": [],
        "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": [],
        "SYNC_COMMITTEE_MESSAGE": [],
        "SYNC_COMMITTEE_SELECTION_PROOF": [],
        "VALIDATOR_REGISTRATION": [],
        "VOLUNTARY_EXIT": ["BELLATRIX", "FULU"],
    }
)

# newer versions of SSV send another fork_info
PRYSM_AND_SSV = messages(
    {
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
)

TEKU = messages(
    {
        "AGGREGATE_AND_PROOF": ["PHASE0", "DENEB", "ELECTRA", "FULU"],
        "AGGREGATE_AND_PROOF_V2": ["FULU"],
        "AGGREGATION_SLOT": ["PHASE0", "FULU"],
        "ATTESTATION": ["PHASE0", "FULU"],
        "BLOCK": ["PHASE0"],
        "BLOCK_V2": SINCE_ALTAIR,
        "DEPOSIT": [],
        "RANDAO_REVEAL": ["FULU"],
        "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": ["FULU"],
        "SYNC_COMMITTEE_MESSAGE": ["FULU"],
        "SYNC_COMMITTEE_SELECTION_PROOF": ["FULU"],
        "VALIDATOR_REGISTRATION": [],
        "VOLUNTARY_EXIT": ["CAPELLA", "FULU"],
    }
)


class Client(NamedTuple):
    """A program, and what it knows; `built` is what its `build` makes, below the project."""

    runtime: str
    built: str
    command: list[str]
    messages: list[str]  # signing types, with more before or behind a slash
    network: str = "mainnet"


def lodestar(preset: str) -> Client:
    program = ["node", "tests/clients/node/lodestar.mjs"]
    # npm writes it when all is there
    built = "tests/clients/node/node_modules/.package-lock.json"
    return Client("node", built, ["env", f"LODESTAR_PRESET={preset}", *program], LODESTAR, preset)


JAVA = "target/clients/java"
QUICK_JAVA = ["java", "-XX:TieredStopAtLevel=1"]  # what runs for a second is not optimized
CLASS_PATH = f"{JAVA}/client.jar:{JAVA}/lib/*"
CLIENTS = {
    "Lodestar": lodestar("mainnet"),
    "Lodestar, minimal": lodestar("minimal"),
    "Lodestar, gnosis": lodestar("gnosis"),
    "Prysm and SSV": Client("go", "target/clients/go", ["target/clients/go"], PRYSM_AND_SSV),
    "Teku": Client(
        "java", f"{JAVA}/client.jar", [*QUICK_JAVA, "--class-path", CLASS_PATH, "Client"], TEKU
    ),
}
MESSAGES = [(name, message) for name, client in CLIENTS.items() for message in client.messages]
every_client = pytest.mark.parametrize("client", ["Lodestar", "Prysm and SSV", "Teku"])


class Signed(NamedTuple):
    """What a client made of a message."""

    type: str  # the message
    signing_root: str  # computed by the client, 0x and 64 digits
    signature: str  # 0x and 192 digits
    verified: bool  # by its own library


def type_of(message: str) -> str:
    return next(part for part in message.split("/") if part.isupper())


def output_of(
    client: Client, signer: Signer, *options: str, owner: Signer | None = None
) -> tuple[str, str]:
    """Its standard output and error, with the keys of an owner.

    Skips the test where its language is not at hand.
    """
    if not shutil.which(client.runtime):
        pytest.skip(f"expected {client.runtime}, found none")
    if not (ROOT / client.built).exists():
        pytest.skip(f"expected {client.built}, found none: its build failed, see make test")
    keys = owner or signer
    command = [client.command[0], *options, *client.command[1:], signer.url, *keys.pubkeys]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout, done.stderr


def signed_in(output: str) -> dict[str, Signed]:
    """What a client prints, by message."""
    answers = [Signed(**json.loads(line)) for line in output.splitlines()]
    return {answer.type: answer for answer in answers}


def run(
    client: Client, signer: Signer, *options: str, owner: Signer | None = None
) -> dict[str, Signed]:
    """What a client makes of each message."""
    return signed_in(output_of(client, signer, *options, owner=owner)[0])


class Session(NamedTuple):
    """A run of a client: what it says of each message, and what the signer says of it."""

    signed: dict[str, Signed]
    records: dict[tuple[str | None, str | None], Record]  # by signing type and signature
    log: str  # standard error; Lodestar's has the SEED of its random values


def session(client: Client) -> Session:
    with Signer(interop=1, network=client.network) as signer:
        output, log = output_of(client, signer)
        records = {(each.type, each.signature): each for each in signer.requests}
        return Session(signed_in(output), records, log)


class Sessions(dict[str, Session]):
    """One for each client, when it is first asked for."""

    def __init__(self, shared: Shared) -> None:
        super().__init__()
        self._shared = shared

    def __missing__(self, name: str) -> Session:
        self[name] = self._shared.get(f"client {name}", lambda: session(CLIENTS[name]))
        return self[name]


@pytest.fixture(scope="module")
def sessions(shared: Shared) -> Sessions:
    return Sessions(shared)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_signs_the_messages_that_are_expected_and_no_more(
    sessions: Sessions, client: str
) -> None:
    assert sorted(CLIENTS[client].messages) == sorted(sessions[client].signed)


@pytest.mark.parametrize(("client", "message"), MESSAGES)
def test_a_client_verifies_the_signature(sessions: Sessions, client: str, message: str) -> None:
    assert sessions[client].signed[message].verified is True


@pytest.mark.parametrize(("client", "message"), MESSAGES)
def test_a_client_computes_the_root_that_the_signer_computes(
    sessions: Sessions, client: str, message: str
) -> None:
    signed = sessions[client].signed[message]

    record = sessions[client].records[type_of(message), signed.signature]

    log = sessions[client].log
    assert signed.signing_root == record.root_given == record.signing_root, log


@every_client
def test_a_client_does_not_verify_a_signature_of_another_root(client: str) -> None:
    with Signer(interop=1) as signer, signer.fault(signature="wrong_root", type="ATTESTATION"):
        signed = run(CLIENTS[client], signer)

    wrong = {message for message, each in signed.items() if not each.verified}
    messages = CLIENTS[client].messages
    assert {message for message in messages if type_of(message) == "ATTESTATION"} == wrong


@every_client
def test_a_client_shows_why_it_was_refused(client: str) -> None:
    with (
        Signer(interop=1) as signer,
        signer.fault(type="BLOCK_V2", status=412, body="not this one"),
        pytest.raises(AssertionError, match=r"BLOCK_V2/\w+: expected .* found 412.*: not this one"),
    ):
        run(CLIENTS[client], signer)


@every_client
def test_a_client_is_served_by_an_upstream_behind_the_signer(client: str) -> None:
    network = CLIENTS[client].network
    with (
        Signer(interop=1, network=network) as behind,
        Signer(upstream=behind.url, upstream_verify="enforce", network=network) as front,
    ):
        signed = run(CLIENTS[client], front, owner=behind)

        front.assert_signed(len(signed), upstream="right")
    assert sorted(CLIENTS[client].messages) == sorted(signed)
    assert all(each.verified for each in signed.values())


def test_teku_does_not_say_what_it_accepts(sessions: Sessions) -> None:
    assert {""} == {record.accept for record in sessions["Teku"].records.values()}


def test_go_reads_the_clients_pkcs_12_and_pins_the_server() -> None:
    with Signer(interop=1, tls="mtls") as signer:
        given = ["-p12", str(signer.tls.client_p12_go), "-password", signer.tls.password]
        given += ["-server", str(signer.tls.server_cert)]

        signed = run(CLIENTS["Prysm and SSV"], signer, *given)

    assert sorted(PRYSM_AND_SSV) == sorted(signed)


def test_teku_shows_its_certificate_where_both_sides_need_one() -> None:
    with Signer(interop=1, tls="mtls") as signer:
        stores = {"keyStore": signer.tls.client_p12, "trustStore": signer.tls.ca_p12}
        given = [f"-Djavax.net.ssl.{name}={path}" for name, path in stores.items()]
        given += [f"-Djavax.net.ssl.{name}Password={signer.tls.password}" for name in stores]

        signed = run(CLIENTS["Teku"], signer, *given)

    assert sorted(TEKU) == sorted(signed)
