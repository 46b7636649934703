"""Where the password of a keystore may be: in files next to it, or in Lighthouse's definitions."""
# Paths are text here, as in `finder.py`.
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH120

import os
from collections.abc import Iterator
from itertools import product
from typing import Any

from msgspec import Struct

from ..errors import KeystoreError
from ..files import MAX_KEY_FILE_SIZE, parse_yaml, read, text_of
from ..hex import from_hex

# Next to keystores or above them: eth2-val-tools', Teku's and Rocket Pool's names
SECRET_FOLDERS = ("secrets", "teku-secrets", "lodestar-secrets", "local-passwords", "passwords")
PASSWORD_ENDINGS = (".txt", "")
DEFINITIONS = ("validator_definitions.yml", "validator_definitions.yaml")
NO_TEXT = ("", "~", "null")  # YAML's null, which is read as text


class Definition(Struct, frozen=True):
    """A key in Lighthouse's definitions. Members are empty where the file says nothing."""

    keystore_path: str  # also of a keystore elsewhere, perhaps on another machine
    password: str
    password_path: str
    enabled: bool

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
        return cls([folder or "."], [name])

    def find(self, keystore_path: str) -> str:
        """The password. Raises KeystoreError, which names every candidate, if no file is there."""
        names = self.names
        if self.definition:
            if self.definition.password:
                return self.definition.password
            if os.path.isfile(self.definition.password_path):
                return _read_password(self.definition.password_path)
            # Written on another machine, the file may have another folder here.
            name = os.path.basename(self.definition.password_path)
            if name:
                names = [name, *names]
        folders = [folder for folder in self.folders if os.path.isdir(folder)]
        for folder, name in product(folders, names):
            path = f"{folder}/{name}"
            if os.path.isfile(path) and path != keystore_path:
                return _read_password(path)
        raise KeystoreError(
            f"cannot find a password file; tried: {', '.join(names)} in {', '.join(self.folders)}"
        )


def _read_password(path: str) -> str:
    return text_of(read(path, KeystoreError), path, KeystoreError)


def read_definitions(path: str) -> Iterator[tuple[bytes, Definition]]:
    """The keys in a file of Lighthouse's, by their public keys (48 bytes).

    Raises KeystoreError for a file that cannot be read or is not YAML.
    """
    try:
        documents = parse_yaml(read(path, KeystoreError, MAX_KEY_FILE_SIZE))
    except ValueError as error:
        raise KeystoreError(str(error)) from None
    for document in documents:
        if isinstance(document, list):
            for entry in document:
                if isinstance(entry, dict) and entry.get("type") == "local_keystore":
                    yield from _definition_of(entry, os.path.dirname(path))


def _definition_of(entry: dict[str, Any], folder: str) -> Iterator[tuple[bytes, Definition]]:
    """The key of an entry, if it has one. Relative paths are relative to the folder."""
    try:
        pubkey = from_hex(entry["voting_public_key"])
    except (KeyError, AttributeError, ValueError):
        return
    definition = Definition(
        _path(entry, "voting_keystore_path", folder),
        _text(entry, "voting_keystore_password"),
        _path(entry, "voting_keystore_password_path", folder),
        entry.get("enabled") != "false",
    )
    yield pubkey, definition


def _text(entry: dict[str, Any], member: str) -> str:
    value = entry.get(member)
    if isinstance(value, str) and value not in NO_TEXT:
        return value
    return ""


def _path(entry: dict[str, Any], member: str, folder: str) -> str:
    path = _text(entry, member)
    return path and os.path.join(folder, path)
