"""What a key has signed, and what is slashable beside it: the rules of EIP-3076.

Knows neither where it comes from nor where it is kept.
"""

from typing import Literal, NamedTuple

from msgspec import Struct


class HistoryKey(NamedTuple):
    """Which messages matter to each other: those of a key, on a chain, of a kind."""

    pubkey: bytes
    genesis_validators_root: bytes
    kind: Literal["signed_blocks", "signed_attestations"]  # as EIP-3076 has them


class Vote(Struct, frozen=True, gc=False):
    """The source and target epoch of an attestation; a block is a vote from 0 to its slot.

    So one set of rules fits both: of two votes from one source, none surrounds the other. There
    are many, and they stay: so the garbage collector is to see none of them.
    """

    source: int
    target: int
    signing_root: bytes | None = None  # 32 bytes; None where an import does not tell


def broken_rule(vote: Vote, earlier: Vote) -> str | None:
    """What two votes are together: consensus-specs, `is_slashable_attestation_data`."""
    if vote.target == earlier.target:
        return "double_vote"
    if vote.source < earlier.source and earlier.target < vote.target:
        return "surrounding_vote"
    if earlier.source < vote.source and vote.target < earlier.target:
        return "surrounded_vote"
    return None


class History:
    """The votes of one HistoryKey, and a floor: what is below was dropped, or never known."""

    __slots__ = ("floor", "highest", "votes")

    def __init__(self) -> None:
        self.votes: dict[Vote, None] = {}  # a set in order
        self.floor: Vote | None = None
        self.highest = Vote(-1, -1)  # source and target, perhaps of two votes, the floor among them

    def add(self, vote: Vote) -> None:
        """Adds a vote, whatever it conflicts with."""
        self.votes[vote] = None
        self.highest = _higher(self.highest, vote)

    def raise_floor(self, floor: Vote) -> Vote:
        """The floor, from now on at these epochs at least."""
        self.floor = _higher(self.floor or floor, floor)
        self.highest = _higher(self.highest, self.floor)
        return self.floor

    def prune(self, kept: int) -> list[Vote]:
        """Drops all but the newest votes; those dropped, which are below the floor then."""
        ascending = sorted(self.votes, key=lambda vote: vote.target)
        dropped = ascending[:-kept]
        self.raise_floor(Vote(max(vote.source for vote in dropped), ascending[-kept].target))
        self.votes = dict.fromkeys(ascending[-kept:])
        return dropped

    def conflict(self, vote: Vote) -> tuple[str, Vote] | None:
        """The rule that a vote breaks, and beside which one; the same vote again breaks none."""
        if vote.target > self.highest.target and vote.source >= self.highest.source:
            return None  # newer than all others, as nearly every vote
        if vote in self.votes:
            return None
        for earlier in self.votes:
            if rule := broken_rule(vote, earlier):
                return rule, earlier
        # EIP-3076, conditions 2, 4 and 5
        if self.floor and (vote.target <= self.floor.target or vote.source < self.floor.source):
            return "below_minimum", self.floor
        return None


def _higher(one: Vote, other: Vote) -> Vote:
    return Vote(max(one.source, other.source), max(one.target, other.target))
