"""Checks of the Keymanager API, with a key that is made for it and deleted at the end.

Source: ethereum/keymanager-APIs, apis/local_keystores.yaml and flows/README.md.
"""

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from ...._core import SecretKey
from ....hex import to_hex
from ....keys.keyring import Key
from ....keys.keystore import encrypt
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
from ..signatures import sign_call, signature_check, signature_in
from ..target import Answer

PATH = "/eth/v1/keystores"
HEADERS = {"Accept": JSON, "Content-Type": JSON}
PASSWORD = "signer check"  # noqa: S105 - of a key that is thrown away
KDF_COST = 2  # the target decrypts at once
SLOT = 5
EPOCHS = (1, 2)  # of the vote in the history: source and target


class _Results(Struct):
    data: list[dict[str, Any]]


class _Block(Struct):
    slot: str


class _Validator(Struct):
    pubkey: str
    signed_blocks: list[_Block] = []


class _Interchange(Struct):
    data: list[_Validator]


class _Deletion(Struct):
    slashing_protection: str


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group: first whether the target has the routes at all."""
    key = Key(SecretKey.from_bytes(b"\x01" + secrets.token_bytes(31)))
    pubkey = to_hex(key.pubkey)
    first = yield Check("the list", _call("GET"), _results_of("keys"), _judge_list)
    if first.verdict is Verdict.NOT_THERE:
        return
    if subject.has_token:
        yield from _token_checks()
    yield from _import_checks(subject, key)
    judge_listed = partial(_judge_listed, pubkey)
    yield Check("the list with the imported key", _call("GET"), pubkey, judge_listed)
    message = subject.usual["RANDAO_REVEAL"]
    call = sign_call(key, subject.body(message))
    yield signature_check(subject, message, "a signature by it", call, key=key, topic="imported")
    yield from _delete_checks(subject, key)
    gone = Check("a signature by the deleted key", call, "404", _judge_gone)
    yield gone


def _token_checks() -> Checks:
    call = Call("GET", PATH, headers={"Accept": JSON})
    yield Check("no token", call, "401", lambda answer: one_of(answer, 401))
    headers = {"Accept": JSON, "Authorization": "Bearer 00"}
    call = Call("GET", PATH, headers=headers)
    yield Check("a wrong token", call, "403", lambda answer: one_of(answer, 403))


def _import_checks(subject: Subject, key: Key) -> Checks:
    keystore = encrypt(key, PASSWORD, cost=KDF_COST).decode()
    document: dict[str, Any] = {"keystores": [keystore], "passwords": [PASSWORD]}
    empty: dict[str, Any] = {"keystores": [], "passwords": []}
    yield _statuses("nothing to import", "POST", empty, [])
    too_few = {**document, "passwords": []}
    call = _call("POST", too_few)
    yield Check("a password too few", call, "400", lambda answer: one_of(answer, 400))
    wrong = {**document, "passwords": ["another password"]}
    yield _statuses("a wrong password", "POST", wrong, ["error"])
    history = _history(subject, to_hex(key.pubkey))
    if history:
        bad = {**document, "slashing_protection": "no history"}
        call = _call("POST", bad)
        title = "a history that is no EIP-3076"
        yield Check(title, call, "400", lambda answer: one_of(answer, 400))
        document["slashing_protection"] = history
    yield _statuses("an import with its history", "POST", document, ["imported"])
    yield _statuses("the same import", "POST", document, ["duplicate"])


def _delete_checks(subject: Subject, key: Key) -> Checks:
    pubkey = to_hex(key.pubkey)
    document = {"pubkeys": [pubkey]}

    def judge(answer: Answer) -> Finding:
        finding = _judge_statuses(["deleted"], answer)
        if finding.verdict is not Verdict.RIGHT or not _history(subject, pubkey):
            return finding
        return _judge_history(pubkey, answer)

    expected = f"{_results_of('deleted')} and its history"
    yield Check("a deletion", _call("DELETE", document), expected, judge)
    # The history stays where slashing protection is on.
    again = ["not_active", "not_found"]
    call = _call("DELETE", document)
    judge_again: Callable[[Answer], Finding] = partial(_judge_statuses, again)
    yield Check("the same deletion", call, _results_of(" or ".join(again)), judge_again)


def _call(method: str, document: Any = None) -> Call:
    body = None if document is None else msgspec.json.encode(document)
    return Call(method, PATH, body, HEADERS, needs_token=True)


def _results_of(status: str) -> str:
    return f'200 and "data" with {status}'


def _statuses(title: str, method: str, document: Any, expected: Sequence[str]) -> Check:
    judge = partial(_judge_statuses, expected)
    if not expected:
        return Check(title, _call(method, document), '200 and an empty "data"', judge)
    return Check(title, _call(method, document), _results_of(", ".join(expected)), judge)


def _data(answer: Answer) -> list[dict[str, Any]] | None:
    results: _Results | None = decoded(answer.body, _Results)
    return results.data if results else None


def _judge_statuses(expected: Sequence[str], answer: Answer) -> Finding:
    """The finding for one result with one of these statuses; without statuses, for no result."""
    data = _data(answer)
    if answer.status != 200 or data is None:  # noqa: PLR2004 - the only success
        return Finding(Verdict.MANNERS, told(answer))
    statuses = [result.get("status") for result in data]
    if len(statuses) != min(1, len(expected)) or any(each not in expected for each in statuses):
        return Finding(Verdict.MANNERS, told(answer))
    return RIGHT


def _judge_list(answer: Answer) -> Finding:
    if answer.status == 200 and _data(answer) is not None:  # noqa: PLR2004 - the only success
        return RIGHT
    return not_there(answer) or Finding(Verdict.MANNERS, told(answer))


def _judge_listed(pubkey: str, answer: Answer) -> Finding:
    for listed in _data(answer) or []:
        if str(listed.get("validating_pubkey")).lower() == pubkey:
            return RIGHT
    return Finding(Verdict.MANNERS, f"a list without {pubkey}: {told(answer)}")


def _judge_gone(answer: Answer) -> Finding:
    if signature_in(answer):
        return Finding(Verdict.WRONG, "a signature by a key that was deleted")
    return one_of(answer, 404)


def _history(subject: Subject, pubkey: str) -> str:
    """A history of the key as EIP-3076's JSON; empty where the chain has no root to name."""
    root = subject.network.genesis_validators_root
    if root is None:
        return ""
    source, target = map(str, EPOCHS)
    return msgspec.json.encode(
        {
            "metadata": {
                "interchange_format_version": "5",
                "genesis_validators_root": to_hex(root),
            },
            "data": [
                {
                    "pubkey": pubkey,
                    "signed_blocks": [{"slot": str(SLOT)}],
                    "signed_attestations": [{"source_epoch": source, "target_epoch": target}],
                }
            ],
        }
    ).decode()


def _judge_history(pubkey: str, answer: Answer) -> Finding:
    """The finding for the history of a deletion: a text of EIP-3076 with what was imported."""
    deletion: _Deletion | None = decoded(answer.body, _Deletion)
    history: _Interchange | None = None
    if deletion:
        history = decoded(deletion.slashing_protection.encode(), _Interchange)
    if history is None:
        return Finding(Verdict.MANNERS, f"no history as a text: {told(answer)}")
    for validator in history.data:
        slots = [block.slot for block in validator.signed_blocks]
        if validator.pubkey.lower() == pubkey and str(SLOT) in slots:
            return RIGHT
    return Finding(Verdict.MANNERS, f"no history with the imported block: {told(answer)}")
