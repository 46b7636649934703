"""Web3Signer's names for values that the signer has, so that its dashboards show something.

Source: Consensys/web3signer at 3522fc87: HttpApiMetrics.java, SlashingProtectionMetrics.java,
Runner.java, and dashboard/web3signer-eth2-dashboard-grafana.json. Quantiles are those of Besu's
PrometheusSimpleTimer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from math import inf, nan

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    Sample,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from .._core import __version__
from .counters import Metrics

QUANTILES = ("0.2", "0.5", "0.8", "0.95", "0.99", "1.0")
DURATION = "signing_bls_signing_duration"


class Web3SignerNames(Collector):
    """The same values next to ours. `checks_slashing` is False with `--slashing off`."""

    def __init__(self, metrics: Metrics, keys: Callable[[], int], *, checks_slashing: bool) -> None:
        self._metrics = metrics
        self._keys = keys
        self._checks_slashing = checks_slashing

    def collect(self) -> Iterable[Metric]:
        """The metrics, computed from ours."""
        refusals = self._metrics.refusals
        permitted = 0.0
        if self._checks_slashing:
            permitted = _total(self._metrics.requests, status="200")
        yield CounterMetricFamily(
            "http_bls_malformed_request_count",
            "Number of requests received which had illegally formatted body",
            _total(refusals, reason="bad_request"),
        )
        yield CounterMetricFamily(
            "signing_bls_missing_identifier_count",
            "Number of signing operations requested, for keys which are not available",
            _total(refusals, reason="unknown_key"),
        )
        yield CounterMetricFamily(
            "eth2_slashingprotection_permitted_signings",
            "The number of slashing checks which have reported 'safe to sign'",
            permitted,
        )
        yield CounterMetricFamily(
            "eth2_slashingprotection_prevented_signings",
            "The number of prevented signings due to violation of slashing conditions",
            _total(refusals, reason="slashing"),
        )
        yield GaugeMetricFamily(
            "signing_signers_loaded_count", "Number of keys loaded", self._keys()
        )
        release = GaugeMetricFamily("process_release", "Release information", labels=["version"])
        release.add_metric([f"py3signer/{__version__}"], 1)
        yield release
        yield self._duration()

    def _duration(self) -> Metric:
        counts = Counter[float]({inf: 0})  # by the end of a bucket
        seconds = 0.0
        for sample in _samples(self._metrics.duration):
            if sample.name.endswith("_bucket"):
                counts[float(sample.labels["le"])] += int(sample.value)
            if sample.name.endswith("_sum"):
                seconds += sample.value
        summary = SummaryMetricFamily(DURATION, "Duration of a signing event", counts[inf], seconds)
        for share in QUANTILES:
            value = quantile(float(share), sorted(counts.items()))
            summary.add_sample(DURATION, {"quantile": share}, value)
        return summary


def _samples(metric: Collector) -> Iterable[Sample]:
    for family in metric.collect():
        yield from family.samples


def _total(counter: Collector, **labels: str) -> float:
    """The sum over the series of a counter that have these labels."""
    total = 0.0
    for sample in _samples(counter):
        if sample.name.endswith("_total") and labels.items() <= sample.labels.items():
            total += sample.value
    return total


def quantile(share: float, buckets: Sequence[tuple[float, int]]) -> float:
    """What a share of the observations stays below, estimated as by PromQL's `histogram_quantile`.

    `buckets` are their ends, ascending up to infinity, with the counts up to there. NaN without
    observations.
    """
    _, total = buckets[-1]
    if not total:
        return nan
    rank = share * total
    start = 0.0
    below = 0
    for end, count in buckets:
        if count >= rank:
            break
        start = end
        below = count
    if end == inf:
        return start
    return start + (end - start) * (rank - below) / (count - below)
