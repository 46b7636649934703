"""The rules of EIP-3076: a key's signing history, and the votes that conflict with it.

Knows neither where a vote comes from nor where it is kept.
"""

from collections.abc import Collection
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct


class HistoryKey(NamedTuple):
    """Identifies a history: a key, a chain, and a kind of message."""

    pubkey: bytes
    genesis_validators_root: bytes
    kind: Literal["signed_blocks", "signed_attestations"]  # EIP-3076's names


class Vote(Struct, frozen=True, gc=False):
    """The source and target epoch of an attestation; a block has source 0 and its slot as target.

    One set of rules fits both: of two votes with one source, neither surrounds the other. Votes
    are many and live long, so the garbage collector does not track them.
    """

    source: int
    target: int
    signing_root: bytes | None = None  # 32 bytes; None when an import omits it


# One object where validators vote alike, as they usually do: a tenth of the memory.
_known_vote = lru_cache(4096)(Vote)


def shared_vote(source: int, target: int, signing_root: bytes | None) -> Vote:
    """A vote of plain numbers and bytes: SSZ's would be work for the garbage collector."""
    if not signing_root:
        return _known_vote(int(source), int(target))
    return _known_vote(int(source), int(target), bytes(signing_root))


def invalid_source(vote: Vote) -> str:
    """Why a vote is invalid by itself: its source is above its target. Empty for a valid vote.

    Web3Signer never signs such a vote, and neither does `enforce`. EIP-3076 calls only two messages
    together slashable, so this is no rule of `broken_rule`: `report` signs the vote, warns in the
    log, and counts no slashable pair.
    """
    if vote.source <= vote.target:
        return ""
    return f"source epoch {vote.source} is above target epoch {vote.target}"


def broken_rule(vote: Vote, earlier: Vote) -> str | None:
    """The rule that two votes break together, or None.

    Source: consensus-specs, `is_slashable_attestation_data`.
    """
    if vote.target == earlier.target:
        return "double_vote"
    if vote.source < earlier.source and earlier.target < vote.target:
        return "surrounding_vote"
    if earlier.source < vote.source and vote.target < earlier.target:
        return "surrounded_vote"
    return None


class History:
    """The votes of one HistoryKey, and a minimum: votes below it were dropped, or never known."""

    __slots__ = ("highest", "minimum", "votes")

    def __init__(self) -> None:
        self.votes: dict[Vote, None] = {}  # an ordered set; the values are unused
        self.minimum: Vote | None = None
        # highest source and highest target, of votes and minimum; perhaps of two of them
        self.highest = Vote(-1, -1)

    def add(self, vote: Vote) -> None:
        """Adds a vote without checking it."""
        self.votes[vote] = None
        self.highest = _higher(self.highest, vote)

    def raise_minimum(self, minimum: Vote) -> Vote:
        """Raises the minimum to these epochs at least, and returns it."""
        if self.minimum is not None:
            minimum = _higher(self.minimum, minimum)
        self.minimum = minimum
        self.highest = _higher(self.highest, minimum)
        return minimum

    def prune(self, kept: int) -> tuple[int, Vote]:
        """Drops all but the `kept` newest votes, and raises the minimum.

        Returns the lowest target that is kept, and the minimum. A dropped source counts only up to
        its target. A source above its target is invalid, and must not keep the key from ever
        signing again.
        """
        ascending = sorted(self.votes, key=lambda vote: vote.target)
        remaining = ascending[-kept:]
        oldest = remaining[0].target
        source = max(_valid_source(vote) for vote in ascending[:-kept])
        self.votes = dict.fromkeys(remaining)
        return oldest, self.raise_minimum(Vote(source, oldest))

    def to_export(self) -> list[Vote]:
        """The votes that another signer must know, oldest first.

        That signer derives its minimum from them, so votes below ours are left out. One vote
        without a root may stand for these, so that nobody surrounds them.
        """
        minimum = self.minimum or Vote(0, 0)
        kept = [vote for vote in self.votes if vote.target >= minimum.target]
        left_out = [vote for vote in self.votes if vote.target < minimum.target]
        source = max([minimum.source, *map(_valid_source, left_out)])
        if kept and source > lowest(kept).source:
            kept.append(Vote(source, minimum.target))
        return sorted(kept, key=lambda vote: (vote.target, vote.source))

    def conflict(self, vote: Vote) -> tuple[str, Vote] | None:
        """The rule that a vote breaks, and the vote or minimum it breaks it with.

        None for a vote that may be signed, and for one that was signed before.
        """
        if vote.target > self.highest.target and vote.source >= self.highest.source:
            return None  # newer than all others, as nearly every vote
        if vote in self.votes:
            return None
        for earlier in self.votes:
            rule = broken_rule(vote, earlier)
            if rule:
                return rule, earlier
        # EIP-3076, conditions 2, 4 and 5
        minimum = self.minimum
        if minimum and (vote.target <= minimum.target or vote.source < minimum.source):
            return "below_minimum", minimum
        return None


def lowest(votes: Collection[Vote]) -> Vote:
    """The lowest source and the lowest target, perhaps of two votes: a minimum for a history."""
    return Vote(min(map(_valid_source, votes)), min(vote.target for vote in votes))


def _valid_source(vote: Vote) -> int:
    """The source, up to the target: no later vote is above an invalid source."""
    return min(vote.source, vote.target)


def _higher(one: Vote, other: Vote) -> Vote:
    return Vote(max(one.source, other.source), max(one.target, other.target))
