"""The CPU time of a process on this machine, with its children."""

import sys
import time
from contextlib import suppress
from pathlib import Path

from ...errors import ConfigError


def cpu_of(pid: int) -> float:
    """Seconds of user and system time so far, of a process and of those it started (Linux)."""
    return sum(_cpu(member) for member in _tree(pid))


def check_process(pid: int, url: str) -> None:
    """Raises ConfigError for a process whose time cannot be read."""
    if sys.platform != "linux":
        raise ConfigError(f"expected no --pid on {sys.platform}: only Linux tells CPU time exactly")
    try:
        _clock(pid)
    except OSError:
        expected = f"expected the process of {url} at --pid, found no process {pid} on this machine"
        raise ConfigError(f"{expected}: see `pgrep`, or leave --pid out") from None


def _clock(pid: int) -> float:
    # clock_getcpuclockid(3), which Python has for threads only: nanoseconds, where
    # /proc/PID/stat has hundredths of a second
    return time.clock_gettime((~pid << 3) | 2)


def _cpu(pid: int) -> float:
    with suppress(OSError):  # it has ended
        return _clock(pid)
    return 0.0


def _tree(pid: int) -> list[int]:
    """A process and its descendants."""
    members = [pid]
    for member in members:
        with suppress(OSError):  # it has ended
            for thread in Path(f"/proc/{member}/task").iterdir():
                children = (thread / "children").read_text("ascii")
                members += [int(child) for child in children.split()]
    return members
