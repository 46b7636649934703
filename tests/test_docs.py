"""Documents that cannot rot: their Python runs, and their tables are complete."""

import doctest
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner

from signer import cli, plugin
from signer.app import Application
from signer.cli.web3signer import translate
from signer.config.settings import Config
from signer.control.faults import Fault, WrongSignature
from signer.control.filters import RecordFilter
from signer.control.operations import Operations
from signer.spec.networks import NETWORKS
from support.distributed import account_sets

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LESSONS = [*(ROOT / "docs" / "learn").iterdir()]  # tests/learn/ runs them, with the file they write
WITH_DOCTESTS = [
    path for path in DOCUMENTS if path not in LESSONS and "\n>>> " in path.read_text("utf-8")
]


@pytest.mark.parametrize("path", WITH_DOCTESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_doctests_of_a_page_pass(path: Path) -> None:
    results = doctest.testfile(str(path), module_relative=False)

    assert (0, True) == (results.failed, results.attempted > 0)


EXPLAIN = ROOT / "docs" / "explain.md"


def test_the_explanation_of_the_page_is_what_the_command_prints() -> None:
    text = EXPLAIN.read_text("utf-8")
    request = text.split("```json\n")[1].split("```")[0]

    done = CliRunner().invoke(cli.main, ["explain"], request)

    assert text.split("```text\n")[1].split("```")[0] == done.stdout


def test_the_first_two_commands_of_the_readme_are_targets_and_ci_runs_the_test_one() -> None:
    commands = README.split("```sh\n")[1].split("```")[0].splitlines()
    targets = [command.split()[1] for command in commands]

    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert ["run", "test"] == targets
    assert all(f"\n{target}:" in makefile for target in targets)
    assert "make check" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert "\ncheck: test lint " in makefile


HTTP = (ROOT / "docs" / "reference" / "http.md").read_text("utf-8")


def test_the_page_of_http_names_every_route_and_network(tmp_path: Path) -> None:
    config = Config(distributed=account_sets(tmp_path / "out")[0], signing_ext=True)
    routes = {
        f"{method} {path}"
        for path, methods in Application(config).router.routes.items()
        for method in methods
    }

    assert {"GET /health", "POST /eth/v1/keystores", "GET /reload"} < routes
    assert "POST /api/v1/eth2/distributed/sign" in routes
    assert [] == [route for route in routes if f"`{route}`" not in HTTP]
    assert [] == [network for network in NETWORKS if network not in HTTP]


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


def test_the_harness_page_tells_every_route_below_control() -> None:
    text = (ROOT / "docs" / "harness.md").read_text("utf-8")
    routes = [name.replace(" ", " /_signer/") for name in Operations.ROUTES]

    assert [] == [route for route in routes if route not in text]


def commands() -> list[str]:
    """Every `signer ...` line in a shell block of a document, continued lines in one."""
    found = []
    for document in DOCUMENTS:
        for block in document.read_text("utf-8").split("```sh\n")[1:]:
            lines = block.split("```")[0].replace("\\\n", " ").splitlines()
            found += [line.split("#")[0] for line in lines if line.startswith("signer ")]
    return sorted({" ".join(command.split()) for command in found})


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_documents_has_flags_that_exist(command: str) -> None:
    _, name, *arguments = shlex.split(command)

    if name == "web3signer":
        arguments, ignored = translate(arguments, {})
        assert [] == ignored
        name = "serve"

    cli.main.commands[name].make_context(name, arguments)  # raises for an unknown flag


PAGES_OF_FILES = ("CONTRIBUTING.md", "architecture.md")


def test_contributing_and_the_architecture_name_files_that_exist() -> None:
    package = ROOT / "python" / "signer"
    pages = [(ROOT / "docs" / page).read_text("utf-8") for page in PAGES_OF_FILES]
    names = re.findall(r"[`\n]((?:\w+/)*\w+\.(?:py|rs))", "".join(pages))
    missing = [name for name in names if not (ROOT / name).exists()]
    missing = [name for name in missing if not (package / name).exists()]

    assert [] == missing


PLUGINS = (ROOT / "docs" / "plugins.md").read_text("utf-8")


def test_the_code_of_the_page_of_plugins_is_that_of_the_examples() -> None:
    blocks = [part.split("```")[0] for part in PLUGINS.split("```python\n")[1:]]
    examples = [path.read_text("utf-8") for path in (ROOT / "docs" / "plugins").glob("*.py")]

    assert 4 == len(blocks)
    assert [] == [block for block in blocks if not any(block in text for text in examples)]


def test_the_page_of_plugins_has_every_name_that_stays() -> None:
    assert [] == [name for name in plugin.__all__ if f"`{name}`" not in PLUGINS]


def test_the_code_of_contributing_is_that_of_the_package() -> None:
    page = (ROOT / "docs" / "CONTRIBUTING.md").read_text("utf-8")
    sources = [path.read_text("utf-8") for path in (ROOT / "python").rglob("*.py")]
    code = [re.sub(r"^ +", "", text, flags=re.MULTILINE) for text in sources]
    blocks = [part.split("```")[0] for part in page.split("```python\n")[1:]]

    assert 2 == len(blocks)
    for block in blocks:
        unindented = re.sub(r"^ +", "", block, flags=re.MULTILINE)
        assert [] != [text for text in code if unindented in text]
