"""Web3Signer's names for our values, and the expressions of its dashboard."""

from math import inf, isnan

import pytest

from signer.metrics.web3signer import quantile
from support.known_keys import INTEROP
from support.promql import matching
from support.randao import RANDAO
from support.scraping import ON_LINUX, UNKNOWN, busy_signer, scrape, value
from support.served import serving_here
from support.slashable import attestation

NAMES = "--metrics-web3signer-names"

# of Consensys/web3signer at 3522fc87, dashboard/web3signer-eth2-dashboard-grafana.json: all that
# ask neither for the JVM, Vert.x and the database, nor for a job of this name
DASHBOARD = [
    'process_release{instance=~"$system"}',
    'signing_signers_loaded_count{instance=~"$system"}',
    'http_bls_malformed_request_count_total{instance=~"$system"}',
    'eth2_slashingprotection_prevented_signings_total{instance=~"$system"}',
    'signing_bls_missing_identifier_count_total{instance=~"$system"}',
    'signing_bls_signing_duration{instance=~"$system"}',
    'sum(rate(signing_bls_signing_duration_count{instance=~"$system"}[1m]))',
    'irate(process_cpu_seconds_total{instance=~"$system", job="$job"}[1m])',
    'process_resident_memory_bytes{instance=~"$system", job="$job"}',
]


@ON_LINUX
@pytest.mark.parametrize("expression", DASHBOARD)
def test_web3signers_dashboard_finds_its_series(expression: str) -> None:
    with busy_signer(NAMES) as signer:
        samples = scrape(signer.metrics_url)

    assert matching(expression, samples)


def test_they_are_the_same_values_as_ours() -> None:
    with serving_here("--interop", "2", "--metrics-port", "0", "--slashing", "enforce", NAMES) as s:
        s.sign(INTEROP[0], attestation(7))
        s.sign(INTEROP[0], attestation(7, root=1))
        s.sign(INTEROP[1], RANDAO)
        s.sign(UNKNOWN, RANDAO)
        s.sign(INTEROP[0], {"type": "NONSENSE"})
        samples = scrape(s.metrics_url)

    ours = [s for s in samples if s.name == "signer_signing_duration_seconds_sum"]
    assert 2 == value(samples, "signing_signers_loaded_count")
    assert 2 == value(samples, "signing_bls_signing_duration_count")
    assert sum(s.value for s in ours) == value(samples, "signing_bls_signing_duration_sum")
    assert 2 == value(samples, "eth2_slashingprotection_permitted_signings_total")
    assert 1 == value(samples, "eth2_slashingprotection_prevented_signings_total")
    assert 1 == value(samples, "signing_bls_missing_identifier_count_total")
    assert 1 == value(samples, "http_bls_malformed_request_count_total")


def test_without_slashing_protection_nothing_is_permitted() -> None:
    with serving_here("--interop", "1", "--metrics-port", "0", "--slashing", "off", NAMES) as s:
        s.sign(INTEROP[0], RANDAO)
        samples = scrape(s.metrics_url)

    assert 0 == value(samples, "eth2_slashingprotection_permitted_signings_total")


def test_the_quantiles_are_those_of_a_besu_timer_and_rise() -> None:
    with busy_signer(NAMES) as signer:
        samples = scrape(signer.metrics_url)
    durations = [s for s in samples if s.name == "signing_bls_signing_duration"]

    names = [sample.labels["quantile"] for sample in durations]
    assert ["0.2", "0.5", "0.8", "0.95", "0.99", "1.0"] == names
    assert sorted(s.value for s in durations) == [s.value for s in durations]
    assert 0 < durations[0].value


# results of Prometheus 2.42's histogram_quantile for these buckets
@pytest.mark.parametrize(
    ("share", "buckets", "expected"),
    [
        (0.5, [(1.0, 0), (2.0, 4), (inf, 4)], 1.5),
        (0.5, [(1.0, 4), (2.0, 4), (inf, 4)], 0.5),
        (1.0, [(1.0, 1), (2.0, 4), (inf, 4)], 2.0),
        (0.99, [(1.0, 1), (2.0, 2), (inf, 4)], 2.0),
        (0.25, [(1.0, 1), (2.0, 2), (inf, 4)], 1.0),
        (0.2, [(0.1, 3), (0.5, 9), (inf, 10)], 0.0666666666),
    ],
)
def test_a_quantile_is_estimated_as_by_prometheus(
    share: float, buckets: list[tuple[float, int]], expected: float
) -> None:
    assert pytest.approx(expected) == quantile(share, buckets)


def test_there_is_no_quantile_of_nothing() -> None:
    assert isnan(quantile(0.5, [(inf, 0)]))


def test_without_the_flag_there_are_none_of_these_names() -> None:
    with busy_signer() as signer:
        names = {sample.name for sample in scrape(signer.metrics_url)}

    assert {"signer", "process"} >= {name.split("_")[0] for name in names}
    assert "process_release" not in names
