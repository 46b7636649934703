"""A run of the benchmarks: rounds that alternate, the raw signature they are compared with, tables.

A figure is a ratio to raw blst where it can be: those compare across machines.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from textwrap import fill
from timeit import Timer

from load import percentile
from signer import SecretKey

Row = dict[str, float]
Table = Mapping[str, Mapping[str, float | str]]  # by row, then by column

WIDTH = 100  # of sentences between tables
KEY = SecretKey.from_bytes((1).to_bytes(32, "big"))


def cpu_of(operation: Callable[[], object], seconds: float) -> float:
    """Seconds of this thread's CPU for a call, as the mean of about `seconds` of calls."""
    timer = Timer(operation, timer=time.thread_time)
    once = timer.timeit(1)
    if once >= seconds:
        return once
    calls = int(seconds / once) + 1
    return timer.timeit(calls) / calls


@dataclass
class Run:
    """How much is measured, and what was: tables by name, and each raw signature."""

    rounds: int = 5
    seconds: float = 3.0  # of load in each round
    quick: bool = False  # figures that mean nothing, to see that all parts work
    wrk: bool = False  # generates the closed loops
    tables: dict[str, Table] = field(default_factory=dict)
    raws: list[float] = field(default_factory=list)
    _roots: "count[int]" = field(init=False, default_factory=count)

    def size(self, full: int, quick: int) -> int:
        """How many of something there are in this run."""
        return quick if self.quick else full

    def new_root(self) -> bytes:
        """32 bytes that were not signed yet: a root seen lately costs half (rust/src/bls.rs)."""
        return next(self._roots).to_bytes(32, "big")

    def raw(self) -> float:
        """Seconds of CPU for a raw blst signature over a new root, on one thread, as it is now."""
        self.raws.append(cpu_of(lambda: KEY.sign(self.new_root()), self.seconds / 15))
        return self.raws[-1]

    def alternate(self, measures: Mapping[str, Callable[[float], Row]]) -> dict[str, Row]:
        """A row for each: the medians over rounds in which all are measured by turns.

        Each is handed the seconds of a raw signature, measured right before.
        """
        rounds: dict[str, list[Row]] = {name: [] for name in measures}
        for _ in range(self.rounds):
            for name, measure in measures.items():
                rounds[name].append(measure(self.raw()))
        return {
            name: {column: median(row[column] for row in rows) for column in rows[0]}
            for name, rows in rounds.items()
        }

    def table(self, name: str, note: str, rows: Table) -> None:
        """Prints a table and keeps its figures."""
        self.tables[name] = rows
        print(f"\n{fill(note, WIDTH)}\n")
        print("\n".join(lines(name, rows)), flush=True)

    def noise(self) -> str:
        """A sentence: what the same raw signature cost at different times of this run."""
        middle, low, high = (percentile(self.raws, share) for share in (0.5, 0.1, 0.9))
        return fill(
            f"A raw signature took {middle * 1e6:.0f} µs, four fifths of {len(self.raws)} "
            f"measurements {low * 1e6:.0f} to {high * 1e6:.0f}: ratios of this run that differ by "
            f"less than {(high - low) / middle:.0%} from another's may be noise.",
            WIDTH,
        )


def lines(name: str, rows: Table) -> list[str]:
    """A table as Markdown, padded; its first column is called by the table's name."""
    columns = list(dict.fromkeys(column for row in rows.values() for column in row))
    cells = [
        [title, *(_shown(row.get(column, "")) for column in columns)] for title, row in rows.items()
    ]
    table = [[name, *columns], *cells]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, ["-" * width for width in widths])
    return [
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"
        for row in table
    ]


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
