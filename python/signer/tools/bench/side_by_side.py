"""Targets side by side: in each round every load goes to every target, in turn."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from ...testing.process import SignerProcess
from .access import Access
from .constant import COMMAND
from .figures import Figures
from .loads import PART_OF_CEILING, WARM_UP, Load, Order, Target, next_epoch
from .result import Result
from .signatures import Signatures
from .target import HttpTarget

CEILING = "(ceiling)"  # the name of what signs nothing, in tables
SHARE_OF_SLOWEST = 0.5  # of the throughput of the slowest target: the rate of open loops
START = 0.5  # seconds, of the ceiling's server
TAKEN_BY_THE_REST = 1.15  # times the loads: connections, comparing

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    loads: Sequence[Load]
    rounds: int
    seconds: float  # of each load in each round
    rate: float = 0.0  # of open loops; 0 for a share of the slowest target's throughput

    def warm_up(self) -> float:
        """Seconds before the first round, for each target."""
        return min(WARM_UP, self.seconds)

    def duration(self, targets: int) -> float:
        """Seconds that all takes, about."""
        loads = self.rounds * len(self.loads) * self.seconds * targets
        ceiling = len(self.loads) / 2 * self.seconds * PART_OF_CEILING
        return START + (loads + ceiling + self.warm_up() * targets) * TAKEN_BY_THE_REST


@dataclass
class SideBySide:
    """Measures targets, and keeps what was measured when it is interrupted."""

    targets: Sequence[Target]
    pubkeys: Sequence[str]
    plan: Plan
    signatures: Signatures
    progress: Progress
    figures: dict[tuple[str, Load], Figures] = field(default_factory=dict)
    ceiling: dict[Load, Figures] = field(default_factory=dict)
    generator_cpu: float = 0.0  # seconds of this process for each request
    gone: dict[str, str] = field(default_factory=dict)  # targets that stopped answering, and why
    rounds_done: int = 0
    rate: float = 0.0  # of open loops
    is_interrupted: bool = False

    def run(self) -> None:
        """Measures all; returns early after Ctrl-C."""
        self.rate = self.plan.rate
        try:
            with SignerProcess(COMMAND) as process, _no_collections():
                constant = HttpTarget(Access(process.url), "constant")
                self._measure_ceiling(constant)
                self._warm_up()
                for number in range(self.plan.rounds):
                    self._round(number, constant)
                    self.rounds_done += 1
        except KeyboardInterrupt:
            self.is_interrupted = True

    def of_load(self, load: Load) -> list[Figures]:
        """The figures of each target under a load, in the order of the targets."""
        found = []
        for target in self.targets:
            figures = self.figures.get((target.name, load))
            if figures:
                found.append(figures)
        return found

    def rounds_expected(self) -> int:
        """The rounds that each target should have under each load."""
        if self.is_interrupted:
            return self.rounds_done
        return self.plan.rounds

    def total_of(self, name: str) -> Result:
        """The errors of a target under all loads."""
        total = Result()
        for (target, _), figures in self.figures.items():
            if target == name:
                total.errors += figures.errors
                total.lost += figures.lost
                total.note_problem(figures.problem)
        return total

    def ceiling_of(self, load: Load) -> float | None:
        """The generator's limit in a closed loop, in signatures per second, if it was measured."""
        figures = self.ceiling.get(Load("new roots", load.connections))
        if figures is None or load.batch or load.is_open:
            return None
        return figures.median("per second")

    def _measure_ceiling(self, constant: Target) -> None:
        """Measures what the generator does against a server that only answers."""
        for load in self.plan.loads:
            if load.roots == "new roots" and not load.batch and not load.is_open:
                self.progress(f"the generator's ceiling, c={load.connections}")
                self._add_ceiling(constant, load)

    def _add_ceiling(self, constant: Target, load: Load) -> None:
        seconds = self.plan.seconds * PART_OF_CEILING
        before = time.process_time()
        result = constant.measure(
            Order(load, self.pubkeys, next_epoch(), seconds, self.rate),
        )
        cpu = time.process_time() - before
        if result.count:
            self.ceiling[load] = Figures(CEILING, load)
            self.ceiling[load].add(result)
            if not load.is_open:
                self.generator_cpu = cpu / result.count

    def _warm_up(self) -> None:
        """Loads each target for a moment that is not measured; its signatures are compared."""
        load = Load("one root", self.plan.loads[-1].connections)
        order = Order(load, self.pubkeys, next_epoch(), self.plan.warm_up())
        results: dict[str, Result] = {}
        for target in self.targets:
            self.progress(f"warming up {target.name}")
            results[target.name] = target.measure(order)
            self._note_gone(target, results[target.name])
        self.signatures.compare(results, order)

    def _round(self, number: int, constant: Target) -> None:
        for load in self.plan.loads:
            if load.is_open and not self.rate:
                self.rate = self._rate_of_slowest(load)
            if load.is_open and not self.rate:
                continue
            if load.is_open and load not in self.ceiling:
                self._add_ceiling(constant, load)
            self._measure(load, number)

    def _rate_of_slowest(self, load: Load) -> float:
        """A share of the throughput of the slowest target that answers; 0 where none does."""
        closed = Load(load.roots, load.connections)
        rates = [figures.median("per second") or 0.0 for figures in self.of_load(closed)]
        return SHARE_OF_SLOWEST * min(filter(None, rates), default=0.0)

    def _measure(self, load: Load, number: int) -> None:
        """Measures each target under a load. Another target is the first one in each round."""
        shift = number % len(self.targets)
        order = Order(load, self.pubkeys, next_epoch(), self.plan.seconds, self.rate)
        results: dict[str, Result] = {}
        for target in [*self.targets[shift:], *self.targets[:shift]]:
            if target.name in self.gone or (load.batch and not target.has_batches):
                continue
            self.progress(f"round {number + 1} of {self.plan.rounds}: {target.name}, {load.name}")
            result = target.measure(order)
            figures = self.figures.setdefault((target.name, load), Figures(target.name, load))
            figures.add(result)
            self._note_gone(target, result)
            results[target.name] = result
        self.signatures.compare(results, order)

    def _note_gone(self, target: Target, result: Result) -> None:
        """Leaves a target out from now on that did not answer at all."""
        if not result.count and not result.errors:
            self.gone[target.name] = result.problem or "it did not answer"


@contextmanager
def _no_collections() -> Iterator[None]:
    """A block without the garbage collector, which would stop the generator."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
