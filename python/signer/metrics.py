"""Prometheus metrics, on a port of their own.

Each signer has a registry of its own. Several signers may live in one process, next to the metrics
of their host.
"""

from collections.abc import Callable
from functools import cache
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from ._core import __version__, points_remembered

# seconds; a signature takes 0.0003 of computing, the rest of a long one is waiting for a core
DURATION_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """The signer's counters and gauges."""

    def __init__(self, keys: Callable[[], int], failures: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        requests = Counter(
            "signer_sign_requests",
            "Sign requests answered",
            ["type", "status"],
            registry=self.registry,
        )
        duration = Histogram(
            "signer_signing_duration_seconds",
            "From the decoded request to its signature, of requests that were signed",
            ["type"],
            buckets=DURATION_BUCKETS,
            registry=self.registry,
        )
        slashable = Counter(
            "signer_slashable_requests",
            "Slashable requests",
            ["rule"],
            registry=self.registry,
        )
        equivocations = Counter(
            "signer_equivocations",
            "Requests for a second content of a message that is signed once",
            ["rule"],
            registry=self.registry,
        )
        self._conflicts = {"slashable": slashable, "equivocation": equivocations}
        self._refusals = Counter(
            "signer_refusals",
            "Refused requests and keys of batches, by status, and handshakes, by tls",
            ["status"],
            registry=self.registry,
        )
        self._gauge("signer_keys_loaded", "Keys that can sign", keys)
        self._gauge("signer_key_load_failures", "Keys not loaded", failures)
        self._gauge(
            "signer_points_found_ratio",
            "Share of signing roots found in the hash-to-curve cache",
            points_found,
        )
        Info("signer_build", "Its version", registry=self.registry).info({"version": __version__})
        # Finding a child by its labels costs more in the library than counting.
        self._requests = cache(requests.labels)
        self._duration = cache(duration.labels)

    def _gauge(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def count(self, signing_type: str, status: int) -> None:
        """Counts an answer; `signing_type` is "unknown" where the request named no known one."""
        self._requests(signing_type, status).inc()

    def count_conflict(self, kind: Literal["slashable", "equivocation"], rule: str) -> None:
        """Counts a request that conflicts with an earlier one, signed or not."""
        self._conflicts[kind].labels(rule).inc()

    def count_refusal(self, status: str) -> None:
        """Counts a refusal; its status is "tls" for a handshake."""
        self._refusals.labels(status).inc()

    def time(self, signing_type: str, seconds: float) -> None:
        """Notes how long a signature took."""
        self._duration(signing_type).observe(seconds)


def points_found() -> float:
    """The share of signing roots, from 0 to 1, whose point of the curve was still cached."""
    asked, found = points_remembered()
    return found / max(asked, 1)
