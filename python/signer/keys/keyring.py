"""The keys that can sign now."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .._core import SecretKey
from ..errors import UnknownKeyError
from ..hex import to_hex

log = logging.getLogger(__name__)

FAILURES_LOGGED = 20  # lines; thousands of keystores may lack a password for one reason


class Key(NamedTuple):
    """A secret key, and the EIP-2334 path that it was derived by, where that is known."""

    secret_key: SecretKey
    derivation_path: str = ""

    @property
    def pubkey(self) -> bytes:
        """48 bytes, compressed G1."""
        return self.secret_key.public_key()


class LoadFailure(NamedTuple):
    """A key that could not be loaded: its source, and the reason."""

    source: str
    reason: str


def log_failures(failures: Sequence[LoadFailure]) -> None:
    """Logs a line for each failure, FAILURES_LOGGED at most; the last one counts the others."""
    shown = failures
    if len(failures) > FAILURES_LOGGED:
        shown = failures[: FAILURES_LOGGED - 1]
    for failure in shown:
        message = f"{failure.source}: {failure.reason}"
        log.warning("failed: %s", " ".join(message.split()))  # a line, whatever is in a name
    if len(shown) < len(failures):
        number = len(failures) - len(shown)
        log.warning("failed: %d more; mend the keys above, then POST /reload shows others", number)


class Keyring:
    """Keys by public key (48 bytes): those of read-only sources, then the imported ones.

    A key in both is read-only. One thread at a time changes a keyring (`keys/manager.py`); others
    may read it meanwhile.
    """

    def __init__(self) -> None:
        self.readonly: dict[bytes, Key] = {}
        self.imported: dict[bytes, Key] = {}
        self.failures: list[LoadFailure] = []

    def all(self) -> dict[bytes, Key]:
        """A snapshot, safe while another thread imports."""
        return self.readonly | self.imported

    def __len__(self) -> int:
        # Without a copy: an unknown key's error shows this number.
        fewer, more = sorted([self.readonly, self.imported], key=len)
        return len(more) + len(fewer.keys() - more.keys())

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.all())

    def __contains__(self, pubkey: object) -> bool:
        return pubkey in self.readonly or pubkey in self.imported

    def __getitem__(self, pubkey: bytes) -> Key:
        """The key. Raises UnknownKeyError, which says how many there are."""
        key = self.readonly.get(pubkey) or self.imported.get(pubkey)
        if key:
            return key
        shown = to_hex(pubkey[:4])
        raise UnknownKeyError(
            f"expected one of the {len(self)} loaded public keys, found {shown}.. of {len(pubkey)} "
            "bytes: load it with "
            "--interop, --mnemonic or --keystores-path, or import it"
        )
