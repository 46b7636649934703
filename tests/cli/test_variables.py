"""Variables named SIGNER_...: flags, slips, and what Kubernetes puts there for a service."""

import pytest

from support.served import ended_here, serving_here

# Of a service `signer` and a service `signer-metrics`, as Kubernetes documents them
SERVICE_LINKS = {
    "SIGNER_SERVICE_HOST": "10.96.0.12",
    "SIGNER_SERVICE_PORT": "9000",
    "SIGNER_SERVICE_PORT_HTTP": "9000",
    "SIGNER_PORT": "tcp://10.96.0.12:9000",
    "SIGNER_PORT_9000_TCP": "tcp://10.96.0.12:9000",
    "SIGNER_PORT_9000_TCP_PROTO": "tcp",
    "SIGNER_PORT_9000_TCP_PORT": "9000",
    "SIGNER_PORT_9000_TCP_ADDR": "10.96.0.12",
    "SIGNER_METRICS_SERVICE_HOST": "10.96.0.13",
    "SIGNER_METRICS_PORT": "udp://10.96.0.13:9001",
    "SIGNER_METRICS_PORT_9001_UDP": "udp://10.96.0.13:9001",
}


def said(command: str = "serve", **environment: str) -> str:
    """What a start says that ends at its network."""
    return ended_here(command, "--network", "nowhere", **environment).stderr


def test_variables_of_a_kubernetes_service_are_named_as_ignored() -> None:
    [line] = [line for line in said(**SERVICE_LINKS).splitlines() if "Kubernetes" in line]

    told = line.removeprefix("set by Kubernetes for a service, ignored: ")
    assert sorted(SERVICE_LINKS) == told.split(", ")


def test_variables_of_a_kubernetes_service_do_not_stop_a_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in SERVICE_LINKS.items():
        monkeypatch.setenv(name, value)

    with serving_here("--interop", "1") as signer:
        assert 200 == signer.ask("GET", "/upcheck").status


def test_links_of_a_service_named_web3signer_are_named_as_ignored() -> None:
    links = {name.replace("SIGNER", "WEB3SIGNER"): value for name, value in SERVICE_LINKS.items()}

    message = said("web3signer", **links)

    assert f"set by Kubernetes for a service, ignored: {', '.join(sorted(links))}\n" in message
    assert "unknown to Web3Signer" not in message


@pytest.mark.parametrize(
    ("variable", "expected"),
    [
        ("SIGNER_PROT", "unknown variable SIGNER_PROT, ignored; did you mean SIGNER_PORT?"),
        ("SIGNER_KEYSTORE_PATH", "did you mean SIGNER_KEYSTORES_PATH?"),
        ("SIGNER_NO_METRICS", "did you mean SIGNER_METRICS?"),
        ("SIGNER_COFNIG", "did you mean SIGNER_CONFIG?"),
        (
            "signer_interop",
            "unknown variable signer_interop, ignored; did you mean SIGNER_INTEROP?",
        ),
        ("SIGNER_FOO", "unknown variable SIGNER_FOO, ignored\n"),
        ("SIGNER_QWXYZ", "unknown variable SIGNER_QWXYZ, ignored"),
    ],
)
def test_an_unknown_variable_is_named_with_the_nearest_and_without_its_value(
    variable: str, expected: str
) -> None:
    message = said(**{variable: "hunter2"})

    assert expected in message
    assert "hunter2" not in message


def test_known_variables_are_not_called_unknown() -> None:
    message = said(SIGNER_INTEROP="1", SIGNER_START="0", SIGNER_LOG_LEVEL="INFO")

    assert "unknown variable" not in message


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"SIGNER_PORT": "70000"}, "expected SIGNER_PORT to be at most 65535, found 70000"),
        ({"SIGNER_PORT": "nine"}, "Invalid value for '--port' (SIGNER_PORT): 'nine'"),
        ({"SIGNER_START": "-1"}, "expected SIGNER_START to be 0 or more, found -1"),
        ({"SIGNER_SLASHING": "enfroce"}, "(SIGNER_SLASHING)"),
        ({"SIGNER_FAULT": '{"staus": 500}'}, "SIGNER_FAULT: object contains unknown field `staus`"),
        ({"SIGNER_KEYSTORES_PATH": "nowhere"}, "none at nowhere: see SIGNER_KEYSTORES_PATH"),
    ],
)
def test_a_wrong_value_is_told_with_the_name_of_its_variable(
    variables: dict[str, str], expected: str
) -> None:
    done = ended_here("serve", **variables)

    assert 2 == done.exit_code
    assert expected in done.stderr
