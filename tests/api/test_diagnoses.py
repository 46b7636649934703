"""Why a root differs, as clients are told over HTTP, in the record and in the log."""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from signer import Signer
from signer.api import diagnoses
from support.asking import ask, sign
from support.duties import ATTESTATION, KEYS
from support.hashing import domain, signing_root
from support.logs import messages
from support.slashable import attestation
from support.vectors import unhex

MAINNET = ATTESTATION["request"]["fork_info"]["genesis_validators_root"]
CAUSE = (
    "this is the root with the previous fork version 0x05000000 of fork_info; use fork version "
    "0x06000000, mainnet's FULU, because epoch 429077 is not before fork.epoch 411392"
)
BATCH = "/api/v1/eth2/sign"


@pytest.fixture
def signer() -> Iterator[Signer]:
    with Signer(keys=KEYS) as signer:
        yield signer


def with_root(root: str) -> Any:
    return ATTESTATION | {"request": ATTESTATION["request"] | {"signingRoot": root}}


def of_the_previous_fork() -> str:
    previous = domain("0x01000000", "0x05000000", MAINNET)
    return signing_root(unhex(ATTESTATION["object_root"]), previous)


def random_root() -> str:
    return f"0x{os.urandom(32).hex()}"


def test_the_cause_comes_after_the_facts(signer: Signer) -> None:
    root = of_the_previous_fork()

    answer = sign(signer, with_root(root))

    facts = (
        f"signing_root: expected {ATTESTATION['signing_root']}, computed with domain "
        f"{ATTESTATION['domain']} and fork version 0x06000000, found {root}"
    )
    assert (400, f"{facts}: {CAUSE}") == (answer.status, answer.json["message"])


def test_the_record_and_the_log_have_the_cause(
    signer: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)

    sign(signer, with_root(of_the_previous_fork()))

    record = signer.requests[-1]
    assert ATTESTATION["signing_root"] == record.signing_root
    assert str(record.message).endswith(CAUSE)
    assert messages(caplog)[0].endswith(CAUSE)


def test_a_batch_has_the_cause(signer: Signer) -> None:
    request = with_root(of_the_previous_fork())["request"]

    answer = ask(signer, "POST", BATCH, {"identifiers": signer.pubkeys, "signing_request": request})

    assert (400, True) == (answer.status, answer.json["message"].endswith(CAUSE))


def test_where_nothing_fits_that_is_said(signer: Signer) -> None:
    message = sign(signer, with_root(random_root())).json["message"]

    assert message.endswith(f": {diagnoses.NO_CAUSE}")


def test_two_roots_of_which_one_is_right_are_told_apart(signer: Signer) -> None:
    request = with_root(ATTESTATION["signing_root"])["request"] | {"signing_root": random_root()}

    message = sign(signer, ATTESTATION | {"request": request}).json["message"]

    assert message.endswith(": signing_root and signingRoot differ; send one of them")


def test_of_two_wrong_roots_the_one_with_a_cause_is_named(signer: Signer) -> None:
    root = of_the_previous_fork()
    request = with_root(root)["request"] | {"signing_root": random_root()}

    message = sign(signer, ATTESTATION | {"request": request}).json["message"]

    assert message.endswith(f": {root} {CAUSE.removeprefix('this ')}")


def test_a_search_that_takes_too_long_says_so(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnoses, "MAX_WAIT", 0)

    message = sign(signer, with_root(random_root())).json["message"]

    assert message.endswith(f": {diagnoses.LATE}")


def test_when_too_many_wrong_requests_come_at_once_some_are_not_examined(
    signer: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diagnoses, "MAX_WAITING", 1)

    with ThreadPoolExecutor(8) as clients:
        roots = [random_root() for _ in range(40)]
        answers = [*clients.map(lambda root: sign(signer, with_root(root)), roots)]

    advice = {answer.json["message"].rpartition(": ")[2] for answer in answers}
    known = (diagnoses.NO_CAUSE, diagnoses.BUSY, diagnoses.LATE)
    assert diagnoses.BUSY.rpartition(": ")[2] in advice
    assert advice <= {text.rpartition(": ")[2] for text in known}
    assert {400} == {answer.status for answer in answers}


def test_a_burst_of_wrong_requests_delays_no_correct_one(signer: Signer) -> None:
    def send(number: int) -> int:
        if number % 10:
            return sign(signer, with_root(random_root())).status
        return sign(signer, {"pubkey": ATTESTATION["pubkey"], "request": attestation(1, 2)}).status

    with ThreadPoolExecutor(8) as clients:
        statuses = [*clients.map(send, range(300))]

    durations = [record.duration for record in signer.requests if record.status == 200]
    assert 30 == statuses.count(200) == len(durations)
    assert sorted(durations)[len(durations) // 2] < 0.1
