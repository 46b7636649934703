"""Prometheus metrics, on a port of their own.

Nothing happens at import, and each object has its own registry: several signers live in one
process, and beside a host's own metrics.
"""

from collections.abc import Callable
from functools import cache, partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from ._core import __version__, points_remembered

# seconds; a signature takes 0.0003 of computing, the rest of a long one is waiting for a core
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """What the signer counts."""

    def __init__(self, keys: Callable[[], int], failures: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        requests = counter("signer_sign_requests", "Sign requests answered", ["type", "status"])
        duration = Histogram(
            "signer_signing_duration_seconds",
            "From the decoded request to its signature, of requests that were signed",
            ["type"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._slashable = counter("signer_slashable_requests", "Slashable requests", ["rule"])
        gauge("signer_keys_loaded", "Keys that can sign").set_function(keys)
        gauge("signer_key_load_failures", "Keys not loaded").set_function(failures)
        gauge("signer_points_found_ratio", "Roots known already").set_function(points_found)
        Info("signer_build", "Its version", registry=registry).info({"version": __version__})
        # looking a child up by its labels costs more in the library than counting
        self._counted, self._timed = cache(requests.labels), cache(duration.labels)

    def count(self, signing_type: str, status: int) -> None:
        """Counts an answer; `signing_type` is "unknown" where the request named none we know."""
        self._counted(signing_type, status).inc()

    def count_slashable(self, rule: str) -> None:
        """Counts a request that was slashable, signed or not."""
        self._slashable.labels(rule).inc()

    def time(self, signing_type: str, seconds: float) -> None:
        """Notes how long a signature took."""
        self._timed(signing_type).observe(seconds)


def points_found() -> float:
    """Of the roots that were signed, the share that did not have to be hashed to the curve."""
    asked, found = points_remembered()
    return found / max(asked, 1)
