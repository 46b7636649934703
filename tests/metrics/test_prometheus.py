"""A real Prometheus, where it is installed, evaluates every expression over a signer's metrics."""

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from support.known_keys import INTEROP
from support.randao import RANDAO
from support.scraping import BATCH, ON_LINUX, UNKNOWN, busy_signer
from support.served import Served, free_port

pytestmark = [
    ON_LINUX,
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("prometheus") is None,
        reason="expected Prometheus (apt-get install prometheus), found none",
    ),
]

ROOT = Path(__file__).parent.parent.parent
RECIPES = ROOT / "examples" / "recipes"
DASHBOARD = json.loads((ROOT / "docs" / "grafana.json").read_text("utf-8"))
PAGE = (ROOT / "docs" / "metrics.md").read_text("utf-8")
VARIABLES = {"$__rate_interval": "1m", "$__range": "1m", '"$instance"': '".*"'}
SCRAPES = 3
DEADLINE = 20.0  # seconds


def expressions() -> list[str]:
    """Of the dashboard and the page."""
    found = [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]
    found += [part.split("```")[0] for part in PAGE.split("```promql\n")[1:]]
    for name, value in VARIABLES.items():
        found = [expression.replace(name, value) for expression in found]
    return sorted({*found})


class Prometheus:
    """One that scrapes a signer each second."""

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an expression; raises HTTPError for one that it does not understand."""
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self._url}/api/v1/query?{query}") as response:
            found: list[dict[str, Any]] = json.load(response)["data"]["result"]
        return found

    def wait_for(self, scrapes: int) -> None:
        """Waits until it has scraped the signer so many times."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            with suppress(OSError):
                counted = self.query("count_over_time(up[1m])")
                if counted and int(counted[0]["value"][1]) >= scrapes:
                    return
            time.sleep(0.1)
        raise AssertionError(f"expected {scrapes} scrapes, found fewer in {DEADLINE} seconds")


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    config = yaml.safe_load((RECIPES / "prometheus.yml").read_text("utf-8"))
    config["global"]["scrape_interval"] = "1s"
    config["rule_files"] = [str(RECIPES / "alerts.yml")]
    with busy_signer() as signer:
        target = urlsplit(signer.metrics_url).netloc
        config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        port = free_port()
        command = ["prometheus", f"--config.file={folder}/prometheus.yml"]
        command += [f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={folder}/data"]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                served = Prometheus(f"http://127.0.0.1:{port}")
                served.wait_for(1)
                sign_again(signer)
                served.wait_for(SCRAPES)
                yield served
            finally:
                process.terminate()


def sign_again(signer: Served) -> None:
    """Signs, refuses and signs a batch, between two scrapes."""
    signer.sign(INTEROP[0], RANDAO)
    signer.sign(UNKNOWN, RANDAO)
    signer.ask("POST", BATCH, {"identifiers": INTEROP[:2], "signing_request": RANDAO})


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_has_a_value(prometheus: Prometheus, expression: str) -> None:
    series = prometheus.query(expression)

    assert series
    assert {"NaN"} != {value for one in series for value in [one["value"][1]]}


def test_prometheus_takes_the_configuration_and_the_alerts() -> None:
    done = subprocess.run(
        ["promtool", "check", "config", RECIPES / "prometheus.yml"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr


def test_no_alert_fires_but_for_the_slashable_request(prometheus: Prometheus) -> None:
    alerts = yaml.safe_load((RECIPES / "alerts.yml").read_text("utf-8"))["groups"][0]["rules"]

    firing = [rule["alert"] for rule in alerts if prometheus.query(rule["expr"])]

    assert set(firing) <= {"SignerWasAskedForSlashable", "SignerRefuses"}
