"""Checks of batches: one message, many keys. Source: remote-signing-api, pull request 29."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec

from ....hex import to_hex
from ....keys.derived import interop_key
from ....keys.keyring import Key
from ..calls import JSON, Call
from ..checks import (
    RIGHT,
    Check,
    Checks,
    Finding,
    Subject,
    Verdict,
    decoded,
    not_there,
    one_of,
    told,
)
from ..messages import Message
from ..signatures import SIGN, wrong_signature
from ..target import Answer
from .statuses import STRANGER

HEADERS = {"Accept": JSON, "Content-Type": JSON}
MAX_KEYS = 64


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group: first whether the target has the route at all."""
    keys = subject.keys[:MAX_KEYS]
    message = subject.usual["RANDAO_REVEAL"]
    first = yield _batch(subject, message, keys)
    if first.verdict is Verdict.NOT_THERE:
        return
    for known_type in subject.known_types:
        if known_type.IN_BATCHES and message.type != known_type.TYPE:
            yield _batch(subject, subject.usual[known_type.TYPE], _able(subject, known_type.TYPE))
    stranger = to_hex(interop_key(STRANGER).public_key())
    identifiers = [to_hex(keys[0].pubkey), stranger]
    call = _call(identifiers, subject.body(message))
    judge = partial(_judge_stranger, subject, message, keys[0])
    yield Check("a key that is not loaded", call, "a signature, and an error of 404", judge)
    call = _call([identifiers[0], identifiers[0]], subject.body(message))
    yield Check("a key twice", call, "400", lambda answer: one_of(answer, 400))
    call = _call([], subject.body(message))
    yield Check("no keys", call, "400", lambda answer: one_of(answer, 400))


def _able(subject: Subject, type_name: str) -> Sequence[Key]:
    """The keys that may sign a type: an attestation would be a history for those of --slashing."""
    if type_name == "ATTESTATION":
        return [subject.key]
    return subject.keys[:MAX_KEYS]


def _call(identifiers: Sequence[str], message: bytes) -> Call:
    document = {"identifiers": identifiers, "signing_request": msgspec.Raw(message)}
    return Call("POST", SIGN, msgspec.json.encode(document), HEADERS)


def _batch(subject: Subject, message: Message, keys: Sequence[Key]) -> Check:
    call = _call([to_hex(key.pubkey) for key in keys], subject.body(message))
    judge = partial(_judge_batch, subject, message, keys)
    expected = "200, and the signature of each key in the order of the request"
    topic = f"{message.topic} in batches"
    return Check(message.topic, call, expected, judge, topic, is_signature=True)


def _results(answer: Answer) -> list[dict[str, Any]] | None:
    results: list[dict[str, Any]] | None = decoded(answer.body, list[dict[str, Any]])
    return results


def _judge_batch(
    subject: Subject, message: Message, keys: Sequence[Key], answer: Answer
) -> Finding:
    if answer.status != 200:  # noqa: PLR2004 - the only success
        return not_there(answer) or Finding(Verdict.NOT_THERE, told(answer))
    results = _results(answer)
    if results is None or len(results) != len(keys):
        return Finding(Verdict.MANNERS, f"no list of {len(keys)} results: {told(answer)}")
    for key, result in zip(keys, results, strict=True):
        if result.get("identifier") != to_hex(key.pubkey):
            return Finding(Verdict.MANNERS, f"another order of keys: {told(answer)}")
        signature = result.get("signature")
        if not isinstance(signature, str):
            return Finding(Verdict.MANNERS, f"no signature by {to_hex(key.pubkey)}: {told(answer)}")
        wrong = wrong_signature(subject, message, key, signature)
        if wrong:
            return Finding(Verdict.WRONG, f"by {to_hex(key.pubkey)} {wrong}")
    return RIGHT


def _judge_stranger(subject: Subject, message: Message, key: Key, answer: Answer) -> Finding:
    results = _results(answer)
    if answer.status != 200 or results is None or len(results) != 2:  # noqa: PLR2004 - two keys
        return Finding(Verdict.MANNERS, told(answer))
    signature = str(results[0].get("signature"))
    wrong = wrong_signature(subject, message, key, signature)
    if wrong:
        return Finding(Verdict.WRONG, wrong)
    error = results[1].get("error")
    if not isinstance(error, dict) or error.get("code") != 404:  # noqa: PLR2004 - no such key
        return Finding(Verdict.MANNERS, told(answer))
    return RIGHT
