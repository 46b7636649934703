"""`make bench` works: every part runs, and every budget finds its figure. Times are not judged."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import next_to_dirk
import proxy
import wrk
from budgets import BESIDE_ITS_RECORD, BESIDE_UPSTREAM, BUDGETS, Budget
from load import TEMPLATE
from signer import Signer

pytestmark = pytest.mark.slow

BENCH = Path(__file__).parent.parent / "benchmarks" / "bench.py"
SLOW_TABLES = {"keystores", "import", "interference"}
ALL = [*BUDGETS, *BESIDE_ITS_RECORD]
SLOW = [budget for budget in ALL if budget.figure[0] in SLOW_TABLES]
FAST = [budget for budget in ALL if budget not in SLOW]


def quick_budgets(file: Path, *arguments: str) -> dict[str, Any]:
    """The table of budgets of a quick run, by their names."""
    done = subprocess.run(
        [sys.executable, BENCH, "--quick", "--json", file, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    rows: dict[str, Any] = json.loads(file.read_text("utf-8"))["tables"]["budgets"]
    return rows


def measured(rows: dict[str, Any], budgets: list[Budget]) -> list[Budget]:
    return [budget for budget in budgets if isinstance(rows[budget.name]["measured"], float)]


def test_a_quick_run_has_a_number_for_each_budget_that_is_fast(tmp_path: Path) -> None:
    rows = quick_budgets(tmp_path / "figures.json")

    assert [budget.name for budget in ALL] == [*rows]
    assert FAST == measured(rows, ALL)
    assert 0 < rows["memory after start"]["measured"]


def test_a_quick_run_of_some_parts_has_a_number_for_each_of_their_budgets(tmp_path: Path) -> None:
    rows = quick_budgets(tmp_path / "figures.json", "keystores", "slashing", "interference")

    assert [budget.name for budget in ALL] == [*rows]
    assert SLOW == measured(rows, ALL)


def test_a_part_alone_is_measured_and_compared_with_upstream_where_that_serves(
    tmp_path: Path,
) -> None:
    with Signer(interop=2) as upstream:
        upstream.fault(status=200, body="a signature over whatever root was sent")
        rows = quick_budgets(tmp_path / "figures.json", "server", "--upstream", upstream.url)
        records = upstream.requests

    assert {f"0x{1:064x}"} == {record.root_given for record in records if record.type}
    beside = [*BUDGETS, *BESIDE_UPSTREAM]
    assert {"closed loop"} == {budget.figure[0] for budget in measured(rows, beside)}
    for budget in BESIDE_UPSTREAM:
        assert 0 < rows[budget.name]["measured"]


def test_tls_is_measured_by_both_libraries(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    quick_budgets(file, "tls")
    tables = json.loads(file.read_text("utf-8"))["tables"]

    assert {"none, c=16", "rustls, c=16", "OpenSSL, c=16"} <= {*tables["TLS"]}
    assert {"rustls", "OpenSSL"} == {*tables["held"]} == {*tables["handshakes"]}


def test_more_cores_are_measured_next_to_a_model(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    quick_budgets(file, "cores")
    tables = json.loads(file.read_text("utf-8"))["tables"]

    for name in ("single requests on more cores", "batches on more cores"):
        assert ["1", "1,000"] == [*tables[name]]
        assert all(0 < row["of model"] for row in tables[name].values())


def test_keys_of_each_source_are_loaded_listed_and_sign(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    quick_budgets(file, "many_keys")
    tables = json.loads(file.read_text("utf-8"))["tables"]

    sources = {*tables["many keys"]}
    assert 5 == len(sources)
    for name in ("many keys", "lists of keys", "batch of all keys"):
        assert sources == {*tables[name]}
    assert all(row["x raw"] > 0 for row in tables["batch of all keys"].values())


@pytest.mark.skipif(proxy.NGINX is None, reason="expected nginx, found none")
def test_nginx_in_front_of_signers_has_a_cost_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    quick_budgets(file, "nginx")
    rows = json.loads(file.read_text("utf-8"))["tables"]["nginx"]

    assert 6 == len(rows)
    for name, row in rows.items():
        assert name.startswith("nginx") == (row["nginx µs"] > 0)
        assert row["signers µs"] > 0


@pytest.mark.skipif(not next_to_dirk.DIRK.exists(), reason="expected Dirk, found it not built")
def test_dirk_signs_what_our_signers_sign(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, str(BENCH), "--quick", "--json", str(file), "dirk"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stderr
    assert 3 == done.stdout.count("; all are equal.")
    rows = json.loads(file.read_text("utf-8"))["tables"]["next to Dirk"]
    for load in ("new roots, c=4", "one root, c=4", "batches of 4 keys", "open loop, new roots"):
        assert {f"{load}, ours", f"{load}, ours (enforce)", f"{load}, Dirk"} <= {*rows}


@pytest.mark.skipif(not wrk.INSTALLED, reason="expected wrk, found none")
@pytest.mark.parametrize("new_roots", [True, False], ids=["new roots", "one root"])
def test_wrk_asks_for_what_our_own_generator_asks_for(new_roots: bool) -> None:  # noqa: FBT001
    with Signer(interop=2) as signer:
        whom = signer.url, signer.pubkeys, TEMPLATE
        result = wrk.closed_loop(*whom, new_roots=new_roots, connections=2, seconds=1)
        records = signer.requests

    assert {(200, "ATTESTATION")} == {(record.status, record.type) for record in records}
    assert 2 == len({record.pubkey for record in records})
    roots = {record.signing_root for record in records}
    assert (len(records) if new_roots else 1) == len(roots)
    assert result.count <= len(records)
    assert 0 < result.p50 <= result.p99 < result.elapsed
