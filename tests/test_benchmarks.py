"""`make bench` works: every part runs, and every budget finds its figure. Times are not judged."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from budgets import BUDGETS, Budget

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
