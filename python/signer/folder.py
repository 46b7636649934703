"""Keystores in a folder of the user's: found in every layout, read, never written."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from os.path import isfile
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

    path: Path
    digest: bytes  # SHA-256 of the file
    keystore: Keystore
    password_roots: list[str]
    password_names: list[str]

    def password(self) -> str:
        """Its password. Raises KeystoreError, naming every place where there was none."""
        for root, name in product(self.password_roots, self.password_names):
            place = f"{root}/{name}"
            if isfile(place) and place != str(self.path):  # noqa: PTH113 - one of a hundred places
                return _password(Path(place))
        names, folders = ", ".join(self.password_names), ", ".join(self.password_roots)
        raise KeystoreError(f"expected a password file, found none of: {names} in {folders}")


def find(
    folder: Path, passwords_path: Path | None = None, password_file: Path | None = None
) -> Iterator[KeystoreFile | LoadFailure | None]:
    """Every JSON file below `folder`, in order: a keystore, a failure, or None for another file.

    Knows the layouts of Lighthouse, Lodestar, Nimbus, Teku, Web3Signer, Charon and the deposit
    tools without being told which: it tries the places where they keep a keystore's password.
    """
    beside = [folder.absolute().parent, folder]
    usual = [str(base / f"{kind}secrets") for base in beside for kind in ("", "teku-", "lodestar-")]
    for path in sorted(path for path in folder.rglob("*.json") if path.is_file()):
        try:
            document = read(path)
            keystore = parse(document)
            if keystore is None:
                yield None
                continue
            pubkey = keystore.declared_pubkey
        except KeystoreError as error:
            yield LoadFailure(str(path), str(error))
            continue
        if password_file:
            roots, names = [str(password_file.parent)], [password_file.name]
        else:
            roots = [str(passwords_path)] if passwords_path else [str(path.parent), *usual]
            names = _password_names(path.relative_to(folder), pubkey)
        yield KeystoreFile(path, hashlib.sha256(document).digest(), keystore, roots, names)


def _password_names(path: Path, pubkey: bytes | None) -> list[str]:
    names = [str(path.with_suffix("")), path.stem, path.parent.name]
    names += [f"0x{pubkey.hex()}", pubkey.hex()] if pubkey else []
    # a name may hold dots, so the ending is added, not replaced
    return list(
        dict.fromkeys(f"{name}{ending}" for name in names if name for ending in (".txt", ""))
    )


def _password(path: Path) -> str:
    try:
        return read(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KeystoreError(f"expected a password in UTF-8 in {path}, found other bytes") from None


class KeystoreFolder:
    """The keys of a folder; loading again opens only what is new or changed."""

    def __init__(
        self,
        path: Path,
        passwords_path: Path | None = None,
        password_file: Path | None = None,
        data_dir: DataDir | None = None,
    ) -> None:
        self._where = path, passwords_path, password_file
        self._data_dir = data_dir
        self._opened: dict[bytes, Key] = {}  # by fingerprint
        self._secret = data_dir.secret if data_dir else secrets.token_bytes(32)

    def load(self, pool: ThreadPoolExecutor, report: Report) -> tuple[list[Key], list[LoadFailure]]:
        """The keys of all keystores that open, and what does not. Blocks for as long as the KDFs.

        Reports a line a second while it takes, and one when it is done. Raises ConfigError when
        the folder is gone.
        """
        started, skipped = time.monotonic(), 0
        folder = self._where[0]
        if not folder.is_dir():
            raise ConfigError(f"expected a folder, found none at {folder}")
        # tools write one key in several layouts side by side: any of them will do
        files: dict[object, list[KeystoreFile]] = {}
        failures: list[LoadFailure] = []
        for found in find(*self._where):
            if found is None:
                skipped += 1
            elif isinstance(found, KeystoreFile):
                files.setdefault(found.keystore.declared_pubkey or found.path, []).append(found)
            else:
                failures.append(found)
        results = open_all(pool, self._open, list(files.values()), report)
        failures += [result for result in results if isinstance(result, LoadFailure)]
        self._opened = dict(result for result in results if not isinstance(result, LoadFailure))
        if self._data_dir:
            self._data_dir.prune(self._opened)
        others = f", skipped {skipped} files that are no keystores" if skipped else ""
        report(
            f"loaded {len(self._opened)} keystores from {folder} in "
            f"{time.monotonic() - started:.1f} s, {len(failures)} failed{others}"
        )
        for failure in failures:
            report(f"  failed: {failure.source}: {failure.reason}")
        return list(self._opened.values()), failures

    def _open(self, copies: list[KeystoreFile]) -> tuple[bytes, Key] | LoadFailure:
        """The key in the first copy that opens, or why the first one does not."""
        failures = []
        for file in copies:
            try:
                password = file.password()
                fingerprint = self._fingerprint(file, password)
                key = self._opened.get(fingerprint) or self._cached(fingerprint)
                if key is None:
                    key = file.keystore.open(password)
                    if self._data_dir:
                        self._data_dir.cache(fingerprint, key)
            except SignerError as error:
                failures.append(LoadFailure(str(file.path), str(error)))
            else:
                return fingerprint, key
        return failures[0]

    def _fingerprint(self, file: KeystoreFile, password: str) -> bytes:
        """32 bytes that change with the keystore and with the password, and help to guess none."""
        return hmac.digest(self._secret, file.digest + password.encode(), "sha256")

    def _cached(self, fingerprint: bytes) -> Key | None:
        return self._data_dir.cached(fingerprint) if self._data_dir else None
