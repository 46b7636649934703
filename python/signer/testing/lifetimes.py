"""What happens to a signer's resources when it is forgotten, and in a child made by fork."""

import os
import socket
import stat
import weakref
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from typing import Any
from weakref import WeakKeyDictionary

OPEN_DESCRIPTORS = "/dev/fd"  # of this process, on Linux and macOS


def when_forgotten(
    owner: object, release: Callable[..., Any], *arguments: Any
) -> Callable[[], Any]:
    """Calls `release` once: when `owner` is forgotten, when the interpreter exits, or when called.

    A forked child inherits `owner`, but not what it owns: `release` is not called there.
    """
    return weakref.finalize(owner, _release_in, os.getpid(), release, *arguments)


def _release_in(process: int, release: Callable[..., Any], *arguments: Any) -> None:
    if os.getpid() == process:
        release(*arguments)


def in_forked_child(owner: object, release: Callable[..., Any], *arguments: Any) -> None:
    """Calls `release` in every child that this process forks, until `owner` is forgotten.

    `release` and its arguments must not refer to `owner`.
    """
    _releases().setdefault(owner, []).append(partial(release, *arguments))


@cache
def _releases() -> WeakKeyDictionary[object, list[Callable[[], Any]]]:
    """The calls for a forked child, by owner. Python cannot take a hook back, so there is one."""
    releases = WeakKeyDictionary[object, list[Callable[[], Any]]]()

    def release_all() -> None:
        for calls in releases.values():
            for release in calls:
                release()

    os.register_at_fork(after_in_child=release_all)
    return releases


def replace_descriptor(descriptor: int) -> None:
    """Closes a descriptor, and keeps its number taken: its owner may close that once more."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)


def replace_sockets(port: int) -> None:
    """Closes all TCP sockets with this local port: a server's, and those that it has accepted."""
    names = list[str]()
    with suppress(OSError):  # a system without this folder
        names = os.listdir(OPEN_DESCRIPTORS)  # noqa: PTH208 - quick
    for descriptor in map(int, names):
        with suppress(OSError):  # the folder's own, which is closed by now
            if _local_port(descriptor) == port:
                replace_descriptor(descriptor)


def _local_port(descriptor: int) -> int:
    """The local port of a TCP socket; 0 for every other descriptor."""
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return 0
    borrowed = socket.socket(fileno=descriptor)
    try:
        if borrowed.family in {socket.AF_INET, socket.AF_INET6}:
            return int(borrowed.getsockname()[1])
        return 0
    finally:
        borrowed.detach()
