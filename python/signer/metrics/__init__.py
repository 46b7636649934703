"""What is counted, and what is read when Prometheus asks: the signer's own registry."""

from .counters import Metrics

__all__ = ["Metrics"]
