"""What is measured: closed loops of new roots and of one root, batches, and an open loop."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Literal, Protocol

from .messages import attestation, new_roots, randao_reveal
from .result import Result

Roots = Literal["new roots", "one root"]

WARM_UP = 0.5  # seconds for each target, before the first round
PART_OF_CEILING = 0.5  # of a measurement: the generator's ceiling needs no signatures
JANUARY_2025 = 1_735_689_600  # seconds; a slot of epochs since then fits 53 bits until 2033


@dataclass(frozen=True)
class Load:
    """One kind of load. An open loop has a rate, which the first round decides."""

    roots: Roots
    connections: int
    batch: int = 0  # keys of each batch; 0 where each request is for one key
    is_open: bool = False

    @property
    def name(self) -> str:
        """The load in a few words."""
        if self.batch:
            return f"batches of {self.batch} keys"
        if self.is_open:
            return "open loop, new roots"
        return f"{self.roots}, c={self.connections}"

    def bodies(self, first: int) -> Iterator[bytes]:
        """The sign requests: attestations from an epoch on, or RANDAO reveals of that epoch."""
        if self.roots == "one root":
            return repeat(randao_reveal(first))
        return new_roots(first)

    def body(self, first: int, number: int) -> bytes:
        """The sign request of a number."""
        if self.roots == "one root":
            return randao_reveal(first)
        return attestation(first + number)


@dataclass(frozen=True)
class Order:
    """What a target is loaded with: by which keys, from which epoch on, for how long."""

    load: Load
    pubkeys: Sequence[str]
    first: int
    seconds: float
    rate: float = 0.0  # requests due per second of an open loop


class Target(Protocol):
    """A signer to measure."""

    name: str
    has_batches: bool

    def measure(self, order: Order) -> Result:
        """What came back. The result has the answers; without a connection it has a problem."""


def loads_of(connections: Sequence[int], batch: int) -> list[Load]:
    """All loads, in the order of a round. `batch` is a number of keys; 0 leaves batches out."""
    loads = [Load("new roots", number) for number in connections]
    loads += [Load("one root", number) for number in connections]
    if batch:
        loads.append(Load("new roots", 1, batch))
    loads.append(Load("new roots", max(connections), is_open=True))
    return loads


def next_epoch() -> int:
    """The first epoch of a load: later than all epochs of loads before, in any run.

    It counts microseconds, and nobody signs a message in each of them. So a signing history that a
    target keeps refuses no later run.
    """
    return int((time.time() - JANUARY_2025) * 1e6)
