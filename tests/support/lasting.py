"""A data directory that outlives many signers, its clients, and what is compared after each."""

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from signer.testing.process import SignerProcess
from support.answered import BrokenError
from support.data_dir import PUBKEYS, keeping, put
from support.mixed_load import Client
from support.served import Running, Served, command
from support.slashing_command import exported

CLIENTS = 4
START_TIMEOUT = 60  # seconds; the machine may be busy
OWN_KEYS = PUBKEYS[20:]  # of a keystore folder; the others are imported


def listed(signer: Served) -> list[str]:
    """The imported keys that a signer has."""
    keys = signer.ask("GET", "/eth/v1/keystores").json["data"]
    return [key["validating_pubkey"] for key in keys if not key["readonly"]]


class Lasting:
    """A data directory, a keystore folder, and clients that know all answers so far."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.data_dir = folder / "data"
        self._copy = folder / "copy"
        for pubkey in OWN_KEYS:
            put(folder / "keys", pubkey)
        self.flags = [*keeping(self.data_dir), "--keystores-path", folder / "keys"]
        self.flags += ["--slashing", "enforce"]
        self.clients = [
            Client(PUBKEYS[number:20:CLIENTS], seed * CLIENTS + number) for number in range(CLIENTS)
        ]
        self.checks = Counter[str]()

    @contextmanager
    def started(self, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
        """A signer that is killed on the way out. Raises BrokenError for a traceback in its log.

        Raises ConfigError when it does not start.
        """
        flags = ["--port", "0", "--ready-json", *self.flags]
        process = SignerProcess(command(*flags), environment, START_TIMEOUT)
        try:
            yield Running(process.url, process.ready, process)
        finally:
            process.kill()
            process.stop()
        if "Traceback" in process.log():
            raise BrokenError(f"expected no traceback, found {process.log()}")

    def check_start(self, signer: Running) -> None:
        """Compares keys with answers, and asks for conflicting messages. Raises BrokenError."""
        health = signer.ask("GET", "/healthcheck")
        if health.status != 200:
            raise BrokenError(f"unhealthy after the start: {health.body.decode()}")
        imported = sorted(listed(signer))
        files = sorted(path.stem for path in (self.data_dir / "keystores").iterdir())
        if imported != files:
            raise BrokenError(f"expected the keys of all files, {files}, found {imported}")
        for client in self.clients:
            self.checks["keys"] += client.answered.check_keys(imported)
            client.answered.learn_keys(imported)
            client.confirm(signer)

    def check_disk(self) -> None:
        """Looks for each signature in the history of a stopped signer. Raises BrokenError.

        Exports from a copy, so that the next signer finds what the last one left.
        """
        shutil.copytree(self.data_dir, self._copy)
        document = exported(self._copy)
        shutil.rmtree(self._copy)
        for client in self.clients:
            self.checks["records"] += client.answered.check_history(document)
            self.checks["verified"] += client.answered.verify_new(document)

    def checked(self) -> str:
        """What was compared so far, in words."""
        counts = self.counts()
        return (
            f"checked {self.checks['records']} records, "
            f"{self.checks['verified']} signatures by their recorded root, "
            f"{self.checks['keys']} keys, {counts['repeated']} repeated and "
            f"{counts['refused']} conflicting messages"
        )

    def counts(self) -> Counter[str]:
        """The requests and answers of all clients."""
        return sum((client.counts for client in self.clients), Counter[str]())
