"""Judges an answer that has to be a signature: its bytes first, then its form."""

from typing import Literal

from ..._core import verify
from ...hex import abbreviated, from_hex, to_hex
from ...keys.keyring import Key
from .calls import JSON, Call
from .checks import RIGHT, Check, Finding, Subject, Verdict, decoded, shown, told
from .messages import Message
from .target import Answer

Form = Literal["json", "text", "either"]

SIGNATURE_SIZE = 96  # bytes
SIGN = "/api/v1/eth2/sign"
MEDIA_TYPES = {"json": "application/json", "text": "text/plain"}


def sign_call(key: Key, body: bytes, accept: str | None = JSON) -> Call:
    """The request to sign a body; without an Accept header, if it is None."""
    headers = {"Content-Type": JSON}
    if accept is not None:
        headers["Accept"] = accept
    return Call("POST", f"{SIGN}/{to_hex(key.pubkey)}", body, headers)


def signature_check(
    subject: Subject,
    message: Message,
    title: str,
    call: Call,
    form: Form = "json",
    *,
    key: Key | None = None,
    topic: str | None = None,
) -> Check:
    """The check that a request is signed; its topic is the message's, unless it is given."""
    signing_key = key or subject.key

    def judge(answer: Answer) -> Finding:
        return judge_signature(subject, message, signing_key, answer, form)

    if topic is None:
        topic = message.topic
    expected = expected_signature(message, signing_key)
    return Check(title, call, f"the signature {to_hex(expected)}", judge, topic, is_signature=True)


def expected_signature(message: Message, key: Key) -> bytes:
    """Our own signature: 96 bytes."""
    return key.secret_key.sign(message.signing_root)


def judge_signature(
    subject: Subject, message: Message, key: Key, answer: Answer, form: Form
) -> Finding:
    """The finding for an answer that has to be the signature of a message."""
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - success
        return Finding(Verdict.NOT_THERE, told(answer))
    text, found_form = _text_of(answer)
    if text is None:
        return Finding(Verdict.WRONG, f"no signature: {told(answer)}")
    wrong = wrong_signature(subject, message, key, text)
    if wrong:
        return Finding(Verdict.WRONG, wrong)
    return _judge_form(answer, text, found_form, form)


def wrong_signature(subject: Subject, message: Message, key: Key, text: str) -> str:
    """What is wrong with the text of a signature; empty if it is the right one."""
    try:
        signature = from_hex(text.strip())
    except ValueError:
        return f"no hex digits: {shown(text.encode())}"
    if len(signature) != SIGNATURE_SIZE:
        return f"{len(signature)} bytes instead of {SIGNATURE_SIZE}: {shown(text.encode())}"
    expected = expected_signature(message, key)
    if signature == expected and verify(key.pubkey, message.signing_root, signature):
        return ""
    cause = subject.causes.find(message, key.secret_key, signature)
    return f"{cause}: {abbreviated(to_hex(signature))}"


def signature_in(answer: Answer) -> bytes | None:
    """The 96 bytes of a signature in an answer of success; None for another answer."""
    if not 200 <= answer.status < 300:  # noqa: PLR2004 - success
        return None
    text, _ = _text_of(answer)
    try:
        signature = from_hex((text or "").strip())
    except ValueError:
        return None
    return signature if len(signature) == SIGNATURE_SIZE else None


def _text_of(answer: Answer) -> tuple[str | None, Form]:
    """The text of the signature in an answer, and the form that its body has."""
    body = answer.body.strip()
    if not body.startswith((b"{", b'"', b"[")):
        return body.decode(errors="replace"), "text"
    document = decoded(body)
    if isinstance(document, dict) and isinstance(document.get("signature"), str):
        return document["signature"], "json"
    return None, "json"


def _judge_form(answer: Answer, text: str, found: Form, expected: Form) -> Finding:
    """The finding for the right signature: its form, its content type, its digits, its status."""
    if expected not in {found, "either"}:
        return _impolite(f"the right signature as {found}, where the client reads {expected}")
    media_type = MEDIA_TYPES[found]
    if answer.media_type != media_type:
        content_type = shown(answer.headers.get("content-type", "").encode())
        return _impolite(f"the right signature with the content type {content_type}")
    if found == "text" and answer.body != text.encode():
        return _impolite("the right signature with blanks around it")
    if not text.startswith("0x") or text != text.lower():
        return _impolite(f"the right signature as {text[:10]}.., not as 0x and lower-case digits")
    if answer.status != 200:  # noqa: PLR2004 - what clients look for
        return _impolite(f"the right signature with status {answer.status}")
    return RIGHT


def _impolite(found: str) -> Finding:
    return Finding(Verdict.MANNERS, found)
