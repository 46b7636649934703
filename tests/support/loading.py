"""A folder of keystores, loaded as at the start of a signer."""

from pathlib import Path
from typing import NamedTuple

from signer.keys.keyring import LoadFailure
from signer.keys.keystore_folder import KeystoreFolder
from signer.threads import pool


class Loaded(NamedTuple):
    """What came of it, with the lines that are said."""

    pubkeys: list[bytes]
    failures: list[LoadFailure]
    lines: list[str]


def load(folder: Path, passwords_path: Path | None = None) -> Loaded:
    """Passwords are beside the keystores or where they are said to be, or there is one for all."""
    lines: list[str] = []
    common = folder / "password"
    password_file = common if common.exists() else None
    with pool() as threads:
        keystores = KeystoreFolder(folder, passwords_path, password_file)
        keys, failures = keystores.load(threads, lines.append)
    return Loaded([key.pubkey for key in keys], failures, lines)
