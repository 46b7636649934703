"""Splits keys into shares, and writes a folder with an account set for each participant."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from .. import files
from .._core import recover_public_key, split_secret_key
from ..config.settings import Config
from ..errors import ConfigError
from ..hex import abbreviated, to_hex
from ..ssz.scalars import shown
from ..threads import thread_pool
from .account_set import origin_of
from .distributed import DistributedAccounts
from .finder import Finder, KeystoreFile
from .keyring import Key
from .keystore import KdfFunction
from .layouts import PUBKEYS, check_is_empty, write, write_pubkeys

ACCOUNT_SET = "distributed.json"
SPLIT = re.compile(r"([0-9]{1,2})/([0-9]{1,2})")  # no cluster has a hundred participants
FIRST_PORT = 9101  # of the endpoints that nobody gave; 9000 and 9001 are the signer's own
# Layouts whose keystores do not open by their names alone: they need a wallet or a key file
NO_SHARE_LAYOUTS = ("prysm", "web3signer-key-files")


class Split(Struct, frozen=True):
    """How many participants have a share of each key, and how many of them sign for it."""

    threshold: int
    participants: int

    @property
    def ids(self) -> list[int]:
        """The ids of the participants: 1, 2 and so on."""
        return list(range(1, self.participants + 1))


def split_of(text: str) -> Split:
    """A split as the command line writes it, such as 2/3. Raises ConfigError."""
    numbers = SPLIT.fullmatch(text)
    if not numbers:
        expected = "expected --split to be THRESHOLD/PARTICIPANTS, such as 2/3"
        raise ConfigError(f"{expected}, found {shown(text)}")
    split = Split(int(numbers[1]), int(numbers[2]))
    if not 1 <= split.threshold <= split.participants:
        raise ConfigError(
            f"expected the threshold of --split between 1 and the participants, found {text}"
        )
    return split


def endpoints_of(given: Sequence[str], split: Split) -> list[str]:
    """The endpoint of each participant, in order; without any, ports of this machine."""
    if not given:
        return [f"http://127.0.0.1:{FIRST_PORT + index}" for index in range(split.participants)]
    if len(given) != split.participants:
        expected = (
            f"expected --endpoint for each of {split.participants} participants, or none at all"
        )
        raise ConfigError(f"{expected}, found {len(given)}")
    if len({origin_of(endpoint) for endpoint in given}) < len(given):
        raise ConfigError("expected distinct --endpoint, found one twice")
    return [*given]


def write_shares(
    out: Path,
    layout: str,
    keys: Sequence[Key],
    *,
    split: Split,
    endpoints: Sequence[str],
    password: str,
    kdf: KdfFunction,
) -> list[Path]:
    """Splits keys, and writes a folder for each participant; returns their account sets.

    Reads everything back, and recovers each key from the shares of the files, before it returns.
    Blocks for as long as encrypting and decrypting take. Raises ConfigError.
    """
    if layout in NO_SHARE_LAYOUTS:
        expected = f"expected with --split another layout than {' and '.join(NO_SHARE_LAYOUTS)}"
        raise ConfigError(f"{expected}, found {layout}")
    with files.translating_errors(f"use {out}", ConfigError):
        check_is_empty(out)
    shares = [split_secret_key(key.secret_key, split.threshold, split.ids) for key in keys]
    paths = []
    for index, participant_id in enumerate(split.ids):
        folder = out / f"participant-{participant_id}"
        own_shares = [Key(shares_of_key[index]) for shares_of_key in shares]
        write({folder: layout}, own_shares, password, kdf)
        account_set = {
            "participant_id": str(participant_id),
            "signing_threshold": str(split.threshold),
            "participants": [
                {"id": str(other), "endpoint": endpoint}
                for other, endpoint in zip(split.ids, endpoints, strict=True)
            ],
            "accounts": _accounts(folder, keys, own_shares),
        }
        paths.append(folder / ACCOUNT_SET)
        _write_json(paths[-1], account_set)
    with files.translating_errors(f"write {out / PUBKEYS}", ConfigError):
        write_pubkeys(out, keys)
    _check_recovery(paths, keys, split)
    return paths


def _accounts(folder: Path, keys: Sequence[Key], shares: Sequence[Key]) -> list[dict[str, str]]:
    """The accounts of a participant, with the keystores that lie in its folder."""
    keystores: dict[bytes | None, str] = {}
    for file in Finder(folder).find():
        if isinstance(file, KeystoreFile):
            path = str(Path(file.path).relative_to(folder))
            keystores.setdefault(file.keystore.declared_pubkey, path)
    return [
        {"composite_public_key": to_hex(key.pubkey), "keystore": keystores[share.pubkey]}
        for key, share in zip(keys, shares, strict=True)
    ]


def _write_json(path: Path, value: Any) -> None:
    content = msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
    with files.translating_errors(f"write {path}", ConfigError):
        files.write(path, content, durable=False)


def _check_recovery(paths: Sequence[Path], keys: Sequence[Key], split: Split) -> None:
    """Raises ConfigError when the shares in the files of all participants do not give the keys."""
    participants = []
    for path in paths:
        accounts = DistributedAccounts(Config(distributed=path))
        with thread_pool() as pool:
            failures = accounts.load(pool)
        if failures:
            raise ConfigError(f"cannot read back {failures[0].source}: {failures[0].reason}")
        participants.append(accounts)
    for key in keys:
        public_keys = [accounts[key.pubkey].pubkey for accounts in participants]
        # Each run of neighbours is as many as the threshold; together they have every share.
        for start in range(split.participants - split.threshold + 1):
            some = slice(start, start + split.threshold)
            if recover_public_key(split.ids[some], public_keys[some]) != key.pubkey:
                pubkey = abbreviated(to_hex(key.pubkey))
                raise ConfigError(f"the shares of {pubkey} do not recover it: this is a bug")
