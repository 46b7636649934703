"""The keys that can sign now, and the sources they come from."""

import hashlib
import os
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import NamedTuple

from . import keystores
from ._core import SecretKey, derive_child_sk, derive_master_sk, interop_sk
from .errors import SignerError, UnknownKeyError

# Public mnemonics of devnet tools: ethereum-package's default, and ethereum-genesis-generator's
MNEMONICS = {
    "devnet": "giant issue aisle success illegal bike spike question tent bar rely arctic "
    "volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete",
    "genesis-generator": "sleep moment list remain like wall lake industry canvas wonder ecology "
    "elite duck salad naive syrup frame brass utility club odor country obey pudding",
}

Report = Callable[[str], None]


class LoadFailure(NamedTuple):
    """A key that could not be loaded: where it was to come from, and why it did not."""

    source: str
    reason: str


class Keyring:
    """Secret keys by public key (48 bytes), in the order they came."""

    def __init__(self) -> None:
        self._keys: dict[bytes, SecretKey] = {}
        self.failures: list[LoadFailure] = []

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._keys)

    def __getitem__(self, pubkey: bytes) -> SecretKey:
        """The key; raises UnknownKeyError, saying how many there are."""
        try:
            return self._keys[pubkey]
        except KeyError:
            raise UnknownKeyError(
                f"expected the public key of one of the {len(self)} loaded keys, found another: "
                "load keys with --interop, --mnemonic or --keystores-path"
            ) from None

    def add(self, secret_keys: Iterable[SecretKey]) -> None:
        """Adds keys; one that is there already stays as it is."""
        for secret_key in secret_keys:
            self._keys.setdefault(secret_key.public_key(), secret_key)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def interop_keys(count: int) -> Iterable[SecretKey]:
    """The first `count` interop keys: 0xa99a76ed... and so on."""
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(_with_public_key, map(interop_sk, range(count))))


def mnemonic_keys(words: str, count: int, start: int = 0) -> Iterable[SecretKey]:
    """The signing keys m/12381/3600/i/0/0 of a mnemonic, or of a name in MNEMONICS.

    The words are not checked: BIP-39's seed does not depend on its word list.
    Sources: BIP-39 (seed), EIP-2333 (derivation), EIP-2334 (path).
    """
    text = unicodedata.normalize("NFKD", " ".join(MNEMONICS.get(words, words).split()))
    seed = hashlib.pbkdf2_hmac("sha512", text.encode(), b"mnemonic", 2048)
    account = derive_child_sk(derive_child_sk(derive_master_sk(seed), 12381), 3600)

    def validator(index: int) -> SecretKey:
        withdrawal = derive_child_sk(derive_child_sk(account, index), 0)
        return _with_public_key(derive_child_sk(withdrawal, 0))

    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(validator, range(start, start + count)))


def load_keystores(
    keyring: Keyring,
    folder: Path,
    passwords_path: Path | None,
    password_file: Path | None,
    report: Report,
) -> None:
    """Opens every keystore below `folder` on all cores; what fails goes to `keyring.failures`.

    Reports a line a second while it takes, and one when it is done.
    """
    started, skipped = time.monotonic(), 0
    # tools write one key in several layouts side by side: any of them will do
    files: dict[object, list[keystores.KeystoreFile]] = {}
    failures: list[LoadFailure] = []
    for found in keystores.find(folder, passwords_path, password_file):
        if found is None:
            skipped += 1
        elif isinstance(found, keystores.KeystoreFile):
            files.setdefault(found.keystore.declared_pubkey or found.path, []).append(found)
        else:
            failures.append(LoadFailure(str(found[0]), str(found[1])))
    opened, failed = _open_all(list(files.values()), report)
    keyring.add(opened)
    failures += failed
    keyring.failures += failures
    others = f", skipped {skipped} files that are no keystores" if skipped else ""
    report(
        f"loaded {len(opened)} keystores from {folder} in "
        f"{time.monotonic() - started:.1f} s, {len(failures)} failed{others}"
    )
    for failure in failures:
        report(f"  failed: {failure.source}: {failure.reason}")


def _open_all(
    files: list[list[keystores.KeystoreFile]], report: Report
) -> tuple[list[SecretKey], list[LoadFailure]]:
    # a thread a core: scrypt takes 256 MiB each, and never more of them at once
    pool = ThreadPoolExecutor(cores())
    try:
        futures = [pool.submit(_open, copies) for copies in files]
        waiting = set(futures)
        while waiting:
            _, waiting = wait(waiting, timeout=1)
            if waiting:
                report(f"opened {len(files) - len(waiting)} of {len(files)} keystores")
        results = [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)
    keys = [result for result in results if isinstance(result, SecretKey)]
    return keys, [result for result in results if isinstance(result, LoadFailure)]


def _open(copies: list[keystores.KeystoreFile]) -> SecretKey | LoadFailure:
    """The key in the first copy that opens, or why the first one does not."""
    failures = []
    for file in copies:
        try:
            return file.open()
        except SignerError as error:
            failures.append(LoadFailure(str(file.path), str(error)))
    return failures[0]


def _with_public_key(secret_key: SecretKey) -> SecretKey:
    secret_key.public_key()  # computed here, on all cores
    return secret_key
