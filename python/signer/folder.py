"""Keystores in a folder of the user's: found in every layout, read, never written."""
# paths are text here: as objects, ten thousand keystores take half a second more
# ruff: noqa: PTH113, PTH119

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import NamedTuple

from .data_dir import DataDir
from .errors import ConfigError, KeystoreError, SignerError
from .files import read
from .keyring import Key, LoadFailure
from .keystores import Keystore, parse
from .threads import Report, open_all


class KeystoreFile(NamedTuple):
    """A keystore on disk, and where its password may be, likeliest first: roots, then names."""

    path: str
    digest: bytes  # SHA-256 of the file
    keystore: Keystore
    password_roots: list[str]
    password_names: list[str]

    def password(self) -> str:
        """Its password. Raises KeystoreError, naming every place where there was none."""
        for root, name in product(self.password_roots, self.password_names):
            place = f"{root}/{name}"
            if os.path.isfile(place) and place != self.path:
                try:
                    return read(place).decode("utf-8-sig")
                except UnicodeDecodeError:
                    raise KeystoreError(f"expected UTF-8 in {place}, found other bytes") from None
        names, folders = ", ".join(self.password_names), ", ".join(self.password_roots)
        raise KeystoreError(f"expected a password file, found none of: {names} in {folders}")


def find(
    folder: Path, passwords_path: Path | None = None, password_file: Path | None = None
) -> Iterator[KeystoreFile | LoadFailure | None]:
    """Every JSON file below `folder`, in order: a keystore, a failure, or None for another file.

    Knows the layouts of `layouts.py` without being told which: it tries the places where tools
    keep a keystore's password.
    Raises ConfigError when a folder cannot be listed.
    """
    bases = [folder.absolute().parent, folder]
    usual = [f"{base}/{kind}secrets" for base in bases for kind in ("", "teku-", "lodestar-")]
    walk = os.walk(folder, onerror=_refuse)
    files = (f"{root}/{name}" for root, _, names in walk for name in names)
    for path in sorted(path for path in files if path.endswith(".json") and os.path.isfile(path)):
        try:
            document = read(path)
            keystore = parse(document)
            pubkey = keystore and keystore.declared_pubkey
        except KeystoreError as error:
            yield LoadFailure(path, str(error))
            continue
        if password_file:
            roots, names = [str(password_file.parent)], [password_file.name]
        else:
            stem = path.removesuffix(".json")
            parent, base = os.path.split(stem)
            roots = [str(passwords_path)] if passwords_path else [parent, *usual]
            stems = [stem.removeprefix(f"{folder}/"), base, os.path.basename(parent)]
            stems += [f"0x{pubkey.hex()}", pubkey.hex()] if pubkey else []
            stems.append("password")  # one for all
            names = [f"{stem}{ending}" for stem in dict.fromkeys(stems) for ending in (".txt", "")]
        digest = hashlib.sha256(document).digest()
        yield KeystoreFile(path, digest, keystore, roots, names) if keystore else None


def _refuse(error: OSError) -> None:
    raise ConfigError(f"cannot list {error.filename}: {error.strerror}")


@dataclass
class KeystoreFolder:
    """The keys of a folder; loading again opens only what is new or changed."""

    path: Path
    passwords_path: Path | None = None
    password_file: Path | None = None
    data_dir: DataDir | None = None

    def __post_init__(self) -> None:
        self._opened: dict[bytes, list[Key]] = {}  # by fingerprint
        self._secret = self.data_dir.secret if self.data_dir else secrets.token_bytes(32)

    def load(self, pool: ThreadPoolExecutor, report: Report) -> tuple[list[Key], list[LoadFailure]]:
        """The keys of all keystores that open, and what does not. Blocks for as long as the KDFs.

        Reports a line a second while it takes, and one when it is done. Raises ConfigError when
        a folder is gone or cannot be listed.
        """
        started = time.monotonic()
        found = list(find(self.path, self.passwords_path, self.password_file))
        # tools write one key in several layouts side by side: any of them will do
        files: dict[object, list[KeystoreFile]] = {}
        for file in found:
            if isinstance(file, KeystoreFile):
                files.setdefault(file.keystore.declared_pubkey or file.path, []).append(file)
        known = {name: keys for name, copies in files.items() if (keys := self._known(copies))}
        unknown = [copies for name, copies in files.items() if name not in known]
        results = [*known.values(), *open_all(pool, self._open, unknown, report)]
        self._opened = dict(result for result in results if not isinstance(result, LoadFailure))
        if self.data_dir:
            self.data_dir.prune(self._opened)
        failures = [result for result in (*found, *results) if isinstance(result, LoadFailure)]
        skipped = found.count(None)
        others = f", skipped {skipped} files that are no keystores" if skipped else ""
        loaded = f"loaded {len(self._opened)} keystores from {self.path}"
        report(f"{loaded} in {time.monotonic() - started:.1f} s, {len(failures)} failed{others}")
        for failure in failures:
            report(f"  failed: {failure.source}: {failure.reason}")
        return [key for keys in self._opened.values() for key in keys], failures

    def _known(self, copies: list[KeystoreFile]) -> tuple[bytes, list[Key]] | None:
        """The keys that were opened before from one of these files, as they are now."""
        for file in copies:
            with suppress(SignerError):  # no password, or a damaged entry of the cache
                fingerprint = self._fingerprint(file, file.password())
                keys = self._opened.get(fingerprint)
                if keys is None and self.data_dir and (key := self.data_dir.cached(fingerprint)):
                    keys = [key]
                if keys:
                    return fingerprint, keys
        return None

    def _open(self, copies: list[KeystoreFile]) -> tuple[bytes, list[Key]] | LoadFailure:
        """The keys in the first copy that opens, or why the first one does not."""
        failures = []
        for file in copies:
            try:
                password = file.password()
                keys = file.keystore.open_accounts(password)
            except SignerError as error:
                failures.append(LoadFailure(file.path, str(error)))
                continue
            fingerprint = self._fingerprint(file, password)
            if self.data_dir and len(keys) == 1:
                self.data_dir.cache(fingerprint, keys[0])
            return fingerprint, keys
        return failures[0]

    def _fingerprint(self, file: KeystoreFile, password: str) -> bytes:
        """32 bytes that change with the keystore and with the password, and help to guess none."""
        return hmac.digest(self._secret, file.digest + password.encode(), "sha256")
