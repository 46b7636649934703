"""Keystores and their passwords as tools lay them out on disk; `finder.py` reads all of it."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import zip_longest
from pathlib import Path

from .. import files
from ..errors import ConfigError
from ..threads import Report, open_all, pool
from .keyring import Key
from .keystore import seal, seal_accounts

ONE = "0x{pubkey}/voting-keystore.json"
ALL = "all-accounts.keystore.json"  # Prysm's one for all keys
TEKU = "teku-keys/0x{pubkey}.json", "teku-secrets/0x{pubkey}.txt"
# Files for `str.format`: a keystore, a key file of Web3Signer's, or else one with the password
LAYOUTS = {
    "web3signer": TEKU,
    "web3signer-key-files": ("{pubkey}.yaml", "{pubkey}.json", "{pubkey}.password"),
    "teku": TEKU,
    "lighthouse": (f"keys/{ONE}", "secrets/0x{pubkey}"),
    "lodestar": (f"keystores/{ONE}", "secrets/0x{pubkey}"),
    "nimbus": ("validators/0x{pubkey}/keystore.json", "secrets/0x{pubkey}"),
    "prysm": (f"prysm/direct/accounts/{ALL}", "secrets/password.txt"),
    "eth2-val-tools": (
        *(f"keys/{ONE}", "secrets/0x{pubkey}", "lodestar-secrets/0x{pubkey}"),
        *("nimbus-keys/0x{pubkey}/keystore.json", *TEKU),
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


def write(
    folders: Mapping[Path, str], keys: Sequence[Key], password: str, kdf: str, report: Report
) -> None:
    """Writes keys into folders, in a layout each. Blocks for as long as sealing them takes.

    Raises ConfigError when a folder cannot be written, and before it writes any for one that has
    files in it.
    """
    # c as devnet tools have it, n as EIP-2335 does
    cost = 2 if kdf == "pbkdf2" else 1 << 18
    wanted = set(folders.values())
    seal_one = partial(seal, password=password, kdf=kdf, cost=cost)
    try:
        for folder in folders:
            if folder.exists() and any(folder.iterdir()):
                raise ConfigError(f"expected no files in {folder}, found some: give another --out")
        with pool() as threads:
            sealed = open_all(threads, seal_one, keys if wanted - {"prysm"} else [], report)
        seal_accounts_now = partial(seal_accounts, keys, password, kdf=kdf, cost=cost)
        accounts = seal_accounts_now() if "prysm" in wanted else b""
        for folder, layout in folders.items():
            for index, (key, keystore) in enumerate(zip_longest(keys, sealed)):
                path = (key.derivation_path or f"m/12381/3600/{index}/0/0").replace("/", "_")
                names = {"pubkey": key.pubkey.hex(), "index": index, "path": path}
                contents = {".yaml": KEY_FILE.format(**names).encode(), ".json": keystore}
                for name in LAYOUTS[layout]:
                    file = folder / name.format(**names, now=int(time.time()))
                    if not file.exists():  # one for all keys is written with the first
                        file.parent.mkdir(parents=True, exist_ok=True)
                        content = contents.get(file.suffix, password.encode())
                        content = accounts if file.name == ALL else content
                        files.write(file, content, durable=False)
    except OSError as error:
        raise ConfigError(f"cannot write {error.filename}: {error.strerror}") from None
