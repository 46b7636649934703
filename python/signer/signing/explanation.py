"""The steps from a request to its signing root, as data: what `explain` returns."""

from typing import Any

import msgspec
from msgspec import Struct

from ..ssz.nodes import Node
from .explanation_text import Style, plain, text_of


class ForkStep(Struct, frozen=True, kw_only=True):
    """Which fork version the domain has, and why.

    Outside of any fork, as for a validator registration, only `version`, `name` and `why` are
    there. `slot` is that of the message, and `epoch` the one that decides.
    """

    epoch: str | None = None
    slot: str | None = None
    previous_version: str | None = None
    current_version: str | None = None
    fork_epoch: str | None = None
    version: str
    name: str | None = None  # of the fork, where the network lists the version
    why: str


class Explanation(Struct, frozen=True, kw_only=True):
    """From a request to its signing root, step by step; `str` makes it a text for people.

    Hex is text with 0x, and numbers are decimal digits. `reading` says how the request was read,
    where the root that was sent chose another reading than the default. `problem` says why no
    reading has this root. `guessed` has what the document leaves open, each with its reason.
    """

    type: str
    title: str
    message: Node
    object_root: str
    fork: ForkStep | None
    network: str | None
    genesis_validators_root: str | None
    domain_type: str
    domain_name: str | None
    fork_data_root: str | None
    domain: str
    signing_root: str
    sent_root: str | None = None
    reading: str = ""
    problem: str | None = None
    signature: str | None = None
    verifies: bool | None = None
    pubkey: str | None = None
    guessed: list[str] = []

    def __str__(self) -> str:
        return self.text()

    def text(self, style: Style = plain) -> str:
        """The text for people; `style` may colour its parts."""
        return text_of(self, style)

    def to_dict(self) -> dict[str, Any]:
        """The same as dictionaries, lists and texts."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        return fields

    def to_json(self) -> str:
        """The same as JSON on one line."""
        return msgspec.json.encode(self).decode()
