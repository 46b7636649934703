"""A slashable pair of messages, as a test and the log are told of it."""

from msgspec import Struct

from ..hex import abbreviated


class Slashable(Struct, frozen=True):
    """Two messages that are slashable together, with EIP-3076's members, and the rule they break.

    The rules are double_block_proposal, double_vote, surrounding_vote and surrounded_vote.
    """

    rule: str
    pubkey: str
    genesis_validators_root: str
    earlier: dict[str, str]
    later: dict[str, str]

    def line(self) -> str:
        """One line for people."""
        later = _one_line(self.later)
        earlier = _one_line(self.earlier)
        return f"{self.rule} by {abbreviated(self.pubkey)}: {later} conflicts with {earlier}"


def _one_line(message: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in message.items())
