"""The comparison of roots works: it finds none that differ, and fails for one that does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.randao import RANDAO, root_of_randao

ROOT = Path(__file__).parents[2]
EPOCH = 411_393  # of Fulu on mainnet
REQUEST = RANDAO | {"randao_reveal": {"epoch": str(EPOCH)}}
RIGHT = f"0x{root_of_randao(EPOCH).hex()}"
WRONG = f"0x{1:064x}"


def compare(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    path = f"{ROOT / 'tests'}:{ROOT / 'benchmarks'}"
    return subprocess.run(
        [sys.executable, ROOT / "fuzz" / "roots.py", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def message(path: Path, root: str) -> Path:
    members = {"source": "a test", "type": "RANDAO_REVEAL", "fork": "FULU", "preset": "mainnet"}
    path.write_text(json.dumps({**members, "request": REQUEST, "root": root}))
    return path


@pytest.mark.slow
def test_a_short_run_compares_messages_of_each_source() -> None:
    done = compare("--seconds", "0.1", "--seed", "1")

    assert 0 == done.returncode, done.stdout + done.stderr
    counts = json.loads(done.stdout.splitlines()[-1])
    assert {"examples", "random values", "Lodestar"} == counts.keys()
    assert 0 < counts["random values"]


def test_a_root_that_differs_is_shown_with_its_message(tmp_path: Path) -> None:
    done = compare("--message", message(tmp_path / "message.json", WRONG))

    assert 1 == done.returncode
    assert f"expected {WRONG}, found {RIGHT}" in done.stderr
    assert json.dumps(REQUEST) in done.stderr


def test_one_message_with_the_right_root_agrees(tmp_path: Path) -> None:
    done = compare("--message", message(tmp_path / "message.json", RIGHT))

    assert 0 == done.returncode, done.stderr
    assert 1 == json.loads(done.stdout.splitlines()[-1])["a test"]
