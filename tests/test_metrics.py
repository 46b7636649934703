"""Metrics, on a port of their own."""

import socket
import subprocess
import urllib.request
from urllib.parse import urlsplit

import pytest
from prometheus_client import REGISTRY

from signer import __version__
from signer.metrics import Metrics
from support.served import command, free_port, serving
from support.vectors import vectors

PUBKEY = vectors("interop_keys/keys.json")[0]["pubkey"]
REGISTRATION = {
    "fee_recipient": "0x" + "11" * 20,
    "gas_limit": "30000000",
    "timestamp": "1",
    "pubkey": PUBKEY,
}
REQUEST = {"type": "VALIDATOR_REGISTRATION", "validator_registration": REGISTRATION}


@pytest.mark.slow
def test_metrics_count_requests_keys_and_time() -> None:
    port = free_port()
    with serving("--interop", "2", "--metrics-port", str(port)) as signer:
        for _ in range(3):
            signer.sign(PUBKEY, REQUEST)
        signer.sign(PUBKEY, {"type": "NONSENSE"})
        signer.sign(PUBKEY, REQUEST | {"signing_root": "0x" + "00" * 32})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            lines = response.read().decode().splitlines()

    registration = 'type="VALIDATOR_REGISTRATION"'
    assert f'signer_sign_requests_total{{status="200",{registration}}} 3.0' in lines
    assert f'signer_sign_requests_total{{status="400",{registration}}} 1.0' in lines
    assert 'signer_sign_requests_total{status="400",type="unknown"} 1.0' in lines
    assert f"signer_signing_duration_seconds_count{{{registration}}} 3.0" in lines
    assert "signer_keys_loaded 2.0" in lines
    assert "signer_key_load_failures 0.0" in lines
    assert f'signer_build_info{{version="{__version__}"}} 1.0' in lines


@pytest.mark.slow
def test_a_metrics_port_that_was_asked_for_and_is_taken_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])

        done = subprocess.run(
            command("--port", "0", "--metrics-port", port),
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )

    assert 1 == done.returncode
    assert f"cannot serve metrics on 127.0.0.1, port {port}" in done.stderr


@pytest.mark.slow
def test_two_signers_on_free_ports_both_have_metrics() -> None:
    with serving("--interop", "1") as first, serving("--interop", "1") as second:
        assert urlsplit(first.url).port != urlsplit(second.url).port


def test_metrics_leave_the_hosts_registry_alone() -> None:
    before = list(REGISTRY.collect())

    metrics = Metrics(lambda: 1, lambda: 0)
    Metrics(lambda: 2, lambda: 0).count("ATTESTATION", 200)
    metrics.count("ATTESTATION", 200)

    assert [family.name for family in before] == [family.name for family in REGISTRY.collect()]
    assert 1 == metrics.registry.get_sample_value(
        "signer_sign_requests_total", {"type": "ATTESTATION", "status": "200"}
    )
