"""Conflicting messages, as they are reported: in the log, in the metrics, and to a test."""

import logging
from collections import deque
from collections.abc import Callable
from typing import Literal

from ..hex import abbreviated
from .slashable import Kind, Slashable

log = logging.getLogger(__name__)

Count = Callable[[Kind, str], None]  # of the metrics; takes a rule too

MAX_PAIRS_KEPT = 10_000
MAX_LINES = 100  # a harness that never reads the log must not fill its pipe


class Reports:
    """The newest pairs, and the rule that a message breaks. One thread at a time may add a pair."""

    def __init__(self, count: Count) -> None:
        self.pairs = deque[Slashable]()
        self.total = 0  # pairs so far, also those that are forgotten
        self._rules: dict[tuple[str, str | None], str] = {}  # by pubkey and root of `later`
        self._count = count
        self._invalid = 0  # attestations

    def add(self, pair: Slashable, outcome: Literal["signed", "refused"]) -> None:
        """Keeps a pair, counts it, and logs it with what becomes of the later message."""
        if len(self.pairs) == MAX_PAIRS_KEPT:
            self._rules.pop(_later(self.pairs.popleft()), None)
        self.pairs.append(pair)
        self.total += 1
        self._rules[_later(pair)] = pair.rule
        self._count(pair.kind, pair.rule)
        log.log(_level(len(self.pairs)), "%s, %s: %s", pair.kind, outcome, pair.line())

    def warn_of_invalid(self, pubkey: str, problem: str) -> None:
        """Logs that an attestation is invalid by itself."""
        self._invalid += 1
        log.log(
            _level(self._invalid), "invalid attestation by %s: %s", abbreviated(pubkey), problem
        )

    def after(self, number: int, limit: int) -> tuple[list[Slashable], int]:
        """At most `limit` pairs after the first `number` ones, and how many there are up to these.

        Forgotten pairs are left out.
        """
        pairs = [*self.pairs]
        forgotten = self.total - len(pairs)
        start = max(number, forgotten)
        pairs = pairs[start - forgotten :][:limit]
        return pairs, start + len(pairs)

    def rule_of(self, pubkey: str, signing_root: str) -> str | None:
        """The rule that a message breaks with an earlier one; None when nothing was reported."""
        return self._rules.get((pubkey, signing_root))

    def clear(self) -> None:
        """Forgets every pair."""
        self.pairs.clear()
        self._rules.clear()


def _level(number: int) -> int:
    """The level of the line about the pair or the attestation with this number."""
    return logging.WARNING if number <= MAX_LINES else logging.DEBUG


def _later(pair: Slashable) -> tuple[str, str | None]:
    return pair.pubkey, pair.later.get("signing_root")
