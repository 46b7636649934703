"""What each validator client sends, and whether it can read what comes back.

Each test runs twice: the signer has the keys, or an upstream behind it has them.

Headers, members and shapes are those in the clients' own source code; signatures and roots are
the signing vectors'.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest

from support.served import Answer, Served, serving_here
from support.vectors import vectors

Case = dict[str, Any]
Json = dict[str, Any]
SignerOn = Callable[[str], Served]

CASES: dict[tuple[str, str], Case] = {
    (case["network"], case["name"]): case for case in vectors("signing/signing.json")["cases"]
}
PUBKEYS = sorted({case["pubkey"] for case in CASES.values()})
STRANGER = "0x" + "ab" * 48


@pytest.fixture(scope="module", params=["its keys", "an upstream's"])
def signer_on(request: pytest.FixtureRequest, signer_on: SignerOn) -> Iterator[SignerOn]:
    """A signer with the vectors' keys, or one in front of that."""
    if request.param == "its keys":
        yield signer_on
        return
    started: dict[str, Served] = {}
    with ExitStack() as stack:

        def in_front(network: str) -> Served:
            if network not in started:
                flags = ["--upstream", signer_on(network).url, "--network", network]
                started[network] = stack.enter_context(serving_here(*flags, "--no-metrics"))
            return started[network]

        yield in_front


@pytest.fixture(scope="module")
def signer(signer_on: SignerOn) -> Served:
    return signer_on("mainnet")


SENDS_JSON = {"Content-Type": "application/json"}


def media_type(answer: Answer) -> str:
    return answer.headers["content-type"].partition(";")[0]


def json_only(answer: Answer) -> str:
    return str(answer.json["signature"])


def json_said_to_be_json(answer: Answer) -> str:
    assert "application/json" == media_type(answer)
    return json_only(answer)


def json_or_hex_by_content_type(answer: Answer) -> str:
    if answer.headers["content-type"].startswith("application/json"):
        return json_only(answer)
    return bare_hex(answer)


def json_or_text_and_nothing_else(answer: Answer) -> str:
    return {"application/json": json_only, "text/plain": bare_hex}[media_type(answer)](answer)


def bare_hex(answer: Answer) -> str:
    return answer.body.decode("ascii")


class Client(NamedTuple):
    """How a client asks for a signature, and how it finds one in the answer."""

    name: str
    accept: str | None  # the header; None for a client that sends none
    root: str | None  # the member that holds the signing root; None for a client that sends none
    aggregate: Callable[[Json], Json]  # from {version, data}, the members that differ
    signature: Callable[[Answer], str]

    @property
    def headers(self) -> Mapping[str, str]:
        return SENDS_JSON if self.accept is None else SENDS_JSON | {"Accept": self.accept}

    def body(self, case: Case, **differing: Any) -> Json:
        root = {self.root: case["signing_root"]} if self.root else {}
        return {**root, **case["request"], **differing}

    def asks(self, signer: Served, case: Case, **differing: Any) -> Answer:
        path = f"/api/v1/eth2/sign/{case['pubkey']}"
        return signer.ask("POST", path, self.body(case, **differing), self.headers)


def bare(versioned: Json) -> Json:
    return {"type": "AGGREGATE_AND_PROOF", "aggregate_and_proof": versioned["data"]}


def wrapped(versioned: Json) -> Json:
    return {"type": "AGGREGATE_AND_PROOF_V2", "aggregate_and_proof": versioned}


def wrapped_with_lowercase_version(versioned: Json) -> Json:
    return wrapped(versioned | {"version": versioned["version"].lower()})


LIGHTHOUSE = Client("Lighthouse", "application/json", "signingRoot", bare, json_only)
LODESTAR = Client("Lodestar", "application/json", "signingRoot", wrapped, json_said_to_be_json)
TEKU = Client("Teku", None, "signingRoot", bare, json_or_hex_by_content_type)
PRYSM = Client("Prysm", None, "signingRoot", wrapped, json_or_hex_by_content_type)
NIMBUS = Client(
    "Nimbus",
    "application/json",
    None,
    wrapped_with_lowercase_version,
    json_or_text_and_nothing_else,
)
VERO = Client("Vero", "text/plain", None, wrapped, bare_hex)
GRANDINE = Client("Grandine", "*/*", "signingRoot", bare, json_only)
SSV = Client("SSV", "application/json", "signing_root", bare, json_only)
CLIENTS = [LIGHTHOUSE, LODESTAR, TEKU, PRYSM, NIMBUS, VERO, GRANDINE, SSV]


def name(value: object) -> str | None:
    return value.name if isinstance(value, Client) else None


def every(clients: list[Client]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("client", clients, ids=name)


DUTIES = [
    "ATTESTATION/FULU/random-0",
    "AGGREGATION_SLOT/FULU/random-0",
    "RANDAO_REVEAL/FULU/random-0",
    "BLOCK_V2/ELECTRA/random-0",
    "BLOCK_V2/FULU/random-0",
    "SYNC_COMMITTEE_MESSAGE/FULU/random-0",
    "SYNC_COMMITTEE_SELECTION_PROOF/FULU/random-0",
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF/FULU/random-0",
    "VALIDATOR_REGISTRATION/BELLATRIX/random-0",
]


@pytest.mark.parametrize("duty", DUTIES)
@every(CLIENTS)
def test_a_client_reads_the_signature_of_a_duty(signer: Served, client: Client, duty: str) -> None:
    case = CASES["mainnet", duty]

    answer = client.asks(signer, case)

    assert 200 == answer.status
    assert case["signature"] == client.signature(answer)


@pytest.mark.parametrize("fork", ["ELECTRA", "FULU"])
@every(CLIENTS)
def test_a_client_reads_the_signature_of_its_aggregate(
    signer: Served, client: Client, fork: str
) -> None:
    case = CASES["mainnet", f"AGGREGATE_AND_PROOF_V2/{fork}/random-0"]
    aggregate = client.aggregate(case["request"]["aggregate_and_proof"])

    answer = client.asks(signer, case, **aggregate)

    assert 200 == answer.status
    assert case["signature"] == client.signature(answer)


@every([LIGHTHOUSE, TEKU, PRYSM, GRANDINE, SSV])
def test_an_aggregate_from_before_electra_has_the_old_shape(signer: Served, client: Client) -> None:
    case = CASES["mainnet", "AGGREGATE_AND_PROOF/DENEB/random-0"]

    answer = client.asks(signer, case)

    assert case["signature"] == client.signature(answer)


@pytest.mark.parametrize(
    "block",
    [
        "BLOCK/PHASE0/every-operation",
        "BLOCK_V2/ALTAIR/every-operation",
        "BLOCK_V2/BELLATRIX/random-0",
        "BLOCK_V2/CAPELLA/random-0",
        "BLOCK_V2/DENEB/random-0",
    ],
)
@every([TEKU, PRYSM])
def test_teku_and_prysm_send_whole_blocks_first_and_headers_later(
    signer: Served, client: Client, block: str
) -> None:
    case = CASES["mainnet", block]

    answer = client.asks(signer, case)

    assert case["signature"] == client.signature(answer)


@pytest.mark.parametrize(
    "block",
    [
        "BLOCK_V2/PHASE0/every-operation",
        "BLOCK_V2/ALTAIR/every-operation",
        "BLOCK_V2/BELLATRIX/random-0",
    ],
)
def test_lighthouse_sends_every_block_as_block_v2(signer: Served, block: str) -> None:
    case = CASES["mainnet", block]

    answer = LIGHTHOUSE.asks(signer, case)

    assert case["signature"] == LIGHTHOUSE.signature(answer)


def test_nimbus_adds_proofs_beside_its_block_header(signer: Served) -> None:
    case = CASES["mainnet", "BLOCK_V2/FULU/random-0"]
    proofs = [{"index": "401", "proof": ["0x" + "cd" * 32] * 8}]

    answer = NIMBUS.asks(signer, case, proofs=proofs)

    assert case["signature"] == NIMBUS.signature(answer)


@pytest.mark.parametrize("network", ["mainnet", "hoodi", "gnosis"])
@every([TEKU, PRYSM, SSV])
def test_an_exit_under_the_current_fork_has_a_capella_root(
    signer_on: SignerOn, client: Client, network: str
) -> None:
    case = CASES[network, "VOLUNTARY_EXIT/FULU/random-0"]

    answer = client.asks(signer_on(network), case)

    assert case["signature"] == client.signature(answer)


MAINNET_CAPELLA_FORKS = {
    "Bellatrix to Capella": {
        "previous_version": "0x02000000",
        "current_version": "0x03000000",
        "epoch": "194048",
    },
    "Capella only": {
        "previous_version": "0x03000000",
        "current_version": "0x03000000",
        "epoch": "0",
    },
}


@pytest.mark.parametrize("fork", MAINNET_CAPELLA_FORKS)
@pytest.mark.parametrize("client", [VERO, LODESTAR], ids=name)
def test_an_exit_under_the_capella_fork_has_the_same_root(
    signer: Served, client: Client, fork: str
) -> None:
    case = CASES["mainnet", "VOLUNTARY_EXIT/FULU/random-0"]
    fork_info = case["request"]["fork_info"] | {"fork": MAINNET_CAPELLA_FORKS[fork]}

    answer = client.asks(signer, case, fork_info=fork_info)

    assert case["signature"] == client.signature(answer)


@pytest.mark.parametrize(
    ("duty", "epoch"),
    [
        (
            "AGGREGATION_SLOT/FULU/random-0",
            lambda body: int(body["aggregation_slot"]["slot"]) // 32,
        ),
        ("AGGREGATION_SLOT/FULU/at-fork", lambda body: int(body["aggregation_slot"]["slot"]) // 32),
        ("ATTESTATION/FULU/random-0", lambda body: body["attestation"]["target"]["epoch"]),
        ("RANDAO_REVEAL/FULU/random-0", lambda body: body["randao_reveal"]["epoch"]),
        (
            "BLOCK_V2/FULU/random-0",
            lambda body: int(body["beacon_block"]["block_header"]["slot"]) // 32,
        ),
    ],
)
def test_lodestar_sends_the_epoch_of_the_duty_as_the_forks(
    signer: Served, duty: str, epoch: Callable[[Json], object]
) -> None:
    case = CASES["mainnet", duty]
    sent = case["request"]["fork_info"]
    fork_info = sent | {"fork": sent["fork"] | {"epoch": str(epoch(case["request"]))}}

    answer = LODESTAR.asks(signer, case, fork_info=fork_info)

    assert case["signature"] == LODESTAR.signature(answer)


def test_ssv_sends_fork_info_with_a_validator_registration(signer: Served) -> None:
    case = CASES["mainnet", "VALIDATOR_REGISTRATION/BELLATRIX/random-0"]
    fork_info = CASES["mainnet", "ATTESTATION/FULU/random-0"]["request"]["fork_info"]

    answer = SSV.asks(signer, case, fork_info=fork_info)

    assert case["signature"] == SSV.signature(answer)


@pytest.mark.parametrize(
    ("duty", "absent"),
    [
        ("ATTESTATION/FULU/random-0", ["signing_root", "block", "beacon_block", "voluntary_exit"]),
        ("RANDAO_REVEAL/FULU/random-0", ["signing_root", "signingRoot", "attestation", "deposit"]),
        ("VALIDATOR_REGISTRATION/BELLATRIX/random-0", ["signing_root", "fork_info", "block"]),
    ],
)
def test_a_null_is_as_good_as_an_absent_member(
    signer: Served, duty: str, absent: list[str]
) -> None:
    case = CASES["mainnet", duty]

    answer = LIGHTHOUSE.asks(signer, case, **dict.fromkeys(absent))

    assert case["signature"] == LIGHTHOUSE.signature(answer)


@pytest.mark.parametrize(
    ("client", "content_type"),
    [
        (LIGHTHOUSE, "application/json"),
        (LODESTAR, "application/json"),
        (TEKU, "text/plain"),
        (PRYSM, "text/plain"),
        (NIMBUS, "application/json"),
        (VERO, "text/plain"),
        (GRANDINE, "application/json"),
        (SSV, "application/json"),
    ],
    ids=name,
)
def test_a_client_gets_json_only_if_it_accepts_json(
    signer: Served, client: Client, content_type: str
) -> None:
    case = CASES["mainnet", "RANDAO_REVEAL/FULU/random-0"]

    answer = client.asks(signer, case)

    assert content_type == media_type(answer)


@every([VERO, TEKU, PRYSM])
def test_a_signature_as_text_is_0x_and_192_hex_digits_with_no_newline(
    signer: Served, client: Client
) -> None:
    case = CASES["mainnet", "RANDAO_REVEAL/FULU/random-0"]

    answer = client.asks(signer, case)

    assert case["signature"].encode() == answer.body
    assert 2 + 192 == len(answer.body)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Accept": "application/json"}, id="Lodestar, Nimbus, SSV, Vero"),
        pytest.param({"Accept": "*/*"}, id="Grandine"),
        pytest.param({}, id="Teku, Prysm"),
    ],
)
def test_the_public_keys_are_a_json_array_of_lowercase_hex(
    signer: Served, headers: dict[str, str]
) -> None:
    answer = signer.ask("GET", "/api/v1/eth2/publicKeys", headers=headers)

    assert 200 == answer.status
    assert "application/json" == media_type(answer)
    assert PUBKEYS == sorted(answer.json)


def test_the_public_keys_are_the_same_each_time_a_client_fetches_them(signer: Served) -> None:
    headers = {"Accept": "application/json"}

    first = signer.ask("GET", "/api/v1/eth2/publicKeys", headers=headers)
    second = signer.ask("GET", "/api/v1/eth2/publicKeys", headers=headers)

    assert first.json == second.json


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": "application/json"}])
def test_vero_finds_the_signer_healthy(signer: Served, headers: dict[str, str]) -> None:
    answer = signer.ask("GET", "/healthcheck", headers=headers)

    assert 200 == answer.status
    assert "application/json" == media_type(answer)
    assert ("UP", "UP") == (answer.json["status"], answer.json["outcome"])
    assert {"UP"} == {check["status"] for check in answer.json["checks"]}


@pytest.mark.parametrize("headers", [{}, SENDS_JSON], ids=["Teku", "SSV"])
def test_teku_and_ssv_find_the_signer_up(signer: Served, headers: dict[str, str]) -> None:
    answer = signer.ask("GET", "/upcheck", headers=headers)

    assert (200, b"OK") == (answer.status, answer.body)


def test_lodestar_finds_the_signer_up_in_json(signer: Served) -> None:
    answer = signer.ask("GET", "/upcheck", headers={"Accept": "application/json"})

    assert 200 == answer.status
    assert "application/json" == media_type(answer)
    assert {"status": "OK"} == answer.json


@pytest.mark.parametrize(
    ("differing", "status", "reason"),
    [
        ({"pubkey": STRANGER}, 404, "key"),
        ({"request": {"type": "ATTESTATION"}}, 400, "fork_info"),
        ({"request": {"type": "HELLO"}}, 400, "type"),
    ],
    ids=["unknown key", "nothing to sign", "unknown type"],
)
@every(CLIENTS)
def test_a_client_reads_why_it_gets_no_signature(
    signer: Served, client: Client, differing: Json, status: int, reason: str
) -> None:
    case = CASES["mainnet", "ATTESTATION/FULU/random-0"] | differing

    answer = client.asks(signer, case)

    assert status == answer.status
    assert "application/json" == media_type(answer)
    assert reason in answer.json["error"]
    assert reason in answer.json["message"]


@every([client for client in CLIENTS if client.root])
def test_a_client_reads_that_its_root_is_another(signer: Served, client: Client) -> None:
    case = CASES["mainnet", "ATTESTATION/FULU/random-0"] | {"signing_root": "0x" + "ab" * 32}

    answer = client.asks(signer, case)

    assert 400 == answer.status
    assert "signing_root" in answer.json["error"]
    assert "signing_root" in answer.json["message"]
