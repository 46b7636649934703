"""The folder of --data-dir, whose content outlives the process.

    lock                 held by the one process that uses the folder
    password             256 random bits
    keystores/0x….json   the imported keys
    slashing.sqlite      what keys have signed
    cache/….json         the keys of keystores elsewhere, so that a slow KDF is paid once

Every keystore here is EIP-2335. Its password is the HMAC-SHA256 of its public key, in hex; the
HMAC's key is the text of `password`. So a file that decrypts holds the key of that public key. The
cheapest KDF is enough for 256 random bits. Files that are not the signer's own are neither changed
nor removed.
"""

import fcntl
import hmac
import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

from ..decoding import decoder
from ..errors import ConfigError, KeystoreError, SignerError, UnavailableError
from ..files import TEMPORARY, read, secret_file, sync_folder, translating_errors, write
from ..json_errors import NO_JSON
from ..slashing.database import HistoryDatabase
from .keyring import Key, LoadFailure
from .keystore import Keystore, encrypt, parse
from .progress import Progress

PUBKEY_GLOB = "0x" + "[0-9a-f]" * 96
FINGERPRINT_GLOB = "[0-9a-f]" * 64


class DataDir:
    """The data directory, locked until `close`. Raises ConfigError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._keystores = path / "keystores"
        self._cache = path / "cache"
        password = path / "password"
        action = f"use {path} for --data-dir"
        with translating_errors(action, ConfigError), ExitStack() as unless_usable:
            for folder in (path, self._keystores, self._cache):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            unless_usable.callback(os.close, self._lock)
            self._take_lock(path)
            if not password.exists() and any(self._keystores.iterdir()):
                problem = f"cannot find {password}, which decrypts the keystores next to it"
                raise ConfigError(f"{problem}: bring it back, or move the keystores away")
            # the key that passwords and fingerprints are made with
            self.secret = secret_file(password).encode()
            self.history = HistoryDatabase(path / "slashing.sqlite")
            unless_usable.pop_all()

    def _take_lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._lock, 20).decode("ascii", "replace")
            problem = f"expected a --data-dir that is free, found {path} in use by process {owner}"
            raise UnavailableError(f"{problem}: stop it, or choose another folder") from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def close(self) -> None:
        """Writes what is still to be written, and lets another process have the folder."""
        try:
            self.history.close()
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)  # a forked child holds it open
            os.close(self._lock)

    def remove_unfinished(self) -> None:
        """Removes keystores whose writing was cut short: no response reported them.

        Raises ConfigError when the folder is gone.
        """
        with translating_errors(f"use {self._keystores} for --data-dir", ConfigError):
            for path in self._keystores.glob(f"{PUBKEY_GLOB}.json{TEMPORARY}"):
                path.unlink()

    def unknown_files(self, known: Iterable[bytes] = ()) -> list[Path]:
        """The files of imported keys that are not `known`, and all other files next to them.

        Raises ConfigError when the folder is gone.
        """
        known_names = {_name_of(pubkey) for pubkey in known}
        with translating_errors(f"use {self._keystores} for --data-dir", ConfigError):
            # As text: paths of ten thousand keys take a tenth of a second to compare.
            names = {*os.listdir(self._keystores)} - known_names  # noqa: PTH208
        return [self._keystores / name for name in sorted(names)]

    def load_unknown(self, known: Iterable[bytes]) -> tuple[list[Key], list[LoadFailure]]:
        """The imported keys that are not `known`, and the files that cannot be loaded.

        Logs a line a second meanwhile. Raises ConfigError when the folder is gone.
        """
        paths = self.unknown_files(known)
        progress = Progress("loading imported keys", len(paths))
        keys = []
        failures = []
        for number, path in enumerate(paths):
            progress.note(number)
            result = self.load(path)
            if isinstance(result, Key):
                keys.append(result)
            else:
                failures.append(result)
        return keys, failures

    def load(self, path: Path) -> Key | LoadFailure:
        """The imported key in a file, or why it cannot be loaded."""
        try:
            key = self._decrypt(path)
            name = _name_of(key.pubkey)
            if path.name != name:
                raise KeystoreError(f"expected its name to be {name}")
        except SignerError as error:
            return LoadFailure(str(path), str(error))
        return key

    def has_file(self, pubkey: bytes) -> bool:
        """Whether there is a file for an imported key."""
        return self._file_of(pubkey).exists()

    def has(self, pubkey: bytes) -> bool:
        """Whether that file holds the key: a damaged one is not the signer's to remove."""
        return self.has_file(pubkey) and isinstance(self.load(self._file_of(pubkey)), Key)

    def keep(self, key: Key) -> None:
        """Writes an imported key. It is on disk when this returns.

        Raises KeystoreError when it cannot be written, and leaves no file then.
        """
        path = self._file_of(key.pubkey)
        if path.exists():
            if self.has(key.pubkey):
                # A test removed the key from the keyring only, or an earlier call failed late.
                with translating_errors(f"write {path}", KeystoreError):
                    sync_folder(self._keystores)
                return
            problem = f"cannot keep the key: {path} exists and was not loaded"
            raise KeystoreError(f"{problem}; move it elsewhere")
        with translating_errors(f"write {path}", KeystoreError), ExitStack() as unless_written:
            unless_written.callback(path.unlink, missing_ok=True)
            write(path, self._encrypt(key))
            unless_written.pop_all()

    def forget(self, pubkey: bytes) -> None:
        """Removes an imported key. It is gone from the disk when this returns.

        Raises KeystoreError when it cannot be removed.
        """
        path = self._file_of(pubkey)
        with translating_errors(f"remove {path}", KeystoreError):
            path.unlink(missing_ok=True)
            sync_folder(self._keystores)

    def cached(self, fingerprint: bytes) -> Key | None:
        """The key of a keystore elsewhere that was decrypted before, by its fingerprint.

        Raises KeystoreError for an entry that is damaged.
        """
        path = self._cache_entry(fingerprint)
        if path.exists():
            return self._decrypt(path)
        return None

    def cache(self, fingerprint: bytes, key: Key) -> None:
        """Caches the key of a keystore elsewhere. Failures are ignored: a cache only saves time."""
        with suppress(OSError):
            self._cache.mkdir(mode=0o700, exist_ok=True)
            write(self._cache_entry(fingerprint), self._encrypt(key), durable=False)

    def prune_cache(self, fingerprints: Iterable[bytes]) -> None:
        """Removes the cached keys whose keystore is gone."""
        used = {self._cache_entry(fingerprint).name for fingerprint in fingerprints}
        with suppress(OSError):
            for path in self._cache.glob(f"{FINGERPRINT_GLOB}.json*"):
                if path.name not in used:
                    path.unlink()

    def _cache_entry(self, fingerprint: bytes) -> Path:
        return self._cache / f"{fingerprint.hex()}.json"

    def _file_of(self, pubkey: bytes) -> Path:
        return self._keystores / _name_of(pubkey)

    def _encrypt(self, key: Key) -> bytes:
        return encrypt(key, self._password(key.pubkey), cost=1)

    def _decrypt(self, path: Path) -> Key:
        keystore = _own_keystore(read(path, KeystoreError))
        pubkey = keystore.declared_pubkey
        if pubkey is None:
            raise KeystoreError("expected a keystore with a pubkey, found JSON without")
        # The password belongs to this pubkey alone, so that the key need not be compared with it.
        return keystore.decrypt_trusting(self._password(pubkey), pubkey)

    def _password(self, pubkey: bytes) -> str:
        return hmac.digest(self.secret, pubkey, "sha256").hex()


def _name_of(pubkey: bytes) -> str:
    """The name of an imported key's file."""
    return f"0x{pubkey.hex()}.json"


def _own_keystore(document: bytes) -> Keystore:
    """A keystore that the signer wrote itself. Raises KeystoreError.

    It is read in a sixth of the time that a keystore of others takes, which may be hostile.
    """
    try:
        keystore: Keystore = decoder(Keystore).decode(document)
    except NO_JSON:
        return parse(document)  # which says what is not as expected
    return keystore
