"""Loads, imports, deletes and reloads the keys of a keyring.

Opening keystores happens on all cores, as many at once as there are; what changes the keyring
and the data directory happens on one thread, one change after the other.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from .. import threads
from ..config import Config
from ..errors import ConfigError, KeystoreError, SignerError
from ..slashing.interchange import Interchange
from ..slashing.protection import Protection
from .data_dir import DataDir
from .derived import deterministic_keys
from .keyring import Key, Keyring, LoadFailure
from .keystore import parse
from .keystore_folder import KeystoreFolder

log = logging.getLogger(__name__)


class Result(Struct, frozen=True, omit_defaults=True):
    """What became of a keystore or a key, in the Keymanager API's words; why, if it is `error`."""

    status: Literal["imported", "duplicate", "deleted", "not_active", "not_found", "error"]
    message: str = ""


class ReloadStatus(Struct, frozen=True, omit_defaults=True, rename="camel"):
    """How the last reload went; when it ended, and what was wrong: in Web3Signer's words."""

    status: Literal["idle", "running", "completed", "completed_with_errors", "failed"]
    last_operation_time: datetime | None = None
    last_error: str | None = None


class KeyManager:
    """The keys of all sources, and every change of them."""

    def __init__(
        self, config: Config, keyring: Keyring, data_dir: DataDir | None, slashing: Protection
    ) -> None:
        self._config, self._keyring = config, keyring
        self._data_dir, self._slashing = data_dir, slashing
        passwords = config.keystores_passwords_path, config.keystores_password_file
        path = config.keystores_path
        self._folder = path and KeystoreFolder(path, *passwords, data_dir)
        self._well_known: list[Key] = []
        self._damaged: list[LoadFailure] = []  # in the data dir
        self.reload_status = ReloadStatus("idle")

    def load(self, report: threads.Report) -> None:
        """Loads the keys of all sources, on all cores; failures go to `keyring.failures`."""
        c = self._config
        self._well_known = deterministic_keys(c.interop, c.mnemonic, c.count, c.start)
        self._load_imported(report)
        with threads.pool() as pool:
            self._load_folder(pool, report)

    def _load_imported(self, report: threads.Report) -> None:
        if not self._data_dir:
            return
        paths = self._data_dir.imported(known=self._keyring.imported)
        results = [self._data_dir.open(path) for path in paths]
        keys = [result for result in results if isinstance(result, Key)]
        self._damaged = [result for result in results if isinstance(result, LoadFailure)]
        self._keyring.imported |= {key.pubkey: key for key in keys}
        report(f"loaded {len(keys)} imported keys, {len(self._damaged)} failed")
        for failure in self._damaged:
            report(f"  failed: {failure.source}: {failure.reason}")

    def _load_folder(self, pool: ThreadPoolExecutor, report: threads.Report) -> None:
        keys, failures = self._folder.load(pool, report) if self._folder else ([], [])
        readonly: dict[bytes, Key] = {}
        for key in [*self._well_known, *keys]:
            readonly.setdefault(key.pubkey, key)
        self._keyring.readonly = readonly
        self._keyring.failures = self._damaged + failures

    async def import_keystores(
        self, documents: Sequence[str], passwords: Sequence[str], history: Interchange | None
    ) -> list[Result]:
        """Opens keystores and adds their keys; what became of each, in order.

        A key is on disk when this returns, and signs for every request from then on; before, what
        it has signed elsewhere is. Without a data directory both live as long as the process.
        """
        pairs = zip(documents, passwords, strict=True)
        opened = await asyncio.gather(*(self._run(self._opening, _open, *pair) for pair in pairs))
        if history:
            pubkeys = {key.pubkey for key in opened if isinstance(key, Key)}
            new = pubkeys - self._keyring.all().keys()
            await self._run(self._changing, self._slashing.merge, history, new)
        return await self._change(map(self._keep, opened))

    async def delete(self, pubkeys: Sequence[bytes]) -> list[Result]:
        """Removes imported keys; what became of each, in order.

        A key that is answered `deleted` signs no more, and its file is gone.
        """
        return await self._change(map(self._forget, pubkeys))

    async def _change(self, changes: Iterable[Result]) -> list[Result]:
        """The results of changes, which are made as they are iterated: on the one thread for it."""
        results = await self._run(self._changing, list, changes)
        counts = Counter(result.status for result in results)
        log.info("keys: %s", ", ".join(f"{n} {status}" for status, n in counts.items()) or "none")
        return results

    def _keep(self, key: Key | SignerError) -> Result:
        if isinstance(key, SignerError):
            return Result("error", str(key))
        if key.pubkey in self._keyring:
            return Result("duplicate")
        try:
            if self._data_dir:
                self._data_dir.keep(key)
        except KeystoreError as error:
            return Result("error", str(error))
        self._keyring.imported[key.pubkey] = key
        return Result("imported")

    def _forget(self, pubkey: bytes) -> Result:
        if pubkey in self._keyring.readonly:
            told = "expected an imported key, found one of --interop, --mnemonic, --keystores-path"
            return Result("error", told)
        if pubkey not in self._keyring.imported:
            return Result("not_active" if self._slashing.has_signed(pubkey) else "not_found")
        try:
            if self._data_dir:
                self._data_dir.forget(pubkey)
        except KeystoreError as error:
            # it would be back after a restart: so it stays, and can be deleted again
            return Result("error", str(error))
        self._keyring.imported.pop(pubkey, None)
        return Result("deleted")

    def reload(self) -> asyncio.Task[None] | None:
        """Starts to read the keystores folder again: what was added comes, what was removed goes.

        Files in the data directory that did not open are tried again. None, and nothing starts,
        while a reload is under way.
        """
        if self.reload_status.status == "running":
            return None
        self.reload_status = replace(self.reload_status, status="running")
        # kept here, as the loop keeps no task from being collected
        self._reload = asyncio.create_task(self._reload_folder())
        return self._reload

    async def _reload_folder(self) -> None:
        outcome = ReloadStatus("failed", last_error="a bug of the signer: see its log")
        try:
            await self._run(self._changing, self._load_imported, log.info)
            await self._run(None, self._load_folder, self._opening, log.info)
            outcome = ReloadStatus("completed")
            if failures := len(self._keyring.failures):
                problem = f"Reload completed with {failures} signer loading error(s)"
                outcome = ReloadStatus("completed_with_errors", last_error=problem)
        except ConfigError as error:
            outcome = ReloadStatus("failed", last_error=str(error))
        finally:
            self.reload_status = replace(outcome, last_operation_time=datetime.now(UTC))

    def start(self) -> None:
        """Makes the threads for changes while the signer runs; until then there are none."""
        self._run = asyncio.get_running_loop().run_in_executor
        self._opening = threads.polite_pool()
        self._changing = ThreadPoolExecutor(1, "change")

    def stop(self) -> None:
        """Ends these threads; keystores that are still being opened are dropped."""
        self._opening.shutdown(wait=False, cancel_futures=True)
        self._changing.shutdown()


def _open(document: str, password: str) -> Key | SignerError:
    try:
        keystore = parse(document.encode())
        if keystore is None:
            raise KeystoreError("expected a keystore, found JSON without crypto")
        return keystore.open(password)
    except SignerError as error:
        return error
