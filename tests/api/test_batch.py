"""One message signed with many keys: by one request, and by the point that its root hashes to."""

import http.client
import json
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from random import Random
from secrets import token_bytes
from threading import Barrier
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from signer import SecretKey, Signer, verify
from signer._core import points_remembered
from signer.config.settings import SlashingMode
from signer.hex import to_hex
from signer.keys.derived import interop_key
from signer.keys.keyring import Key
from support.asking import ask
from support.data_dir import keeping
from support.duties import RANDAO
from support.keymanager import refusal
from support.served import (
    Answer,
    Served,
    free_port,
    serving,
    serving_application,
    serving_here,
    started,
)
from support.slashable import attestation
from support.vectors import unhex, vectors

BATCH = "/api/v1/eth2/sign"
TYPES = ["AGGREGATION_SLOT", "ATTESTATION", "PAYLOAD_ATTESTATION_MESSAGE", "RANDAO_REVEAL"]
TYPES += ["SYNC_COMMITTEE_MESSAGE", "SYNC_COMMITTEE_SELECTION_PROOF"]
CASES = {case["type"]: case for case in vectors("signing/signing.json")["cases"]}
REQUEST, RIGHT = RANDAO["request"], RANDAO["signing_root"]
SECRETS = [interop_key(index) for index in range(20)]  # more than are under way at once
PUBKEYS = [f"0x{key.public_key().hex()}" for key in SECRETS]
THREE = KEY, OTHER, THIRD = PUBKEYS[:3]
UNKNOWN = f"0x{'12' * 48}"
MANY = 3000  # keys: half a second of signing
BARE, CONTROL, IDS = (), ("--control",), ["bare", "control"]


Signing = AbstractContextManager[Served]

NO_KEYS = [UNKNOWN, "garbage", "0xzz", "0x00", "", "é", f"{KEY} ", f"0x0X{KEY[2:]}"]
FORMS = [KEY.upper(), KEY[2:], KEY[2:].upper()]


@contextmanager
def signing(where: Callable[..., Signing], keys: int, *flags: str) -> Iterator[Served]:
    """A signer with interop keys and metrics."""
    port = free_port()
    with where("--interop", str(keys), "--metrics-port", str(port), *flags) as signer:
        signer.ready["metrics"] = port
        yield signer


@pytest.fixture(scope="module", params=[BARE, CONTROL], ids=IDS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Each test has it twice: without control and with."""
    with signing(serving_here, len(PUBKEYS), "--slashing", "enforce", *request.param) as served:
        yield served


@pytest.fixture
def controlled() -> Iterator[Signer]:
    with Signer(interop=3) as signer:
        yield signer


def batch(signer: Served | Signer, identifiers: list[str], request: Any = REQUEST) -> Answer:
    sent = {"identifiers": identifiers, "signing_request": request}
    if isinstance(signer, Served):
        return signer.ask("POST", BATCH, sent)
    return ask(signer, "POST", BATCH, sent)


def codes(answer: Answer) -> list[int]:
    return [result.get("error", {"code": 200})["code"] for result in answer.json]


def signatures(answer: Answer) -> list[bytes]:
    return [unhex(result["signature"]) for result in answer.json]


def counted(signer: Served, status: int = 200, kind: str = "RANDAO_REVEAL") -> int:
    with urlopen(f"http://127.0.0.1:{signer.ready['metrics']}/metrics") as response:
        text = response.read().decode()
    found = re.search(f'requests_total{{status="{status}",type="{kind}"}} (.*)', text)
    return int(float(found[1])) if found else 0


def connected(signer: Served, length: int) -> socket.socket:
    """A connection that announced a batch of so many bytes."""
    connection = socket.create_connection(("127.0.0.1", urlsplit(signer.url).port or 0), 20)
    head = f"POST {BATCH} HTTP/1.1\r\nHost: signer\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode())
    return connection


@pytest.mark.parametrize("signing_type", TYPES)
def test_results_are_single_signatures_in_their_order(served: Served, signing_type: str) -> None:
    case, keys = CASES[signing_type], Random(1).sample(PUBKEYS, len(PUBKEYS))
    sent = [key[start:] for key, start in zip(keys, [0, 2] * 10, strict=True)]  # 0x or none
    sent[5:15] = map(str.upper, sent[5:15])

    answer = batch(served, sent, case["request"])

    singles, root = [served.sign(key, case["request"]) for key in keys], unhex(case["signing_root"])
    pairs = [(key, single.body.decode()) for key, single in zip(sent, singles, strict=True)]
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    assert [{"identifier": key, "signature": single} for key, single in pairs] == answer.json
    assert all(map(verify, map(unhex, keys), [root] * len(keys), signatures(answer)))


@pytest.mark.parametrize("identifier", NO_KEYS)
def test_what_is_no_key_is_404_in_its_place(served: Served, identifier: str) -> None:
    answer = batch(served, [OTHER, identifier, THIRD])

    assert (200, [200, 404, 200]) == (answer.status, codes(answer))
    error = {"code": 404, "message": answer.json[1]["error"]["message"]}
    assert {"identifier": identifier, "error": error} == answer.json[1]
    assert "public key" in error["message"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"nonsense", "expected a batch"),
        (b'{"identifiers":["\xff"]}', "invalid UTF-8"),
        (b"[]", "expected `object`"),
        ({"signing_request": REQUEST}, "identifiers: expected this member, found none"),
        ({"identifiers": [], "signing_request": REQUEST}, "identifiers: "),
        ({"identifiers": [KEY, 1], "signing_request": REQUEST}, "identifiers[1]: "),
        ({"identifiers": ["a" * 1001]}, "identifiers[0]: expected `str` of length <= 1000"),
        ({"identifiers": [KEY]}, "signing_request: expected this member, found none"),
        ({"identifiers": [KEY], "signing_request": {"type": "RANDAO_REVEAL"}}, "fork_info"),
    ],
)
def test_what_is_no_batch_is_refused(served: Served, body: Any, told: str) -> None:
    answer = served.ask("POST", BATCH, body)

    message = refusal(answer)
    assert {"code": 400, "message": message, "error": message} == answer.json
    assert told in message


@pytest.mark.parametrize("again", [KEY, *FORMS])
def test_a_key_that_is_there_twice_is_refused(served: Served, again: str) -> None:
    assert "expected distinct identifiers" in refusal(batch(served, [KEY, OTHER, again]))


@pytest.mark.parametrize("signing_type", sorted(CASES.keys() - TYPES))
def test_what_validators_do_not_sign_alike_is_refused(served: Served, signing_type: str) -> None:
    answer = batch(served, [KEY], CASES[signing_type]["request"])

    assert f"{', '.join(sorted([*TYPES, 'GENERIC']))}, found {signing_type}" in refusal(answer)


def test_a_body_above_32_mib_is_413_before_it_is_read(served: Served) -> None:
    with connected(served, (32 << 20) + 1) as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        *((method, BATCH, (405, "POST")) for method in ("GET", "PUT", "DELETE")),
        ("OPTIONS", BATCH, (204, "POST")),
        ("GET", f"{BATCH}atures", (404, None)),
        ("POST", f"{BATCH}X{KEY}", (404, None)),
    ],
)
def test_nothing_else_signs(served: Served, method: str, path: str, expected: Any) -> None:
    answer = served.ask(method, path, REQUEST)

    assert expected == (answer.status, answer.headers.get("allow"))


def test_metrics_count_each_key(served: Served) -> None:
    before = [counted(served, status) for status in (200, 404)]

    batch(served, [*THREE, UNKNOWN, "garbage"])

    assert [before[0] + 3, before[1] + 2] == [counted(served, status) for status in (200, 404)]


@pytest.mark.parametrize("served", [BARE, CONTROL], ids=IDS, indirect=True)
def test_metrics_count_a_batch_that_is_refused(served: Served) -> None:
    before = counted(served, 400, "unknown")

    batch(served, [])

    assert before + 1 == counted(served, 400, "unknown")


@pytest.mark.parametrize(("mode", "status"), [("report", 200), ("enforce", 412)])
def test_what_is_slashable_is_told_or_refused_in_its_place(mode: SlashingMode, status: int) -> None:
    with Signer(interop=3, slashing=mode) as signer:
        ask(signer, "POST", f"{BATCH}/{OTHER}", attestation(4, 1))

        answer = batch(signer, THREE, attestation(4))

        assert (200, [200, status, 200]) == (answer.status, codes(answer))
        assert [("double_vote", OTHER)] == [(pair.rule, pair.pubkey) for pair in signer.slashable()]


@pytest.mark.slow
def test_what_was_signed_is_on_disk_when_its_signature_leaves(tmp_path: Path) -> None:
    flags = [*keeping(tmp_path), "--interop", "20", "--slashing", "enforce"]
    with started(flags) as killed:
        signed = codes(batch(killed, PUBKEYS[1:], attestation(4)))

    with serving(*flags) as signer:
        refused = codes(batch(signer, PUBKEYS, attestation(4, 1)))

    assert ([200] * 19, [200] + [412] * 19) == (signed, refused)


def test_each_key_is_recorded_and_then_the_batch(controlled: Signer) -> None:
    answer = batch(controlled, [KEY, OTHER, UNKNOWN])

    names = "path", "type", "pubkey", "status", "signature"
    *found, last = [[getattr(record, name) for name in names] for record in controlled.requests]
    for result, status in zip(answer.json, [200, 200, 404], strict=True):
        key, signature = result["identifier"], result.get("signature")
        assert [f"{BATCH}/{key}", "RANDAO_REVEAL", key, status, signature] in found
    assert (3, [BATCH, None, None, 200, None]) == (len(found), last)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 412, "pubkey": OTHER}, [200, 412, 200]),
        ({"status": 503, "times": 1}, [503, 200, 200]),
        ({"status": 500, "type": "ATTESTATION"}, [200, 200, 200]),
        ({"status": 500, "path": f"{BATCH}/{THIRD}"}, [200, 200, 500]),
    ],
)
def test_a_fault_strikes_keys(controlled: Signer, fault: Any, expected: list[int]) -> None:
    controlled.fault(**fault)

    answer = batch(controlled, THREE)

    assert (200, expected) == (answer.status, codes(answer))
    assert expected.count(200) == 3 - answer.body.count(b'"message":"a fault of the test"')


def test_a_fault_of_one_key_holds_the_batch_and_no_other_key_back(controlled: Signer) -> None:
    controlled.fault(signature="wrong_root", delay=0.2, pubkey=OTHER)

    found = signatures(batch(controlled, THREE))

    roots = [unhex(RIGHT), bytes(byte ^ 0xFF for byte in unhex(RIGHT)), unhex(RIGHT)]
    assert list(map(SecretKey.sign, SECRETS, roots)) == found
    held = [record.path for record in controlled.requests if record.duration >= 0.2]
    assert [f"{BATCH}/{OTHER}", BATCH] == held


def test_a_fault_makes_a_signer_without_the_route(controlled: Signer) -> None:
    controlled.fault(path=BATCH, status=404)

    message = refusal(batch(controlled, THREE), 404)

    single = ask(controlled, "POST", f"{BATCH}/{KEY}", REQUEST).status
    assert ("a fault of the test", 200) == (message, single)


@pytest.mark.parametrize("served", [BARE], ids=["bare"], indirect=True)
@pytest.mark.parametrize(
    ("asked", "root", "status"),
    [
        ([*PUBKEYS[::-1], UNKNOWN, "garbage"], RIGHT, 200),
        ([], RIGHT, 400),
        ([f"{KEY}/"], RIGHT, 200),
        ([KEY], UNKNOWN[:66], 400),
    ],
)
def test_control_changes_no_answer(served: Served, asked: Any, root: str, status: int) -> None:
    request = REQUEST | {"signing_root": root}

    expected = batch(served, asked, request)
    with Signer(interop=len(PUBKEYS)) as controlled:
        found = batch(controlled, asked, request)

    assert (status, status, expected.body) == (expected.status, found.status, found.body)


@contextmanager
def under_way() -> Iterator[tuple[Served, socket.socket]]:
    """A signer and the connection of a batch of all its keys; some of them are signed."""
    with signing(serving, MANY) as signer:
        sent = {"identifiers": signer.ask("GET", "/api/v1/eth2/publicKeys").json}
        body = json.dumps(sent | {"signing_request": REQUEST}).encode()
        with connected(signer, len(body)) as connection:
            connection.sendall(body)
            while not counted(signer):
                pass
            yield signer, connection


@pytest.mark.slow
def test_a_batch_ends_when_its_client_goes_away() -> None:
    with under_way() as (signer, connection):
        connection.close()
        counts = [counted(signer)]
        while len(counts) < 30 or len({*counts[-30:]}) > 1:
            counts.append(counted(signer))
        assert counts[-1] < MANY // 2
        assert 200 == signer.sign(KEY, REQUEST).status


@pytest.mark.slow
def test_single_signatures_do_not_wait_for_a_batch() -> None:
    with under_way() as (signer, _):
        single = signer.sign(KEY, attestation(4)).status
        signed = counted(signer)

    assert 200 == single
    assert signed < MANY


@pytest.mark.parametrize(("others", "found"), [(255, 20), (256, 19)])
def test_the_last_256_roots_are_remembered_for_all_keys(others: int, found: int) -> None:
    root, (asked, known) = token_bytes(32), points_remembered()
    first, again = ([key.sign(root) for key in SECRETS] for _ in range(2))
    for _ in range(others):
        SECRETS[0].sign(token_bytes(32))

    later = [key.sign(root) for key in SECRETS]

    assert (asked + 60 + others, known + 19 + 20 + found) == points_remembered()
    assert first == again == later
    assert all(map(verify, map(SecretKey.public_key, SECRETS), [root] * 20, first))


@pytest.mark.parametrize("threads", [2, 32])
def test_threads_that_ask_for_one_new_root_at_once_hash_it_once(threads: int) -> None:
    root, barrier, (asked, known) = token_bytes(32), Barrier(threads), points_remembered()

    def sign(key: SecretKey) -> bytes:
        barrier.wait(20)
        return key.sign(root)

    with ThreadPoolExecutor(threads) as pool:
        (signature,) = set(pool.map(sign, SECRETS[:1] * threads))

    assert (asked + threads, known + threads - 1) == points_remembered()
    assert verify(SECRETS[0].public_key(), root, signature)


def test_a_bug_in_the_middle_of_a_batch_cuts_its_response_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with serving_application("--interop", "700") as (signer, application):
        pubkeys = [to_hex(pubkey) for pubkey in application.keyring]
        application.keyring.readonly[unhex(pubkeys[600])] = Key("not a key")  # type: ignore[arg-type]

        with pytest.raises(http.client.IncompleteRead):
            batch(signer, pubkeys)
        answer = batch(signer, pubkeys[:3])

    bugs = [record for record in caplog.records if record.levelname == "ERROR"]
    assert ["a response was cut by a bug of the signer"] == [bug.getMessage() for bug in bugs]
    assert [200, 200, 200] == codes(answer)


def test_a_bug_in_a_recorded_batch_is_a_500_with_a_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Signer(interop=2) as signer:
        application: Any = signer._application  # noqa: SLF001 - no request makes a bug
        pubkeys = signer.pubkeys
        application.keyring.readonly[unhex(pubkeys[1])] = Key("not a key")  # type: ignore[arg-type]

        answer = batch(signer, pubkeys)

        assert 500 == answer.status
        assert 500 == signer.requests[-1].status
    assert "a request failed on a bug of the signer" in caplog.text
