"""The recipes of examples/ and the workflows for GitHub, which are not run here.

They are parsed, and their commands and flags exist.
"""

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import yaml
from click.testing import CliRunner

from signer import cli
from signer.cli.serve import DEFAULT_METRICS_PORT
from signer.cli.web3signer import translate
from support.served import serving_here

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


RUN = {"nginx.conf", "nginx_keys.py"}  # by tests/test_past_one_machine.py
FILES = [path for path in [*RECIPES.iterdir(), *WORKFLOWS.iterdir()] if path.is_file()]


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.name not in RUN], ids=lambda p: p.name
)
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


def service() -> configparser.ConfigParser:
    """The unit of systemd, whose lines may go on in the next one."""
    text = (RECIPES / "signer.service").read_text("utf-8").replace("\\\n", " ")
    parser = configparser.ConfigParser(strict=True, interpolation=None, delimiters="=")
    parser.read_string(text)
    return parser


def test_a_unit_of_systemd_starts_a_signer_with_flags_that_exist(tmp_path: Path) -> None:
    words = shlex.split(service()["Service"]["ExecStart"])
    network = tmp_path / "config.yaml"  # a file that the operator has
    network.write_text("PRESET_BASE: minimal\n")
    words[words.index("--network") + 1] = str(network)

    flags = parse(words[1:])

    assert "/opt/py3signer/bin/signer" == words[0]
    assert ("enforce", 64) == (flags["slashing"], flags["count"])
    assert f"/var/lib/{service()['Service']['StateDirectory']}" == str(flags["data_dir"])
    asked = urlsplit(shlex.split(service()["Service"]["ExecStartPost"])[-1])
    assert (flags["port"], "/upcheck") == (asked.port, asked.path)


def test_a_unit_of_systemd_does_not_restart_after_a_wrong_flag() -> None:
    wrong = CliRunner().invoke(cli.main, ["serve", "--interop", "many"])

    assert str(wrong.exit_code) == service()["Service"]["RestartPreventExitStatus"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="expected systemd, found none")
def test_systemd_takes_the_unit() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", RECIPES / "signer.service"],
        capture_output=True,
        text=True,
        check=False,
    )

    unknown = [line for line in done.stderr.splitlines() if "Unknown" in line or "invalid" in line]
    assert [] == unknown


KUBERNETES = [*yaml.safe_load_all((RECIPES / "kubernetes.yaml").read_text("utf-8"))]
DEPLOYMENT, SERVICE = KUBERNETES
CONTAINER = DEPLOYMENT["spec"]["template"]["spec"]["containers"][0]
PROBES = ["startupProbe", "readinessProbe", "livenessProbe"]


def test_kubernetes_starts_a_signer_with_flags_that_exist() -> None:
    flags = parse(CONTAINER["args"])

    assert ["signer"] == CONTAINER["command"]
    assert ("0.0.0.0", "enforce", False) == (flags["host"], flags["slashing"], flags["keymanager"])
    mounts = {mount["name"]: mount["mountPath"] for mount in CONTAINER["volumeMounts"]}
    volumes = [volume["name"] for volume in DEPLOYMENT["spec"]["template"]["spec"]["volumes"]]
    assert ({"data": str(flags["data_dir"])}, ["data"]) == (mounts, volumes)


def test_kubernetes_has_the_ports_of_the_signer() -> None:
    ports = {port["name"]: port["containerPort"] for port in CONTAINER["ports"]}
    annotations = DEPLOYMENT["spec"]["template"]["metadata"]["annotations"]

    assert {"http": 9000, "metrics": DEFAULT_METRICS_PORT} == ports
    assert ports == {port["targetPort"]: port["port"] for port in SERVICE["spec"]["ports"]}
    assert str(ports["metrics"]) == annotations["prometheus.io/port"]


def test_kubernetes_finds_its_pods() -> None:
    labels = DEPLOYMENT["spec"]["template"]["metadata"]["labels"]

    assert labels == SERVICE["spec"]["selector"] == DEPLOYMENT["spec"]["selector"]["matchLabels"]
    assert (1, "Recreate") == (
        DEPLOYMENT["spec"]["replicas"],
        DEPLOYMENT["spec"]["strategy"]["type"],
    )


@pytest.mark.parametrize("probe", PROBES)
def test_a_probe_of_kubernetes_is_answered_by_a_signer(probe: str) -> None:
    asked = CONTAINER[probe]["httpGet"]
    with serving_here("--interop", "1") as signer:
        status = signer.ask("GET", asked["path"], headers={"Accept": "*/*"}).status  # kubelet's

    assert (200, "http") == (status, asked["port"])


def test_only_readiness_fails_for_a_key_that_does_not_load(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"crypto": {}, "version": 4, "pubkey": "00"}')
    with serving_here("--interop", "1", "--keystores-path", tmp_path) as signer:
        statuses = [
            signer.ask("GET", CONTAINER[probe]["httpGet"]["path"]).status for probe in PROBES
        ]

    assert [200, 503, 200] == statuses


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
