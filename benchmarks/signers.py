"""Signers to measure: one of our own, any other by its URL, and a server that signs nothing."""

import json
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from signer.testing.process import SERVE, SignerProcess
from signer.tools.bench.constant import COMMAND
from signer.tools.bench.processes import cpu_of

START_TIMEOUT = 300.0  # seconds; 100,000 keys of a mnemonic take 25 on two idle cores


@dataclass(frozen=True)
class Signer:
    """Where a signer serves, and its process, where that is ours to look into."""

    url: str
    pid: int | None = None

    @cached_property
    def pubkeys(self) -> list[str]:
        """Those it can sign with, as it lists them."""
        with urllib.request.urlopen(f"{self.url}/api/v1/eth2/publicKeys") as response:
            return list(json.load(response))

    def cpu(self) -> float:
        """Seconds of user and system time of the process so far; 0 where it is not ours."""
        return cpu_of(self.pid) if self.pid else 0.0

    def memory(self) -> int:
        """Bytes of the process that are in memory."""
        pages = Path(f"/proc/{self.pid}/statm").read_text("utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(*flags: object) -> Iterator[Signer]:
    """A signer of our own on a free port; variables SIGNER_... reach it as further flags."""
    command = [*SERVE, *map(str, flags), "--port", "0", "--ready-json"]
    with SignerProcess(command, timeout=START_TIMEOUT) as process:
        yield Signer(process.url, process.pid)


@contextmanager
def constant() -> Iterator[Signer]:
    """A server that signs nothing. Its CPU is no figure, so its pid is not told."""
    with SignerProcess(COMMAND) as process:
        yield Signer(process.url)
