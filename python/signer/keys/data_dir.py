"""What the signer keeps between two runs, in the folder of --data-dir.

    lock                 held by the one process that uses the folder
    password             256 random bits
    keystores/0x….json   the imported keys
    slashing.sqlite      what keys have signed
    cache/….json         the keys of keystores elsewhere, so that a slow KDF is paid once

Every keystore here is EIP-2335, under a password of its own: HMAC-SHA256 of the public key, with
the text of `password` as the key, in hex. So what opens is the key of that public key, and the
cheapest KDF does: none adds anything to 256 bits. Of files that are not the signer's own, none is
changed or removed.
"""

import fcntl
import hmac
import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

from ..errors import ConfigError, KeystoreError, SignerError
from ..files import TEMPORARY, attempt, read, secret_file, sync, write
from ..slashing.database import HistoryFile
from .keyring import Key, LoadFailure
from .keystore import parse, seal


class DataDir:
    """The folder, locked until closed. Raises ConfigError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._keystores, self._cache = path / "keystores", path / "cache"
        password = path / "password"
        with attempt(f"use {path} for --data-dir", ConfigError), ExitStack() as undo:
            for folder in (path, self._keystores, self._cache):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            undo.callback(os.close, self._lock)  # unless all of this succeeds
            self._take_lock(path)
            if not password.exists() and any(self._keystores.iterdir()):
                problem = f"expected {password}, which opens the keystores beside it, found none"
                raise ConfigError(f"{problem}: bring it back, or move the keystores away")
            # what passwords and fingerprints are made with
            self.secret = secret_file(password).encode()
            self.history = HistoryFile(path / "slashing.sqlite")
            undo.pop_all()

    def _take_lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(self._lock, 20).decode("ascii", "replace")
            problem = f"expected a --data-dir that is free, found {path} in use by process {owner}"
            raise ConfigError(f"{problem}: stop it, or choose another folder") from None
        os.ftruncate(self._lock, 0)
        os.write(self._lock, str(os.getpid()).encode())

    def close(self) -> None:
        """Lets another process have the folder."""
        self.history.close()
        os.close(self._lock)

    def imported(self, known: Iterable[bytes] = ()) -> list[Path]:
        """The files of imported keys that are not known, and whatever else lies among them.

        Raises ConfigError when the folder is gone.
        """
        with attempt(f"use {self._keystores} for --data-dir", ConfigError):
            for path in self._keystores.glob(f"0x{'[0-9a-f]' * 96}.json{TEMPORARY}"):
                path.unlink()  # its writing was cut short, and nobody was told of the key
            return sorted({*self._keystores.iterdir()} - {*map(self._file_of, known)})

    def open(self, path: Path) -> Key | LoadFailure:
        """The imported key in a file, or why there is none."""
        try:
            key = self._open(path)
            if path != self._file_of(key.pubkey):
                raise KeystoreError(f"expected its name to be {self._file_of(key.pubkey).name}")
        except SignerError as error:
            return LoadFailure(str(path), str(error))
        return key

    def keep(self, key: Key) -> None:
        """Writes an imported key, to disk when it returns.

        Raises KeystoreError when it cannot, and leaves no file then.
        """
        path = self._file_of(key.pubkey)
        if path.exists():
            raise KeystoreError(f"a file that did not open is in the way: move {path} elsewhere")
        with attempt(f"write {path}", KeystoreError), ExitStack() as undo:
            undo.callback(path.unlink, missing_ok=True)
            write(path, self._seal(key))
            undo.pop_all()

    def forget(self, pubkey: bytes) -> None:
        """Removes an imported key, from disk when it returns. Raises KeystoreError if it cannot."""
        path = self._file_of(pubkey)
        with attempt(f"remove {path}", KeystoreError):
            path.unlink(missing_ok=True)
            sync(self._keystores)

    def cached(self, fingerprint: bytes) -> Key | None:
        """The key of a keystore elsewhere that was opened before, by its fingerprint.

        Raises KeystoreError for an entry that is damaged.
        """
        path = self._entry(fingerprint)
        return self._open(path) if path.exists() else None

    def cache(self, fingerprint: bytes, key: Key) -> None:
        """Notes what opening a keystore gave. Without the wait for the disk: it is only faster."""
        with suppress(OSError):
            self._cache.mkdir(mode=0o700, exist_ok=True)
            write(self._entry(fingerprint), self._seal(key), durable=False)

    def prune(self, fingerprints: Iterable[bytes]) -> None:
        """Removes every other cached key: none outlives its keystore."""
        used = {self._entry(fingerprint).name for fingerprint in fingerprints}
        with suppress(OSError):
            for path in self._cache.glob(f"{'[0-9a-f]' * 64}.json*"):
                if path.name not in used:
                    path.unlink()

    def _entry(self, fingerprint: bytes) -> Path:
        return self._cache / f"{fingerprint.hex()}.json"

    def _file_of(self, pubkey: bytes) -> Path:
        return self._keystores / f"0x{pubkey.hex()}.json"

    def _seal(self, key: Key) -> bytes:
        return seal(key, self._password(key.pubkey), cost=1)

    def _open(self, path: Path) -> Key:
        keystore = parse(read(path))
        if keystore is None or keystore.declared_pubkey is None:
            raise KeystoreError("expected a keystore with a pubkey, found JSON without")
        return keystore.open(self._password(keystore.declared_pubkey), vouched=True)

    def _password(self, pubkey: bytes) -> str:
        return hmac.digest(self.secret, pubkey, "sha256").hex()
