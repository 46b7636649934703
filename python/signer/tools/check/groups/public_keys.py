"""Checks of the list of public keys, and a signature by each key that both signers have."""

import re

from ....hex import abbreviated, to_hex
from ..calls import JSON, Call
from ..checks import RIGHT, Check, Checks, Finding, Subject, Verdict, decoded, not_there, told
from ..signatures import sign_call, signature_check
from ..target import Answer

PATH = "/api/v1/eth2/publicKeys"
CALL = Call("GET", PATH, headers={"Accept": JSON})
PUBKEY = re.compile("0x[0-9a-f]{96}")
MAX_KEYS = 64  # that sign; a target may have thousands


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    expected = '200, application/json and a list such as ["0xa99a76ed..."]'
    first = yield Check("the list", CALL, expected, _judge_list)
    if first.verdict is Verdict.RIGHT:

        def judge_again(answer: Answer) -> Finding:
            if keys_in(answer) == keys_in(first.answer):
                return RIGHT
            return Finding(Verdict.MANNERS, f"another list than before: {told(answer)}")

        yield Check("the list a second time", CALL, "the same keys again", judge_again)
    message = subject.usual["RANDAO_REVEAL"]
    for key in subject.keys[:MAX_KEYS]:
        title = f"RANDAO_REVEAL by {abbreviated(to_hex(key.pubkey))}"
        call = sign_call(key, subject.body(message))
        yield signature_check(subject, message, title, call, key=key)


def keys_in(answer: Answer | None) -> set[str] | None:
    """The public keys that a target lists, with 0x and in lower case; None for another answer.

    What is no public key is left out.
    """
    if answer is None or answer.status != 200:  # noqa: PLR2004 - the only success
        return None
    listed: list[str] | None = decoded(answer.body, list[str])
    if listed is None:
        return None
    keys = {f"0x{text.lower().removeprefix('0x')}" for text in listed}
    return {key for key in keys if PUBKEY.fullmatch(key)}


def _judge_list(answer: Answer) -> Finding:
    if keys_in(answer) is None:
        return not_there(answer) or Finding(Verdict.MANNERS, told(answer))
    keys: list[str] = decoded(answer.body, list[str])
    for key in keys:
        if not PUBKEY.fullmatch(key):
            return Finding(Verdict.MANNERS, f"the key {key[:120]!r}")
    if len(set(keys)) < len(keys):
        return Finding(Verdict.MANNERS, "a key twice")
    if answer.media_type != JSON:
        return Finding(Verdict.MANNERS, f"the content type {answer.media_type[:80]!r}")
    return RIGHT
