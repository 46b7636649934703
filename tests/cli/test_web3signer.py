"""`signer web3signer`: the command lines of Web3Signer's launchers, and what they get for them."""

import signal
import socket
import sys
import urllib.request
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from signer import verify
from signer.cli.serve import EXAMPLE_REQUEST
from signer.cli.web3signer import translate
from signer.errors import ConfigError
from signer.keys import layouts
from signer.keys.derived import interop_keys
from support.randao import root_of_randao
from support.served import (
    CANNOT_SERVE,
    WRONG_FLAGS,
    Running,
    Served,
    ended_here,
    free_port,
    running,
    said,
    serving_here,
)
from support.slashable import attestation
from support.vectors import unhex, vectors

KEYS = vectors("interop_keys/keys.json")[:2]
PUBKEYS = [key["pubkey"] for key in KEYS]
COMMAND = [sys.executable, "-W", "error", "-m", "signer", "web3signer"]
DEFAULTS = ["--no-metrics", "--no-keymanager", "--slashing=enforce"]

# Arguments as launchers give them, but for ports, which are free ones, and for TLS; {0} is `disk`
WITH_KEYS = {
    "ethereum-package": """
        --http-listen-port=0 --http-host-allowlist=* --metrics-enabled=true
        --metrics-host-allowlist=* --metrics-host=0.0.0.0 --metrics-port=0 eth2
        --network={0}/network.yaml --keystores-path={0}/bulk/teku-keys
        --keystores-passwords-path={0}/bulk/teku-secrets --slashing-protection-enabled=false""",
    "Nimbus": """
        --http-listen-port=0 --logging=DEBUG --metrics-enabled=true --metrics-port=0 eth2
        --slashing-protection-enabled=false --keystores-passwords-path={0}/bulk/teku-secrets
        --keystores-path={0}/bulk/teku-keys --network={0}/network.yaml""",
    "Lodestar": """
        eth2 --keystores-path={0}/bulk/teku-keys
        --keystores-password-file={0}/bulk/teku-keys/password.txt
        --slashing-protection-enabled=false""",
    "Lodestar, formerly": """
        --swagger-ui-enabled --key-store-path={0}/files eth2 --keystores-passwords-path={0}/files
        --slashing-protection-enabled=false --key-manager-api-enabled=true""",
    "Lighthouse": """
        --key-store-path={0}/files --http-listen-host=127.0.0.1 --http-listen-port=0 eth2
        --network=mainnet --slashing-protection-enabled=false""",
    "Prysm": """
        --key-store-path={0}/raw --data-path={0}/data --http-listen-port=0 --logging=ALL eth2
        --network={0}/network.yaml --slashing-protection-enabled=false
        --key-manager-api-enabled=true""",
    "DAppNode": """
        --key-store-path={0}/files --http-listen-port=0 --http-listen-host=0.0.0.0
        --http-host-allowlist=* --http-cors-origins=* --metrics-enabled=true --metrics-host 0.0.0.0
        --metrics-port 0 --metrics-host-allowlist=* --idle-connection-timeout-seconds=900 eth2
        --network=hoodi --slashing-protection-db-url=jdbc:postgresql://postgres:5432/web3signer
        --slashing-protection-db-username=postgres --slashing-protection-db-password=password
        --slashing-protection-pruning-enabled=true --key-manager-api-enabled=true""",
}
WITHOUT = {
    "Teku": "--config-file={0}/teku.yaml eth2",
    "SSV": """
        --http-listen-host=0.0.0.0 --http-host-allowlist=* eth2 --network=mainnet
        --slashing-protection-enabled=true
        --slashing-protection-db-url=jdbc:postgresql://postgres:5432/web3signer
        --slashing-protection-db-username=postgres --slashing-protection-db-password=password
        --key-manager-api-enabled=true""",
}
# Variables of Web3Signer's image, which most of them run
IMAGE = {"WEB3SIGNER_HTTP_LISTEN_HOST": "0.0.0.0", "WEB3SIGNER_METRICS_HOST": "0.0.0.0"}
TEKU = """\
logging: "debug"
http-host-allowlist: "*"
http-listen-host: "0.0.0.0"
eth2.slashing-protection-enabled: false
eth2.key-manager-api-enabled: true
eth2.network: "{}"
eth2.Xnetwork-altair-fork-epoch: "0"
eth2.Xtrusted-setup: "/trusted-setup.txt"
"""
RAW = "type: file-raw\nkeyType: BLS\nprivateKey: {privkey}\n"


def standing_in(
    *argv: str | Path, command: Sequence[str | Path] = COMMAND, **environment: str
) -> AbstractContextManager[Running]:
    """A signer started as Web3Signer is, on a free port where no other is given."""
    variables = {"SIGNER_READY_JSON": "1", "WEB3SIGNER_HTTP_LISTEN_PORT": "0", **environment}
    return running([*command, *argv], variables)


def standing_in_here(*argv: str | Path, **environment: str) -> AbstractContextManager[Served]:
    """The same on a thread of this process."""
    flags, _ = translate([*map(str, argv)], environment)
    return serving_here(*flags)


def refused(*argv: str, code: int = WRONG_FLAGS, **environment: str) -> str:
    """What is said instead of a start."""
    done = ended_here("web3signer", *argv, **environment)
    assert (code, "") == (done.exit_code, done.stdout)
    return done.stderr


@pytest.fixture(scope="session")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What launchers find or write before: keys in three forms, and configurations."""
    folder = tmp_path_factory.mktemp("disk")
    forms = {folder / "bulk": "web3signer", folder / "files": "web3signer-key-files"}
    layouts.write(forms, interop_keys(2), "password", "pbkdf2")
    (folder / "bulk/teku-keys/password.txt").write_text("password\n")
    (folder / "raw").mkdir()
    for key in KEYS:
        (folder / f"raw/key-{key['pubkey']}.yaml").write_text(RAW.format(**key))
    (folder / "network.yaml").write_text("PRESET_BASE: minimal\nGENESIS_FORK_VERSION: 0x10000001\n")
    (folder / "teku.yaml").write_text(TEKU.format("minimal"))
    return folder


def signs(signer: Served) -> bool:
    """Whether what it answers is the first key's signature."""
    answer = signer.sign(PUBKEYS[0], EXAMPLE_REQUEST.encode(), accept="application/json")
    root = root_of_randao(411392)
    return verify(unhex(PUBKEYS[0]), root, unhex(answer.json["signature"]))


@pytest.mark.parametrize("argv", WITH_KEYS.values(), ids=list(WITH_KEYS))
def test_a_launcher_with_keys_on_disk_gets_a_signer_that_signs(disk: Path, argv: str) -> None:
    with standing_in_here(*argv.format(disk).split(), **IMAGE) as signer:
        up = signer.ask("GET", "/upcheck")
        listed = signer.ask("GET", "/api/v1/eth2/publicKeys").json

        assert (200, b"OK") == (up.status, up.body)
        assert set(PUBKEYS) == set(listed)
        assert signs(signer)


def imported(signer: Served, disk: Path) -> list[str]:
    """What the Keymanager API, asked as Teku and SSV do, says of both keystores."""
    keystores = [path.read_text() for path in sorted(disk.glob("bulk/teku-keys/*.json"))]
    sent = {"keystores": keystores, "passwords": ["password"] * len(keystores)}
    answer = signer.ask("POST", "/eth/v1/keystores", sent)
    return [result["status"] for result in answer.json["data"]]


@pytest.mark.parametrize("argv", WITHOUT.values(), ids=list(WITHOUT))
def test_a_launcher_that_imports_its_keys_gets_a_signer_that_signs(disk: Path, argv: str) -> None:
    with standing_in_here(*argv.format(disk).split(), **IMAGE) as signer:
        assert 200 == signer.ask("GET", "/upcheck").status
        assert ["imported"] * 2 == imported(signer, disk)
        assert set(PUBKEYS) == set(signer.ask("GET", "/api/v1/eth2/publicKeys").json)
        assert signs(signer)


@pytest.mark.parametrize("network", ["swift", "holesky"], ids=["Teku", "DAppNode"])
def test_a_launcher_may_name_a_network_of_web3signers(network: str) -> None:
    with standing_in_here("eth2", f"--network={network}") as signer:
        assert 200 == signer.ask("GET", "/upcheck").status


def slashable_pair(signer: Served) -> list[int]:
    return [signer.sign(PUBKEYS[0], attestation(9, root)).status for root in (1, 2)]


@pytest.mark.slow
def test_without_options_it_does_as_web3signer_does_on_any_host(disk: Path) -> None:
    metrics = str(free_port())
    argv = ["--http-listen-host=0.0.0.0", "--metrics-port", metrics, "eth2"]
    with standing_in(*argv, "--keystores-path", disk / "bulk") as signer:
        assert [200, 412] == slashable_pair(signer)
        assert 404 == signer.ask("GET", "/eth/v1/keystores").status
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", int(metrics)))


@pytest.mark.slow
def test_what_is_off_or_on_by_default_can_be_the_other_way(disk: Path) -> None:
    metrics = str(free_port())
    options = ["--slashing-protection-enabled=false", "--key-manager-api-enabled=true"]
    argv = ["--metrics-enabled", "--metrics-port", metrics, "--http-listen-host=0.0.0.0", "eth2"]
    with standing_in(*argv, *options, "--keystores-path", disk / "bulk") as signer:
        assert [200, 200] == slashable_pair(signer)
        assert 200 == signer.ask("GET", "/eth/v1/keystores").status
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/metrics") as response:
            assert b"\nsigning_signers_loaded_count 2.0\n" in response.read()  # its own name


@pytest.mark.slow
def test_options_without_a_meaning_are_named_in_one_line_without_their_values() -> None:
    argv = ["--swagger-ui-enabled", "--vertx-worker-pool-size", "20", "eth2", "--Xtrusted-setup=x"]
    secret = "--slashing-protection-db-password=hunter2"
    with standing_in(*argv, secret, WEB3SIGNER_METRICS_CATEGORY="JVM") as signer:
        lines = said(signer)

    names = ["Xtrusted-setup", "metrics-category", "slashing-protection-db-password"]
    names += ["swagger-ui-enabled", "vertx-worker-pool-size"]
    told = f"without a meaning here, ignored: {', '.join(f'--{name}' for name in names)}"
    assert [told] == [line for line in lines if any(name in line for name in names)]
    assert "hunter2" not in "".join(lines)


@pytest.mark.slow
def test_options_that_mean_something_are_not_called_ignored(disk: Path) -> None:
    with standing_in("eth2", "--keystores-path", disk / "bulk") as signer:
        lines = said(signer)

    assert [] == [line for line in lines if "ignored" in line]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (
            "--http-listen-prot=9",
            "unknown to Web3Signer, ignored: --http-listen-prot; did you mean",
        ),
        ("--slashing-protection-enable=true", "did you mean --slashing-protection-enabled?"),
        ("--qwxyz=4", "unknown to Web3Signer, ignored: --qwxyz\n"),
        ("--metrics-category=JVM", "without a meaning here, ignored: --metrics-category\n"),
        ("--Xtrusted-setup=x", "without a meaning here, ignored: --Xtrusted-setup\n"),
        ("--http-listen-port=70000", "expected --port to be at most 65535, found 70000"),
        ("--metrics-port=9001 eth2 --network=lusko", "did you mean lukso?"),
    ],
)
def test_an_unknown_option_is_told_apart_from_one_without_a_meaning(
    argv: str, expected: str
) -> None:
    assert expected in refused("--http-listen-port=0", "--metrics-port=70000", *argv.split())


@pytest.mark.parametrize(
    ("argv", "is_said"),
    [
        ("eth2", True),
        ("eth2 --key-manager-api-enabled=true --slashing-protection-enabled=false", True),
        ("eth2 --slashing-protection-enabled=false", False),
        ("--data-path={0} eth2 --key-manager-api-enabled=true", False),
    ],
)
def test_the_start_says_what_does_not_outlive_the_process(
    tmp_path: Path, argv: str, *, is_said: bool
) -> None:
    message = refused("--metrics-port=70000", *argv.format(tmp_path).split())

    lines = [line for line in message.splitlines() if "last as long as this process" in line]
    assert is_said == bool(lines)


def test_both_folders_of_keys_are_served(disk: Path) -> None:
    argv = f"--key-config-path={disk}/raw eth2 --keystores-path={disk}/bulk/teku-keys --network "
    argv += f"LUKSO --keystores-passwords-path={disk}/bulk/teku-secrets"

    with standing_in_here(*argv.split()) as signer:
        assert set(PUBKEYS) == set(signer.ask("GET", "/api/v1/eth2/publicKeys").json)
        assert 200 == signer.ask("GET", "/upcheck").status


def test_keys_of_both_folders_stay_over_a_reload(tmp_path: Path) -> None:
    layouts.write({tmp_path / "keys": "web3signer"}, interop_keys(2)[1:], "password", "pbkdf2")
    (tmp_path / "config").mkdir()
    (tmp_path / "config/key.yaml").write_text(RAW.format(**KEYS[0]).replace("BLS", "bls"))
    argv = f"--key-config-path={tmp_path}/config eth2 --keystores-path={tmp_path}/keys"

    with standing_in_here(*argv.split(), "--key-manager-api-enabled=true") as signer:
        assert set(PUBKEYS) == set(signer.ask("GET", "/api/v1/eth2/publicKeys").json)
        assert 200 == signer.ask("POST", "/reload?wait=true").status
        assert set(PUBKEYS) == set(signer.ask("GET", "/api/v1/eth2/publicKeys").json)


@pytest.mark.slow
def test_called_web3signer_by_a_link_it_is_that_command(tmp_path: Path) -> None:
    link = tmp_path / "web3signer"
    link.symlink_to(Path(sys.executable).with_name("signer"))

    with standing_in("--http-listen-port=0", "eth2", command=[link]) as signer:
        assert 200 == signer.ask("GET", "/upcheck").status
        assert 404 == signer.ask("GET", "/eth/v1/keystores").status


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_exits_with_0_when_it_is_told_to_stop(number: signal.Signals) -> None:
    with standing_in("eth2") as signer:
        signer.process.send_signal(number)

        assert 0 == signer.process.wait(timeout=20)


def test_a_taken_port_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        message = refused("--http-listen-port", port, code=CANNOT_SERVE)

    assert f"cannot listen on 127.0.0.1, port {port}" in message


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ("eth2 import --from=history.json", "expected options and eth2, found import"),
        ("--tls-allow-ca-clients=true eth2", "cannot honour --tls-allow-ca-clients"),
        ("--metrics-enabled=maybe eth2", "for --metrics-enabled, found maybe"),
        ("--config-file=nowhere.yaml eth2", "cannot read nowhere.yaml"),
    ],
)
def test_what_cannot_be_done_is_an_error_in_a_line(argv: str, expected: str) -> None:
    message = refused(*argv.split())

    assert expected in message
    assert 1 == len(message.splitlines())


# From here on the translation alone: no process, no port


def test_without_options_there_are_web3signers_defaults() -> None:
    assert (DEFAULTS, []) == translate([], {})


@pytest.mark.parametrize(
    ("option", "value", "flag"),
    [
        ("--http-listen-host", "0.0.0.0", "--host=0.0.0.0"),
        ("--http-listen-port", "9000", "--port=9000"),
        ("--idle-connection-timeout-seconds", "900", "--idle-timeout=900"),
        ("--data-path", "data", "--data-dir=data"),
        ("--key-config-path", "keys", "--keystores-path=keys"),
        ("--key-store-path", "keys", "--keystores-path=keys"),
        ("--keystores-path", "keys", "--keystores-path=keys"),
        ("--keystores-passwords-path", "secrets", "--keystores-passwords-path=secrets"),
        ("--keystores-password-file", "password", "--keystores-password-file=password"),
        ("--network", "/network/config.yaml", "--network=/network/config.yaml"),
        ("--metrics-host", "0.0.0.0", "--metrics-host=0.0.0.0"),
        ("--metrics-port", "9091", "--metrics-port=9091"),
        ("--key-manager-api-enabled", "true", "--keymanager-auth=off"),
        ("--enable-key-manager-api", "true", "--keymanager-auth=off"),
        ("--key-manager-api-enabled", "FALSE", "--no-keymanager"),
        ("--slashing-protection-enabled", "true", "--slashing=enforce"),
        ("--slashing-protection-enabled", "False", "--slashing=report"),
        ("--logging", "OFF", "--log-level=error"),
        ("--logging", "FATAL", "--log-level=error"),
        ("--logging", "ERROR", "--log-level=error"),
        ("--logging", "WARN", "--log-level=warning"),
        ("--logging", "INFO", "--log-level=info"),
        ("--logging", "DEBUG", "--log-level=debug"),
        ("--logging", "TRACE", "--log-level=debug"),
        ("--logging", "all", "--log-level=debug"),
        ("-l", "DEBUG", "--log-level=debug"),
    ],
)
def test_an_option_is_a_flag_of_serve(option: str, value: str, flag: str) -> None:
    flags, ignored = translate([option, value, "eth2"], {})

    assert flag in flags
    assert [] == ignored


@pytest.mark.parametrize("form", ["--network {0}", "--network={0}", "--eth2.network={0}"])
@pytest.mark.parametrize("before", ["", "eth2 ", "-l INFO eth2 ", "--metrics-enabled "])
@pytest.mark.parametrize("after", ["", " eth2", " --metrics-enabled eth2", " --data-path data"])
def test_an_option_has_its_value_in_every_form_and_place(
    form: str, before: str, after: str
) -> None:
    flags, _ = translate(f"{before}{form.format('hoodi')}{after}".split(), {})

    assert "--network=hoodi" in flags


@pytest.mark.parametrize(
    "argv",
    [
        "--metrics-enabled",
        "--metrics-enabled eth2",
        "eth2 --metrics-enabled",
        "--metrics-enabled --http-listen-port=0 eth2",
        "--metrics-enabled -l DEBUG eth2",
        "--metrics-enabled true eth2",
        "--metrics-enabled=TRUE eth2",
    ],
)
def test_metrics_are_on_with_or_without_a_value(argv: str) -> None:
    flags, ignored = translate(argv.split(), {})

    assert "--no-metrics" not in flags
    assert [] == ignored


FILE = "network: file\nhttp-listen-host: file\neth2.data-path: file\n"
VARIABLES = {"WEB3SIGNER_HTTP_LISTEN_HOST": "variable", "WEB3SIGNER_ETH2_NETWORK": "variable"}


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ("", {"--data-dir=file", "--host=variable", "--network=variable"}),
        ("--network=x", {"--data-dir=file", "--host=variable", "--network=x"}),
        (
            "--http-listen-host=x eth2 --network x --data-path x",
            {"--data-dir=x", "--host=x", "--network=x"},
        ),
    ],
)
def test_an_argument_wins_over_a_variable_and_that_one_over_the_file(
    tmp_path: Path, argv: str, expected: set[str]
) -> None:
    (tmp_path / "config.yaml").write_text(FILE)

    flags, _ = translate([f"--config-file={tmp_path}/config.yaml", *argv.split()], VARIABLES)

    assert expected == {*flags} - {*DEFAULTS}


def test_a_file_changes_defaults_whatever_the_case_of_its_booleans(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("metrics-enabled: True\neth2.slashing-protection-enabled: False\n")

    flags, _ = translate(["--config-file", str(path)], {})

    names = "--metrics-web3signer-names"
    assert ["--metrics", "--no-keymanager", "--slashing=report", names] == flags


def test_a_list_in_a_file_is_one_value(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("http-host-allowlist: [localhost, signer]\n")

    assert ([*DEFAULTS, "--host-allowlist=localhost,signer"], []) == translate(
        ["--config-file", str(path)], {}
    )


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ("eth1", "expected options and eth2, found eth1"),
        ("eth2 export --to=history.json", "expected options and eth2, found export"),
        ("eth2 watermark-repair", "expected options and eth2, found watermark-repair"),
        ("--key-manager-api-enabled=1", "one of true, false for --key-manager-api-enabled, found"),
        ("--slashing-protection-enabled no", "for --slashing-protection-enabled, found no"),
        ("--tls-allow-any-client=yes", "for --tls-allow-any-client, found yes"),
        ("-l LOUD", "for --logging, found LOUD"),
        ("--tls-allow-ca-clients", "cannot honour --tls-allow-ca-clients"),
        ("--tls-of-a-later-version=x", "cannot honour --tls-of-a-later-version"),
        ("--tls-keystore-file=f", "--tls-known-clients-file, or --tls-allow-any-client=true"),
        ("--tls-keystore-file=f --tls-allow-any-client=false", "with --tls-keystore-file, found"),
        ("--tsl-keystore-file=f", "is unsafe; did you mean --tls-keystore-file?"),
    ],
)
def test_what_is_not_understood_or_unsafe_to_ignore_is_an_error(argv: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        translate(argv.split(), {})


def test_an_unsafe_option_is_one_in_a_variable_too() -> None:
    with pytest.raises(ConfigError, match="cannot honour --tls-allow-ca-clients"):
        translate([], {"WEB3SIGNER_TLS_ALLOW_CA_CLIENTS": "true"})


def test_variables_that_kubernetes_sets_for_a_service_of_this_name_are_ignored() -> None:
    variables = {"WEB3SIGNER_PORT": "tcp://10.0.0.1:9000", "WEB3SIGNER_SERVICE_HOST": "10.0.0.1"}

    assert (DEFAULTS, ["--port", "--service-host"]) == translate([], variables)


@pytest.mark.parametrize(
    ("option", "ignored"),
    [
        ("--tls-allow-ca-clients=false", ["--tls-allow-ca-clients"]),
        ("--tls-allow-any-client=false", []),
        ("--tls-allow-any-client=False", []),
        ("--tls-allow-ca-clients=False", ["--tls-allow-ca-clients"]),
    ],
)
def test_tls_that_is_not_wanted_is_no_error(option: str, ignored: list[str]) -> None:
    assert (DEFAULTS, ignored) == translate([option], {})


def test_any_client_may_come_in_whatever_case() -> None:
    flags, _ = translate(["--tls-keystore-file=f", "--tls-allow-any-client=TRUE"], {})

    assert "--tls-cert=f" in flags


@pytest.mark.slow
def test_the_key_manager_api_may_have_a_token_by_serves_variable(tmp_path: Path) -> None:
    token = str(tmp_path / "token")
    argv = ["eth2", "--key-manager-api-enabled=true"]
    with standing_in(*argv, SIGNER_KEYMANAGER_TOKEN_FILE=token) as signer:
        assert 401 == signer.ask("GET", "/eth/v1/keystores").status
