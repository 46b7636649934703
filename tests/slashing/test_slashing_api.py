"""Slashing protection as users meet it: over HTTP, in a test, and with a history."""

import json
import logging
import os
from collections import ChainMap, Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from random import Random
from resource import RLIM_INFINITY, RLIMIT_FSIZE, prlimit
from threading import Barrier
from typing import Any
from urllib.request import urlopen

import pytest

from signer import Signer, verify
from signer.config.settings import SlashingMode
from support.asking import WHERE, ask
from support.data_dir import keeping
from support.interchange import EACH_BAD, HOODI, MAINNET, METADATA, document, epochs, history
from support.keymanager import Keystore, body, fresh, refusal
from support.killing import Changing, kill_under_load
from support.known_keys import INTEROP
from support.served import Answer, Served, free_port, serving, started
from support.slashable import KEY, attestation, block, sign, statuses
from support.slashing_command import exported
from support.vectors import unhex

ROUNDS = int(os.environ.get("PY3SIGNER_CRASH_ROUNDS", "3"))
RACERS = int(os.environ.get("PY3SIGNER_RACE", "40"))
END: Any = {"high_watermark_epoch": 5, "high_watermark_slot": 7}
BOTH = pytest.mark.parametrize("kept", [False, True], ids=["memory", "disk"])


CONFLICTS = [
    ([block(7), block(7, 1)], "double_block_proposal", [{"slot": "7"}] * 2),
    ([attestation(4), attestation(4, 1)], "double_vote", [epochs(3, 4)] * 2),
    ([attestation(4), attestation(5, 0, 2)], "surrounding_vote", [epochs(3, 4), epochs(2, 5)]),
    ([attestation(5, 0, 2), attestation(4)], "surrounded_vote", [epochs(2, 5), epochs(3, 4)]),
]
EACH = pytest.mark.parametrize(("requests", "rule", "messages"), CONFLICTS)


def import_keys(signer: Signer, *keystores: Keystore, history: str | None = None) -> Answer:
    content = body(*keystores, slashing_protection=history)
    return ask(signer, "POST", "/eth/v1/keystores", content)


def delete_keys(signer: Signer, *pubkeys: str) -> tuple[list[str], str]:
    """The status of each, and what was signed."""
    answer = ask(signer, "DELETE", "/eth/v1/keystores", {"pubkeys": pubkeys}).json
    return [result["status"] for result in answer["data"]], answer["slashing_protection"]


@pytest.fixture
def enforcing() -> Iterator[Signer]:
    with Signer(interop=1, slashing="enforce") as signer:
        yield signer


@EACH
def test_a_refusal_names_the_rule_and_the_earlier_message(
    enforcing: Signer, requests: Any, rule: str, messages: Any
) -> None:
    signed, refused = sign(enforcing, *requests)

    message, records = refusal(refused, 412), enforcing.requests
    told = ", ".join(f"{name} {value}" for name, value in messages[0].items())
    expected = {"code": 412, "message": message, "error": message}
    assert (200, expected) == (signed.status, refused.json)
    assert f"{rule} by {KEY[:10]}..: " in message
    assert f" conflicts with {told}, signing_root {records[0].signing_root}: " in message
    assert [(200, False), (412, True)] == [(r.status, r.signature is None) for r in records]


@pytest.mark.parametrize("batch", [False, True], ids=["single", "batch"])
def test_a_source_above_its_target_is_refused(enforcing: Signer, *, batch: bool) -> None:
    request: Any = attestation(4, source=5)
    if batch:
        content = {"identifiers": [KEY], "signing_request": request}
        [result] = ask(enforcing, "POST", "/api/v1/eth2/sign", content).json
        error = result["error"]
    else:
        error = sign(enforcing, request)[0].json

    assert 412 == error["code"]
    assert "source epoch 5 is above target epoch 4" in error["message"]


def test_a_refusal_changes_nothing(enforcing: Signer) -> None:
    first, later, surrounding = attestation(4), attestation(6), attestation(6, source=2)

    answers = sign(enforcing, first, surrounding, first, later)

    assert [200, 412, 200, 200] == [answer.status for answer in answers]
    assert answers[0].body == answers[2].body


def test_an_unknown_key_is_404_and_has_no_history(enforcing: Signer) -> None:
    enforcing.remove_keys(KEY)
    unknown = statuses(enforcing, attestation(4))
    enforcing.add_keys(interop=1)

    assert ([404], [200]) == (unknown, statuses(enforcing, attestation(4, 1)))


@pytest.mark.slow
@BOTH
@pytest.mark.timeout(60 + RACERS * ROUNDS // 50)
def test_of_conflicting_requests_at_once_one_is_signed(tmp_path: Path, *, kept: bool) -> None:
    barrier = Barrier(RACERS, timeout=50)
    flags: Any = {"slashing": "enforce", "data_dir": tmp_path if kept else None, "process": True}

    def race(request: Any) -> int:
        barrier.wait()
        return ask(signer, "POST", f"/api/v1/eth2/sign/{KEY}", request, timeout=50).status

    with Signer(interop=1, **flags) as signer, ThreadPoolExecutor(RACERS) as racers:
        for target in range(1, ROUNDS + 1):
            requests = [attestation(target, root) for root in range(RACERS)]
            assert {200: 1, 412: RACERS - 1} == Counter(racers.map(race, requests))


@EACH
def test_a_pair_is_signed_by_default_and_told_once(requests: Any, rule: str, messages: Any) -> None:
    with Signer(interop=1) as signer:
        signed = statuses(signer, *requests, requests[1])
        pairs = ask(signer, "GET", "/_signer/slashable").json

    roots = ({"signing_root": record.signing_root} for record in signer.requests)
    earlier, later = (message | root for message, root in zip(messages, roots, strict=False))
    expected = {"rule": rule, "pubkey": KEY, "genesis_validators_root": MAINNET}
    assert ([200] * 3, [expected | {"earlier": earlier, "later": later}]) == (signed, pairs)


@WHERE
def test_a_test_asserts_that_nothing_was_slashable(where: dict[str, Any]) -> None:
    with Signer(interop=1, **where) as signer:
        sign(signer, attestation(4))
        signer.assert_not_slashable()
        sign(signer, attestation(4, 1))

        with pytest.raises(AssertionError, match=f"found 1:\ndouble_vote by {KEY[:10]}.*epoch 4"):
            signer.assert_not_slashable()


@BOTH
@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_reset_forgets_pairs_and_what_was_signed(
    tmp_path: Path, mode: SlashingMode, *, kept: bool
) -> None:
    with Signer(interop=1, slashing=mode, data_dir=tmp_path if kept else None) as signer:
        sign(signer, block(7), block(7, 1))

        signer.reset()

        forgotten, signed = signer.slashable(), statuses(signer, block(7, 2))
        assert ([], [200], []) == (forgotten, signed, signer.slashable())


def test_the_log_warns_of_a_pair(caplog: pytest.LogCaptureFixture) -> None:
    with Signer(interop=1) as signer:
        sign(signer, block(7), block(7, 1))

    told = f"slashable, signed: {signer.slashable()[0].line()}"
    warning = ("signer.slashing.reports", logging.WARNING, told)
    assert [warning] == [found for found in caplog.record_tuples if found[0] == warning[0]]


@pytest.mark.slow
def test_slashable_requests_are_counted_by_their_rule() -> None:
    port = free_port()
    with serving("--interop", "1", "--metrics-port", str(port)) as signer:
        for request in (attestation(4), attestation(4, 1), block(7)):
            signer.sign(KEY, request)
        with urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            text = response.read().decode()

    assert 'signer_slashable_requests_total{rule="double_vote"} 1.0\n' in text


def test_off_neither_refuses_nor_tells() -> None:
    with Signer(interop=1, slashing="off") as signer:
        for requests, _, _ in CONFLICTS:
            assert [200, 200] == statuses(signer, *requests)
        signer.assert_not_slashable()


@pytest.mark.parametrize(
    ("flags", "expected"),
    [({}, {}), (END, {"epoch": "5", "slot": "7"}), ({"slashing": "off", **END}, 404)],
)
def test_the_high_watermark_is_told(flags: dict[str, Any], expected: Any) -> None:
    with Signer(**flags) as signer:
        answer = ask(signer, "GET", "/api/v1/eth2/highWatermark")

    assert expected == (answer.json if answer.status == 200 else answer.status)


@pytest.mark.parametrize(("mode", "beyond"), [("enforce", 412), ("report", 200), ("off", 200)])
def test_enforce_signs_below_the_high_watermark_only(mode: SlashingMode, beyond: int) -> None:
    requests = [attestation(4), attestation(5), attestation(6), block(6), block(7), block(8)]

    with Signer(interop=1, slashing=mode, **END) as signer:
        assert [200, beyond, beyond] * 2 == statuses(signer, *requests)


@pytest.mark.parametrize(("mode", "status"), [("enforce", 412), ("report", 200)])
def test_the_next_signer_knows_what_was_signed(
    tmp_path: Path, mode: SlashingMode, status: int
) -> None:
    for root, expected in [(0, 200), (0, 200), (1, status)]:
        with Signer(interop=1, slashing=mode, data_dir=tmp_path) as signer:
            assert [expected] * 2 == statuses(signer, attestation(4, root), block(7, root))

    assert ["double_vote", "double_block_proposal"] == [pair.rule for pair in signer.slashable()]


@pytest.mark.slow
def test_no_signature_leaves_while_its_record_finds_no_room(tmp_path: Path) -> None:
    with serving(*keeping(tmp_path), "--interop", "1", "--slashing", "enforce") as signer:
        prlimit(signer.process.pid, RLIMIT_FSIZE, (100, RLIM_INFINITY))
        full = [refusal(signer.sign(KEY, attestation(4)), 500) for _ in range(2)]
        prlimit(signer.process.pid, RLIMIT_FSIZE, (RLIM_INFINITY, RLIM_INFINITY))
        with_room = [signer.sign(KEY, attestation(4, root)).status for root in (1, 0)]

    assert [f"cannot write {tmp_path / 'slashing.sqlite'}: disk I/O error"] * 2 == full
    assert ([412, 200], 1) == (with_room, len(recorded(tmp_path)))


Message = tuple[str, str, int]  # public key; which of KINDS; target epoch or slot
KINDS: dict[str, Any] = {"target_epoch": attestation, "slot": block}


class Voter(Changing):
    """Has one key sign, and knows what was answered since the last kill."""

    def __init__(self, pubkey: str) -> None:
        self._pubkey, self._numbers, self.answers = pubkey, count(1), dict[Message, bytes]()

    def change(self, signer: Served, answered: SimpleQueue[None]) -> None:
        self.answers.clear()
        with suppress(OSError, HTTPException):
            for number in self._numbers:
                for kind, request in KINDS.items():
                    answer = signer.sign(self._pubkey, request(number))
                    self.answers[self._pubkey, kind, number] = answer.body
                    answered.put(None)


def recorded(data_dir: Path) -> dict[Message, bytes]:
    """The signing roots that a data directory has."""
    return {
        (of["pubkey"], kind, int(message[kind])): unhex(message["signing_root"])
        for of in exported(data_dir)["data"]
        for message in of["signed_attestations"] + of["signed_blocks"]
        for kind in KINDS.keys() & message.keys()
    }


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "status"), [("enforce", 412), ("report", 200)])
@pytest.mark.timeout(60 + 5 * ROUNDS)
def test_a_killed_signer_knows_what_it_signed(tmp_path: Path, mode: str, status: int) -> None:
    flags = [*keeping(tmp_path), "--interop", "4", "--control", "--slashing", mode]
    voters = [Voter(pubkey) for pubkey in INTEROP[:4]]
    signed = ChainMap(*(voter.answers for voter in voters))

    for seed in range(ROUNDS + 1):  # what the last one leaves, nobody asks for
        with started(flags) as signer:
            for pubkey, kind, number in signed:
                assert status == signer.sign(pubkey, KINDS[kind](number, 1)).status
            assert len(signed) == len(signer.ask("GET", "/_signer/slashable").json)
            kill_under_load(signer, voters, Random(seed))
        roots = recorded(tmp_path)
        assert set() == signed.keys() - roots.keys()
        for message, answer in signed.items():
            assert verify(unhex(message[0]), roots[message], unhex(answer.decode())), answer


def test_an_imported_history_forbids_from_the_first_request_on(enforcing: Signer) -> None:
    keystore = fresh()
    pubkey, forbidden = keystore.pubkey, [attestation(4), attestation(5, source=2), block(7)]

    answer = import_keys(enforcing, keystore, history=document(history(pubkey, 4, slots=(7,))))

    assert [{"status": "imported"}] == answer.json["data"]
    assert [412] * 3 == statuses(enforcing, *forbidden, pubkey=pubkey)
    assert [200] * 2 == statuses(enforcing, attestation(5), block(8), pubkey=pubkey)


def test_history_of_keys_that_are_not_imported_is_not_applied(enforcing: Signer) -> None:
    duplicate, later = fresh(), fresh()
    pubkeys = [KEY, duplicate.pubkey, later.pubkey]
    import_keys(enforcing, duplicate)

    text = document(*(history(pubkey, 4) for pubkey in pubkeys))
    answer = import_keys(enforcing, duplicate, Keystore("{"), history=text)
    import_keys(enforcing, later)

    assert ["duplicate", "error"] == [result["status"] for result in answer.json["data"]]
    for pubkey in pubkeys:
        assert [200] == statuses(enforcing, attestation(4), pubkey=pubkey)


@EACH_BAD
def test_a_bad_history_imports_no_key(enforcing: Signer, text: str, expected: str) -> None:
    keystore = fresh()

    answer = import_keys(enforcing, keystore, history=text.replace(KEY, keystore.pubkey))

    assert (True, [KEY]) == (expected in refusal(answer), enforcing.pubkeys)
    import_keys(enforcing, keystore)
    assert [200] == statuses(enforcing, attestation(4), pubkey=keystore.pubkey)


def test_a_key_takes_its_history_along_to_another_signer(enforcing: Signer) -> None:
    keystore = fresh()
    same, others = [attestation(4), block(7)], [attestation(4, 1), block(7, 1)]
    with Signer() as first:
        import_keys(first, keystore)
        sign(first, *same, pubkey=keystore.pubkey)
        results, text = delete_keys(first, keystore.pubkey)

    import_keys(enforcing, keystore, history=text)

    assert (["deleted"], METADATA) == (results, json.loads(text)["metadata"])
    assert [200, 200, 412, 412] == statuses(enforcing, *same, *others, pubkey=keystore.pubkey)


def on_hoodi(request: Any) -> Any:
    """The same request on another chain."""
    fork_info = request["fork_info"] | {"genesis_validators_root": HOODI}
    return request | {"fork_info": fork_info}


@pytest.mark.parametrize("mode", ["report", "enforce"])
def test_a_history_of_any_chain_is_exported_and_imported_again(mode: SlashingMode) -> None:
    keystore = fresh()
    with Signer(slashing=mode) as signer:
        import_keys(signer, keystore)
        statuses(signer, on_hoodi(attestation(4)), pubkey=keystore.pubkey)
        _, text = delete_keys(signer, keystore.pubkey)

        answer = import_keys(signer, keystore, history=text)

        _, again = delete_keys(signer, keystore.pubkey)
    assert [{"status": "imported"}] == answer.json["data"]
    assert HOODI == json.loads(text)["metadata"]["genesis_validators_root"]
    assert text == again


@pytest.mark.parametrize("network", ["mainnet", "sepolia"])
def test_a_history_of_another_network_than_the_one_asked_for_is_refused(network: str) -> None:
    keystore = fresh()
    text = document(history(keystore.pubkey, 4), genesis_validators_root=HOODI)

    with Signer(network=network) as signer:
        answer = import_keys(signer, keystore, history=text)

        assert f"found {HOODI}: give the --network " in refusal(answer)
        assert [] == signer.pubkeys


@pytest.mark.parametrize("mode", ["report", "off"])
def test_only_enforce_calls_a_key_not_active(tmp_path: Path, mode: SlashingMode) -> None:
    keystore = fresh()
    with Signer(slashing="enforce", data_dir=tmp_path) as signer:
        import_keys(signer, keystore)
        sign(signer, attestation(4), pubkey=keystore.pubkey)
        _, text = delete_keys(signer, keystore.pubkey)

    with Signer(slashing=mode, data_dir=tmp_path) as signer:
        results, again = delete_keys(signer, keystore.pubkey)

    assert (["not_found"], text) == (results, again)


def test_enforce_refuses_blocks_and_attestations_below_the_first(enforcing: Signer) -> None:
    first = [block(100), attestation(50)]
    older = [block(99), attestation(49), attestation(51, source=48)]

    assert [200, 200] == statuses(enforcing, *first)
    assert [412] * 3 == statuses(enforcing, *older)
    assert [200] * 4 == statuses(enforcing, *first, block(101), attestation(51))


def test_a_deleted_key_still_has_its_history(enforcing: Signer) -> None:
    keystore, never_seen = fresh(), fresh().pubkey
    import_keys(enforcing, keystore)
    sign(enforcing, attestation(4), block(7), pubkey=keystore.pubkey)

    first, text = delete_keys(enforcing, keystore.pubkey, never_seen)
    second, again = delete_keys(enforcing, keystore.pubkey, never_seen)
    import_keys(enforcing, keystore)

    assert (["deleted", "not_found"], ["not_active", "not_found"]) == (first, second)
    assert (text, [keystore.pubkey]) == (again, [of["pubkey"] for of in json.loads(text)["data"]])
    assert [412] == statuses(enforcing, attestation(4, 1), pubkey=keystore.pubkey)


def test_a_read_only_key_keeps_its_history_to_itself(enforcing: Signer) -> None:
    sign(enforcing, attestation(4))

    results, text = delete_keys(enforcing, KEY)

    assert (["error"], []) == (results, json.loads(text)["data"])
