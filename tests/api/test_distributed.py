"""The routes of the distributed profile: accounts and partial signatures; where shares are not."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from signer import Signer, SignerError, verify
from signer.config.settings import SlashingMode
from support.asking import ask
from support.data_dir import keeping
from support.distributed import (
    ACCOUNTS,
    IDS,
    KEY,
    OTHER,
    SIGN,
    account_of,
    account_set_of,
    account_sets,
    batch,
    partial,
    participants,
)
from support.duties import ATTESTATION, RANDAO
from support.keymanager import Keymanager, Keystore, refusal
from support.known_keys import INTEROP
from support.logs import messages
from support.served import free_port, serving_here, started
from support.slashable import attestation, block
from support.vectors import unhex, vectors

VECTOR: Any = vectors("distributed/threshold-signing.json")
REQUEST = RANDAO["request"]
ROOT = RANDAO["signing_root"]
UNKNOWN = INTEROP[2]
PROPOSER = "0x00000000" + "11" * 28
ATTESTER = "0x01000000" + "11" * 28


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return account_sets(tmp_path_factory.mktemp("shares") / "out")


@pytest.fixture(scope="module")
def shared(paths: list[Path]) -> Iterator[dict[int, Signer]]:
    """Three participants, for tests that leave nothing behind."""
    with participants(paths) as signers:
        yield signers


@pytest.fixture
def signer(paths: list[Path]) -> Iterator[Signer]:
    """The second participant, for one test."""
    with Signer(distributed=paths[1]) as signer:
        yield signer


def generic(domain: str) -> dict[str, Any]:
    return {"type": "GENERIC", "signing_data": {"object_root": PROPOSER, "domain": domain}}


def test_accounts_are_listed_as_the_profile_says(shared: dict[int, Signer]) -> None:
    told = ask(shared[2], "GET", ACCOUNTS)

    ports = [{"id": str(number), "endpoint": f"http://127.0.0.1:910{number}"} for number in IDS]
    assert (200, "application/json") == (told.status, told.headers["content-type"])
    assert [KEY, OTHER] == [account["composite_public_key"] for account in told.json]
    for account in told.json:
        assert {
            "participant_id": "2",
            "public_key": account["public_key"],
            "composite_public_key": account["composite_public_key"],
            "signing_threshold": "2",
            "participants": ports,
        } == account


def test_one_account_is_found_by_its_composite_key(shared: dict[int, Signer]) -> None:
    [_, listed] = ask(shared[1], "GET", ACCOUNTS).json

    assert listed == account_of(shared[1], OTHER)
    assert listed == account_of(shared[1], OTHER.upper().replace("0X", "0x"))


@pytest.mark.parametrize("key", [UNKNOWN, "0x00", "garbage"])
def test_an_unknown_account_is_404(shared: dict[int, Signer], key: str) -> None:
    told = ask(shared[1], "GET", f"{ACCOUNTS}/{key}")

    assert 404 == told.status


def test_a_share_signs_for_the_composite_key(shared: dict[int, Signer]) -> None:
    answer = partial(shared[3], REQUEST)

    signature = answer.json["signature"]
    expected = {"participant_id": "3", "signing_root": ROOT, "signature": signature}
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert expected == answer.json
    assert verify(unhex(account_of(shared[3])["public_key"]), unhex(ROOT), unhex(signature))
    assert not verify(unhex(KEY), unhex(ROOT), unhex(signature))


@pytest.mark.parametrize("participant", VECTOR["participants"], ids=lambda each: each["id"])
def test_the_request_of_the_vector_gives_its_partial_signature(
    tmp_path: Path,
    participant: Any,
) -> None:
    others = [{"id": str(number), "endpoint": f"https://s-{number}.io"} for number in IDS]
    path = account_set_of(
        tmp_path,
        unhex(participant["secret_key"]),
        participant_id=participant["id"],
        signing_threshold="2",
        participants=others,
        accounts=[
            {"composite_public_key": VECTOR["composite_public_key"], "keystore": "share.json"}
        ],
    )
    root = VECTOR["signing_root"]
    request = {"type": "GENERIC", "signingRoot": root, "signing_data": VECTOR["signing_data"]}

    # its domain is a proposer's, which a participant with protection refuses
    with Signer(distributed=path, slashing="off") as signer:
        answer = partial(signer, request, VECTOR["composite_public_key"])
        account = account_of(signer, VECTOR["composite_public_key"])

    expected = {"participant_id": participant["id"], "signing_root": root}
    assert expected | {"signature": participant["signature"]} == answer.json
    assert participant["public_key"] == account["public_key"]


@pytest.mark.parametrize(
    ("request_body", "key", "status", "told"),
    [
        (REQUEST | {"signingRoot": "0x" + "00" * 32}, KEY, 400, f"signing_root: expected {ROOT}"),
        ({"type": "RANDAO_REVEAL"}, KEY, 400, "fork_info: expected this member"),
        ({"type": "RANDAO"}, KEY, 400, "did you mean RANDAO_REVEAL?"),
        (REQUEST, UNKNOWN, 404, "expected the composite public key of one of 2 accounts"),
        (REQUEST, "garbage", 404, "expected a public key in hex"),
    ],
)
def test_a_wrong_request_has_the_status_of_the_profile(
    shared: dict[int, Signer], request_body: Any, key: str, status: int, told: str
) -> None:
    assert told in refusal(partial(shared[1], request_body, key), status)


def test_the_component_key_names_no_account(shared: dict[int, Signer]) -> None:
    component_key = account_of(shared[1])["public_key"]

    assert 404 == partial(shared[1], REQUEST, component_key).status


@pytest.mark.parametrize("path", [SIGN, f"{SIGN}/{KEY}", f"{ACCOUNTS}/{KEY}", ACCOUNTS])
def test_other_methods_are_405(shared: dict[int, Signer], path: str) -> None:
    method = "POST" if path.startswith(ACCOUNTS) else "GET"

    assert 405 == ask(shared[1], method, path).status


@pytest.mark.parametrize("mode", ["report", "enforce"])
@pytest.mark.parametrize("domain", [PROPOSER, ATTESTER])
def test_a_generic_block_or_attestation_is_refused(
    paths: list[Path],
    mode: SlashingMode,
    domain: str,
) -> None:
    proven = {"type": "GENERIC", "merkle_root": PROPOSER, "domain": domain}

    with Signer(distributed=paths[0], slashing=mode) as signer:
        for request in (generic(domain), proven):
            assert "send BLOCK_V2 or ATTESTATION" in refusal(partial(signer, request))
        [result] = batch(signer, [KEY], generic(domain)).json

    assert (KEY, 400) == (result["identifier"], result["error"]["code"])


def test_a_batch_has_a_result_for_each_key_in_order(shared: dict[int, Signer]) -> None:
    answer = batch(shared[1], [OTHER, UNKNOWN, KEY], REQUEST)

    other, unknown, key = answer.json
    singles = [partial(shared[1], REQUEST, each).json for each in (OTHER, KEY)]
    assert 200 == answer.status
    assert [{"identifier": OTHER, **singles[0]}, {"identifier": KEY, **singles[1]}] == [other, key]
    error = {"code": 404, "message": unknown["error"]["message"]}
    assert {"identifier": UNKNOWN, "error": error} == unknown


@pytest.mark.parametrize(
    ("keys", "request_body"),
    [
        ([], REQUEST),
        ([KEY, KEY.upper().replace("0X", "0x")], REQUEST),
        ([KEY], block(5)),
        ([KEY], REQUEST | {"signingRoot": "0x" + "00" * 32}),
    ],
)
def test_a_batch_that_is_not_valid_is_400(
    shared: dict[int, Signer], keys: list[str], request_body: Any
) -> None:
    assert refusal(batch(shared[1], keys, request_body))


def test_a_slashable_share_is_refused_before_it_leaves(paths: list[Path]) -> None:
    with Signer(distributed=paths[0], slashing="enforce") as signer:
        first, again = partial(signer, block(5)), partial(signer, block(5))
        told = refusal(partial(signer, block(5, 1)), 412)
        [result, other] = batch(signer, [KEY, OTHER], attestation(4)).json
        [late, _] = batch(signer, [KEY, OTHER], attestation(4, 1)).json

    assert first.json == again.json
    assert told.startswith(f"not signed: double_block_proposal by {KEY[:10]}..")
    assert [True, True] == ["signature" in each for each in (result, other)]
    assert 412 == late["error"]["code"]


def test_what_a_share_signed_survives_a_restart(paths: list[Path], tmp_path: Path) -> None:
    flags: Any = {"slashing": "enforce", "data_dir": tmp_path / "data"}

    with Signer(distributed=paths[0], **flags) as signer:
        assert 200 == partial(signer, attestation(4)).status
    with Signer(distributed=paths[0], **flags) as signer:
        statuses = [partial(signer, attestation(4, root)).status for root in (0, 1)]

    assert [200, 412] == statuses


@pytest.mark.slow
def test_what_a_share_signed_survives_a_kill(paths: list[Path], tmp_path: Path) -> None:
    flags = ["--distributed", paths[0], "--slashing", "enforce", *keeping(tmp_path / "data")]
    path = f"{SIGN}/{KEY}"

    with started(flags) as killed:
        assert 200 == killed.ask("POST", path, attestation(4)).status
    with started(flags) as signer:
        statuses = [signer.ask("POST", path, attestation(4, root)).status for root in (0, 1)]

    assert [200, 412] == statuses


def test_the_history_is_the_validators_not_the_shares(paths: list[Path], tmp_path: Path) -> None:
    flags: Any = {"slashing": "enforce", "data_dir": tmp_path / "data"}
    with Signer(interop=1, **flags) as whole:
        assert 200 == ask(whole, "POST", f"/api/v1/eth2/sign/{KEY}", attestation(4)).status

    with Signer(distributed=paths[0], **flags) as signer:
        status = partial(signer, attestation(4, 1)).status
        [pair] = signer.slashable()

    assert (412, KEY) == (status, pair.pubkey)


def test_a_share_is_no_key_of_the_ordinary_routes(signer: Signer) -> None:
    component_key = account_of(signer)["public_key"]

    listed = [
        signer.pubkeys,
        ask(signer, "GET", "/api/v1/eth2/publicKeys").json,
        ask(signer, "GET", "/eth/v1/keystores").json["data"],
    ]
    statuses = [
        ask(signer, "POST", f"/api/v1/eth2/sign/{key}", REQUEST).status
        for key in (component_key, KEY)
    ]
    assert [[], [], []] == listed
    assert [404, 404] == statuses


def test_a_share_cannot_be_imported(paths: list[Path]) -> None:
    account = json.loads(paths[0].read_text())["accounts"][0]
    text = (paths[0].parent / account["keystore"]).read_text()

    with serving_here("--no-metrics", "--distributed", paths[0]) as served:
        statuses = Keymanager(served).import_keystores(Keystore(text, "password"))
        listed = Keymanager(served).list_keys()

    assert (["error"], {}) == (statuses, listed)


def test_a_share_cannot_be_added_by_a_test(tmp_path: Path) -> None:
    path = vector_set(tmp_path)

    with Signer(distributed=path) as signer:
        with pytest.raises(SignerError, match="found a share of --distributed"):
            signer.add_keys(keys=[VECTOR["participants"][0]["secret_key"]])

        assert [] == signer.pubkeys


def vector_set(folder: Path) -> Path:
    """The account set of the vector's first participant."""
    return account_set_of(
        folder,
        unhex(VECTOR["participants"][0]["secret_key"]),
        participant_id="1",
        signing_threshold="2",
        participants=[{"id": str(number), "endpoint": f"https://s-{number}.io"} for number in IDS],
        accounts=[
            {"composite_public_key": VECTOR["composite_public_key"], "keystore": "share.json"}
        ],
    )


def test_a_folder_of_shares_adds_no_ordinary_keys(
    paths: list[Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Signer(distributed=paths[0], keystores=paths[0].parent) as signer:
        pubkeys = signer.pubkeys

    assert [] == pubkeys
    assert ["2 keys are shares of --distributed, and sign only there"] == messages(caplog)


def test_ordinary_keys_serve_next_to_shares(paths: list[Path]) -> None:
    with Signer(distributed=paths[0], interop=3) as signer:
        pubkeys = signer.pubkeys
        ordinary = ask(signer, "POST", f"/api/v1/eth2/sign/{KEY}", REQUEST)
        share = partial(signer, REQUEST)

    assert INTEROP[:3] == pubkeys
    assert verify(unhex(KEY), unhex(ROOT), unhex(ordinary.body.decode()))
    assert ordinary.body.decode() != share.json["signature"]


def test_an_ordinary_key_is_a_1_of_1_account(tmp_path: Path) -> None:
    [path] = account_sets(tmp_path / "out", "--split", "1/1")

    with Signer(distributed=path, interop=1) as signer:
        account = account_of(signer)
        answer = partial(signer, REQUEST)
        pubkeys = signer.pubkeys

    assert (KEY, "1") == (account["public_key"], account["signing_threshold"])
    assert verify(unhex(KEY), unhex(ROOT), unhex(answer.json["signature"]))
    assert [KEY] == pubkeys


def test_a_share_without_its_password_is_503_until_a_reload_finds_it(tmp_path: Path) -> None:
    path = account_sets(tmp_path / "out")[0]
    account = json.loads(path.read_text())["accounts"][0]
    [password] = path.parent.glob(f"teku-secrets/{Path(account['keystore']).stem}.txt")
    password.rename(tmp_path / "password")

    with Signer(distributed=path) as signer:
        missing = [partial(signer, REQUEST, key).status for key in (KEY, OTHER)]
        [result, _] = batch(signer, [KEY, OTHER], REQUEST).json
        told = account_of(signer)
        health = ask(signer, "GET", "/healthcheck").status
        (tmp_path / "password").rename(password)
        ask(signer, "POST", "/reload?wait=true")
        mended = [partial(signer, REQUEST).status, ask(signer, "GET", "/healthcheck").status]

    assert [503, 200] == missing
    assert (503, 503) == (result["error"]["code"], health)
    assert KEY == told["composite_public_key"]
    assert [200, 200] == mended


def test_passwords_are_found_by_the_usual_flags(tmp_path: Path) -> None:
    path = account_sets(tmp_path / "out", "--password", "another")[0]
    for password in path.parent.glob("teku-secrets/*"):
        password.unlink()
    (tmp_path / "password").write_text("another")

    with Signer(distributed=path, keystores_password_file=tmp_path / "password") as signer:
        assert 200 == partial(signer, REQUEST).status


def test_a_record_names_the_validator_and_has_the_partial_signature(signer: Signer) -> None:
    answer = partial(signer, REQUEST)
    [single] = signer.wait_for(1, type="RANDAO_REVEAL")
    batch(signer, [OTHER], REQUEST)

    [record] = signer.wait_for(1, since=single.seq, pubkey=OTHER)

    assert (KEY, f"{SIGN}/{KEY}", answer.json["signature"], ROOT) == (
        single.pubkey,
        single.path,
        single.signature,
        single.signing_root,
    )
    assert (f"{SIGN}/{OTHER}", 200) == (record.path, record.status)
    signer.assert_signed(1, pubkey=KEY)


def test_a_fault_applies_to_a_share(signer: Signer) -> None:
    with signer.fault(status=503, pubkey=KEY, times=1) as fault:
        statuses = [partial(signer, REQUEST, key).status for key in (OTHER, KEY, KEY)]
    with signer.fault(status=412, pubkey=OTHER):
        codes = [
            result.get("error", {"code": 200})["code"]
            for result in batch(signer, [KEY, OTHER], REQUEST).json
        ]

    assert [200, 503, 200] == statuses
    assert [200, 412] == codes
    assert 1 == fault.hits


def test_metrics_count_partial_signatures(paths: list[Path]) -> None:
    port = free_port()
    flags: list[str | Path] = ["--distributed", paths[0], "--metrics-port", str(port)]

    with serving_here(*flags) as served:
        served.ask("POST", f"{SIGN}/{KEY}", ATTESTATION["request"])
        served.ask("POST", f"{SIGN}/{UNKNOWN}", ATTESTATION["request"])
        with urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            lines = response.read().decode().splitlines()

    for status in (200, 404):
        assert f'signer_sign_requests_total{{status="{status}",type="ATTESTATION"}} 1.0' in lines


def test_only_a_known_coordinator_is_let_in(paths: list[Path]) -> None:
    with Signer(distributed=paths[0], auth="coordinator:secret") as signer:
        statuses = [ask(signer, "GET", ACCOUNTS).status, partial(signer, REQUEST).status]
        header = "Basic Y29vcmRpbmF0b3I6c2VjcmV0"
        known = partial(signer, REQUEST, Authorization=header).status

    assert [401, 401] == statuses
    assert 200 == known


def test_the_root_lists_the_routes_only_with_an_account_set(signer: Signer) -> None:
    routes = {
        f"GET {ACCOUNTS}",
        f"GET {ACCOUNTS}/{{identifier}}",
        f"POST {SIGN}/{{identifier}}",
        f"POST {SIGN}",
    }

    assert routes < {*ask(signer, "GET", "/").json["routes"]}
    with Signer() as other:
        assert not routes & {*ask(other, "GET", "/").json["routes"]}
        assert "start the signer with --distributed" in refusal(ask(other, "GET", ACCOUNTS), 404)
