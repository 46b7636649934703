"""Deterministic keys, as a flag or a test names them, and what contradicts itself in that."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from ..errors import SignerError
from .flags import HIGHEST

MAX_INDEX = HIGHEST["INDEX"]


class KeySource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deterministic keys: the first interop keys, and `count` keys of a mnemonic."""

    SECRETS: ClassVar[frozenset[str]] = frozenset({"mnemonic", "mnemonic_passphrase", "keys"})

    interop: int = 0
    mnemonic: str = ""
    mnemonic_passphrase: str = ""
    count: int = 0
    start_index: int = 0

    __repr__ = object.__repr__  # a mnemonic is a secret


def check_key_source(
    source: KeySource,
    error_class: type[SignerError],
    spell: Callable[[str], str],
) -> None:
    """Raises `error_class` for a mnemonic without a count, and the like; `spell` names members."""
    if bool(source.mnemonic) != bool(source.count):
        present = "mnemonic" if source.mnemonic else "count"
        expected = f"expected {spell('mnemonic')} and {spell('count')} together"
        raise error_class(f"{expected}, found only {spell(present)}")
    for name in ("start_index", "mnemonic_passphrase"):
        if getattr(source, name) and not source.mnemonic:
            expected = f"expected {spell(name)} with {spell('mnemonic')}"
            raise error_class(f"{expected}, found no {spell('mnemonic')}")
    last = source.start_index + source.count - 1
    if last > MAX_INDEX:
        raise error_class(
            f"expected keys up to index {MAX_INDEX} (EIP-2333), found {last} by "
            f"{spell('start_index')} and {spell('count')}"
        )
