"""Checks of slashing protection: pairs of messages, of which the second must be refused.

They are signed by the keys that --slashing names, which have to be fit for it: a target without
protection signs both.
"""

from copy import deepcopy
from functools import partial
from typing import Any

from ....hex import abbreviated, to_hex
from ....keys.keyring import Key
from ..checks import Check, Checks, Finding, Subject, Verdict, one_of
from ..messages import Message, changed_message
from ..signatures import sign_call, signature_check, signature_in
from ..target import Answer

EPOCHS_LATER = 2000  # than the other messages of the same type
OTHER_ROOT = "0x" + "5a" * 32


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group, for each key."""
    for key in subject.slashable:
        yield from _attestations(subject, key)
        yield from _blocks(subject, key)


def _attestations(subject: Subject, key: Key) -> Checks:
    usual = subject.usual["ATTESTATION"]
    base = (usual.request.epoch or 0) + EPOCHS_LATER
    vote = _vote(usual, base + 10, base + 20)
    yield _signed(subject, key, vote, "an attestation")
    yield _signed(subject, key, vote, "the same attestation")
    other = _vote(usual, base + 10, base + 20, OTHER_ROOT)
    yield _refused(subject, key, other, "another attestation with the same target (a double vote)")
    surrounding = _vote(usual, base + 9, base + 21)
    yield _refused(subject, key, surrounding, "an attestation that surrounds it")
    surrounded = _vote(usual, base + 11, base + 19)
    yield _refused(subject, key, surrounded, "an attestation that it surrounds")
    later = _vote(usual, base + 20, base + 22)
    yield _signed(subject, key, later, "a later attestation")


def _blocks(subject: Subject, key: Key) -> Checks:
    usual = subject.usual["BLOCK_V2"]
    slot = (usual.request.slot or 0) + EPOCHS_LATER * usual.network.slots_per_epoch
    block = _block(usual, slot)
    yield _signed(subject, key, block, "a block")
    yield _signed(subject, key, block, "the same block")
    other = _block(usual, slot, OTHER_ROOT)
    yield _refused(subject, key, other, "another block of the same slot (a double proposal)")
    yield _signed(subject, key, _block(usual, slot + 1), "a block of the next slot")


def _vote(message: Message, source: int, target: int, root: str | None = None) -> Message:
    attestation: dict[str, Any] = deepcopy(message.fields["attestation"])
    attestation["slot"] = str(target * message.network.slots_per_epoch)
    attestation["source"]["epoch"] = str(source)
    attestation["target"]["epoch"] = str(target)
    if root:
        attestation["beacon_block_root"] = root
    return changed_message(message, attestation=attestation)


def _block(message: Message, slot: int, root: str | None = None) -> Message:
    block: dict[str, Any] = deepcopy(message.fields["beacon_block"])
    content = block.get("block_header") or block["block"]
    content["slot"] = str(slot)
    if root:
        content["state_root"] = root
    return changed_message(message, beacon_block=block)


def _title(key: Key, what: str) -> str:
    return f"{abbreviated(to_hex(key.pubkey))}: {what}"


def _signed(subject: Subject, key: Key, message: Message, what: str) -> Check:
    call = sign_call(key, subject.body(message))
    title = _title(key, what)
    return signature_check(subject, message, title, call, key=key, topic=title)


def _refused(subject: Subject, key: Key, message: Message, what: str) -> Check:
    call = sign_call(key, subject.body(message))
    return Check(_title(key, what), call, "412", partial(_judge_refusal, what))


def _judge_refusal(what: str, answer: Answer) -> Finding:
    if signature_in(answer):
        return Finding(Verdict.WRONG, f"a signature of {what}: this validator is slashable now")
    return one_of(answer, 412)
