"""Processes that a killed one leaves behind, found by a variable that they inherit (Linux)."""

import os
import subprocess
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

VARIABLE = "PY3SIGNER_TEST_FAMILY"


class Family:
    """A process that is started by a command, and all that come of it."""

    def __init__(self, command: Sequence[str]) -> None:
        self._mark = f"{VARIABLE}={uuid.uuid4()}"
        name, _, value = self._mark.partition("=")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, name: value},
        )

    def kill_head(self) -> None:
        self._process.kill()
        self._process.wait()

    def members(self) -> list[str]:
        """The commands of those that still run."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):  # it has ended meanwhile
                variables = (folder / "environ").read_bytes().split(b"\0")
                if self._mark.encode() in variables:
                    found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found

    def left_after(self, seconds: float) -> list[str]:
        """The members that have not ended by then."""
        end = time.monotonic() + seconds
        while (members := self.members()) and time.monotonic() < end:
            time.sleep(0.05)
        return members
