"""Equivocations in Gloas and Heze: reported, never refused.

What identifies a message is consensus-specs' (v1.7.0-beta.4): the keys of `Seen` in
specs/gloas/p2p-interface.md and of `InclusionListStore` in specs/heze/inclusion-list.md.
"""

import json
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from signer import Signer
from signer.config.settings import SlashingMode
from signer.signing.registry import SigningTypes
from signer.signing.signing_types import SyncCommitteeMessage
from signer.slashing.equivocations import MESSAGES_KEPT, ROOTS_KEPT_PER_MESSAGE, SLOTS_KEPT
from support.asking import WHERE, ask
from support.equivocations import (
    ATTESTATION,
    BID,
    ENVELOPE,
    INCLUSION_LIST,
    SECRET,
    changed,
    encoded,
    on_another_chain,
)
from support.protection import OTHER_ROOT, PUBKEY, ROOT, SECOND, protecting, rows
from support.served import free_port, serving
from support.slashable import block, statuses

HASH = "0x" + "77" * 32

OTHER_CONTENTS = [
    (BID, {"value": "1"}),
    (BID, {"block_hash": HASH}),
    (BID, {"inclusion_list_bits": "0x0300"}),
    (ENVELOPE, {"payload__gas_used": "1"}),
    (ENVELOPE, {"parent_beacon_block_root": HASH}),
    (ATTESTATION, {"beacon_block_root": HASH}),
    (ATTESTATION, {"payload_present": True}),
    (ATTESTATION, {"blob_data_available": False}),
    (INCLUSION_LIST, {"transactions": ["0x02"]}),
]

OTHER_MESSAGES = [
    (BID, {"slot": "3"}),
    (BID, {"builder_index": "3"}),
    (BID, {"parent_block_hash": HASH}),
    (BID, {"parent_block_root": HASH}),
    (BID, {"execution_payment": "0"}),  # goes to one proposer, or to all
    (ENVELOPE, {"payload__slot_number": "3"}),
    (ENVELOPE, {"builder_index": "3"}),
    (ENVELOPE, {"beacon_block_root": HASH}),
    (ATTESTATION, {"slot": "3"}),
    (INCLUSION_LIST, {"slot": "3"}),
    (INCLUSION_LIST, {"validator_index": "3"}),
    (INCLUSION_LIST, {"dependent_root": HASH}),
]


def sign(signer: Signer, *requests: Any, key: int = 0) -> list[int]:
    return statuses(signer, *requests, pubkey=signer.pubkeys[key])


def rules(signer: Signer) -> list[str]:
    return [pair.rule for pair in signer.slashable(equivocations=True)]


@pytest.mark.parametrize(("kind", "members"), OTHER_CONTENTS)
def test_a_second_content_is_signed_and_told(kind: str, members: dict[str, Any]) -> None:
    with Signer(keys=[SECRET]) as signer:
        assert [200, 200] == sign(signer, changed(kind), changed(kind, **members))

        [pair] = signer.slashable(equivocations=True)
        first, second = signer.requests

    assert (f"double_{kind.lower()}", first.pubkey) == (pair.rule, pair.pubkey)
    assert (str(first.slot), first.signing_root) == (
        pair.earlier["slot"],
        pair.earlier["signing_root"],
    )
    assert second.signing_root == pair.later["signing_root"]


@pytest.mark.parametrize(("kind", "members"), OTHER_MESSAGES)
def test_another_message_is_no_equivocation(kind: str, members: dict[str, Any]) -> None:
    with Signer(keys=[SECRET]) as signer:
        assert [200, 200] == sign(signer, changed(kind), changed(kind, **members))

        assert [] == rules(signer)


@pytest.mark.parametrize("kind", [BID, ENVELOPE, ATTESTATION, INCLUSION_LIST])
def test_the_same_message_may_be_signed_again_in_any_shape(kind: str) -> None:
    request = changed(kind)
    bare = request | {kind.lower(): request[kind.lower()]["data"]}
    with Signer(keys=[SECRET]) as signer:
        assert [200, 200, 200] == sign(signer, request, request, bare)

        assert [] == rules(signer)


def test_another_key_or_chain_is_no_equivocation() -> None:
    other = changed(ATTESTATION, beacon_block_root=HASH)
    with Signer(interop=2) as signer:
        sign(signer, changed(ATTESTATION), on_another_chain(other))
        sign(signer, other, key=1)

        assert [] == rules(signer)


def test_proposer_preferences_may_change() -> None:
    kind = "PROPOSER_PREFERENCES"
    with Signer(keys=[SECRET]) as signer:
        sign(signer, changed(kind), changed(kind, fee_recipient="0x" + "77" * 20))

        assert [] == rules(signer)


@WHERE
def test_equivocations_are_told_apart_from_slashable_pairs(where: Any) -> None:
    with Signer(interop=1, **where) as signer:
        sign(signer, changed(ATTESTATION), changed(ATTESTATION, beacon_block_root=HASH))
        signer.assert_not_slashable()
        sign(signer, block(7), block(7, 1))

        assert ["double_block_proposal"] == [pair.rule for pair in signer.slashable()]
        with pytest.raises(AssertionError) as failure:
            signer.assert_not_slashable(equivocations=True)

    text = str(failure.value)
    assert text.startswith("expected nothing slashable and no equivocation, found 2:\n")
    assert "\ndouble_payload_attestation_message by 0x" in text


def test_other_languages_ask_for_them_over_http() -> None:
    with Signer(interop=1) as signer:
        sign(signer, changed(INCLUSION_LIST), changed(INCLUSION_LIST, transactions=[]))

        slashable = ask(signer, "GET", "/_signer/slashable").json
        both = ask(signer, "GET", "/_signer/slashable?equivocations=true").json

    assert ([], ["double_inclusion_list"]) == (slashable, [pair["rule"] for pair in both])


def test_each_content_is_told_once() -> None:
    contents = [changed(BID, value=str(value)) for value in (1, 2, 2, 1, 3)]
    with Signer(keys=[SECRET]) as signer:
        sign(signer, *contents)

        assert ["double_execution_payload_bid"] * 2 == rules(signer)


@pytest.mark.parametrize(("mode", "told"), [("report", 1), ("enforce", 1), ("off", 0)])
def test_no_mode_refuses_and_off_tells_nothing(mode: SlashingMode, told: int) -> None:
    with Signer(interop=1, slashing=mode) as signer:
        answers = sign(signer, changed(ATTESTATION), changed(ATTESTATION, payload_present=True))

        assert ([200, 200], told) == (answers, len(rules(signer)))


def test_a_batch_tells_of_each_key() -> None:
    with Signer(interop=3) as signer:
        sign(signer, changed(ATTESTATION), key=1)
        content = {
            "identifiers": signer.pubkeys,
            "signing_request": changed(ATTESTATION, beacon_block_root=HASH),
        }

        answer = ask(signer, "POST", "/api/v1/eth2/sign", content)

        assert [True] * 3 == ["signature" in result for result in answer.json]
        pairs = signer.slashable(equivocations=True)
        assert [signer.pubkeys[1]] == [pair.pubkey for pair in pairs]


def test_the_record_names_the_rule() -> None:
    with Signer(interop=1) as signer:
        sign(signer, changed(ATTESTATION), changed(ATTESTATION, payload_present=True))
        sign(signer, block(7), block(7, 1))

        found = [record.conflict for record in signer.requests]

    expected = [None, "double_payload_attestation_message", None, "double_block_proposal"]
    assert expected == found


def test_the_record_of_a_refusal_names_the_rule_too() -> None:
    with Signer(interop=1, slashing="enforce") as signer:
        sign(signer, block(7), block(7, 1))

        assert "double_block_proposal" == signer.requests[-1].conflict


def test_the_log_warns_of_an_equivocation(caplog: pytest.LogCaptureFixture) -> None:
    with Signer(interop=1) as signer:
        sign(signer, changed(ATTESTATION), changed(ATTESTATION, payload_present=True))
        [pair] = signer.slashable(equivocations=True)

    assert f"equivocation, signed: {pair.line()}" in caplog.messages


@pytest.mark.slow
def test_equivocations_are_counted_by_themselves() -> None:
    port = free_port()
    with serving("--interop", "1", "--metrics-port", str(port)) as signer:
        [pubkey] = signer.ask("GET", "/api/v1/eth2/publicKeys").json
        for request in (changed(BID), changed(BID, value="1")):
            signer.sign(pubkey, request)
        with urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            text = response.read().decode()

    assert 'signer_equivocations_total{rule="double_execution_payload_bid"} 1.0\n' in text
    assert 'signer_slashable_requests_total{rule="double_vote"} 0.0\n' in text


def test_reset_forgets_them_and_what_was_signed() -> None:
    with Signer(interop=1) as signer:
        sign(signer, changed(ATTESTATION), changed(ATTESTATION, payload_present=True))

        signer.reset()

        sign(signer, changed(ATTESTATION, beacon_block_root=HASH))
        assert ([], None) == (rules(signer), signer.requests[-1].conflict)


def test_they_are_neither_on_disk_nor_exported(tmp_path: Path) -> None:
    with Signer(interop=1, data_dir=tmp_path) as signer:
        sign(signer, changed(ATTESTATION), changed(ATTESTATION, payload_present=True))
        deleted = ask(signer, "DELETE", "/eth/v1/keystores", {"pubkeys": signer.pubkeys})
    [database] = tmp_path.glob("*.sqlite")

    assert [] == json.loads(deleted.json["slashing_protection"])["data"]
    assert [0, 0, 0] == [rows(database, table) for table in ("history", "vote", "floor")]


def admitted(slots: range, root: bytes) -> list[Any]:
    """Requests to attest in these slots, with the root of each."""
    types = SigningTypes()
    return [(types.decode(encoded(changed(ATTESTATION, slot=str(slot)))), root) for slot in slots]


@pytest.mark.parametrize(("last", "told"), [(SLOTS_KEPT, 1), (SLOTS_KEPT + 1, 0)])
def test_a_message_is_forgotten_after_two_epochs(last: int, told: int) -> None:
    protection = protecting("report")
    messages = [*admitted(range(last + 1), ROOT), *admitted(range(1), OTHER_ROOT)]

    for request, root in messages:
        protection.admit(PUBKEY, request, root)

    assert told == len(protection.equivocations.reports.pairs)


@pytest.mark.parametrize(("others", "told"), [(MESSAGES_KEPT - 1, 1), (MESSAGES_KEPT, 0)])
def test_many_messages_of_one_slot_forget_the_oldest(others: int, told: int) -> None:
    protection = protecting("report")
    [[request, _]] = admitted(range(1), ROOT)

    protection.admit(PUBKEY, request, ROOT)
    for number in range(others):
        protection.admit(number.to_bytes(48), request, ROOT)
    protection.admit(PUBKEY, request, OTHER_ROOT)

    assert told == len(protection.equivocations.reports.pairs)


def test_contents_above_those_kept_are_told_again() -> None:
    protection = protecting("report")
    [[request, _]] = admitted(range(1), ROOT)

    for number in range(ROOTS_KEPT_PER_MESSAGE + 3):
        for _ in range(2):
            protection.admit(PUBKEY, request, number.to_bytes(32))

    expected = ROOTS_KEPT_PER_MESSAGE - 1 + 2 * 3
    assert expected == len(protection.equivocations.reports.pairs)


class SignedOnce(SyncCommitteeMessage):
    """As a plugin may define it."""

    TYPE = "SIGNED_ONCE"
    SIGNED_ONCE_FOR = ("slot", "sync_committee_message.slot")


def test_a_type_from_elsewhere_may_say_what_identifies_it() -> None:
    fork_info = changed(ATTESTATION)["fork_info"]
    payload = {"beacon_block_root": HASH, "slot": "9"}
    body = {"type": "SIGNED_ONCE", "fork_info": fork_info, "sync_committee_message": payload}
    request = SigningTypes([SignedOnce]).decode(encoded(body))
    protection = protecting("report")

    for pubkey, root in [(PUBKEY, ROOT), (SECOND, OTHER_ROOT), (PUBKEY, OTHER_ROOT)]:
        protection.admit(pubkey, request, root)

    [pair] = protection.equivocations.reports.pairs
    assert ("double_signed_once", "9") == (pair.rule, pair.later["slot"])
