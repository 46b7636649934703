"""Checks of the form of an answer: JSON if any entry of Accept is JSON or everything, else text."""

from ..checks import Checks, Subject
from ..signatures import Form, sign_call, signature_check

FORMS: dict[str | None, Form] = {
    "application/json": "json",
    "*/*": "json",
    "APPLICATION/JSON": "json",
    "text/plain, application/json": "json",
    "application/json;q=0.1, text/plain": "json",
    "text/plain": "text",
    "text/*": "text",
    None: "text",
}


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group."""
    message = subject.usual["RANDAO_REVEAL"]
    for accept, form in FORMS.items():
        title = f"Accept: {accept}" if accept else "no Accept header"
        call = sign_call(subject.key, subject.body(message), accept)
        yield signature_check(subject, message, title, call, form)
