"""What the signer keeps between two runs, in the folder of --data-dir.

    lock                 held by the one process that uses the folder
    password             256 random bits
    keystores/0x….json   the imported keys
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
from contextlib import suppress
from pathlib import Path

from .errors import ConfigError, KeystoreError, SignerError
from .files import TEMPORARY, read, secret_file, sync, write
from .keyring import Key, LoadFailure
from .keystores import parse, seal


class DataDir:
    """The folder, locked until closed. Raises ConfigError when it cannot be used."""

    def __init__(self, path: Path) -> None:
        self._keystores, self._cache = path / "keystores", path / "cache"
        try:
            for folder in (path, self._keystores, self._cache):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _unusable(path, error) from None
        try:
            self._take(path)
            # what passwords and fingerprints are made with
            self.secret = self._own_secret(path / "password")
        except ConfigError:
            self.close()
            raise

    def _take(self, path: Path) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(self._lock, 0)
            os.write(self._lock, str(os.getpid()).encode())
        except BlockingIOError:
            owner = os.read(self._lock, 20).decode("ascii", "replace")
            raise ConfigError(
                f"expected a --data-dir that no other signer uses, found {path} in use by process "
                f"{owner}: stop it, or choose another folder"
            ) from None
        except OSError as error:
            raise _unusable(path, error) from None

    def _own_secret(self, path: Path) -> bytes:
        if not path.exists() and any(self._keystores.iterdir()):
            raise ConfigError(
                f"expected {path}, which opens the keystores beside it, found none: bring it "
                "back, or move the keystores away"
            )
        return secret_file(path).encode()

    def close(self) -> None:
        """Lets another process have the folder."""
        os.close(self._lock)

    def imported(self, known: Iterable[bytes] = ()) -> list[Path]:
        """The files of imported keys that are not known, and whatever else lies among them.

        Raises ConfigError when the folder is gone.
        """
        try:
            for path in self._keystores.glob(f"0x{'[0-9a-f]' * 96}.json{TEMPORARY}"):
                path.unlink()  # its writing was cut short, and nobody was told of the key
            paths = {*self._keystores.iterdir()}
        except OSError as error:
            raise _unusable(self._keystores, error) from None
        return sorted(paths - {self._file_of(pubkey) for pubkey in known})

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
        try:
            write(path, self._seal(key))
        except OSError as error:
            with suppress(OSError):
                path.unlink(missing_ok=True)
            raise KeystoreError(f"cannot write {path}: {error.strerror}") from None

    def forget(self, pubkey: bytes) -> None:
        """Removes an imported key, from disk when it returns. Raises KeystoreError if it cannot."""
        path = self._file_of(pubkey)
        try:
            path.unlink(missing_ok=True)
            sync(self._keystores)
        except OSError as error:
            raise KeystoreError(f"cannot remove {path}: {error.strerror}") from None

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


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"cannot use {path} for --data-dir: {error.strerror}")
