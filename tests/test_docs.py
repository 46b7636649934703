"""Documents that cannot rot: the README's Python runs, and its tables are complete."""

import doctest
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from signer.app import Application
from signer.config import Config
from signer.control.faults import Fault, WrongSignature
from signer.control.journal import RecordFilter
from signer.spec.networks import NETWORKS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def test_the_readmes_python_runs() -> None:
    results = doctest.testfile(str(ROOT / "README.md"), module_relative=False)

    assert results.attempted > 0
    assert 0 == results.failed


def test_the_first_two_commands_of_the_readme_are_targets_and_ci_runs_the_test_one() -> None:
    commands = README.split("```sh\n")[1].split("```")[0].splitlines()
    targets = [command.split()[1] for command in commands]

    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert ["run", "test"] == targets
    assert all(f"\n{target}:" in makefile for target in targets)
    assert "make check" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert "\ncheck: test lint " in makefile


def test_the_readme_names_every_route_and_network() -> None:
    routes = {
        f"{method} {route.path}"
        for route in Application(Config()).litestar.routes
        for method in set(getattr(route, "methods", ())) - {"OPTIONS"}
    }

    assert {"GET /health", "POST /eth/v1/keystores", "GET /reload"} < routes
    assert [] == [route for route in routes if f"`{route}`" not in README]
    assert [] == [network for network in NETWORKS if network not in README]


@pytest.mark.slow
def test_the_examples_of_the_harness_run(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "harness.md").read_text("utf-8")
    examples = [part.split("```")[0] for part in text.split("```python\n")[1:]]
    (tmp_path / "test_examples.py").write_text("\n".join(examples))

    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert 0 == done.returncode, done.stdout
    assert f"{text.count('def test_')} passed" in done.stdout


def test_the_harness_page_tells_every_fault_and_every_operation() -> None:
    text = (ROOT / "docs" / "harness.md").read_text("utf-8")

    assert [] == [name for name in Fault.__struct_fields__ if f"{name}" not in text]
    assert [] == [name for name in RecordFilter.__struct_fields__ if f"`{name}`" not in text]
    assert [] == [kind for kind in get_args(WrongSignature) if kind not in text]
