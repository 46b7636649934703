"""A library's process: it is asked for operations, and its CPU time is read from outside.

A request is a line of JSON: the operation (`do`), its arguments as hexadecimal digits, and how
often to `repeat` it. The answer is `ok` with bytes or whether something is valid, `error` for what
the library refuses, or `absent` for an operation that it does not have.
"""

import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any, Self

from .libraries import Library

Argument = bytes | Sequence[bytes]
Answer = dict[str, Any]

REST = 0.002  # seconds; by then a process that has answered waits for its input again
ENDED = {"error": "the process ended"}
# One core each: Go's collector and the threads of blst would use others meanwhile.
ENVIRONMENT = os.environ | {"GOMAXPROCS": "1"}


class NotInstalledError(Exception):
    """A library whose process does not answer; says why."""


class Side:
    """One library that answers.

    Raises NotInstalledError with the last line that its process wrote when it does not.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._start()
        if self.ask("nothing") == ENDED:
            reason = self._last_line()
            self.close()
            raise NotInstalledError(reason)

    def _start(self) -> None:
        self._log = TemporaryFile("w+")  # noqa: SIM115 - closed by `close`
        try:
            self._process = subprocess.Popen(
                self.library.start,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=ENVIRONMENT,
                text=True,
            )
        except FileNotFoundError as error:
            self._log.close()
            raise NotInstalledError(f"expected {error.filename}, found no such file") from error

    def _last_line(self) -> str:
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        return lines[-1] if lines else "its process ended without a word"

    def ask(self, do: str, repeat: int = 1, **arguments: Argument) -> Answer:
        """Asks for an operation; a process that ends is started again by the next one."""
        if self._process.poll() is not None:
            self.close()
            self._start()
        request = {"do": do, "repeat": repeat} | _digits(arguments)
        process: Any = self._process
        try:
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
        except BrokenPipeError:
            process.wait()
            return ENDED
        line = process.stdout.readline()
        if not line:
            process.wait()
            return ENDED
        answer: Answer = json.loads(line)
        return answer

    def cpu(self) -> float:
        """Seconds of user and system time that the process has used so far, in all its threads.

        Call it after an answer: the kernel counts a process that runs only at each of its ticks.
        """
        time.sleep(REST)
        # clock_getcpuclockid(3), which Python has for threads only
        return time.clock_gettime((~self._process.pid << 3) | 2)

    def close(self) -> None:
        """Ends the process: it stops at the end of its input."""
        process: Any = self._process
        with suppress(BrokenPipeError):  # it had ended
            process.stdin.close()
        process.wait()
        process.stdout.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _digits(arguments: Mapping[str, Argument]) -> dict[str, object]:
    digits: dict[str, object] = {}
    for name, value in arguments.items():
        if isinstance(value, bytes):
            digits[name] = value.hex()
        else:
            digits[name] = [one.hex() for one in value]
    return digits
