"""Signers to measure: one of our own, any other by its URL, and a server that signs nothing."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path


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
        if self.pid is None:
            return 0.0
        # clock_getcpuclockid(3), which Python has for threads only: nanoseconds, where
        # /proc/PID/stat has hundredths of a second
        return time.clock_gettime((~self.pid << 3) | 2)

    def memory(self) -> int:
        """Bytes of the process that are in memory."""
        pages = Path(f"/proc/{self.pid}/statm").read_text("utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def _started(*command: object) -> Iterator[Signer]:
    """A process that says on a line of JSON where it serves."""
    with subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"expected {' '.join(map(str, command))} to serve, found it ended")
            ready = json.loads(line)
            yield Signer(ready["url"], ready["pid"])
        finally:
            process.terminate()


@contextmanager
def serving(*flags: object) -> Iterator[Signer]:
    """A signer of our own on a free port; variables SIGNER_... reach it as further flags."""
    with _started("-m", "signer", "serve", *flags, "--port", "0", "--ready-json") as signer:
        yield signer


@contextmanager
def constant() -> Iterator[Signer]:
    """A server that signs nothing (constant.py), so that its CPU is no figure either."""
    with _started(Path(__file__).with_name("constant.py")) as server:
        yield Signer(server.url)
