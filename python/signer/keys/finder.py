"""Finds the keys below `--keystores-path`, in every layout. Reads only."""
# Paths are text here: as objects, ten thousand keystores take half a second more.
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH120

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from .._core import SecretKey
from ..errors import ConfigError, KeystoreError, SignerError, did_you_mean
from ..files import parse_yaml, read
from ..ssz.scalars import Bytes32, shown
from .keyring import Key, LoadFailure
from .keystore import Keystore, parse

SECRET_FOLDERS = ("secrets", "teku-secrets", "lodestar-secrets")
PASSWORD_ENDINGS = (".txt", "")

# By `type` of a key file: the members that it needs
KEY_FILE_MEMBERS = {
    "file-raw": ["privateKey"],
    "file-keystore": ["keystoreFile", "keystorePasswordFile"],
}


class PasswordCandidates(NamedTuple):
    """Where the password of a keystore may be, likeliest first: folders, and names in them."""

    folders: list[str]
    names: list[str]

    @classmethod
    def file(cls, path: str) -> "PasswordCandidates":
        """The one file."""
        folder, name = os.path.split(path)
        return cls([folder], [name])

    def find(self, keystore_path: str) -> str:
        """The password. Raises KeystoreError, which names every candidate, if no file is there."""
        folders = [folder for folder in self.folders if os.path.isdir(folder)]
        for folder, name in product(folders, self.names):
            path = f"{folder}/{name}"
            if os.path.isfile(path) and path != keystore_path:
                return _read_password(path)
        names = ", ".join(self.names)
        raise KeystoreError(
            f"cannot find a password file; tried: {names} in {', '.join(self.folders)}"
        )


class KeystoreFile(NamedTuple):
    """A keystore on disk."""

    path: str
    digest: bytes  # SHA-256 of the file
    keystore: Keystore
    password_candidates: PasswordCandidates

    def password(self) -> str:
        """Its password. Raises KeystoreError when it is missing or not UTF-8."""
        return self.password_candidates.find(self.path)


# The content of a file; None for a file without a key
Found = KeystoreFile | Key | LoadFailure | None


@dataclass
class Finder:
    """Finds keystores and key files below a folder, and the files of their passwords.

    It knows the layouts of `layouts.py` without being told which: it tries the places where tools
    keep a keystore's password.
    """

    folder: Path
    passwords_path: Path | None = None
    password_file: Path | None = None

    def find(self) -> Iterator[Found]:
        """The content of each JSON and YAML file below the folder, in the order of their paths.

        Raises ConfigError when a folder cannot be listed.
        """
        for path in sorted(self._files()):
            try:
                if path.endswith(".json"):
                    yield self._keystore_at(path)
                elif path.endswith((".yaml", ".yml")):
                    yield from _read_key_file(path)
            except SignerError as error:
                yield LoadFailure(path, str(error))

    def _files(self) -> Iterator[str]:
        for folder, _, names in os.walk(self.folder, onerror=_refuse):
            for name in names:
                yield f"{folder}/{name}"

    def _keystore_at(self, path: str) -> KeystoreFile | None:
        if not os.path.isfile(path):
            return None
        return _read_keystore(path, partial(self._password_candidates, path))

    def _password_candidates(self, path: str, pubkey: bytes | None) -> PasswordCandidates:
        if self.password_file:
            return PasswordCandidates.file(str(self.password_file))
        stem = path.removesuffix(".json")
        names = [
            f"{name}{ending}"
            for name in dict.fromkeys(self._password_names(stem, pubkey))
            for ending in PASSWORD_ENDINGS
        ]
        if self.passwords_path:
            return PasswordCandidates([str(self.passwords_path)], names)
        return PasswordCandidates(self._password_folders(stem), names)

    def _password_names(self, stem: str, pubkey: bytes | None) -> Iterator[str]:
        """Names without an ending: the keystore's, its folder's, its public key, `password`."""
        yield stem.removeprefix(f"{self.folder}/")
        yield os.path.basename(stem)
        yield os.path.basename(os.path.dirname(stem))
        if pubkey:
            yield f"0x{pubkey.hex()}"
            yield pubkey.hex()
        yield "password"

    def _password_folders(self, stem: str) -> list[str]:
        """The keystore's own folder, then secrets next to it and next to each folder above it."""
        parent = os.path.dirname(stem)
        bases = [parent]
        while len(bases[-1]) > len(str(self.folder)):
            bases.append(os.path.dirname(bases[-1]))
        bases.append(str(self.folder.absolute().parent))
        return [parent, *(f"{base}/{name}" for base in bases for name in SECRET_FOLDERS)]


def _refuse(error: OSError) -> None:
    raise ConfigError(f"cannot list {error.filename}: {error.strerror}")


def _read_password(path: str) -> str:
    try:
        return read(path, KeystoreError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KeystoreError(f"expected UTF-8 in {path}, found other bytes") from None


def _read_keystore(
    path: str,
    candidates_for: Callable[[bytes | None], PasswordCandidates],
) -> KeystoreFile | None:
    """A keystore, with the password candidates for its pubkey; None for other JSON.

    Raises KeystoreError, also for a pubkey that is not as expected.
    """
    document = read(path, KeystoreError)
    keystore = parse(document)
    if keystore is None:
        return None
    candidates = candidates_for(keystore.declared_pubkey)
    return KeystoreFile(path, hashlib.sha256(document).digest(), keystore, candidates)


def _read_key_file(path: str) -> Iterator[Found]:
    """The keys that a file of Web3Signer's --key-config-path names: one for each YAML document."""
    try:
        documents = parse_yaml(read(path, KeystoreError))
    except ValueError as error:
        raise KeystoreError(str(error)) from None
    for document in documents:
        try:
            yield _named_key(document, os.path.dirname(path))
        except SignerError as error:
            yield LoadFailure(path, str(error))


def _named_key(document: Any, folder: str) -> Found:
    """The key of a YAML document, whose paths are relative to `folder`."""
    if not isinstance(document, dict) or not document.get("type"):
        return None  # other YAML
    key_type = str(document.get("keyType", "BLS"))
    if key_type.upper() == "SECP256K1":
        return None  # a key for transactions
    if key_type.upper() != "BLS":
        raise KeystoreError(f"keyType: expected BLS or SECP256K1, found {shown(key_type)}")
    kind = str(document["type"])
    members = KEY_FILE_MEMBERS.get(kind)
    if members is None:
        expected = f"expected one of {', '.join(KEY_FILE_MEMBERS)}"
        hint = did_you_mean(kind, KEY_FILE_MEMBERS)
        raise KeystoreError(f"type: {expected}, found {kind}{hint}")
    for member in members:
        if not isinstance(document.get(member), str):
            raise KeystoreError(f"{member}: expected this member, found none")
    if kind == "file-raw":
        return _raw_key(document["privateKey"])
    password_path = os.path.join(folder, document["keystorePasswordFile"])
    candidates = PasswordCandidates.file(password_path)
    return _read_keystore(os.path.join(folder, document["keystoreFile"]), lambda _: candidates)


def _raw_key(private_key: str) -> Key:
    try:
        return Key(SecretKey.from_bytes(Bytes32.parse(private_key)))
    except ValueError as error:
        raise KeystoreError(f"privateKey: {error}") from None
