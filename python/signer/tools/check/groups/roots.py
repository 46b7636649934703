"""Checks of the root that clients send: the right one is accepted, and another one refused."""

from functools import partial
from typing import Any

from ....hex import to_hex
from ..checks import RIGHT, Check, Checks, Finding, Subject, Verdict, told
from ..messages import Message
from ..signatures import sign_call, signature_check, signature_in
from ..target import Answer

MEMBERS = ("signingRoot", "signing_root")
REFUSALS = (400, 500)  # ours and the Nimbus signing node's; Web3Signer's


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    messages = [subject.usual[chosen.TYPE] for chosen in subject.chosen_types]
    for message in messages:
        for member in MEMBERS:
            title = f"{message.topic} with {member}"
            call = sign_call(subject.key, message.with_root(member))
            yield signature_check(subject, message, title, call)
        if subject.root_member:
            call = sign_call(subject.key, message.body())
            yield signature_check(subject, message, f"{message.topic} without a root", call)
        title = f"{message.topic} with null as its root"
        call = sign_call(subject.key, message.body(signingRoot=None))
        yield signature_check(subject, message, title, call)
    for message in messages:
        for member in MEMBERS:
            yield _wrong_root(subject, message, {member: to_hex(_other_root(message))})
    message = messages[0]
    both = {MEMBERS[0]: to_hex(message.signing_root), MEMBERS[1]: to_hex(_other_root(message))}
    yield _wrong_root(subject, message, both)


def _other_root(message: Message) -> bytes:
    """A root that is wrong in its last bit."""
    root = message.signing_root
    return root[:-1] + bytes([root[-1] ^ 1])


def _wrong_root(subject: Subject, message: Message, roots: dict[str, Any]) -> Check:
    title = f"{message.topic} with a wrong {' and a right '.join(reversed([*roots]))}"
    call = sign_call(subject.key, message.body(**roots))
    judge = partial(_judge_wrong_root, subject, message)
    return Check(title, call, "400 or 500, and no signature", judge, message.topic)


def _judge_wrong_root(subject: Subject, message: Message, answer: Answer) -> Finding:
    if answer.status in REFUSALS:
        return RIGHT
    signature = signature_in(answer)
    if signature is None:
        return Finding(Verdict.MANNERS, told(answer))
    if signature == subject.key.secret_key.sign(_other_root(message)):
        found = "a signature over the root that was sent, whatever the message is"
        return Finding(Verdict.WRONG, found)
    if signature == subject.key.secret_key.sign(message.signing_root):
        found = "a signature over the message: the root that was sent is not compared"
        return Finding(Verdict.MANNERS, found)
    return Finding(Verdict.WRONG, f"a signature, which is wrong too: {told(answer)}")
