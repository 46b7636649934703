"""Where the password of a keystore may be: in files next to it, or in Lighthouse's definitions."""
# Paths are text here, as in `finder.py`.
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH120

import os
from collections.abc import Iterator
from itertools import product
from typing import Any

from msgspec import Struct

from ..errors import KeystoreError
from ..files import MAX_KEY_FILE_SIZE, parse_yaml, read
from ..hex import from_hex

# Next to keystores or above them: eth2-val-tools', Teku's and Rocket Pool's names
SECRET_FOLDERS = ("secrets", "teku-secrets", "lodestar-secrets", "local-passwords", "passwords")
PASSWORD_ENDINGS = (".txt", "")
DEFINITIONS = ("validator_definitions.yml", "validator_definitions.yaml")
NO_TEXT = ("", "~", "null")  # YAML's null, which is read as text


class Definition(Struct, frozen=True):
    """The password of a key in Lighthouse's definitions: itself, or the path of its file."""

    password: str = ""
    password_path: str = ""

    __repr__ = object.__repr__  # it holds a password


class PasswordCandidates(Struct, frozen=True, gc=False):
    """Where the password of a keystore may be, likeliest first: folders, and names in them."""

    folders: list[str]
    names: list[str]
    definition: Definition | None = None

    @classmethod
    def file(cls, path: str) -> "PasswordCandidates":
        """The one file."""
        folder, name = os.path.split(path)
        return cls([folder], [name])

    def find(self, keystore_path: str) -> str:
        """The password. Raises KeystoreError, which names every candidate, if no file is there."""
        names = self.names
        if self.definition:
            if self.definition.password:
                return self.definition.password
            if os.path.isfile(self.definition.password_path):
                return _read_password(self.definition.password_path)
            # Written on another machine, so the file may have another folder here.
            names = [os.path.basename(self.definition.password_path), *names]
        folders = [folder for folder in self.folders if os.path.isdir(folder)]
        for folder, name in product(folders, names):
            path = f"{folder}/{name}"
            if os.path.isfile(path) and path != keystore_path:
                return _read_password(path)
        raise KeystoreError(
            f"cannot find a password file; tried: {', '.join(names)} in {', '.join(self.folders)}"
        )


def _read_password(path: str) -> str:
    try:
        return read(path, KeystoreError).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise KeystoreError(f"expected UTF-8 in {path}, found other bytes") from None


def read_definitions(path: str) -> Iterator[tuple[bytes, Definition]]:
    """The public keys (48 bytes) in a file of Lighthouse's that tells their passwords.

    Raises KeystoreError for a file that cannot be read or is not YAML.
    """
    try:
        documents = parse_yaml(read(path, KeystoreError, MAX_KEY_FILE_SIZE))
    except ValueError as error:
        raise KeystoreError(str(error)) from None
    for document in documents:
        if not isinstance(document, list):
            continue
        for entry in document:
            pubkey = _pubkey_of(entry)
            if pubkey:
                definition = _definition_of(entry, os.path.dirname(path))
                if definition:
                    yield pubkey, definition


def _pubkey_of(entry: Any) -> bytes | None:
    try:
        return from_hex(entry["voting_public_key"])
    except (TypeError, KeyError, AttributeError, ValueError):
        return None  # not an entry of Lighthouse's


def _definition_of(entry: Any, folder: str) -> Definition | None:
    """The password of an entry, or None. Relative paths are relative to the folder."""
    password = entry.get("voting_keystore_password")
    path = entry.get("voting_keystore_password_path")
    if isinstance(password, str) and password not in NO_TEXT:
        return Definition(password)
    if isinstance(path, str) and path not in NO_TEXT:
        return Definition(password_path=os.path.join(folder, path))
    return None
