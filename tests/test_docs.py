"""Documents that cannot rot: the README's Python runs, and its tables are complete."""

import doctest
from pathlib import Path

from signer.api.status import health, healthcheck, public_keys, upcheck
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
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_the_readme_names_every_route_and_network() -> None:
    for route in (public_keys, upcheck, healthcheck, health):
        for path in route.paths:
            assert f"`GET {path}`" in README
    for network in NETWORKS:
        assert network in README
