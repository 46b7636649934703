"""Keys of an upstream: their requests are checked here, passed on, and the answers verified."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from signer import Signer, verify
from support.asking import ask
from support.duties import RANDAO
from support.known_keys import INTEROP
from support.logs import messages, once
from support.served import free_port, request, serving_here
from support.slashable import attestation, block
from support.vectors import unhex

OWN, THEIRS, OTHER = INTEROP[:3]
SIGN = "/api/v1/eth2/sign"
WRONG = ["wrong_root", "wrong_key", "malformed", "short", "infinity", "not_in_group"]

SEEING = """\
from pathlib import Path

def register(plugin):
    plugin.after_signing(lambda signed: Path("{}").write_text(signed.pubkey))
"""


@pytest.fixture
def behind() -> Iterator[Signer]:
    """The upstream: it has two keys more than the signer in front."""
    with Signer(interop=3, slashing="off") as signer:
        yield signer


@pytest.fixture
def front(behind: Signer) -> Iterator[Signer]:
    with Signer(interop=1, upstream=behind.url) as signer:
        yield signer


@pytest.fixture
def enforcing(behind: Signer) -> Iterator[Signer]:
    flags: Any = {"upstream_verify": "enforce", "slashing": "enforce"}
    with Signer(interop=1, upstream=behind.url, **flags) as signer:
        yield signer


def sign(signer: Signer, pubkey: str, body: Any, **headers: Any) -> Any:
    return ask(signer, "POST", f"{SIGN}/{pubkey}", body, **headers)


def public_keys(signer: Signer) -> list[str]:
    return list(ask(signer, "GET", "/api/v1/eth2/publicKeys").json)


def test_a_key_of_the_upstream_signs(front: Signer) -> None:
    answer = sign(front, THEIRS, RANDAO["request"], Accept="application/json")

    signature = unhex(answer.json["signature"])
    assert 200 == answer.status
    assert verify(unhex(THEIRS), unhex(RANDAO["signing_root"]), signature)


def test_the_body_reaches_the_upstream_as_it_came(front: Signer, behind: Signer) -> None:
    body = json.dumps(RANDAO["request"], indent=3).encode()
    headers = {"User-Agent": "Teku/1", "Content-Type": "application/json; charset=utf-8"}
    request(front.url, "POST", f"{SIGN}/{THEIRS[2:].upper()}", body, headers)

    [record] = behind.wait_for(type="RANDAO_REVEAL")

    assert body == bytes(record.raw_body)
    assert ("Teku/1", "application/json") == (record.user_agent, record.accept)
    assert THEIRS == record.pubkey


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [("text/plain", "text/plain; charset=utf-8"), ("application/json", "application/json")],
)
def test_a_client_gets_the_format_that_it_accepts(
    front: Signer, accept: str, content_type: str
) -> None:
    answer = sign(front, THEIRS, RANDAO["request"], Accept=accept)

    assert content_type == answer.headers["content-type"]


def test_the_public_keys_are_our_own_then_those_of_the_upstream(front: Signer) -> None:
    assert [OWN, THEIRS, OTHER] == public_keys(front)


def test_the_keymanager_lists_only_our_own(front: Signer) -> None:
    listed = ask(front, "GET", "/eth/v1/keystores").json["data"]

    assert [OWN] == [each["validating_pubkey"] for each in listed]


def test_a_key_of_both_is_ours_and_one_warning_tells(
    behind: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    with Signer(interop=1, upstream=behind.url) as front:
        sign(front, OWN, RANDAO["request"])

        front.assert_signed(1, pubkey=OWN)

    assert 0 == behind.count(pubkey=OWN)
    assert 1 == sum("ours sign" in message for message in messages(caplog))


def test_a_key_that_the_upstream_gets_later_signs(front: Signer, behind: Signer) -> None:
    [new] = behind.add_keys(interop=1, keys=["0x" + "07" * 32])[-1:]

    once(lambda: 200 == sign(front, new, RANDAO["request"]).status)

    assert new in public_keys(front)


def test_a_key_that_the_upstream_loses_is_404_and_listed_no_more(
    front: Signer, behind: Signer
) -> None:
    behind.remove_keys(THEIRS)

    answer = sign(front, THEIRS, RANDAO["request"])

    assert 404 == answer.status
    assert "the upstream refused: expected one of the 2 loaded" in answer.json["message"]
    once(lambda: THEIRS not in public_keys(front))


def test_a_key_of_neither_is_404(front: Signer) -> None:
    answer = sign(front, "0x" + "ab" * 48, RANDAO["request"])

    assert 404 == answer.status
    assert "expected one of the 1 loaded public keys" in answer.json["message"]


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_signature_passes_and_is_told(
    front: Signer, behind: Signer, caplog: pytest.LogCaptureFixture, kind: Any
) -> None:
    behind.fault(signature=kind)

    answer = sign(front, THEIRS, RANDAO["request"])

    [record] = front.wait_for(upstream="wrong")
    assert 200 == answer.status
    assert answer.body.decode() == record.signature
    assert "the upstream's signature is wrong" in record.line()
    once(lambda: [line for line in messages(caplog) if "RANDAO_REVEAL by 0xb89bebc6" in line])


@pytest.mark.parametrize("kind", WRONG)
def test_enforcing_a_wrong_signature_is_502(enforcing: Signer, behind: Signer, kind: Any) -> None:
    behind.fault(signature=kind)

    answer = sign(enforcing, THEIRS, RANDAO["request"])

    assert 502 == answer.status
    assert "found a wrong one" in answer.json["message"]
    [record] = enforcing.wait_for(upstream="wrong")
    assert (502, None) == (record.status, record.signature)


@pytest.mark.parametrize("signer", ["front", "enforcing"])
def test_a_right_signature_is_told_to_be_right(request: pytest.FixtureRequest, signer: str) -> None:
    front = request.getfixturevalue(signer)

    sign(front, THEIRS, RANDAO["request"])

    [record] = front.wait_for(upstream="right")
    assert RANDAO["signing_root"] == record.signing_root
    assert RANDAO["request"] == record.body


def test_metrics_count_the_answers(behind: Signer) -> None:
    port = free_port()
    flags = ["--upstream", behind.url, "--metrics-port", str(port)]
    with serving_here(*flags) as front:
        front.sign(THEIRS, RANDAO["request"])
        with behind.fault(signature="wrong_key"):
            front.sign(THEIRS, RANDAO["request"])
        with behind.fault(status=412):
            front.sign(THEIRS, RANDAO["request"])

        def counted() -> str:
            return request(f"http://127.0.0.1:{port}", "GET", "/metrics").body.decode()

        # Verdicts are told after the response.
        once(lambda: 'signer_upstream_answers_total{outcome="wrong"} 1.0' in counted())
        once(lambda: 'signer_upstream_answers_total{outcome="right"} 1.0' in counted())
        assert 'signer_upstream_answers_total{outcome="refused"} 1.0' in counted()
        assert "signer_upstream_keys 3.0" in counted()


def test_what_the_upstream_refuses_is_refused_with_its_status(
    front: Signer, behind: Signer
) -> None:
    behind.fault(status=412, body='{"message": "slashable %s"}' % ("x" * 5000))

    answer = sign(front, THEIRS, RANDAO["request"])

    assert 412 == answer.status
    assert answer.json["message"].startswith("the upstream refused: slashable xxx")
    assert len(answer.json["message"]) < 500


@pytest.mark.parametrize("status", [500, 503, 302, 401, 403])
def test_what_else_the_upstream_answers_is_502(front: Signer, behind: Signer, status: int) -> None:
    behind.fault(status=status, body="not now")

    answer = sign(front, THEIRS, RANDAO["request"])

    assert 502 == answer.status
    assert f"status {status}: not now" in answer.json["message"]


def test_an_upstream_that_hangs_is_504(behind: Signer) -> None:
    with (
        Signer(upstream=behind.url, upstream_timeout=0.2) as front,
        behind.fault(hang=True, type="RANDAO_REVEAL"),
    ):
        answer = sign(front, THEIRS, RANDAO["request"])

    assert 504 == answer.status
    assert "within 0.2 seconds" in answer.json["message"]


def test_an_upstream_that_is_gone_is_502_and_comes_back(front: Signer, behind: Signer) -> None:
    behind.stop()
    gone = sign(front, THEIRS, RANDAO["request"])

    behind.start()

    assert 502 == gone.status
    assert "cannot reach the upstream http://127.0.0.1:" in gone.json["message"]
    assert 200 == sign(front, THEIRS, RANDAO["request"]).status


@pytest.mark.slow
def test_the_healthcheck_is_down_while_the_upstream_is_away(front: Signer, behind: Signer) -> None:
    behind.stop()
    sign(front, THEIRS, RANDAO["request"])
    once(lambda: 503 == ask(front, "GET", "/healthcheck").status)
    report = ask(front, "GET", "/healthcheck").json
    behind.start()
    once(lambda: 200 == ask(front, "GET", "/healthcheck").status)

    assert {"id": "upstream-check", "status": "DOWN"} == report["checks"][-1]


@pytest.mark.slow
def test_a_signer_serves_without_its_upstream_and_finds_it_later(
    behind: Signer, caplog: pytest.LogCaptureFixture
) -> None:
    behind.stop()
    with Signer(interop=1, upstream=behind.url) as front:
        statuses = [sign(front, key, RANDAO["request"]).status for key in (OWN, THEIRS)]
        listed = ask(front, "GET", "/api/v1/eth2/publicKeys").status
        health = ask(front, "GET", "/healthcheck").status
        behind.start()

        once(lambda: 200 == sign(front, THEIRS, RANDAO["request"]).status)
        once(lambda: 200 == ask(front, "GET", "/healthcheck").status)

    assert ([200, 502], 502, 503) == (statuses, listed, health)
    assert "serving without the keys of the upstream" in " ".join(messages(caplog))


def test_a_fault_in_front_answers_and_nothing_is_passed_on(front: Signer, behind: Signer) -> None:
    with front.fault(status=503, body="a fault"):
        answer = sign(front, THEIRS, RANDAO["request"])

    assert (503, 0) == (answer.status, behind.count(type="RANDAO_REVEAL"))


@pytest.mark.parametrize("kind", WRONG)
def test_a_fault_in_front_makes_a_signature_wrong(front: Signer, kind: Any) -> None:
    with front.fault(signature=kind):
        answer = sign(front, THEIRS, RANDAO["request"])

    signature = unhex(answer.body.decode())
    assert not verify(unhex(THEIRS), unhex(RANDAO["signing_root"]), signature)
    front.wait_for(upstream="right")


def test_a_wrong_root_is_refused_here(front: Signer, behind: Signer) -> None:
    answer = sign(front, THEIRS, RANDAO["request"] | {"signing_root": "0x" + "00" * 32})

    assert (400, 0) == (answer.status, behind.count(type="RANDAO_REVEAL"))


def test_slashable_messages_of_the_upstreams_keys_are_reported(front: Signer) -> None:
    for root in (1, 2):
        sign(front, THEIRS, block(9, root))

    [pair] = front.slashable()
    assert ("double_block_proposal", THEIRS) == (pair.rule, pair.pubkey)


async def statuses_of(signer: Signer, bodies: list[bytes]) -> list[int]:
    """The statuses of requests that are all under way at once, each on its connection."""
    parts = urlsplit(signer.url)
    everybody = asyncio.Barrier(len(bodies))

    async def ask_with(body: bytes) -> int:
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = f"POST {SIGN}/{THEIRS} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        await everybody.wait()
        writer.write(head.encode() + body)
        status = int((await reader.readline()).split()[1])
        writer.close()
        await writer.wait_closed()
        return status

    return await asyncio.gather(*map(ask_with, bodies))


@pytest.mark.slow
def test_enforcing_one_of_a_thousand_conflicting_requests_at_once_is_passed_on(
    enforcing: Signer, behind: Signer
) -> None:
    bodies = [json.dumps(attestation(7, root)).encode() for root in range(1000)]

    statuses = asyncio.run(statuses_of(enforcing, bodies))

    assert [200] + 999 * [412] == sorted(statuses)
    assert 1 == behind.count(type="ATTESTATION")


def test_enforcing_the_second_of_a_pair_is_refused(enforcing: Signer, behind: Signer) -> None:
    statuses = [sign(enforcing, THEIRS, attestation(7, root)).status for root in (1, 2, 1)]

    assert [200, 412, 200] == statuses
    assert 2 == behind.count(type="ATTESTATION")


def test_a_history_is_on_disk(behind: Signer, tmp_path: Path) -> None:
    flags: Any = {"slashing": "enforce", "data_dir": tmp_path / "data"}
    for root, status in [(1, 200), (2, 412)]:
        with Signer(upstream=behind.url, **flags) as front:
            assert status == sign(front, THEIRS, block(9, root)).status


def test_a_batch_has_keys_of_both(front: Signer, behind: Signer) -> None:
    unknown = "0x" + "ab" * 48
    sent = {"identifiers": [OWN, THEIRS, unknown, OTHER], "signing_request": RANDAO["request"]}

    results = ask(front, "POST", SIGN, sent).json

    root = unhex(RANDAO["signing_root"])
    signed = {each["identifier"]: each["signature"] for each in results if "signature" in each}
    assert [OWN, THEIRS, OTHER] == [*signed]
    assert all(verify(unhex(key), root, unhex(value)) for key, value in signed.items())
    assert 404 == results[2]["error"]["code"]
    assert {THEIRS, OTHER} == {record.pubkey for record in behind.wait_for(2, type="RANDAO_REVEAL")}
    front.wait_for(2, upstream="right")


def test_an_observer_of_a_plugin_sees_signatures_of_the_upstream(
    behind: Signer, tmp_path: Path
) -> None:
    plugin = tmp_path / "seeing.py"
    plugin.write_text(SEEING.format(tmp_path / "seen"))
    with Signer(interop=1, upstream=behind.url, plugins=plugin) as front:
        sign(front, THEIRS, RANDAO["request"])

    assert THEIRS == (tmp_path / "seen").read_text()


@pytest.mark.slow
def test_a_process_passes_on_too(behind: Signer) -> None:
    with Signer(interop=1, upstream=behind.url, process=True) as front:
        answer = sign(front, THEIRS, RANDAO["request"])

        front.wait_for(upstream="right")

    assert 200 == answer.status
