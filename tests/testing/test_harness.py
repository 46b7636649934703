"""`Signer` inside of a test: how it comes and goes, and what it remembers of its requests."""

import asyncio
import gc
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

import signer as signer_package
from signer import Record, Signer, verify
from signer.errors import ConfigError, SignerError
from support.asking import WHERE, ask, sign
from support.duties import ATTESTATION, EPOCH, KEYS, OTHER, RANDAO, SLOT
from support.known_keys import DEVNET_0, INTEROP
from support.vectors import unhex

REGISTRY = """
from prometheus_client import REGISTRY
from signer import Signer
def names():
    return [metric.name for metric in REGISTRY.collect()]
def inside():
    with Signer(interop=1):
        return names()
before = names()
assert before == inside() == names()
for collector in list(REGISTRY._collector_to_names):
    REGISTRY.unregister(collector)
assert [] == inside() == names()
"""


@pytest.fixture
def signer() -> Iterator[Signer]:
    with Signer(keys=KEYS) as signer:
        yield signer


@WHERE
def test_a_signer_serves_on_a_free_port_of_this_machine_and_signs(where: dict[str, Any]) -> None:
    with Signer(interop=4, **where) as signer:
        answer = sign(signer, ATTESTATION | {"pubkey": INTEROP[0]})

        assert re.fullmatch(r"http://127\.0\.0\.1:\d{4,5}", signer.url)
        assert INTEROP[:4] == signer.pubkeys
    root = unhex(ATTESTATION["signing_root"])
    assert verify(unhex(INTEROP[0]), root, unhex(answer.body.decode()))


@WHERE
def test_only_between_start_and_stop_are_connections_accepted(where: dict[str, Any]) -> None:
    with Signer(keys=KEYS, start=False, **where) as signer:
        url = signer.url

        for _ in range(2):
            with pytest.raises(ConnectionRefusedError):
                sign(signer, ATTESTATION)
            signer.start()
            signer.start()
            assert ATTESTATION["signature"] == sign(signer, ATTESTATION).body.decode()
            assert (url, 3) == (signer.url, len(signer.pubkeys))
            signer.stop()
            signer.stop()


def test_stop_and_start_keep_keys_that_were_added() -> None:
    with Signer(interop=1) as signer:
        signer.add_keys(keys=KEYS[:1])
        signer.stop()
        signer.start()

        assert {INTEROP[0], ATTESTATION["pubkey"]} == set(signer.pubkeys)


def test_a_taken_port_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port, started = other.getsockname()[1], perf_counter()

        with pytest.raises(ConfigError, match=f"127.0.0.1, port {port}: Address already in use"):
            Signer(port=port)

        assert perf_counter() - started < 1


def test_keys_come_from_a_mnemonic() -> None:
    with (
        Signer(mnemonic="devnet", count=3) as all_of_them,
        Signer(mnemonic="devnet", count=2, start_index=1) as some,
    ):
        assert DEVNET_0 == all_of_them.pubkeys[0]
        assert all_of_them.pubkeys[1:] == some.pubkeys


def test_keys_come_from_a_folder_of_keystores(vector_keystores: Path) -> None:
    password = vector_keystores / "password"
    with Signer(keystores=vector_keystores, keystores_password_file=password) as signer:
        assert ATTESTATION["signature"] == sign(signer, ATTESTATION).body.decode()


def test_an_unknown_flag_is_an_error_that_names_it() -> None:
    with pytest.raises(TypeError, match="'interopp'"):
        Signer(interopp=4)  # type: ignore[call-arg]


def test_keys_that_are_removed_are_unknown_until_they_are_added(signer: Signer) -> None:
    signer.remove_keys(ATTESTATION["pubkey"])
    removed = sign(signer, ATTESTATION).status
    added = signer.add_keys(keys=KEYS[:1])

    assert [ATTESTATION["pubkey"]] == added
    assert (404, 200) == (removed, sign(signer, ATTESTATION).status)


def test_reset_forgets_requests_and_faults_and_keeps_keys(signer: Signer) -> None:
    signer.fault(status=500)
    sign(signer, ATTESTATION)

    signer.reset()

    assert ([], [], 3) == (signer.requests, signer.faults, len(signer.pubkeys))


def test_signers_share_nothing() -> None:
    with Signer(keys=KEYS) as first, Signer(interop=1) as second:
        first.fault(status=500)

        assert (500, 404) == (sign(first, ATTESTATION).status, sign(second, ATTESTATION).status)
        assert (1, 0) == (first.count(status=500), second.count(status=500))
        assert (1, 0) == (len(first.faults), len(second.faults))


def test_no_thread_and_no_resource_is_left() -> None:
    before = set(threading.enumerate())

    with Signer(keys=KEYS) as signer:
        sign(signer, ATTESTATION)
    Signer(start=False)
    gc.collect()  # a warning of a socket that is not closed would fail this test
    assert set() == set(threading.enumerate()) - before


@pytest.mark.slow
@pytest.mark.parametrize(
    "code",
    [
        "import signer, sys; assert not {'litestar', 'granian'} & {*sys.modules}",
        REGISTRY,
        "from signer import Signer; Signer(interop=1)",  # never stopped
    ],
    ids=["import", "registry", "exit"],
)
def test_a_project_that_uses_a_signer_is_left_alone(code: str) -> None:
    command = [sys.executable, "-W", "error", "-c", code]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_an_async_test_waits_in_a_thread(signer: Signer) -> None:
    async def duty() -> list[Record]:
        async with httpx.AsyncClient(base_url=signer.url) as client:
            waiting = asyncio.create_task(asyncio.to_thread(signer.wait_for, 2, slot=SLOT))
            path = f"/api/v1/eth2/sign/{ATTESTATION['pubkey']}"
            await asyncio.gather(*(client.post(path, json=ATTESTATION["request"]) for _ in "12"))
            return await waiting

    records = asyncio.run(duty())

    assert [ATTESTATION["signature"]] * 2 == [record.signature for record in records]


def test_a_record_tells_what_was_asked_and_answered(signer: Signer) -> None:
    sign(signer, ATTESTATION, 10, **{"User-Agent": "vero/1", "Accept": "text/plain"})

    (record,) = signer.requests
    same = ("type", "pubkey", "signing_root", "signature")
    assert [ATTESTATION[name] for name in same] == [getattr(record, name) for name in same]
    assert (SLOT, EPOCH, None, 200) == (record.slot, record.epoch, record.root_given, record.status)
    assert ("vero/1", "text/plain") == (record.user_agent, record.accept)
    assert ATTESTATION["request"] == record.body
    assert 0 < record.duration < 5


def test_a_record_tells_the_root_that_was_given_and_the_right_one(signer: Signer) -> None:
    given = f"0x{'12' * 32}"

    answer = sign(
        signer, ATTESTATION | {"request": ATTESTATION["request"] | {"signingRoot": given}}
    )

    (record,) = signer.requests
    assert (400, 400, None) == (answer.status, record.status, record.signature)
    assert (ATTESTATION["signing_root"], given) == (record.signing_root, record.root_given)


def test_a_sign_request_without_a_type_has_none_in_its_record(signer: Signer) -> None:
    sign(signer, ATTESTATION | {"request": {}})

    assert [(400, None)] == [(record.status, record.type) for record in signer.requests]


def test_records_are_in_order_and_without_what_the_harness_asks(signer: Signer) -> None:
    sign(signer, ATTESTATION)
    ask(signer, "GET", "/_signer/keys")
    ask(signer, "GET", "/upcheck")
    sign(signer, RANDAO)

    assert ["ATTESTATION", None, "RANDAO_REVEAL"] == [record.type for record in signer.requests]
    assert ("GET", "/upcheck") == (signer.requests[1].method, signer.requests[1].path)


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, 4),
        ({"pubkey": ATTESTATION["pubkey"]}, 1),
        ({"pubkey": ATTESTATION["pubkey"][2:].upper()}, 1),
        ({"status": 404}, 1),
        ({"path": "/api/v1/eth2/sign/*"}, 3),
        ({"slot": SLOT}, 1),
        ({"epoch": EPOCH, "type": "RANDAO_REVEAL"}, 0),
    ],
)
def test_count_takes_what_every_filter_lets_pass(
    signer: Signer, match: dict[str, Any], expected: int
) -> None:
    for vector in (ATTESTATION, OTHER, RANDAO):
        sign(signer, vector)
    ask(signer, "GET", "/nowhere")

    assert expected == signer.count(**match)


def test_an_unknown_filter_is_refused(signer: Signer) -> None:
    with pytest.raises(SignerError, match="`typ`"):
        signer.count(typ="ATTESTATION")  # type: ignore[call-arg]


def test_the_record_is_there_when_the_answer_is(signer: Signer) -> None:
    found = [(sign(signer, RANDAO).status, signer.count()) for _ in range(200)]

    assert [(200, count) for count in range(1, 201)] == found


def test_wait_for_returns_what_another_thread_is_signing(signer: Signer) -> None:
    with ThreadPoolExecutor(1) as client:
        for vector in (RANDAO, ATTESTATION, OTHER):
            client.submit(sign, signer, vector)

        records = signer.wait_for(2, timeout=20, type="ATTESTATION")

    assert [ATTESTATION["pubkey"], OTHER["pubkey"]] == [record.pubkey for record in records]


@pytest.mark.parametrize(
    "bad",
    [{"fault": ("{",)}, {"secret_keys_file": "garbage"}, {"network": "nowhere"}],
    ids=lambda bad: next(iter(bad)),
)
def test_a_signer_that_cannot_start_leaves_its_data_dir_free(
    tmp_path: Path,
    bad: dict[str, Any],
) -> None:
    data_dir = tmp_path / "data"
    if "secret_keys_file" in bad:
        bad = {"secret_keys_file": tmp_path / "keys"}
        bad["secret_keys_file"].write_text("garbage")
    with pytest.raises(SignerError):
        Signer(data_dir=data_dir, **bad)

    with Signer(interop=1, data_dir=data_dir) as signer:
        assert 1 == len(signer.pubkeys)


def test_a_signer_whose_port_was_taken_meanwhile_leaves_its_data_dir_free(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        signer = Signer(data_dir=tmp_path, start=False)
        other.bind(("127.0.0.1", urlsplit(signer.url).port or 0))
        other.listen()
        with signer, pytest.raises(ConfigError, match="Address already in use"):
            signer.start()

    with Signer(data_dir=tmp_path) as again:
        assert [] == again.pubkeys


@pytest.mark.slow
def test_a_process_has_its_keys_and_faults_before_it_serves() -> None:
    faults = (json.dumps({"status": 412, "times": 1}, indent=1), '{"status": 500, "times": 1}')
    with (
        Signer(keys=KEYS, process=True, start=False, fault=faults) as signer,
        ThreadPoolExecutor(1) as client,
    ):

        def first_answers() -> list[int]:
            statuses = list[int]()
            while len(statuses) < 3:
                with suppress(ConnectionRefusedError):
                    statuses.append(sign(signer, ATTESTATION).status)
            return statuses

        answers = client.submit(first_answers)
        signer.start()

        assert [500, 412, 200] == answers.result(20)


@pytest.mark.slow
def test_a_process_is_ours_whatever_lies_in_the_working_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "signer.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)

    with Signer(interop=2, process=True) as signer:
        assert INTEROP[:2] == signer.pubkeys


@pytest.mark.slow
def test_a_process_that_does_not_start_shows_why() -> None:
    with pytest.raises(ConfigError, match=r"(?s)found:.*expected one of mainnet.*nowhere"):
        Signer(process=True, network="nowhere")


def test_every_exported_name_is_there() -> None:
    assert [] == [name for name in signer_package.__all__ if not hasattr(signer_package, name)]


@WHERE
def test_removed_keys_stay_away_over_a_reload(where: dict[str, Any]) -> None:
    with Signer(interop=2, keys=KEYS[:1], **where) as signer:
        signer.remove_keys(INTEROP[0], ATTESTATION["pubkey"])

        assert 200 == ask(signer, "POST", "/reload?wait=true").status
        assert [INTEROP[1]] == signer.pubkeys


@WHERE
def test_the_keys_of_a_signer_are_read_only(where: dict[str, Any]) -> None:
    with Signer(keys=KEYS[:1], **where) as signer:
        [key] = ask(signer, "GET", "/eth/v1/keystores").json["data"]

    assert (ATTESTATION["pubkey"], True) == (key["validating_pubkey"], key["readonly"])


def test_an_assertion_leaves_out_what_came_up_to_a_number(signer: Signer) -> None:
    sign(signer, ATTESTATION)
    sign(signer, RANDAO)

    assert 1 == signer.count(since=1)
    with pytest.raises(AssertionError, match="expected 2 signed"):
        signer.assert_signed(2, since=1)
