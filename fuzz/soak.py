"""Has one signer sign for a long time, while keys and clients come and go, and watches its size.

The signer is a process with `--slashing report --control` and a data directory. Its figures are
taken after each tenth of the signatures, while nothing but idle connections is open. The exit code
is 1 when one of these happened after the first tenth, which fills the bounded lists:

- resident memory grew by more than MAX_GROWTH, or descriptors or threads became more, if a tenth is
  ENOUGH_TO_JUDGE signatures;
- an answer, a signature, a key or the journal was wrong.

Run: PYTHONPATH=tests:benchmarks python fuzz/soak.py --signatures 100000
"""

import time
from argparse import ArgumentParser
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop
from soak_traffic import Traffic, WrongError
from soak_visitors import Visitors

from run import lines
from signer.tools.bench.access import access_to
from signer.tools.bench.loops import closed_loop
from signer.tools.bench.result import percentile
from support.served import Running, free_port, serving

MAX_GROWTH = 20_000  # kB of resident memory; the allocator's rest, not what is kept
ENOUGH_TO_JUDGE = 50_000  # signatures of a tenth; fewer do not fill what is bounded
KEYS = 64
CONNECTIONS = 16  # of clients that sign
LIFE = 2.0  # seconds; then the clients restart with new connections
SETTLING = 15.0  # seconds; no longer than this is waited for a steady count
SAME_COUNTS = 4  # one after the other
SIGNATURES_OF_A_SECOND = 20_000  # more than any signer makes: a short run has several loads


@dataclass(frozen=True)
class Figures:
    """The size of the signer's process, and the latency since the figures before these."""

    signatures: int
    seconds: float
    memory: int  # kB, resident
    descriptors: int
    threads: int
    p50: float  # seconds; of single signatures
    p99: float

    def row(self) -> dict[str, float | str]:
        """A row of the table."""
        return {
            "minutes": f"{self.seconds / 60:.1f}",
            "resident MB": f"{self.memory / 1e3:.1f}",
            "descriptors": str(self.descriptors),
            "threads": str(self.threads),
            "p50 ms": f"{self.p50 * 1e3:.1f}",
            "p99 ms": f"{self.p99 * 1e3:.1f}",
        }


class Soak:
    """A signer that is being soaked."""

    def __init__(self, served: Running, traffic: Traffic) -> None:
        self._pid = served.process.pid
        self._access = access_to(served.url)
        self._traffic = traffic
        self._started = time.monotonic()
        self.figures: list[Figures] = []

    def load(self, seconds: float) -> list[float]:
        """Loads it with clients that have new connections. The latencies of single signatures."""
        result = uvloop.run(
            closed_loop(
                self._access, self._traffic.requests(), CONNECTIONS, seconds, keeps_answers=True
            )
        )
        return self._traffic.check(result)

    def note(self, latencies: list[float]) -> None:
        """Takes the figures, and prints them. Nothing but idle connections may be open."""
        descriptors, threads = self._settled()
        figures = Figures(
            signatures=self._traffic.signatures,
            seconds=time.monotonic() - self._started,
            descriptors=descriptors,
            threads=threads,
            memory=self._status("VmRSS:"),
            p50=percentile(latencies, 0.5),
            p99=percentile(latencies, 0.99),
        )
        self.figures.append(figures)
        print(f"{figures.signatures:>12,}  {figures.row()}", flush=True)

    def growth(self) -> list[str]:
        """Sentences about what grew since the first tenth; none after a short run."""
        first = self.figures[0]
        last = self.figures[-1]
        sentences: list[str] = []
        if first.signatures < ENOUGH_TO_JUDGE:
            return sentences
        if last.memory > first.memory + MAX_GROWTH:
            sentences.append(f"memory grew from {first.memory} kB to {last.memory} kB")
        if last.descriptors > first.descriptors:
            sentences.append(f"descriptors grew from {first.descriptors} to {last.descriptors}")
        if last.threads > first.threads:
            sentences.append(f"threads grew from {first.threads} to {last.threads}")
        return sentences

    def _settled(self) -> tuple[int, int]:
        """Descriptors and threads, once they stay: a signer notices closed connections late."""
        end = time.monotonic() + SETTLING
        last = deque([self._counts()], maxlen=SAME_COUNTS)
        while time.monotonic() < end:
            time.sleep(0.1)
            last.append(self._counts())
            if last.count(last[0]) == SAME_COUNTS:
                break
        return last[-1]

    def _counts(self) -> tuple[int, int]:
        descriptors = sum(1 for _ in Path(f"/proc/{self._pid}/fd").iterdir())
        return descriptors, self._status("Threads:")

    def _status(self, name: str) -> int:
        status = Path(f"/proc/{self._pid}/status").read_text()
        return int(status.split(name)[1].split()[0])


def soak(soaked: Soak, traffic: Traffic, visitors: Visitors, signatures: int, parts: int) -> None:
    """Loads the signer until it has made so many signatures. Raises WrongError."""
    for part in range(1, parts + 1):
        latencies: list[float] = []
        while traffic.signatures < signatures * part // parts or not (
            latencies and visitors.rounds
        ):
            latencies += soaked.load(min(LIFE, signatures / SIGNATURES_OF_A_SECOND))
            if visitors.problem:
                raise WrongError(f"a visitor failed: {visitors.problem!r}") from visitors.problem
        with visitors.paused():
            soaked.note(latencies)


def main() -> None:
    """Soaks a signer of its own, and prints a table."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--signatures", type=int, default=100_000)
    parser.add_argument("--verify-every", type=int, default=500, help="signatures")
    parser.add_argument("--parts", type=int, default=10, help="rows of the table")
    parser.add_argument("--idle", type=int, default=300, help="idle connections")
    arguments = parser.parse_args()
    metrics_port = free_port()
    flags = ["--interop", str(KEYS), "--slashing", "report", "--control"]
    flags += ["--metrics-port", str(metrics_port)]
    with (
        TemporaryDirectory() as folder,
        serving(*flags, "--data-dir", folder) as served,
        Visitors(served, f"http://127.0.0.1:{metrics_port}", arguments.idle) as visitors,
    ):
        pubkeys = served.ready["public_keys"]
        traffic = Traffic(access_to(served.url), pubkeys, arguments.verify_every)
        soaked = Soak(served, traffic)
        try:
            soak(soaked, traffic, visitors, arguments.signatures, arguments.parts)
        except WrongError as error:
            raise SystemExit(f"after {traffic.signatures} signatures: {error}") from None
    print()
    rows = {f"{figures.signatures:,}": figures.row() for figures in soaked.figures}
    print("\n".join(lines("signatures", rows)))
    print(
        f"\n{traffic.signatures:,} signatures of {len(traffic.types)} types, {traffic.verified:,} "
        f"of them verified by other libraries; {dict(visitors.counts)}"
    )
    growth = soaked.growth()
    if growth:
        raise SystemExit("\n".join(growth))


if __name__ == "__main__":
    main()
