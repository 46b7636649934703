"""The page of the metrics, the dashboard and the alerts: what they ask for is there."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric

from support.promql import OF_THE_TARGET, grouping, matching, selectors
from support.scraping import ON_LINUX, busy_signer, families

pytestmark = ON_LINUX

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "metrics.md").read_text("utf-8")
DASHBOARD = json.loads((ROOT / "docs" / "grafana.json").read_text("utf-8"))
ALERTS = yaml.safe_load((ROOT / "examples" / "recipes" / "alerts.yml").read_text("utf-8"))
ROWS = [re.split(r" ?\| ?", line)[1:-1] for line in PAGE.splitlines() if line.startswith("| `")]
OURS = [row for row in ROWS if len(row) == 5]
WEB3SIGNERS = [row for row in ROWS if len(row) == 2]
BLOCKS = [part.split("```")[0] for part in PAGE.split("```promql\n")[1:]]


@pytest.fixture(scope="module")
def metrics() -> Iterator[list[Metric]]:
    """The metrics of a signer that signed, refused, faulted and signed a batch."""
    with busy_signer("--metrics-web3signer-names") as signer:
        yield families(signer.metrics_url)


def exposed_name(metric: Metric) -> str:
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def labels(metric: Metric) -> set[str]:
    names: set[str] = set().union(*(sample.labels for sample in metric.samples))
    return names - {"le", "quantile"}


def test_the_page_has_every_metric_with_its_type_and_labels(metrics: list[Metric]) -> None:
    web3signers = {row[0].strip("`") for row in WEB3SIGNERS}
    found = {
        exposed_name(metric): (metric.type, labels(metric))
        for metric in metrics
        if exposed_name(metric) not in web3signers
    }
    told = {row[0].strip("`"): (row[1], set(re.findall(r"`(\w+)`", row[2]))) for row in OURS}

    assert found == told
    assert web3signers < {exposed_name(metric) for metric in metrics}


def test_the_page_has_every_reason_rule_and_kind_that_is_counted(metrics: list[Metric]) -> None:
    samples = [sample for metric in metrics for sample in metric.samples]
    told = {"reason", "kind", "source"}
    values = {value for s in samples for name, value in s.labels.items() if name in told}

    assert {"slashing", "hang", "imported"} < values
    assert [] == [value for value in values if f"`{value}`" not in PAGE]


def check(expression: str, metrics: list[Metric]) -> list[dict[str, str]]:
    """Each metric of an expression exists, and each label that it groups by; their labels."""
    samples = [sample for metric in metrics for sample in metric.samples]
    found = [sample.labels for sample in matching(expression, samples)]
    known = set().union(*found)
    assert set() == grouping(expression) - known
    return found


@pytest.mark.parametrize("expression", [*(row[4].strip("`") for row in OURS), *BLOCKS])
def test_an_expression_of_the_page_asks_for_what_is_there(
    expression: str, metrics: list[Metric]
) -> None:
    assert check(expression, metrics)


def test_an_example_in_a_row_is_of_its_metric() -> None:
    others = []
    for name, *_, example in OURS:
        asked = {selector.name for selector in selectors(example.strip("`"))}
        if name.strip("`") not in {re.sub("_(bucket|sum|count)$", "", series) for series in asked}:
            others.append(name)

    assert [] == others


PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
TARGETS = [
    pytest.param(target, id=f"{panel['title']}, {panel['id']}{target['refId']}")
    for panel in PANELS
    for target in panel["targets"]
]


@pytest.mark.parametrize("target", TARGETS)
def test_a_panel_asks_for_metrics_and_labels_that_exist(
    target: dict[str, Any], metrics: list[Metric]
) -> None:
    found = check(target["expr"], metrics)

    shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - OF_THE_TARGET
    assert set() == shown - grouping(target["expr"])
    assert set() == shown - set().union(*found)


def test_a_variable_and_a_mark_of_the_dashboard_ask_for_what_is_there(
    metrics: list[Metric],
) -> None:
    [asked] = [v["definition"] for v in DASHBOARD["templating"]["list"] if v["type"] == "query"]
    name = re.fullmatch(r"label_values\((\w+), instance\)", asked)

    assert name
    assert name[1] in {exposed_name(metric) for metric in metrics}
    assert ["Restarts"] == [mark["name"] for mark in DASHBOARD["annotations"]["list"]]
    assert check(DASHBOARD["annotations"]["list"][0]["expr"], metrics)


def test_the_dashboard_shows_every_metric_of_the_signer(metrics: list[Metric]) -> None:
    targets = [target for panel in PANELS for target in panel["targets"]]
    asked = {selector.name for target in targets for selector in selectors(target["expr"])}
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in asked}
    ours = {exposed_name(m) for m in metrics if m.name.startswith("signer_")}

    assert set() == ours - shown


def test_panels_have_numbers_of_their_own_and_stand_next_to_each_other() -> None:
    cells = [
        (row, column)
        for panel in DASHBOARD["panels"]
        for place in [panel["gridPos"]]
        for row in range(place["y"], place["y"] + place["h"])
        for column in range(place["x"], place["x"] + place["w"])
    ]

    assert len(DASHBOARD["panels"]) == len({panel["id"] for panel in DASHBOARD["panels"]})
    assert len(cells) == len(set(cells))
    assert max(column for _, column in cells) < 24  # of Grafana's grid


RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("rule", RULES, ids=[rule["alert"] for rule in RULES])
def test_an_alert_asks_for_metrics_and_labels_that_exist(
    rule: dict[str, Any], metrics: list[Metric]
) -> None:
    if rule["alert"] == "SignerIsDown":  # Prometheus has this metric of each target
        assert ["up"] == [selector.name for selector in selectors(rule["expr"])]
        return
    check(rule["expr"], metrics)

    shown = re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"])
    assert set() == set(shown) - grouping(rule["expr"]) - OF_THE_TARGET
