"""Decrypts the keystores of a folder; loading it again decrypts only new ones."""

import hmac
import logging
import secrets
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from os.path import normpath
from pathlib import Path
from typing import NamedTuple

from ..errors import SignerError
from ..threads import run_on_all
from .data_dir import DataDir
from .finder import Finder, Found, KeystoreFile, Misnamed
from .keyring import Key, LoadFailure

log = logging.getLogger(__name__)

MAX_NAMED = 10  # files; one line names them

# Copies of one key in several layouts; any of them is enough.
Copies = Sequence[KeystoreFile]


class Decrypted(NamedTuple):
    """The keys of a keystore, and a fingerprint of its file and password (32 bytes)."""

    fingerprint: bytes
    keys: list[Key]


@dataclass
class KeystoreFolder:
    """The keys of a folder. Loading again decrypts only what is new or changed."""

    path: Path
    passwords_path: Path | None = None
    password_file: Path | None = None
    data_dir: DataDir | None = None
    key_config_path: Path | None = None  # a second folder, whose key files name their passwords

    def __post_init__(self) -> None:
        self._decrypted: dict[bytes, list[Key]] = {}  # by fingerprint
        self._secret = secrets.token_bytes(32)
        if self.data_dir:
            self._secret = self.data_dir.secret

    def load(self, pool: ThreadPoolExecutor) -> tuple[list[Key], list[LoadFailure]]:
        """The keys of all keystores, and the failures. Blocks for as long as the KDFs take.

        Logs a line a second while it takes, and one when it is done. Raises ConfigError when a
        folder is gone or cannot be listed.
        """
        started = time.monotonic()
        found = list(Finder(self.path, self.passwords_path, self.password_file).find())
        if self.key_config_path:
            found += Finder(self.key_config_path).find()
        decrypted, failures = self._decrypt_all(_grouped(found), pool)
        self._decrypted = dict(decrypted)
        if self.data_dir:
            self.data_dir.prune_cache(self._decrypted)
        keys = [item for item in found if isinstance(item, Key)]
        for keystore in decrypted:
            keys += keystore.keys
        failures = [item for item in found if isinstance(item, LoadFailure)] + failures
        self._log_result(found, failures, time.monotonic() - started)
        return keys, failures

    def _decrypt_all(
        self,
        keystores: Sequence[Copies],
        pool: ThreadPoolExecutor,
    ) -> tuple[list[Decrypted], list[LoadFailure]]:
        decrypted = []
        new = []
        for copies in keystores:
            known = self._known(copies)
            if known:
                decrypted.append(known)
            else:
                new.append(copies)
        failures = []
        for result in run_on_all(pool, self._decrypt, new, "keystores decrypted"):
            if isinstance(result, LoadFailure):
                failures.append(result)
            else:
                decrypted.append(result)
        return decrypted, failures

    def _known(self, copies: Copies) -> Decrypted | None:
        """The keys that were decrypted before from one of these files, as it is now."""
        for file in copies:
            with suppress(SignerError):  # no password, or a damaged entry of the cache
                fingerprint = self._fingerprint(file, file.password())
                keys = self._decrypted.get(fingerprint) or self._cached(fingerprint)
                if keys:
                    return Decrypted(fingerprint, keys)
        return None

    def _cached(self, fingerprint: bytes) -> list[Key]:
        key = self.data_dir.cached(fingerprint) if self.data_dir else None
        return [key] if key else []

    def _decrypt(self, copies: Copies) -> Decrypted | LoadFailure:
        """The keys in the first copy that can be decrypted, or why the first one cannot."""
        failures = []
        for file in copies:
            try:
                password = file.password()
                keys = file.keystore.decrypt_all(password)
            except SignerError as error:
                failures.append(LoadFailure(file.path, str(error)))
                continue
            fingerprint = self._fingerprint(file, password)
            if self.data_dir and len(keys) == 1:
                self.data_dir.cache(fingerprint, keys[0])
            return Decrypted(fingerprint, keys)
        return failures[0]

    def _fingerprint(self, file: KeystoreFile, password: str) -> bytes:
        """32 bytes that identify file and password, and reveal neither."""
        return hmac.digest(self._secret, file.digest + password.encode(), "sha256")

    def _log_result(
        self,
        found: Sequence[Found],
        failures: Sequence[LoadFailure],
        seconds: float,
    ) -> None:
        bare = len({item.pubkey for item in found if isinstance(item, Key)})
        skipped = found.count(None)
        message = f"loaded {len(self._decrypted) + bare} keystores from {self.path} in "
        message += f"{seconds:.1f} s, {len(failures)} failed"
        if skipped:
            message += f", skipped {skipped} files that have no key"
        misnamed = _misnamed(found)
        if misnamed:
            message += (
                f"; not loaded, the name must end in .json: {', '.join(misnamed[:MAX_NAMED])}"
            )
        if len(misnamed) > MAX_NAMED:
            message += f" and {len(misnamed) - MAX_NAMED} more"
        log.info(message)


def _misnamed(found: Sequence[Found]) -> list[str]:
    """The keystores that have no name of one, and that no key file names either."""
    loaded = set()
    paths = []
    for item in found:
        if isinstance(item, KeystoreFile):
            loaded.add(normpath(item.path))
        elif isinstance(item, Misnamed):
            paths.append(item.path)
    return [path for path in paths if normpath(path) not in loaded]


def _grouped(found: Sequence[Found]) -> list[Copies]:
    """Keystore files by the pubkey that they declare; a file without one stands alone."""
    groups: dict[object, list[KeystoreFile]] = {}
    for file in found:
        if isinstance(file, KeystoreFile):
            groups.setdefault(file.keystore.declared_pubkey or file.path, []).append(file)
    return [*groups.values()]
