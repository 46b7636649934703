"""The account set of a participant in distributed validators: the file of --distributed.

Source: ethereum/remote-signing-api, pull request 29, a draft: the distributed profile.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from .. import decoding
from .._core import recover_public_key
from ..config.settings import THIS_MACHINE
from ..errors import BLSError, ConfigError, SignerError
from ..files import MAX_KEY_FILE_SIZE, read
from ..hex import to_hex
from ..ssz.scalars import Bytes48, shown, uint64

ORIGIN = "an https origin without path, query or fragment, such as https://signer-1.example.com"
DEFAULT_PORTS = {"https": 443, "http": 80}


class Participant(Struct, frozen=True, forbid_unknown_fields=True):
    """A signer that has a share of each key: its id, and the origin that it serves at."""

    id: uint64
    endpoint: str


class AccountEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A validator's key, and the keystore of this participant's share of it."""

    composite_public_key: Bytes48
    keystore: str  # a path, relative to the folder of the account set


class AccountSet(Struct, frozen=True, forbid_unknown_fields=True):
    """The participants that share keys, their threshold, and the shares of one participant."""

    participant_id: uint64
    signing_threshold: uint64
    participants: Annotated[list[Participant], Meta(min_length=1)]
    accounts: Annotated[list[AccountEntry], Meta(min_length=1)]

    def check(self) -> None:
        """Raises ConfigError for a set that breaks a rule of the profile."""
        ids = [participant.id for participant in self.participants]
        if 0 in ids:
            raise ConfigError(
                "participants: expected ids above 0, found 0: f(0) is the whole key, no share"
            )
        _check_distinct("participants: expected distinct ids", ids)
        origins = [origin_of(participant.endpoint) for participant in self.participants]
        _check_distinct("participants: expected distinct endpoints", origins)
        if not 1 <= self.signing_threshold <= len(ids):
            raise ConfigError(
                f"signing_threshold: expected 1 to {len(ids)}, the number of participants, "
                f"found {self.signing_threshold}"
            )
        if self.participant_id not in ids:
            expected = f"expected the id of a participant, one of {', '.join(map(str, ids))}"
            raise ConfigError(f"participant_id: {expected}, found {self.participant_id}")
        composite_keys = [to_hex(account.composite_public_key) for account in self.accounts]
        _check_distinct("accounts: expected distinct composite_public_keys", composite_keys)
        for account in self.accounts:
            _check_is_point(account.composite_public_key)


def read_account_set(path: Path) -> AccountSet:
    """The account set in a file. Raises ConfigError, which names the file and the member."""
    document = read(path, ConfigError, MAX_KEY_FILE_SIZE)
    try:
        account_set: AccountSet = decoding.decode(AccountSet, document, "an account set")
        account_set.check()
    except SignerError as error:
        raise ConfigError(f"{path}: {error}") from None
    return account_set


def origin_of(endpoint: str) -> str:
    """An endpoint in its normal form: lower case, and always with a port.

    Raises ConfigError for text that is no origin, and for http to another machine.
    """
    try:
        parts = urlsplit(endpoint)
        default_port = DEFAULT_PORTS[parts.scheme]
        port = parts.port or default_port
    except (KeyError, ValueError):  # another scheme; no number as port, or half an IPv6 address
        raise _no_origin(endpoint) from None
    is_bare = endpoint.lower() == f"{parts.scheme}://{parts.netloc}".lower()
    if not parts.hostname or not is_bare or "@" in parts.netloc:
        raise _no_origin(endpoint)
    if parts.scheme == "http" and not THIS_MACHINE.fullmatch(parts.hostname):
        raise ConfigError(
            f"expected an https endpoint, found http to another machine, {parts.hostname}: "
            "http is for tests on this machine"
        )
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _no_origin(endpoint: str) -> ConfigError:
    return ConfigError(f"expected each endpoint to be {ORIGIN}, found {shown(endpoint)}")


def _check_distinct(expected: str, values: Iterable[Hashable]) -> None:
    for value, number in Counter(values).items():
        if number > 1:
            raise ConfigError(f"{expected}, found {value} {number} times")


def _check_is_point(public_key: bytes) -> None:
    try:
        recover_public_key([1], [public_key])  # of 1 share; it is the key, if that is a point
    except BLSError:
        found = to_hex(public_key)
        raise ConfigError(
            f"accounts: expected composite_public_key to be a compressed point of G1, found {found}"
        ) from None
