"""A pair of messages that conflict, as a test and the log are told of it."""

from typing import Literal

from msgspec import Struct

from ..hex import abbreviated

Kind = Literal["slashable", "equivocation"]
SLASHABLE_RULES = {"double_block_proposal", "double_vote", "surrounding_vote", "surrounded_vote"}


class Slashable(Struct, frozen=True):
    """Two messages that conflict, and the rule they break.

    Slashable messages have EIP-3076's members. Their rules are double_block_proposal, double_vote,
    surrounding_vote and surrounded_vote. Any other rule is an equivocation's, such as
    double_inclusion_list: nobody is slashed for it.
    """

    rule: str
    pubkey: str
    genesis_validators_root: str
    earlier: dict[str, str]
    later: dict[str, str]

    @property
    def kind(self) -> Kind:
        """What the two messages are."""
        if self.rule in SLASHABLE_RULES:
            return "slashable"
        return "equivocation"

    def line(self) -> str:
        """One line for people."""
        later = _one_line(self.later)
        earlier = _one_line(self.earlier)
        return f"{self.rule} by {abbreviated(self.pubkey)}: {later} conflicts with {earlier}"


def _one_line(message: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in message.items())
