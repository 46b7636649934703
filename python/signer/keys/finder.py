"""Keys below a folder of the user's: found in every layout, read, never written."""
# paths are text here: as objects, ten thousand keystores take half a second more
# ruff: noqa: PTH113, PTH118, PTH119, PTH120

import hashlib
import os
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from .._core import SecretKey
from ..errors import ConfigError, KeystoreError, SignerError
from ..files import parse_yaml, read
from ..ssz.scalars import Bytes32
from .keyring import Key, LoadFailure
from .keystore import Keystore, parse


class Places(NamedTuple):
    """Where the password of a keystore may be, likeliest first: in which folders, by which name."""

    folders: list[str]
    names: list[str]


class KeystoreFile(NamedTuple):
    """A keystore on disk."""

    path: str
    digest: bytes  # SHA-256 of the file
    keystore: Keystore
    places: Places

    def password(self) -> str:
        """Its password. Raises KeystoreError, naming every place where there was none."""
        for folder, name in product(filter(os.path.isdir, self.places.folders), self.places.names):
            place = f"{folder}/{name}"
            if os.path.isfile(place) and place != self.path:
                try:
                    return read(place).decode("utf-8-sig")
                except UnicodeDecodeError:
                    raise KeystoreError(f"expected UTF-8 in {place}, found other bytes") from None
        names, folders = ", ".join(self.places.names), ", ".join(self.places.folders)
        raise KeystoreError(f"expected a password file, found none of: {names} in {folders}")


Found = KeystoreFile | Key | LoadFailure | None


def find(
    folder: Path, passwords_path: Path | None = None, password_file: Path | None = None
) -> Iterator[Found]:
    """What the JSON and YAML files below `folder` hold, in order; None for one without a key.

    Knows the layouts of `layouts.py` without being told which: it tries the places where tools
    keep a keystore's password.
    Raises ConfigError when a folder cannot be listed.
    """
    above = str(folder.absolute().parent)

    def places(path: str, pubkey: bytes | None) -> Places:
        if password_file:
            return Places([str(password_file.parent)], [password_file.name])
        stem = path.removesuffix(".json")
        parent, base = os.path.split(stem)
        bases = [parent]
        while len(bases[-1]) > len(str(folder)):
            bases.append(os.path.dirname(bases[-1]))
        kinds = "secrets", "teku-secrets", "lodestar-secrets"
        folders = [parent, *(f"{base}/{kind}" for base in (*bases, above) for kind in kinds)]
        stems = [stem.removeprefix(f"{folder}/"), base, os.path.basename(parent)]
        stems += [f"0x{pubkey.hex()}", pubkey.hex()] if pubkey else []
        stems.append("password")  # one for all
        names = [f"{stem}{ending}" for stem in dict.fromkeys(stems) for ending in (".txt", "")]
        return Places([str(passwords_path)] if passwords_path else folders, names)

    walk = os.walk(folder, onerror=_refuse)
    files = (f"{root}/{name}" for root, _, names in walk for name in names)
    for path in sorted(path for path in files if path.endswith((".json", ".yaml", ".yml"))):
        try:
            if path.endswith(".json"):
                yield _keystore(path, places) if os.path.isfile(path) else None
            else:
                yield from _key_file(path)
        except SignerError as error:
            yield LoadFailure(path, str(error))


def _refuse(error: OSError) -> None:
    raise ConfigError(f"cannot list {error.filename}: {error.strerror}")


def _keystore(path: str, places: Callable[[str, bytes | None], Places]) -> KeystoreFile | None:
    document = read(path)
    if keystore := parse(document):
        digest = hashlib.sha256(document).digest()
        return KeystoreFile(path, digest, keystore, places(path, keystore.declared_pubkey))
    return None


def _key_file(path: str) -> Iterator[Found]:
    """The keys that a file of Web3Signer's --key-config-path names: one for each YAML document."""
    try:
        documents = parse_yaml(read(path))
    except ValueError as error:
        raise KeystoreError(str(error)) from None
    for document in documents:
        kind = document.get("type") if isinstance(document, dict) else None
        try:
            yield _named_key(kind, document, os.path.dirname(path)) if kind else None
        except SignerError as error:
            yield LoadFailure(path, str(error))


def _named_key(kind: str, document: dict[str, Any], folder: str) -> Found:
    """The key of a document, whose paths are relative to the folder it is in."""
    if document.get("keyType", "BLS") != "BLS":
        return None  # one for transactions
    needed = {"file-raw": ["privateKey"], "file-keystore": ["keystoreFile", "keystorePasswordFile"]}
    if kind not in needed:
        raise KeystoreError(f"type: expected one of {', '.join(needed)}, found {kind}")
    if missing := [name for name in needed[kind] if not isinstance(document.get(name), str)]:
        raise KeystoreError(f"{missing[0]}: expected this member, found none")
    if kind == "file-raw":
        try:
            return Key(SecretKey.from_bytes(Bytes32.parse(document["privateKey"])))
        except ValueError as error:
            raise KeystoreError(f"privateKey: {error}") from None
    keystore, password = (os.path.join(folder, document[name]) for name in needed[kind])
    return _keystore(keystore, lambda *_: Places(*([part] for part in os.path.split(password))))
