"""Prometheus metrics, on a port of their own.

Each signer has a registry of its own. Several signers may live in one process, next to the metrics
of their host. `docs/metrics.md` lists all of them.
"""

from collections.abc import Callable
from functools import cache
from typing import Literal

from prometheus_client import Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from .._core import __version__, points_remembered
from .connections import open_connections
from .registry import Family, Read, ReadAtScrape, Registry

# seconds; a signature takes 0.0003 of computing, the rest of a long one is waiting for a core
DURATION_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
BATCH_BUCKETS = (1, 4, 16, 64, 256, 1024, 4096, 16384)  # keys; a committee has some 500

TLS = "tls"  # the status of a refused handshake, which has none of HTTP


class Metrics:
    """The signer's counters and gauges."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.requests = Counter(
            "signer_sign_requests",
            "Sign requests answered",
            ["type", "status"],
            registry=self.registry,
        )
        self.duration = Histogram(
            "signer_signing_duration_seconds",
            "From the decoded request to its signature, of requests that were signed",
            ["type"],
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        self._batch_keys = Histogram(
            "signer_batch_keys",
            "Keys of each batch",
            buckets=BATCH_BUCKETS,
            registry=self.registry,
        )
        self.slashable = Counter(
            "signer_slashable_requests",
            "Slashable requests, signed or refused",
            ["rule"],
            registry=self.registry,
        )
        equivocations = Counter(
            "signer_equivocations",
            "Requests for a second content of a message that is signed once",
            ["rule"],
            registry=self.registry,
        )
        self._conflicts = {"slashable": self.slashable, "equivocation": equivocations}
        self.refusals = Counter(
            "signer_refusals",
            "Refused requests and keys of batches, and handshakes, whose status is tls",
            ["status", "reason"],
            registry=self.registry,
        )
        Info("signer_build", "Its version", registry=self.registry).info({"version": __version__})
        self._requests_in_progress = Gauge(
            "signer_requests_in_progress",
            "Requests that are not answered yet, without readers of events",
            registry=self.registry,
        )
        self._port: int | None = None
        # Finding a child by its labels costs more in the library than counting.
        self._child_of_requests = cache(self.requests.labels)
        self._child_of_duration = cache(self.duration.labels)

    def read_process(self) -> None:
        """Adds what the process and the kernel know. A test's signer without metrics needs none."""
        ProcessCollector(registry=self.registry)
        self.read_gauge("signer_open_connections", "Connections of clients", self._open_connections)
        self.read_counter(
            "signer_hash_to_curve_cache_hits",
            "Signing roots whose point was in the cache of this process",
            lambda: {(): points_remembered()[1]},
        )
        self.read_counter(
            "signer_hash_to_curve_cache_misses",
            "Signing roots that were hashed to the curve in this process",
            lambda: {(): _points_missed()},
        )

    def _open_connections(self) -> dict[tuple[str, ...], float]:
        if self._port is None:
            return {}
        return open_connections(self._port)

    def read_counter(self, name: str, meaning: str, read: Read, *labels: str) -> None:
        """Adds a counter, named without `_total`, whose values are read when it is scraped."""
        self._read(CounterMetricFamily, name, meaning, read, labels)

    def read_gauge(self, name: str, meaning: str, read: Read, *labels: str) -> None:
        """Adds a gauge whose values are read when it is scraped."""
        self._read(GaugeMetricFamily, name, meaning, read, labels)

    def _read(
        self, family: Family, name: str, meaning: str, read: Read, labels: tuple[str, ...]
    ) -> None:
        self.registry.register(ReadAtScrape(family, name, meaning, labels, read))

    def watch_server(self, port: int, requests_in_progress: Callable[[], int]) -> None:
        """Shows the connections to a port, and the requests that a server answers now."""
        self._port = port
        self._requests_in_progress.set_function(requests_in_progress)

    def count(self, signing_type: str, status: int) -> None:
        """Counts an answer; `signing_type` is "unknown" where the request named no known one."""
        self._child_of_requests(signing_type, status).inc()

    def count_conflict(self, kind: Literal["slashable", "equivocation"], rule: str) -> None:
        """Counts a request that conflicts with an earlier one, signed or not."""
        self._conflicts[kind].labels(rule).inc()

    def count_refusal(self, status: str, reason: str) -> None:
        """Counts a refusal; its status is TLS for a handshake."""
        self.refusals.labels(status, reason).inc()

    def note_batch(self, keys: int) -> None:
        """Notes how many keys a batch has."""
        self._batch_keys.observe(keys)

    def time(self, signing_type: str, seconds: float) -> None:
        """Notes how long a signature took."""
        self._child_of_duration(signing_type).observe(seconds)


def _points_missed() -> int:
    lookups, hits = points_remembered()
    return lookups - hits
