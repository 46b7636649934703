"""Starts a signer as a process, waits until it serves, and stops it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from select import POLLIN, poll
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Self

from ..errors import ConfigError, ProcessEndedError
from .lifetimes import in_forked_child, replace_descriptor

READY_TIMEOUT = 10.0  # seconds; a process that does not serve by then has failed to start
STOP_TIMEOUT = 20.0  # seconds; a process that is told to stop and still runs then is killed
LINES_SHOWN = 20  # of the log of a process that did not start

# -P keeps the working folder off the path: its own signer.py would be started instead of ours.
SERVE = (sys.executable, "-P", "-m", "signer", "serve")


def serve_with_path(path: Sequence[str]) -> Sequence[str]:
    """As SERVE, and the process also finds the modules in these folders, after its own."""
    start = f"import sys; sys.path += {[*path]}; from signer.cli import main"
    return (sys.executable, "-P", "-c", f"{start}; main(prog_name='signer')", "serve")


class SignerProcess:
    """A signer that was started by a command with --ready-json, and serves.

    Its standard input is a pipe, which closes when this process ends: --exit-with-parent needs it.
    It inherits `descriptors`. Raises ConfigError with the end of its log when it does not serve
    within `timeout` seconds.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str] | None = None,
        timeout: float = READY_TIMEOUT,
        descriptors: Sequence[int] = (),
    ) -> None:
        # A file and no pipe: a pipe that nobody reads would block the signer once it is full.
        # It appends, so that reading the log moves no place where the signer writes.
        self._log = TemporaryFile("a+b")  # noqa: SIM115 - closed by `stop`
        self._process = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=environment,
            pass_fds=descriptors,
        )
        stdin: Any = self._process.stdin
        in_forked_child(self, _replace_pipe, stdin)
        self.pid = self._process.pid
        try:
            self.ready = self._read_ready_line(timeout)
        except BaseException:
            self.kill()
            self.stop()
            raise
        self.url: str = self.ready["url"]

    def _read_ready_line(self, timeout: float) -> dict[str, Any]:
        output: Any = self._process.stdout
        readable = poll()
        readable.register(output, POLLIN)
        line = b""
        if readable.poll(timeout * 1000):
            line = output.readline()
        if not line:
            raise ConfigError(f"expected the signer to start, found:\n{self._last_lines()}")
        ready: dict[str, Any] = json.loads(line)
        return ready

    def log(self) -> str:
        """Everything that it has written to standard error, also after `stop`."""
        if not self._log.closed:
            self._log.seek(0)
            self._last_log = self._log.read().decode(errors="replace")
        return self._last_log

    def _last_lines(self) -> str:
        return "\n".join(self.log().splitlines()[-LINES_SHOWN:])

    @property
    def has_ended(self) -> bool:
        """Whether it has ended without being told to."""
        return self._process.poll() is not None

    def require_running(self) -> None:
        """Raises ProcessEndedError, with the end of its log, when it has ended by itself."""
        if self.has_ended:
            raise ProcessEndedError(
                f"expected the signer's process {self.pid} to run, found that it ended with exit "
                f"code {self._process.returncode}; `start` starts another. The end of its log:\n"
                f"{self._last_lines()}"
            )

    def close_stdin(self) -> None:
        """Closes its standard input, which stops it if it was started --exit-with-parent."""
        stdin: Any = self._process.stdin
        stdin.close()

    def terminate(self) -> None:
        """Tells it to stop (SIGTERM); does not wait."""
        self._process.terminate()

    def kill(self) -> None:
        """Kills it (SIGKILL); does not wait."""
        self._process.kill()

    def send_signal(self, number: int) -> None:
        """Sends it a signal."""
        self._process.send_signal(number)

    def wait(self, timeout: float = STOP_TIMEOUT) -> int:
        """Its exit code. Blocks; raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout)

    def stop(self) -> int:
        """Stops it, and returns its exit code. Blocks until it has ended."""
        with self._process:
            self._process.terminate()
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self.log()
        self._log.close()
        return self._process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _replace_pipe(stdin: BinaryIO) -> None:
    """Closes the pipe in a forked child: only the parent's end keeps the signer alive."""
    if not stdin.closed:
        replace_descriptor(stdin.fileno())
