"""`make bench` works: every part runs, and every budget finds its figure. Times are not judged."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

import wrk
from budgets import BUDGETS, Budget
from signer import Signer

BENCH = Path(__file__).parent.parent / "benchmarks" / "bench.py"
SLOW_TABLES = {"keystores", "import"}
SLOW = [budget for budget in BUDGETS if budget.figure[0] in SLOW_TABLES]
FAST = [budget for budget in BUDGETS if budget not in SLOW]


@pytest.mark.parametrize(
    ("parts", "expected"), [([], FAST), (["keystores", "slashing"], SLOW)], ids=["fast", "slow"]
)
def test_a_quick_run_has_a_number_for_each_budget_of_its_parts(
    tmp_path: Path, parts: list[str], expected: list[Budget]
) -> None:
    file = tmp_path / "figures.json"

    done = subprocess.run(
        [sys.executable, BENCH, "--quick", "--json", file, *parts],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stderr
    rows = json.loads(file.read_text("utf-8"))["tables"]["budgets"]
    measured = [budget for budget in BUDGETS if isinstance(rows[budget.name]["measured"], float)]
    assert expected == measured


@pytest.mark.skipif(not wrk.INSTALLED, reason="expected wrk, found none")
@pytest.mark.parametrize("new_roots", [True, False], ids=["new roots", "one root"])
def test_wrk_asks_for_what_our_own_generator_asks_for(new_roots: bool) -> None:  # noqa: FBT001
    with Signer(interop=2) as signer:
        load = partial(wrk.closed_loop, signer.url, signer.pubkeys, connections=2, seconds=1)
        result = load(new_roots=new_roots)
        records = signer.requests

    assert {(200, "ATTESTATION")} == {(record.status, record.type) for record in records}
    assert 2 == len({record.pubkey for record in records})
    roots = {record.signing_root for record in records}
    assert (len(records) if new_roots else 1) == len(roots)
    assert result.count <= len(records)
    assert 0 < result.p50 <= result.p99 < result.elapsed
