"""Finds the keys below `--keystores-path`, in every layout. Reads only."""
# Paths are text here: as objects, ten thousand keystores take half a second more.
# ruff: noqa: PTH100, PTH113, PTH114, PTH116, PTH118, PTH119, PTH120

import hashlib
import logging
import os
import re
import stat
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .._core import SecretKey
from ..errors import ConfigError, KeystoreError, OtherFormatError, SignerError, did_you_mean
from ..files import MAX_FILE_SIZE, MAX_KEY_FILE_SIZE, contains, parse_yaml, read, read_start
from ..ssz.scalars import Bytes32, shown
from .keyring import Key, LoadFailure
from .keystore import CRYPTO, Keystore, parse
from .passwords import (
    DEFINITIONS,
    PASSWORD_ENDINGS,
    SECRET_FOLDERS,
    Definition,
    PasswordCandidates,
    read_definitions,
)

log = logging.getLogger(__name__)

# What macOS writes next to each file on a foreign disk, and Emacs next to an open one
NO_FILES = ("._", ".#")
# The name of an account in a wallet folder of ethdo or Dirk
ACCOUNT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
# bytes; no keystore is smaller, and hardly a password larger, so few files need to be opened
MIN_KEYSTORE_SIZE = 256
START_SIZE = 64  # bytes; enough to see whether a file may be a JSON object

# By `type` of a key file: the members that it needs
KEY_FILE_MEMBERS = {
    "file-raw": ["privateKey"],
    "file-keystore": ["keystoreFile", "keystorePasswordFile"],
}


# The places of the password of a keystore, by its public key where it declares one
Candidates = Callable[[bytes | None], PasswordCandidates]


class KeystoreFile(NamedTuple):
    """A keystore on disk."""

    path: str
    digest: bytes  # SHA-256 of the file
    keystore: Keystore
    candidates_for: Candidates

    def password(self) -> str:
        """Its password. Raises KeystoreError when it is missing or not UTF-8."""
        # Made here, because the candidates of ten thousand keystores take 30 MB.
        return self.candidates_for(self.keystore.declared_pubkey).find(self.path)


class Misnamed(NamedTuple):
    """A keystore that is not loaded, because its name does not end in .json."""

    path: str


# The content of a file; None for a file without a validator's key
Found = KeystoreFile | Key | LoadFailure | Misnamed | None


@dataclass
class Finder:
    """Finds keystores and key files below a folder, and the files of their passwords.

    It knows the layouts of `layouts.py` without being told which: it tries the places where tools
    keep a keystore's password.
    """

    folder: Path
    passwords_path: Path | None = None
    password_file: Path | None = None

    # Folders that are links, and the real ones
    _links: dict[str, str] = field(default_factory=dict, init=False)
    # By public key
    _definitions: dict[bytes, Definition] = field(default_factory=dict, init=False)

    def find(self) -> Iterator[Found]:
        """The content of each file below the folder that may have a key.

        Lighthouse's definitions come first, then all files in the order of their paths. A subfolder
        that cannot be listed is skipped, with a warning. Raises ConfigError when the folder itself
        cannot be listed.
        """
        paths = sorted(self._files())
        for path in paths:
            if os.path.basename(path) in DEFINITIONS:
                yield self._read_definitions(path)
        defined = self._defined_keystores(paths)
        for path in dict.fromkeys([*paths, *defined]):
            name = os.path.basename(path)
            try:
                if name.startswith(NO_FILES):
                    yield None
                elif name.endswith(".json") or ACCOUNT.fullmatch(name) or path in defined:
                    yield self.keystore_at(path)
                elif name in DEFINITIONS:
                    continue
                elif name.endswith((".yaml", ".yml")):
                    yield from _read_key_file(path)
                elif _is_keystore(path):
                    yield Misnamed(path)
            except SignerError as error:
                yield LoadFailure(path, str(error))

    def _files(self) -> Iterator[str]:
        """The paths of all files, in linked folders too, and in each real folder once."""
        known = set()
        for folder, subfolders, names in os.walk(
            self.folder, onerror=self._on_unlistable, followlinks=True
        ):
            try:
                status = os.stat(folder)
            except OSError as error:  # gone meanwhile
                self._on_unlistable(error)
                continue
            identity = (status.st_dev, status.st_ino)
            if identity in known:
                subfolders.clear()
                continue
            known.add(identity)
            if os.path.islink(folder):
                self._links[folder] = os.path.realpath(folder)
            subfolders.sort()
            for name in names:
                yield f"{folder}/{name}"

    def _on_unlistable(self, error: OSError) -> None:
        if error.filename == str(self.folder):
            raise ConfigError(f"cannot list {error.filename}: {error.strerror}")
        log.warning("skipped: cannot list %s: %s", error.filename, error.strerror)

    def _read_definitions(self, path: str) -> LoadFailure | None:
        try:
            self._definitions |= dict(read_definitions(path))
        except SignerError as error:
            return LoadFailure(path, str(error))
        return None

    def _defined_keystores(self, paths: Sequence[str]) -> dict[str, None]:
        """The keystores that Lighthouse's definitions name, also elsewhere; an ordered set."""
        known = set(paths)
        keystores: dict[str, None] = {}
        for definition in self._definitions.values():
            path = definition.keystore_path
            if definition.enabled and (path in known or os.path.isfile(path)):
                keystores[path] = None
        return keystores

    def keystore_at(self, path: str) -> KeystoreFile | None:
        """The keystore in a file; None for one of another format. Raises KeystoreError."""
        try:
            status = os.stat(path)
        except OSError as error:
            raise KeystoreError(f"cannot read {path}: {error.strerror}") from None
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_FILE_SIZE and not contains(path, CRYPTO, KeystoreError):
            return None  # deposit data, or a history
        try:
            return _read_keystore(path, partial(self._password_candidates, path))
        except OtherFormatError:
            return None

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
        definition = self._definitions.get(pubkey) if pubkey else None
        return PasswordCandidates(self._password_folders(stem), names, definition)

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
        folders = _folders_near(parent, str(self.folder))
        for link, real in self._links.items():
            if f"{parent}/".startswith(f"{link}/"):
                folders += _folders_near(f"{real}{parent.removeprefix(link)}", real)
        return folders


def _folders_near(parent: str, top: str) -> list[str]:
    """A folder, then secrets next to it and next to each folder above it, up to `top`."""
    bases = [parent]
    while len(bases[-1]) > len(top):
        bases.append(os.path.dirname(bases[-1]))
    bases.append(os.path.dirname(os.path.abspath(top)))
    return [parent, *(f"{base}/{name}" for base in bases for name in SECRET_FOLDERS)]


def _is_keystore(path: str) -> bool:
    """Whether a file with another name has a keystore inside. False for an unreadable file."""
    try:
        status = os.stat(path)
        has_its_size = MIN_KEYSTORE_SIZE <= status.st_size <= MAX_KEY_FILE_SIZE
        if not stat.S_ISREG(status.st_mode) or not has_its_size:
            return False
        start = read_start(path, START_SIZE, KeystoreError)
        if not start.removeprefix(BOM_UTF8).lstrip().startswith(b"{"):
            return False
        if not contains(path, CRYPTO, KeystoreError):
            return False
        parse(read(path, KeystoreError, MAX_KEY_FILE_SIZE))
    except (OSError, SignerError):
        return False
    return True


def _read_keystore(path: str, candidates_for: Candidates) -> KeystoreFile:
    """A keystore on disk. Raises KeystoreError, also for a pubkey that is not as expected."""
    document = read(path, KeystoreError, MAX_KEY_FILE_SIZE)
    keystore = parse(document)
    keystore.declared_pubkey  # noqa: B018 - raises
    return KeystoreFile(path, hashlib.sha256(document).digest(), keystore, candidates_for)


def _read_key_file(path: str) -> Iterator[Found]:
    """The keys that a file of Web3Signer's --key-config-path names: one for each YAML document."""
    try:
        documents = parse_yaml(read(path, KeystoreError, MAX_KEY_FILE_SIZE))
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
