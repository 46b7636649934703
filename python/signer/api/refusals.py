"""Refused requests and TLS handshakes: the first ones of each kind in the log, all of them counted.

Lighthouse, Grandine and Prysm do not show the body of a 400, so the reason must be in our log. A
signing root that differs also gets the cause, as far as it can be found.
"""

import logging
import threading
from collections import Counter

from ..control.journal import MAX_LINE_LENGTH, one_line
from ..errors import FaultError, SignerError, SigningRootError
from ..hex import abbreviated
from ..metrics import Metrics
from ..metrics.counters import TLS
from .diagnoses import Diagnoses
from .reasons import HANDSHAKE, reason_of

log = logging.getLogger(__name__)

MAX_LINES = 100  # a harness that never reads the log must not fill its pipe
LINES_PER_SUBJECT = 20  # with one status: a client must not use up the lines of all others
LINES_PER_KIND = 3  # enough to see whether one key is concerned, or several


class Refusals:
    """Warns of refusals. Any thread may call.

    A kind is a subject (a signing type or a method), a status, and the words of the reason. Words
    with a digit do not count, because they are values.
    """

    def __init__(self, metrics: Metrics, diagnoses: Diagnoses) -> None:
        self._metrics = metrics
        self._diagnoses = diagnoses
        self._lines = 0
        self._lines_by_subject = Counter[tuple[str, str]]()
        self._lines_by_kind = Counter[tuple[str, str, str]]()
        self._readings = set[tuple[str, str]]()
        self._only_counted = 0
        self._lock = threading.Lock()

    def note(self, subject: str, error: SignerError, key: str = "") -> None:
        """Notes a refused request. Says nothing of an error that was reported, or of a fault's.

        One error may be noted twice on its way, and counts once.
        """
        if isinstance(error, FaultError):
            return
        if not error.is_counted:
            error.is_counted = True
            self._metrics.count_refusal(str(error.status), reason_of(error))
        if error.is_reported:
            return
        error.is_reported = True
        owner = ""
        if key:
            owner = f" by {abbreviated(key)}"
        told = f"{subject} {error.status}{owner}"
        words = str(error)
        if isinstance(error, SigningRootError):
            words = error.facts  # one kind, whatever the cause
        self._note(told, (subject, str(error.status), words), str(error))

    async def explain(self, error: SignerError) -> None:
        """Completes the error for a signing root that differs, before it is noted."""
        await self._diagnoses.complete(error)

    def note_unsigned(self, type_name: str | None, identifier: str, error: SignerError) -> None:
        """Notes a request without a signature, of no known type if `type_name` is None."""
        self._metrics.count(type_name or "unknown", error.status)
        self.note(type_name or "sign request", error, identifier)

    def note_reading(self, type_name: str, reading: str) -> None:
        """Tells once how requests of a type are read, where this is not the default."""
        told = (type_name, reading)
        if reading and told not in self._readings and len(self._readings) < MAX_LINES:
            self._readings.add(told)
            log.info("read otherwise than usual, told once: %s: %s", type_name, reading)

    def note_handshake(self, peer: str, reason: str) -> None:
        """Notes a TLS handshake with a client at this address that failed."""
        self._metrics.count_refusal(TLS, HANDSHAKE)
        self._note(f"TLS handshake of {peer}", ("TLS handshake", TLS, reason), reason)

    def _note(self, told: str, whole_kind: tuple[str, str, str], reason: str) -> None:
        subject, status, words = whole_kind
        kind = (subject.partition(" /")[0], status, _without_values(words))  # without a path
        with self._lock:
            level = logging.DEBUG
            hint = ""
            if self._has_room(kind):
                level = logging.WARNING
                hint = self._add_line(kind)
            else:
                self._only_counted += 1
        line = one_line(f"refused: {told}: {reason}")
        log.log(level, "%s%s", line, hint)

    def _has_room(self, kind: tuple[str, str, str]) -> bool:
        return (
            self._lines < MAX_LINES
            and self._lines_by_subject[kind[:2]] < LINES_PER_SUBJECT
            and self._lines_by_kind[kind] < LINES_PER_KIND
        )

    def _add_line(self, kind: tuple[str, str, str]) -> str:
        """Counts a line; the end of the line says whether further ones are only counted."""
        self._lines += 1
        self._lines_by_subject[kind[:2]] += 1
        self._lines_by_kind[kind] += 1
        if self._lines == MAX_LINES:
            return " (further refusals are only counted: in /metrics, and in the log at the end)"
        if self._lines_by_kind[kind] == LINES_PER_KIND:
            return " (further ones like this are only counted)"
        return ""

    def close(self) -> None:
        """Ends the thread, and logs how many refusals have no line, if there are any."""
        self._diagnoses.close()
        with self._lock:
            number = self._only_counted
            self._only_counted = 0
        if number:
            log.warning("%d more refusals are counted in /metrics", number)


def _without_values(reason: str) -> str:
    """The words of a reason without a digit, which numbers, roots and public keys have."""
    words = reason[:MAX_LINE_LENGTH].split()
    return " ".join(word for word in words if not any(map(str.isdigit, word)))
