"""Loads, imports, deletes and reloads the keys of a keyring.

Keystores are decrypted on all cores. While the signer serves, one thread makes all changes of the
keyring and of the imported keystores on disk, one after another.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from .._core import SecretKey
from ..config.settings import Config
from ..errors import BLSError, ConfigError, KeystoreError, SignerError
from ..files import MAX_KEY_FILE_SIZE, read, text_of
from ..hex import from_hex
from ..slashing.interchange import Interchange
from ..slashing.protection import Protection
from ..threads import thread_pool
from .background import BackgroundDecryption
from .data_dir import DataDir
from .derived import derive_keys
from .distributed import DistributedAccounts
from .keyring import Key, Keyring, LoadFailure, log_failures
from .keystore_folder import KeystoreFolder
from .results import DELETED, DUPLICATE, IMPORTED, NOT_ACTIVE, NOT_FOUND, Result

log = logging.getLogger(__name__)

T = TypeVar("T")


class ReloadStatus(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """The outcome of the last reload, its end and its error, in Web3Signer's words."""

    status: Literal["idle", "running", "completed", "completed_with_errors", "failed"]
    last_operation_time: datetime | None = None
    last_error: str | None = None


class KeyManager:
    """The keys of all sources, and every change of them."""

    def __init__(
        self,
        config: Config,
        keyring: Keyring,
        data_dir: DataDir | None,
        slashing: Protection,
    ) -> None:
        self._config = config
        self._keyring = keyring
        self._data_dir = data_dir
        self._slashing = slashing
        self.distributed = DistributedAccounts(config)
        self._folder: KeystoreFolder | None = None
        if config.keystores_path:
            self._folder = KeystoreFolder(
                config.keystores_path,
                config.keystores_passwords_path,
                config.keystores_password_file,
                data_dir,
                config.key_config_path,
            )
        self._given: list[Key] = []  # by the flags, without files that a reload reads
        self._damaged: list[LoadFailure] = []  # in the data directory
        self._background = BackgroundDecryption()
        self._changing = ThreadPoolExecutor(1, "change")  # the one thread; it starts when needed
        self.reload_status = ReloadStatus("idle")

    def load(
        self,
        secret_keys: Sequence[SecretKey] = (),
        *,
        logs_failures: bool = True,
    ) -> None:
        """Loads the keys of all sources and `secret_keys`, on all cores, before the signer serves.

        Blocks. Failures go to `keyring.failures`, and to the log. Raises ConfigError for a keystore
        folder that cannot be listed and a bad file of secret keys.
        """
        self._given = derive_keys(self._config.key_source)
        self._given += _read_secret_keys(self._config.secret_keys_file)
        self._given += [Key(secret_key) for secret_key in secret_keys]
        with thread_pool() as pool:
            found = self._load_folder(pool)
        self._load_imported()  # after the shares are known: an imported key may be one
        self._set_readonly(*found)
        if logs_failures:
            log_failures(self._keyring.failures)

    def _load_imported(self) -> None:
        if not self._data_dir:
            return
        self._data_dir.remove_unfinished()
        keys, self._damaged = self._data_dir.load_unknown(known=self._keyring.imported)
        self._add(keys)
        log.info("loaded %d imported keys, %d failed", len(keys), len(self._damaged))

    def _load_folder(self, pool: ThreadPoolExecutor) -> tuple[list[Key], list[LoadFailure]]:
        closed_shares = self.distributed.load(pool)
        if not self._folder:
            return [], closed_shares
        keys, failures = self._folder.load(pool)
        return keys, [*closed_shares, *failures]

    def _set_readonly(self, keys: Sequence[Key], failures: Sequence[LoadFailure]) -> None:
        readonly: dict[bytes, Key] = {}
        for key in self.distributed.without_shares([*self._given, *keys]):
            readonly.setdefault(key.pubkey, key)
        self._keyring.readonly = readonly
        self._keyring.failures = [*self._damaged, *failures]

    def add(self, keys: Sequence[Key]) -> None:
        """Adds keys that live as long as the process. Blocks until they sign.

        Raises KeystoreError for a share of --distributed.
        """
        self.distributed.require_no_share(keys)
        if keys:
            self._changing.submit(self._add, keys).result()

    def _add(self, keys: Sequence[Key]) -> None:
        ordinary = self.distributed.without_shares(keys)
        self._keyring.imported |= {key.pubkey: key for key in ordinary}

    def remove(self, pubkeys: Sequence[bytes]) -> None:
        """Removes keys of any source from the keyring, not from disk. Blocks until it is done.

        A key of a file returns with the next reload. Raises UnknownKeyError at the first unknown
        key; later ones stay.
        """
        self._changing.submit(self._remove, pubkeys).result()

    def _remove(self, pubkeys: Sequence[bytes]) -> None:
        for pubkey in pubkeys:
            self._keyring[pubkey]  # raises for an unknown one
            self._keyring.imported.pop(pubkey, None)
            self._keyring.readonly.pop(pubkey, None)
        unwanted = {*pubkeys}
        self._given = [key for key in self._given if key.pubkey not in unwanted]

    async def import_keystores(
        self,
        documents: Sequence[str],
        passwords: Sequence[str],
        history: Interchange | None,
    ) -> list[Result]:
        """Decrypts keystores and adds their keys; the outcome for each, in order.

        An imported key is on disk when this returns, and signs for every request from then on. Its
        history is on disk before the key. Without a data directory both live as long as the
        process.
        """
        loop = asyncio.get_running_loop()
        decrypted = await self._background.decrypt(documents, passwords)
        if history:
            await loop.run_in_executor(self._changing, self._merge, history, decrypted)
        return await self._change(self._keep, decrypted)

    def _merge(self, history: Interchange, decrypted: Sequence[Key | SignerError]) -> None:
        """Merges what keys that are about to be imported have signed."""
        pubkeys = {key.pubkey for key in decrypted if isinstance(key, Key)}
        self._slashing.merge(history, pubkeys - self._keyring.all().keys())

    async def delete(self, pubkeys: Sequence[bytes]) -> list[Result]:
        """Deletes imported keys; the outcome for each, in order.

        A key that is answered `deleted` signs no more, and its file is gone.
        """
        return await self._change(self._forget, pubkeys)

    async def _change(self, change: Callable[[T], Result], items: Iterable[T]) -> list[Result]:
        """Makes changes one after another on the thread for changes, and returns their results."""

        def make_changes() -> list[Result]:
            results = [change(item) for item in items]
            counts = Counter(result.status for result in results)
            told = ", ".join(f"{count} {status}" for status, count in counts.items())
            log.info("keys: %s", told or "none")
            return results

        return await asyncio.get_running_loop().run_in_executor(self._changing, make_changes)

    def _keep(self, key: Key | SignerError) -> Result:
        if isinstance(key, SignerError):
            return Result("error", str(key))
        is_duplicate = key.pubkey in self._keyring
        is_imported = key.pubkey in self._keyring.imported
        # A deletion that failed half-way has removed the file.
        is_lost = is_imported and self._data_dir and not self._data_dir.has_file(key.pubkey)
        if is_duplicate and not is_lost:
            return DUPLICATE
        try:
            self.distributed.require_no_share([key])
            if self._data_dir:
                self._data_dir.keep(key)
        except KeystoreError as error:
            return Result("error", str(error))
        self._keyring.imported[key.pubkey] = key
        return DUPLICATE if is_duplicate else IMPORTED

    def _forget(self, pubkey: bytes) -> Result:
        if pubkey in self._keyring.readonly:
            message = (
                "expected an imported key, found one of --interop, --mnemonic, --keystores-path"
            )
            return Result("error", message)
        is_imported = pubkey in self._keyring.imported
        # An import that failed half-way has left a file, which a restart would load.
        is_left = not is_imported and self._data_dir and self._data_dir.has(pubkey)
        if not is_imported and not is_left:
            # Web3Signer without a database knows no history, and clients rely on its answer.
            if self._slashing.mode == "enforce" and self._slashing.has_signed(pubkey):
                return NOT_ACTIVE
            return NOT_FOUND
        try:
            if self._data_dir:
                self._data_dir.forget(pubkey)
        except KeystoreError as error:
            # It may return after a restart. So it stays, and a client can delete it again.
            return Result("error", str(error))
        self._keyring.imported.pop(pubkey, None)
        return DELETED

    def reload(self) -> asyncio.Task[ReloadStatus] | None:
        """Starts to read the keystore folder again: adds new keys and removes missing ones.

        Files in the data directory that could not be decrypted are tried again. Returns None, and
        starts nothing, while a reload is under way.
        """
        if self.reload_status.status == "running":
            return None
        self.reload_status = replace(self.reload_status, status="running")
        # Kept here, because the loop does not keep a task from being collected.
        self._reload = asyncio.create_task(self._reload_folder())
        return self._reload

    async def _reload_folder(self) -> ReloadStatus:
        outcome = ReloadStatus("failed", last_error="a bug of the signer: see its log")
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._changing, self._load_imported)
            # Decrypting may take minutes, so changes go on meanwhile.
            loaded = await loop.run_in_executor(None, self._load_folder, self._background.pool)
            await loop.run_in_executor(self._changing, self._set_readonly, *loaded)
            log_failures(self._keyring.failures)
            outcome = ReloadStatus("completed")
            failures = len(self._keyring.failures)
            if failures:
                problem = f"Reload completed with {failures} signer loading error(s)"
                outcome = ReloadStatus("completed_with_errors", last_error=problem)
        except ConfigError as error:
            outcome = ReloadStatus("failed", last_error=str(error))
        except Exception:
            log.exception("a reload failed on a bug of the signer")
            raise
        finally:
            self.reload_status = replace(outcome, last_operation_time=datetime.now(UTC))
        return self.reload_status

    def start(self) -> None:
        """Makes the background threads that decrypt."""
        self._background.start()

    def stop(self) -> None:
        """Ends these threads after the keystores that they decrypt, and drops the others."""
        self._background.stop()

    def close(self) -> None:
        """Finishes the changes that are under way, and ends their thread."""
        self._changing.shutdown()


def _read_secret_keys(path: Path | None) -> list[Key]:
    """The keys of --secret-keys-file. An error tells the number of a line, not its content."""
    if path is None:
        return []
    keys = []
    text = text_of(read(path, ConfigError, MAX_KEY_FILE_SIZE), path, ConfigError)
    for number, line in enumerate(text.split(), 1):
        try:
            keys.append(Key(SecretKey.from_bytes(from_hex(line))))
        except (ValueError, BLSError):
            expected = "32 bytes of a secret key as hex"
            raise ConfigError(
                f"expected {expected} as key {number} of {path}, found other text"
            ) from None
    if not keys:
        raise ConfigError(f"expected secret keys as hex in {path}, found none")
    return keys
