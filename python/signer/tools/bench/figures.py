"""Figures of a target under a load: one row for each round, medians, spreads, and a verdict.

Rounds differ from each other although nothing has changed. That is the noise of this run, and a
difference between two targets inside it says nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from statistics import median

from .loads import Load
from .result import Result, percentile

SHARES = {"p50 ms": 0.5, "p90 ms": 0.9, "p99 ms": 0.99, "p99.9 ms": 0.999}
LEAST_ROUNDS = 3  # with fewer, rounds may differ by chance as clearly as targets do
GENERATOR_BOUND = 0.8  # of the generator's ceiling: from there on a rate may be the generator's

Row = dict[str, float]


@dataclass
class Figures:
    """What was measured of one target under one load. Latencies are in seconds."""

    target: str
    load: Load
    rows: list[Row] = field(default_factory=list)
    latencies: list[list[float]] = field(default_factory=list)  # of each round
    errors: int = 0
    lost: int = 0
    problem: str = ""

    def add(self, result: Result) -> None:
        """Adds a round."""
        self.errors += result.errors
        self.lost += result.lost
        self.problem = self.problem or result.problem
        if not result.count:
            return
        self.latencies.append(result.latencies)
        self.rows.append(row_of(result, self.load))

    def median(self, column: str) -> float | None:
        """The median of the rounds; None where it was not measured."""
        values = self.values(column)
        if not values:
            return None
        return median(values)

    def values(self, column: str) -> list[float]:
        """What each round measured; nothing for a percentile that a round lacks.

        Other rounds alone would be faster or slower ones than those of the other percentiles.
        """
        values = [row[column] for row in self.rows if column in row]
        if column in SHARES and len(values) < len(self.rows):
            return []
        return values

    def columns(self) -> list[str]:
        """The names of the figures that have a median."""
        names = dict.fromkeys(chain.from_iterable(self.rows))
        return [name for name in names if self.values(name)]

    def shows_noise(self) -> bool:
        """Whether several rounds show how far a rate differs that nothing but the target sets."""
        return len(self.rows) > 1 and not self.load.is_open

    def spread(self, column: str) -> float:
        """How far the rounds are from each other, as a share of their median."""
        values = self.values(column)
        if not values:
            return 0.0
        return (max(values) - min(values)) / median(values)


def row_of(result: Result, load: Load) -> Row:
    """The figures of one round that has signatures."""
    signatures = result.count * max(1, load.batch)
    row = {"per second": signatures / result.elapsed}
    for name, share in SHARES.items():
        if result.count * (1 - share) >= 1:  # with fewer it would be the slowest answer
            row[name] = result.percentile(share) * 1e3
    row["max ms"] = max(result.latencies) * 1e3
    if result.cpu > 0:  # a process that ended has no time any more
        row["CPU µs"] = result.cpu / signatures * 1e6
    if result.late:
        row["late p99 ms"] = percentile(result.late, 0.99) * 1e3
    return row


@dataclass(frozen=True)
class Verdict:
    """Whether one target is better than another in a figure of a load, or why nobody can say."""

    load: Load
    column: str
    text: str
    winner: str = ""  # a target's name
    loser: str = ""


def judge(
    figures: Sequence[Figures],
    column: str,
    *,
    is_more_better: bool,
    ceiling: float | None = None,
) -> list[Verdict]:
    """Compares the best target under one load with each other one.

    It wins when each of its rounds is better than each round of the other, and the medians are
    further apart than the rounds of either.
    """
    measured = [figure for figure in figures if figure.values(column)]
    measured.sort(key=lambda figure: figure.median(column) or 0.0, reverse=is_more_better)
    verdicts = []
    for other in measured[1:]:
        best = measured[0]
        doubt = _doubt(best, other, column, is_more_better=is_more_better, ceiling=ceiling)
        pair = ""
        if len(measured) > 2:  # noqa: PLR2004 - otherwise it is clear which two
            pair = f" of {best.target} and {other.target}"
        verdicts.append(_verdict(best, other, column, doubt, pair))
    return verdicts


def _verdict(best: Figures, other: Figures, column: str, doubt: str, pair: str) -> Verdict:
    ratio = _ratio(best, other, column)
    if doubt:
        text = f"no winner{pair}: {doubt} (medians differ by {ratio - 1:.0%})"
        return Verdict(best.load, column, text)
    text = (
        f"{best.target}, {ratio:.2f} x better than {other.target} "
        f"(rounds {_range(best, column)}, the other's {_range(other, column)})"
    )
    return Verdict(best.load, column, text, best.target, other.target)


def _doubt(
    best: Figures,
    other: Figures,
    column: str,
    *,
    is_more_better: bool,
    ceiling: float | None,
) -> str:
    """Why the first of two cannot be called better; nothing where it can."""
    ours = best.values(column)
    theirs = other.values(column)
    if min(len(ours), len(theirs)) < LEAST_ROUNDS:
        return f"fewer than {LEAST_ROUNDS} rounds"
    if ceiling and max(theirs) >= GENERATOR_BOUND * ceiling:
        return "the generator is the limit of both"
    is_apart = max(ours) < min(theirs)
    if is_more_better:
        is_apart = min(ours) > max(theirs)
    if not is_apart:
        return "their rounds overlap"
    widest = max(max(ours) - min(ours), max(theirs) - min(theirs))
    if abs((best.median(column) or 0.0) - (other.median(column) or 0.0)) <= widest:
        return "rounds of one differ as much as the two"
    return ""


def _ratio(best: Figures, other: Figures, column: str) -> float:
    """How many times better the first is, of medians above 0."""
    one = best.median(column) or 1.0
    two = other.median(column) or 1.0
    return max(one / two, two / one)


def _range(figures: Figures, column: str) -> str:
    values = figures.values(column)
    return f"{shown(min(values))} to {shown(max(values))}"


def shown(value: float) -> str:
    """A figure with three digits."""
    if abs(value) >= 100:  # noqa: PLR2004 - three digits
        return f"{value:,.0f}"
    return f"{value:.3g}"
