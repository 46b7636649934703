"""What came back under load."""

from collections.abc import Sequence
from dataclasses import dataclass, field


def percentile(seconds: Sequence[float], share: float) -> float:
    """What a share of them stays below."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Result:
    """What came back: seconds for each answer, and answers that were no signature.

    `late` is an open loop's own part in each latency: how long after a request was due the
    generator came to it. `answers` has the bodies by the number of their request, where they are
    kept.
    """

    elapsed: float = 0.0
    cpu: float = 0.0  # seconds of the target's process meanwhile, where that is known
    latencies: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    answers: dict[int, bytes] | None = None
    sent: int = 0
    errors: int = 0
    lost: int = 0  # requests without an answer
    problem: str = ""  # the first one

    @property
    def count(self) -> int:
        """Signatures."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Signatures per second."""
        return self.count / self.elapsed

    def percentile(self, share: float) -> float:
        """The latency, in seconds, that a share of the answers stayed below."""
        return percentile(self.latencies, share)

    def note_problem(self, problem: str) -> None:
        """Keeps the first problem."""
        self.problem = self.problem or problem

    def describe_problems(self) -> str:
        """The answers that were no signatures, or nothing where all were."""
        if not (self.errors or self.lost or self.problem):
            return ""
        counts = f"{self.errors} errors, {self.lost} requests without an answer"
        if not self.problem:
            return counts
        return f"{counts}; the first: {self.problem}"
