"""What is made once for all workers of xdist, since it takes long."""

import pickle
from collections.abc import Callable
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

import pytest


class Shared:
    """A folder of this run of pytest: what is there by a name is made by who first asks for it."""

    def __init__(self, factory: pytest.TempPathFactory, worker: str) -> None:
        own = factory.getbasetemp()
        self._folder = own if worker == "master" else own.parent  # beside those of other workers

    def get(self, name: str, make: Callable[[], Any]) -> Any:
        """What `make` returned, here or in another worker. Waits for a worker that makes it."""
        path: Path = self._folder / f"{name}.pickle"
        with path.with_suffix(".lock").open("w") as lock:
            flock(lock, LOCK_EX)
            if not path.exists():
                path.write_bytes(pickle.dumps(make()))
        return pickle.loads(path.read_bytes())
