"""Keystores and their passwords as tools lay them out on disk; `folder.py` reads all of it."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from . import files
from .errors import ConfigError
from .keyring import Key
from .keystores import seal, seal_accounts
from .threads import Report, open_all, pool

# Keystore and password file, for `str.format`; Prysm's one keystore has no field to fill in
LAYOUTS = {
    "web3signer": ("teku-keys/0x{pubkey}.json", "teku-secrets/0x{pubkey}.txt"),
    "teku": ("teku-keys/0x{pubkey}.json", "teku-secrets/0x{pubkey}.txt"),
    "lighthouse": ("keys/0x{pubkey}/voting-keystore.json", "secrets/0x{pubkey}"),
    "lodestar": ("keystores/0x{pubkey}/voting-keystore.json", "secrets/0x{pubkey}"),
    "nimbus": ("validators/0x{pubkey}/keystore.json", "secrets/0x{pubkey}"),
    "prysm": ("prysm/direct/accounts/all-accounts.keystore.json", "secrets/password.txt"),
    "deposit-cli": ("validator_keys/keystore-{path}-{now}.json", "validator_keys/password.txt"),
    "charon": ("validator_keys/keystore-{index}.json", "validator_keys/keystore-{index}.txt"),
    "flat": ("{pubkey}.json", "{pubkey}.txt"),
    "commit-boost": ("keys/{pubkey}.json", "secrets/password.txt"),
}


def write(
    folders: Mapping[Path, str], keys: Sequence[Key], password: str, kdf: str, report: Report
) -> None:
    """Writes keys into folders, in a layout each. Blocks for as long as sealing them takes.

    Raises ConfigError when a folder cannot be written, and before it writes any for one that has
    files in it.
    """
    # c as devnet tools have it, n as EIP-2335 does
    cost = 2 if kdf == "pbkdf2" else 1 << 18
    seal_one = partial(seal, password=password, kdf=kdf, cost=cost)
    alone = set(folders.values()) != {"prysm"}
    try:
        for folder in folders:
            if folder.exists() and any(folder.iterdir()):
                raise ConfigError(f"expected no files in {folder}, found some: give another --out")
        with pool() as threads:
            sealed = open_all(threads, seal_one, keys if alone else [], report)
        for folder, layout in folders.items():
            keystore, password_file = LAYOUTS[layout]
            documents = sealed
            if layout == "prysm":
                documents = [seal_accounts(keys, password, kdf=kdf, cost=cost)]
            for index, (key, document) in enumerate(zip(keys, documents, strict=False)):
                path = (key.derivation_path or f"m/12381/3600/{index}/0/0").replace("/", "_")
                names = {"pubkey": key.pubkey.hex(), "index": index, "path": path}
                for name, content in (keystore, document), (password_file, password.encode()):
                    file = folder / name.format(**names, now=int(time.time()))
                    file.parent.mkdir(parents=True, exist_ok=True)
                    files.write(file, content, durable=False)
    except OSError as error:
        raise ConfigError(f"cannot write {error.filename}: {error.strerror}") from None
