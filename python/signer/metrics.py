"""Prometheus metrics, on a port of their own.

Nothing happens at import, and each object has its own registry: several signers live in one
process, and beside a host's own metrics.
"""

from collections.abc import Callable
from functools import cache
from threading import Thread
from wsgiref.simple_server import WSGIServer

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, start_http_server

from ._core import __version__

# seconds; a signature takes 0.0003 of computing, the rest of a long one is waiting for a core
BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """What the signer counts."""

    def __init__(self, keys: Callable[[], int], failures: Callable[[], int]) -> None:
        self.registry = registry = CollectorRegistry()
        requests = Counter(
            "signer_sign_requests", "Sign requests answered", ["type", "status"], registry=registry
        )
        duration = Histogram(
            "signer_signing_duration_seconds",
            "From the decoded request to its signature, of requests that were signed",
            ["type"],
            buckets=BUCKETS,
            registry=registry,
        )
        Gauge("signer_keys_loaded", "Keys that can sign", registry=registry).set_function(keys)
        Gauge("signer_key_load_failures", "Keys not loaded", registry=registry).set_function(
            failures
        )
        Info("signer_build", "Its version", registry=registry).info({"version": __version__})
        # looking a child up by its labels costs more in the library than counting
        self._counted, self._timed = cache(requests.labels), cache(duration.labels)

    def count(self, signing_type: str, status: int) -> None:
        """Counts an answer; `signing_type` is "unknown" where the request named none we know."""
        self._counted(signing_type, status).inc()

    def time(self, signing_type: str, seconds: float) -> None:
        """Notes how long a signature took."""
        self._timed(signing_type).observe(seconds)


class MetricsServer:
    """Serves /metrics on a thread until closed. Raises OSError for a port that is taken."""

    def __init__(self, metrics: Metrics, host: str, port: int) -> None:
        self._server: WSGIServer
        self._thread: Thread
        self._server, self._thread = start_http_server(port, host, metrics.registry)

    def close(self) -> None:
        """Stops serving and gives the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
