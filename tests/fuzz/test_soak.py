"""The soak works: a short one passes, and one of a signer that signs wrongly fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FAULT = '{"signature": "wrong_root", "after": 100}'
SHORT = ["--signatures", "500", "--idle", "5", "--parts", "2"]


def soak(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{ROOT / 'tests'}:{ROOT / 'benchmarks'}"
    return subprocess.run(
        [sys.executable, ROOT / "fuzz" / "soak.py", *SHORT, *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_short_soak_has_figures_of_each_part() -> None:
    done = soak()

    assert 0 == done.returncode, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert 2 + 2 == len(rows)


def test_a_wrong_signature_fails_the_soak() -> None:
    done = soak("--verify-every", "20", SIGNER_FAULT=FAULT)

    assert 1 == done.returncode
    assert "wrong signature" in done.stderr
