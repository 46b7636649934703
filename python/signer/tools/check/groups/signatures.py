"""Checks of every type in every fork: the message alone, without a root."""

from ..checks import Checks, Subject
from ..signatures import sign_call, signature_check


def checks(subject: Subject) -> Checks:
    """Yields the checks of this group; a key may sign them in this order, without a conflict."""
    for message in subject.messages:
        call = sign_call(subject.key, subject.body(message))
        yield signature_check(subject, message, message.title, call)
