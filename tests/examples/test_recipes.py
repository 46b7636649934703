"""The recipes of examples/ and the workflows for GitHub, which are not run here.

They are parsed, and their commands and flags exist.
"""

import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from signer import cli
from signer.cli.web3signer import translate

ROOT = Path(__file__).parent.parent.parent
RECIPES = ROOT / "examples" / "recipes"
WORKFLOWS = ROOT / ".github" / "workflows"

# of a participant of ethereum-package, src/package_io/sanity_check.star at commit 0350d2e9
PARTICIPANT = {
    "el_type",
    "cl_type",
    "use_separate_vc",
    "use_remote_signer",
    "remote_signer_type",
    "remote_signer_image",
    "remote_signer_extra_env_vars",
    "remote_signer_extra_params",
}
# what that package starts a remote signer with, src/remote_signer/remote_signer_launcher.star
LAUNCHED = [
    "--http-listen-port=9000",
    "--http-host-allowlist=*",
    "--metrics-enabled=true",
    "--metrics-host-allowlist=*",
    "--metrics-host=0.0.0.0",
    "--metrics-port=9001",
    "eth2",
    "--network=/network-configs/config.yaml",
    "--keystores-path=/keystores/teku-keys",
    "--keystores-passwords-path=/keystores/teku-secrets",
    "--slashing-protection-enabled=false",
]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def parse(command: list[str]) -> dict[str, Any]:
    """The flags of `signer serve ...`; raises for an unknown one."""
    name, *flags = command
    return cli.main.commands[name].make_context(name, flags).params


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in read(workflow)["jobs"].values() for step in job["steps"]]


def runs(workflow: Path) -> list[str]:
    return [step["run"] for step in steps(workflow) if "run" in step]


@pytest.mark.parametrize("path", [*RECIPES.iterdir(), *WORKFLOWS.iterdir()], ids=lambda p: p.name)
def test_a_recipe_says_that_it_is_not_run(path: Path) -> None:
    assert re.match(r"(?:(?:#|//).*\n)*(?:#|//).*Not run", path.read_text("utf-8"))


def test_compose_serves_to_other_containers_and_asks_for_health() -> None:
    signer = read(RECIPES / "compose.yaml")["services"]["signer"]

    flags = parse(signer["command"])

    assert ["signer"] == signer["entrypoint"]
    assert ("0.0.0.0", True, True) == (flags["host"], flags["control"], flags["control_anywhere"])
    assert "http://localhost:9000/healthcheck" == signer["healthcheck"]["test"][-1]
    assert 9000 == (flags["port"] or 9000)


def test_a_health_check_has_its_program_in_the_image() -> None:
    program = read(RECIPES / "compose.yaml")["services"]["signer"]["healthcheck"]["test"][1]
    image = (ROOT / "docs" / "container" / "Containerfile").read_text("utf-8").split("FROM ")[-1]

    assert re.search(rf"apt-get install .* {program}\b", image)


def test_a_workflow_of_a_user_starts_a_signer_with_flags_that_exist() -> None:
    commands = [run for run in runs(RECIPES / "github-actions.yml") if run.startswith("signer ")]

    assert 1 == len(commands)
    words = shlex.split(commands[0].removesuffix("&"))
    assert parse(words[1:])["control"]


def test_a_container_of_testcontainers_has_flags_that_exist() -> None:
    source = (RECIPES / "SignerContainer.java").read_text("utf-8")
    call = source.split("withCommand(")[1].split(");")[0]
    flags = parse(re.findall(r'"([^"]*)"', call))

    assert ("0.0.0.0", True, True) == (flags["host"], flags["control"], flags["control_anywhere"])


PARTICIPANTS = read(RECIPES / "ethereum-package.yaml")["participants"]


@pytest.mark.parametrize("participant", PARTICIPANTS)
def test_a_participant_has_members_of_ethereum_package(participant: dict[str, Any]) -> None:
    assert set() == set(participant) - PARTICIPANT
    assert "web3signer" == participant["remote_signer_type"]
    assert participant["use_separate_vc"]  # ethereum-package refuses a remote signer without one
    assert participant["use_remote_signer"]


@pytest.mark.parametrize("participant", PARTICIPANTS)
def test_a_participants_signer_starts_with_flags_and_variables_that_exist(
    participant: dict[str, Any],
) -> None:
    extra = participant.get("remote_signer_extra_params", [])
    variables = participant.get("remote_signer_extra_env_vars", {})

    flags, ignored = translate([*LAUNCHED, *extra], variables)

    assert ["--metrics-host-allowlist"] == ignored  # known: no host is refused there
    slashing = "enforce" if extra else "report"
    serve = cli.main.commands["serve"]
    assert f"--slashing={slashing}" in flags
    assert set() == set(variables) - variables_of(serve)


def variables_of(command: click.Command) -> set[str]:
    options = [option for option in command.params if isinstance(option, click.Option)]
    return {name for option in options for name in names(option.envvar)}


def names(variables: Any) -> list[str]:
    return [variables] if isinstance(variables, str) else list(variables or [])


@pytest.mark.parametrize("workflow", ["ci.yml", "release.yml"])
def test_a_workflow_of_this_project_runs_what_exists(workflow: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    commands = [shlex.split(run) for run in runs(WORKFLOWS / workflow)]

    assert commands
    for program, *arguments in commands:
        assert program in {"make", ".ci/wheels/installed", "pip", "gh"}
        if program == "make":
            assert f"\n{arguments[0]}:" in makefile
        if "/" in program:
            assert (ROOT / program).exists()


def test_ci_checks_both_processors_of_linux_and_macos() -> None:
    systems = read(WORKFLOWS / "ci.yml")["jobs"]["check"]["strategy"]["matrix"]["os"]

    assert ["ubuntu-24.04", "ubuntu-24.04-arm", "macos-15"] == systems
    assert ["make check"] == runs(WORKFLOWS / "ci.yml")


@pytest.mark.parametrize("page", ["examples/README.md"])
def test_a_command_of_the_page_has_flags_that_exist(page: str) -> None:
    lines = (ROOT / page).read_text("utf-8").splitlines()
    commands = [line.split("#")[0] for line in lines if line.startswith("signer ")]

    assert commands
    for command in commands:
        parse(shlex.split(command)[1:])
