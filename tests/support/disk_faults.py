"""A disk that fails, power that fails, and a clock that jumps: preloads fuzz/disk_faults.c."""

import ctypes
import errno
import mmap
import os
import shutil
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import NamedTuple

SOURCE = Path(__file__).parent.parent.parent / "fuzz" / "disk_faults.c"
COMPILER = shutil.which("cc")
MISSING = ""  # why there is no such disk here; empty where there is
if sys.platform != "linux":
    MISSING = "needs Linux, whose loader puts LD_PRELOAD before the C library"
elif COMPILER is None:
    MISSING = "needs a C compiler, as cc"

KINDS = ("write", "sync", "rename", "create", "truncate", "unlink", "mkdir")
OFTEN = ("write", "sync", "create", "rename", "unlink")  # that a signer which serves calls often
FAIL, SHORT, DIE_BEFORE, DIE_AFTER = 1, 2, 3, 4
ACTIONS = {FAIL: "fail", SHORT: "short", DIE_BEFORE: "die before", DIE_AFTER: "die after"}
ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS)
ALWAYS = 1_000_000  # faults; more than there are calls


class _Control(ctypes.Structure):
    """`struct control` of the C file."""

    _fields_ = (
        ("armed", ctypes.c_uint32),
        ("kinds", ctypes.c_uint32),
        ("action", ctypes.c_uint32),
        ("error", ctypes.c_uint32),
        ("one_in", ctypes.c_uint32),
        ("random", ctypes.c_uint32),
        ("skipped", ctypes.c_int32),
        ("remaining", ctypes.c_int32),
        ("clock_offset", ctypes.c_int64),
        ("calls", ctypes.c_uint64 * len(KINDS)),
        ("faults", ctypes.c_uint64 * len(KINDS)),
    )


class Plan(NamedTuple):
    """Which calls fail, from which one on, how often, and how."""

    kinds: tuple[str, ...] = KINDS
    action: int = FAIL
    error: int = errno.EIO
    skipped: int = 0  # calls before the first fault
    remaining: int = ALWAYS  # faults
    one_in: int = 1  # calls, by chance

    @property
    def is_deadly(self) -> bool:
        """Whether a fault kills the process."""
        return self.action in {DIE_BEFORE, DIE_AFTER}

    def __str__(self) -> str:
        """What an error says of it."""
        name = errno.errorcode[self.error]
        kinds = ", ".join(self.kinds)
        how_often = "always" if self.remaining == ALWAYS else f"{self.remaining} times"
        return (
            f"{ACTIONS[self.action]} with {name} at {kinds}, after {self.skipped} calls, "
            f"one in {self.one_in}, {how_often}"
        )


class FaultyDisk:
    """Controls the faults of every process that gets its `environment`."""

    def __init__(self, folder: Path, data_dir: Path) -> None:
        library = folder / "disk_faults.so"
        command = [str(COMPILER), "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE)]
        subprocess.run([*command, "-ldl"], check=True)
        control = folder / "control"
        control.write_bytes(bytes(ctypes.sizeof(_Control)))
        with control.open("r+b") as file:
            self._control = _Control.from_buffer(mmap.mmap(file.fileno(), 0))
        self._data_dir = data_dir
        self._flushed = folder / "flushed"
        self.plan = Plan(remaining=0)  # the last one
        self._faults_before = 0
        self.environment = {
            **os.environ,
            "LD_PRELOAD": str(library),
            "FAULTS_CONTROL": str(control),
            "FAULTS_FOLDER": str(data_dir),
        }

    def remember_flushes(self) -> None:
        """Takes all that is in the data directory now for flushed, and remembers later flushes."""
        shutil.rmtree(self._flushed, ignore_errors=True)
        self._flushed.mkdir()
        self.environment["FAULTS_FLUSHED"] = str(self._flushed)
        if not self._data_dir.exists():
            return
        for path in [self._data_dir, *self._data_dir.rglob("*")]:
            copy = self._flushed / str(path.stat().st_ino)
            if path.is_dir():
                names = [f"{entry.stat().st_ino} {entry.name}\n" for entry in path.iterdir()]
                copy.write_text("".join(names))
            else:
                copy.write_bytes(path.read_bytes())

    def fail_power(self) -> None:
        """Leaves of the data directory what was flushed, after its process was killed."""
        survivors = self._data_dir.with_name("survivors")
        self._restore(self._data_dir, survivors)
        shutil.rmtree(self._data_dir)
        survivors.rename(self._data_dir)

    def _restore(self, path: Path, to: Path) -> None:
        """Makes a folder with the names that it had at its last flush."""
        to.mkdir(mode=0o700)
        names = self._flushed / str(path.stat().st_ino)
        if not names.exists():
            return
        for line in names.read_text().splitlines():
            inode, name = line.split(" ", 1)
            content = self._flushed / inode
            if name in {".", ".."}:
                continue
            if (path / name).is_dir():
                self._restore(path / name, to / name)
            elif content.exists():
                shutil.copyfile(content, to / name)
            else:
                (to / name).touch()  # the name was flushed, and the content never

    def arm(self, plan: Plan, seed: int = 0) -> None:
        """Has calls fail from now on."""
        self.disarm()
        self.plan = plan
        self._faults_before = sum(self.faults().values())
        self._control.kinds = sum(1 << KINDS.index(kind) for kind in plan.kinds)
        self._control.action = plan.action
        self._control.error = plan.error
        self._control.one_in = plan.one_in
        self._control.random = seed & 0xFFFFFFFF
        self._control.skipped = plan.skipped
        self._control.remaining = plan.remaining
        self._control.armed = 1

    def disarm(self) -> None:
        """Has every call succeed from now on."""
        self._control.armed = 0

    @property
    def has_killed(self) -> bool:
        """Whether the last plan has killed the process."""
        return self.plan.is_deadly and sum(self.faults().values()) > self._faults_before

    def set_clock(self, seconds: int) -> None:
        """Has the time of day be so many seconds after the true one."""
        self._control.clock_offset = seconds

    def faults(self) -> dict[str, int]:
        """The faults so far, of each kind of call."""
        return dict(zip(KINDS, self._control.faults, strict=True))

    def calls(self) -> dict[str, int]:
        """The calls so far, of each kind."""
        return dict(zip(KINDS, self._control.calls, strict=True))


def random_plan(random: Random) -> Plan:
    """One fault, some, or faults until the disk is well again."""
    kinds: tuple[str, ...] = KINDS
    if random.random() < 0.6:
        kinds = tuple(random.sample(OFTEN, random.randint(1, 2)))
    action = random.choices([FAIL, SHORT, DIE_BEFORE, DIE_AFTER], [30, 5, 1, 1])[0]
    remaining = random.choice([1, 1, 2, 5, ALWAYS, ALWAYS, ALWAYS])
    if action == SHORT:
        remaining = random.choice([1, 2, 5])  # a write goes on after a short one
    return Plan(
        kinds,
        action,
        error=random.choice(ERRORS),
        skipped=random.choice([0, 0, 0, 1, 2, 3, 5, 10, 30]),
        remaining=remaining,
        one_in=random.choice([1, 1, 1, 2, 5]),
    )
