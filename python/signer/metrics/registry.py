"""A registry for one signer, and metrics whose values are read when they are scraped."""

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

Family = type[CounterMetricFamily] | type[GaugeMetricFamily]
Read = Callable[[], Mapping[tuple[str, ...], float]]  # by the values of the labels


class Registry(CollectorRegistry):
    """A registry that exposes no `_created` series.

    prometheus_client has a switch for them, but that is one for the whole process. It would change
    the metrics of a test that runs a `Signer`.
    """

    def __init__(self) -> None:
        # Collectors tell their names, so that ?name[]= finds them.
        super().__init__(auto_describe=True)

    def collect(self) -> Iterable[Metric]:
        """The metrics of all collectors, as they are now."""
        for metric in super().collect():
            created = f"{metric.name}_created"
            metric.samples = [sample for sample in metric.samples if sample.name != created]
            yield metric


class ReadAtScrape(Collector):
    """A metric that costs nothing until it is scraped. `read` runs on the scraping thread."""

    def __init__(
        self,
        family: Family,
        name: str,
        meaning: str,
        labels: tuple[str, ...],
        read: Read,
    ) -> None:
        self._family = family
        self._name = name
        self._meaning = meaning
        self._labels = labels
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """The metric with a sample for each combination of label values."""
        family = self._family(self._name, self._meaning, labels=self._labels)
        for values, number in self._read().items():
            family.add_metric(values, number)
        yield family
