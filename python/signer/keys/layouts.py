"""Writes keystores and passwords in the layouts of other tools; `finder.py` reads them all."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from .. import files
from ..errors import ConfigError
from ..hex import to_hex
from ..threads import run_on_all, thread_pool
from .keyring import Key
from .keystore import EIP_2335_COST, KdfFunction, encrypt, encrypt_prysm

PUBKEYS = "pubkeys.txt"  # next to the keystores of every layout, for scripts; nobody loads it
ONE = "0x{pubkey}/voting-keystore.json"
WALLET = "all-accounts.keystore.json"  # Prysm's, with all keys
PASSWORD = "password"  # noqa: S105 - the content of the files that are no keystores
TEKU = ("teku-keys/0x{pubkey}.json", "teku-secrets/0x{pubkey}.txt")
# The files of a layout, for `str.format`: a keystore (.json), a key file of Web3Signer's (.yaml),
# or the password (any other ending).
LAYOUTS = {
    "web3signer": TEKU,
    "web3signer-key-files": ("{pubkey}.yaml", "{pubkey}.json", "{pubkey}.password"),
    "teku": TEKU,
    "lighthouse": (f"validators/{ONE}", "secrets/0x{pubkey}"),
    "lodestar": (f"keystores/{ONE}", "secrets/0x{pubkey}"),
    "nimbus": ("validators/0x{pubkey}/keystore.json", "secrets/0x{pubkey}"),
    "prysm": (f"prysm/direct/accounts/{WALLET}", "secrets/password.txt"),
    "eth2-val-tools": (
        f"keys/{ONE}",
        "secrets/0x{pubkey}",
        "lodestar-secrets/0x{pubkey}",
        "nimbus-keys/0x{pubkey}/keystore.json",
        *TEKU,
    ),
    "deposit-cli": ("validator_keys/keystore-{path}-{now}.json", "validator_keys/password.txt"),
    "charon": ("validator_keys/keystore-{index}.json", "validator_keys/keystore-{index}.txt"),
    "flat": ("{pubkey}.json", "{pubkey}.txt"),
    "commit-boost": ("keys/{pubkey}.json", "secrets/password.txt"),
}
KEY_FILE = """\
type: file-keystore
keyType: BLS
keystoreFile: {pubkey}.json
keystorePasswordFile: {pubkey}.password
"""
COSTS: dict[KdfFunction, int] = {
    "pbkdf2": 2,  # what devnet tools write
    "scrypt": EIP_2335_COST,
}


def write(
    folders: Mapping[Path, str],
    keys: Sequence[Key],
    password: str,
    kdf: KdfFunction,
) -> None:
    """Writes keys into folders, in a layout each. Blocks for as long as encrypting them takes.

    Raises ConfigError when a folder cannot be written. Checks first that all of them are empty.
    """
    try:
        for folder in folders:
            check_is_empty(folder)
        keystores, wallet = _encrypt(keys, {*folders.values()}, password, kdf)
        for folder, layout in folders.items():
            for index, key in enumerate(keys):
                contents = {
                    WALLET: wallet,
                    ".json": keystores[index],
                    ".yaml": _key_file(key),
                    PASSWORD: password.encode(),
                }
                _write_key(folder, layout, index, key, contents)
            write_pubkeys(folder, keys)
    except OSError as error:
        raise ConfigError(f"cannot write {error.filename}: {error.strerror}") from None


def write_pubkeys(folder: Path, keys: Sequence[Key]) -> None:
    """Writes the public keys as hex with 0x, one a line, in the order of the keys."""
    lines = [f"{to_hex(key.pubkey)}\n" for key in keys]
    files.write(folder / PUBKEYS, "".join(lines).encode(), durable=False)


def check_is_empty(folder: Path) -> None:
    """Raises ConfigError for a folder that has files."""
    if folder.exists() and any(folder.iterdir()):
        raise ConfigError(f"expected no files in {folder}, found some: give another --out")


def _encrypt(
    keys: Sequence[Key],
    layouts: set[str],
    password: str,
    kdf: KdfFunction,
) -> tuple[list[bytes], bytes]:
    """The keystore of each key, and the wallet of all; empty if no layout uses them."""
    cost = COSTS[kdf]
    keystores = [b""] * len(keys)
    if layouts != {"prysm"}:
        encrypt_one = partial(encrypt, password=password, kdf=kdf, cost=cost)
        with thread_pool() as pool:
            keystores = run_on_all(pool, encrypt_one, keys, "keystores encrypted")
    wallet = b""
    if "prysm" in layouts:
        wallet = encrypt_prysm(keys, password, kdf=kdf, cost=cost)
    return keystores, wallet


def _key_file(key: Key) -> bytes:
    return KEY_FILE.format(pubkey=key.pubkey.hex()).encode()


def _write_key(
    folder: Path,
    layout: str,
    index: int,
    key: Key,
    contents: Mapping[str, bytes],
) -> None:
    """Writes the files of a key; `contents` are by name, else by ending, else the password."""
    derivation_path = key.derivation_path or f"m/12381/3600/{index}/0/0"
    values = {
        "pubkey": key.pubkey.hex(),
        "index": index,
        "path": derivation_path.replace("/", "_"),
        "now": int(time.time()),
    }
    for pattern in LAYOUTS[layout]:
        file = folder / pattern.format(**values)
        if not file.exists():  # one for all keys is written with the first
            by_ending = contents.get(file.suffix, contents[PASSWORD])
            content = contents.get(file.name, by_ending)
            file.parent.mkdir(parents=True, exist_ok=True)
            files.write(file, content, durable=False)
