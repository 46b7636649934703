"""The keys of a folder, and what changes in it: `finder.py` knows where they are."""

import hmac
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import SignerError
from ..threads import Report, open_all
from .data_dir import DataDir
from .finder import KeystoreFile, find
from .keyring import Key, LoadFailure


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
        bare = [key for key in found if isinstance(key, Key)]
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
        others = f", skipped {skipped} files that have no key" if skipped else ""
        loaded = f"loaded {len(self._opened) + len(bare)} keystores from {self.path}"
        report(f"{loaded} in {time.monotonic() - started:.1f} s, {len(failures)} failed{others}")
        for failure in failures:
            report(f"  failed: {failure.source}: {failure.reason}")
        return [*bare, *(key for keys in self._opened.values() for key in keys)], failures

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
