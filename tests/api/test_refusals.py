"""Refused requests: their reason in the log, in the records, and how many of them are told."""

import logging
from typing import Any

import pytest

from signer import Signer
from signer.api.refusals import LINES_PER_KIND, LINES_PER_SUBJECT, MAX_LINES
from support.asking import ask, sign
from support.duties import ATTESTATION, KEYS, RANDAO
from support.logs import messages
from support.served import serving_application, serving_here
from support.slashable import attestation, statuses

UNKNOWN = f"0x{'12' * 48}"
KEY = ATTESTATION["pubkey"]
WRONG_ROOT = {"signingRoot": "0x" + "11" * 32}
BATCH = "/api/v1/eth2/sign"


def wrong(vector: Any, **members: Any) -> Any:
    return vector | {"request": vector["request"] | members}


@pytest.fixture(autouse=True)
def warnings_only(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


@pytest.mark.parametrize("flags", [[], ["--control"]])
def test_a_refused_request_is_logged_with_its_type_key_status_and_reason(
    caplog: pytest.LogCaptureFixture, flags: list[str]
) -> None:
    with serving_here("--interop", "1", *flags) as signer:
        request = wrong(ATTESTATION, **WRONG_ROOT)["request"]
        reason = signer.sign(KEY, request).json["message"]

    assert [f"refused: ATTESTATION 400 by {KEY[:10]}..: {reason}"] == messages(caplog)


def test_a_record_has_the_reason_of_its_refusal() -> None:
    with Signer(keys=KEYS) as signer:
        reasons = [sign(signer, wrong(ATTESTATION, **WRONG_ROOT)).json["message"]]
        reasons.append(ask(signer, "GET", "/nothing").json["message"])
        sign(signer, ATTESTATION)
        records = signer.requests

    assert [*reasons, None] == [record.message for record in records]
    assert records[0].line().endswith(f"ms  {reasons[0]}")


def test_each_key_of_a_batch_has_its_reason_in_the_record_and_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Signer(keys=KEYS) as signer:
        batch = {"identifiers": [KEY, UNKNOWN], "signing_request": RANDAO["request"]}
        results = ask(signer, "POST", BATCH, batch).json
        records = {record.pubkey: record.message for record in signer.requests}

    reason = results[1]["error"]["message"]
    assert {KEY: None, UNKNOWN: reason, None: None} == records
    assert [f"refused: RANDAO_REVEAL 404 by {UNKNOWN[:10]}..: {reason}"] == messages(caplog)


def test_a_request_repeated_wrongly_is_told_a_few_times_and_another_mistake_still_is(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Signer(keys=KEYS) as signer:
        for number in range(50):
            sign(signer, wrong(ATTESTATION, signingRoot=f"0x{number:064x}"))
        sign(signer, wrong(ATTESTATION, attestation={}))
    lines = messages(caplog)

    assert LINES_PER_KIND + 2 == len(lines)
    assert lines[2].endswith(" (further ones like this are only counted)")
    assert "attestation" in lines[3]
    assert f"{50 - LINES_PER_KIND} more refusals are counted in /metrics" == lines[-1]


def test_a_client_cannot_use_up_the_lines_of_others(caplog: pytest.LogCaptureFixture) -> None:
    with Signer(keys=KEYS) as signer:
        for number in range(LINES_PER_SUBJECT + 30):
            ask(signer, "GET", "/" + "a" * (number + 1))
        sign(signer, wrong(ATTESTATION, **WRONG_ROOT))
    lines = messages(caplog)

    assert LINES_PER_SUBJECT == sum("no route" in line for line in lines)
    assert "refused: ATTESTATION" in lines[-2]
    assert "30 more refusals are counted in /metrics" == lines[-1]


def test_no_more_than_a_hundred_refusals_are_told(caplog: pytest.LogCaptureFixture) -> None:
    with Signer(keys=KEYS) as signer:
        for method in ["GET", "PUT", "PATCH", "DELETE", "POST", "HEAD"]:
            for number in range(LINES_PER_SUBJECT):
                ask(signer, method, "/" + "a" * (number + 1))
    lines = messages(caplog)

    assert MAX_LINES + 1 == len(lines)
    assert "further refusals are only counted" in lines[-2]
    assert "20 more refusals are counted in /metrics" == lines[-1]


@pytest.mark.parametrize("fault", [{"status": 400}, {"status": 412, "body": "no"}])
def test_a_fault_is_no_refusal_to_warn_of(
    caplog: pytest.LogCaptureFixture, fault: dict[str, Any]
) -> None:
    with Signer(keys=KEYS) as signer, signer.fault(type="ATTESTATION", times=1, **fault):
        assert fault["status"] == sign(signer, ATTESTATION).status

    assert [] == messages(caplog)


def test_a_slashable_message_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with Signer(interop=1, slashing="enforce") as signer:
        assert [200, 412] == statuses(signer, attestation(5, root=1), attestation(5, root=2))
        [_, refused] = signer.requests

    assert ["slashable, refused"] == [line.split(":")[0] for line in messages(caplog)]
    assert "not signed: double_vote" in (refused.message or "")


def test_a_message_below_the_high_watermark_is_told(caplog: pytest.LogCaptureFixture) -> None:
    flags = "--interop", "1", "--slashing", "enforce", "--high-watermark-epoch", "5"
    with serving_here(*flags) as signer:
        [pubkey] = signer.ask("GET", "/api/v1/eth2/publicKeys").json
        assert 412 == signer.sign(pubkey, attestation(5)).status

    assert any(": not signed: 5 is not below the high watermark" in m for m in messages(caplog))


def test_a_request_without_its_user_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with Signer(keys=KEYS, auth="user:password") as signer:
        assert 401 == sign(signer, ATTESTATION).status
        [record] = signer.requests

    [line] = messages(caplog)
    assert line.startswith(f"refused: POST {BATCH}/{KEY} 401: expected basic auth")
    assert "expected basic authentication: send a user of --auth-file" == record.message


def test_a_line_break_from_a_client_breaks_no_line(caplog: pytest.LogCaptureFixture) -> None:
    with Signer(keys=KEYS) as signer:
        ask(signer, "GET", "/a%0Afailed:%20all")

    assert r"no route /a\nfailed: all" in messages(caplog)[0]


def test_refusals_are_counted() -> None:
    with serving_application("--interop", "1") as (signer, app):
        for _ in range(5):
            signer.sign(UNKNOWN, RANDAO["request"])
        labels = {"status": "404", "reason": "unknown_key"}
        count = app.metrics.registry.get_sample_value("signer_refusals_total", labels)

    assert 5 == count
