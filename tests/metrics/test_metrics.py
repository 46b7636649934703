"""Metrics, on a port of their own."""

import json
import os
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urlsplit

import prometheus_client
import pytest

from signer import Signer, __version__
from signer.api.reasons import REASONS
from signer.control.faults import FAULT_KINDS
from signer.errors import SignerError
from signer.metrics import Metrics
from support.asking import sign
from support.duties import RANDAO as RANDAO_VECTOR
from support.known_keys import INTEROP
from support.randao import RANDAO
from support.scraping import BATCH, ON_LINUX, UNKNOWN, busy_signer, families, scrape, value
from support.served import command, free_port, serving, serving_here
from support.slashable import attestation, block

HERE = ["--interop", "2", "--metrics-port", "0"]
CONTROL = [*HERE, "--control"]


@pytest.mark.slow
def test_metrics_count_requests_keys_and_time() -> None:
    port = free_port()
    with serving("--interop", "2", "--metrics-port", str(port)) as signer:
        for _ in range(3):
            signer.sign(INTEROP[0], RANDAO)
        signer.sign(INTEROP[0], {"type": "NONSENSE"})
        signer.sign(INTEROP[0], RANDAO | {"signing_root": "0x" + "00" * 32})
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            lines = response.read().decode().splitlines()

    reveal = 'type="RANDAO_REVEAL"'
    assert f'signer_sign_requests_total{{status="200",{reveal}}} 3.0' in lines
    assert f'signer_sign_requests_total{{status="400",{reveal}}} 1.0' in lines
    assert 'signer_sign_requests_total{status="400",type="unknown"} 1.0' in lines
    assert f"signer_signing_duration_seconds_count{{{reveal}}} 3.0" in lines
    assert 'signer_keys_loaded{source="read_only"} 2.0' in lines
    assert "signer_key_load_failures 0.0" in lines
    assert f'signer_build_info{{version="{__version__}"}} 1.0' in lines


@ON_LINUX
@pytest.mark.slow
def test_the_process_is_the_signers() -> None:
    port = free_port()
    with serving("--interop", "1", "--metrics-port", str(port)) as signer:
        samples = scrape(f"http://127.0.0.1:{port}/metrics")
        process = Path(f"/proc/{signer.process.pid}")
        stat = (process / "stat").read_text("utf-8").rpartition(")")[2].split()
        descriptors = len([*(process / "fd").iterdir()])

    # proc(5): starttime in ticks since the boot, rss in pages
    started = value(samples, "process_start_time_seconds")
    lines = Path("/proc/stat").read_text("utf-8").splitlines()
    boot = next(int(line.split()[1]) for line in lines if line.startswith("btime"))
    assert abs(boot + int(stat[19]) / os.sysconf("SC_CLK_TCK") - started) < 0.1
    resident = int(stat[21]) * os.sysconf("SC_PAGE_SIZE")
    assert abs(resident - value(samples, "process_resident_memory_bytes")) < 8 << 20
    assert 0.05 < value(samples, "process_cpu_seconds_total") < 20
    assert abs(descriptors - value(samples, "process_open_fds")) < 5


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
    before = list(prometheus_client.REGISTRY.collect())

    metrics = Metrics()
    Metrics().count("ATTESTATION", 200)
    metrics.count("ATTESTATION", 200)

    after = list(prometheus_client.REGISTRY.collect())
    assert [family.name for family in before] == [family.name for family in after]
    assert 1 == metrics.registry.get_sample_value(
        "signer_sign_requests_total", {"type": "ATTESTATION", "status": "200"}
    )


def test_there_are_no_created_series_and_the_host_keeps_its_own() -> None:
    host = prometheus_client.CollectorRegistry()
    prometheus_client.Counter("host", "A counter of the test", registry=host).inc()

    with busy_signer() as signer:
        names = {sample.name for sample in scrape(signer.metrics_url)}
        hosts = {sample.name for family in host.collect() for sample in family.samples}

    assert "signer_signing_duration_seconds_bucket" in names
    assert [] == [name for name in names if name.endswith("_created")]
    assert {"host_total", "host_created"} == hosts


@ON_LINUX
def test_every_metric_has_a_meaning_and_a_name_with_a_prefix() -> None:
    with busy_signer() as signer:
        found = families(signer.metrics_url)

    assert [] == [family.name for family in found if not family.documentation]
    assert {"signer", "process"} == {family.name.split("_")[0] for family in found}


@ON_LINUX
def test_some_metrics_can_be_asked_for_by_name() -> None:
    names = ["process_cpu_seconds_total", "signer_faults_applied_total"]
    with serving_here(*HERE) as signer:
        found = scrape(f"{signer.metrics_url}?name[]={names[0]}&name[]={names[1]}")

    assert {*names} == {sample.name for sample in found}


def test_refusals_tell_why() -> None:
    with serving_here(*HERE, "--slashing", "enforce") as signer:
        signer.sign(INTEROP[0], attestation(7))
        signer.sign(INTEROP[0], attestation(7, root=1))
        signer.sign(INTEROP[0], attestation(6))
        signer.sign(UNKNOWN, RANDAO)
        signer.sign(INTEROP[0], {"type": "NONSENSE"})
        signer.sign(INTEROP[0], RANDAO | {"signing_root": "0x" + "00" * 32})
        signer.ask("GET", "/nothing")
        signer.ask("PUT", "/upcheck")
        signer.ask("POST", BATCH, b"{}", {"content-encoding": "gzip"})
        samples = scrape(signer.metrics_url)

    refusals = [s for s in samples if s.name == "signer_refusals_total" and s.value]
    assert {
        ("412", "slashing", 2.0),
        ("404", "unknown_key", 1.0),
        ("400", "bad_request", 1.0),
        ("400", "signing_root", 1.0),
        ("404", "unknown_route", 1.0),
        ("405", "method", 1.0),
        ("415", "compressed_body", 1.0),
    } == {(s.labels["status"], s.labels["reason"], s.value) for s in refusals}
    assert 1 == value(samples, "signer_slashable_requests_total", rule="double_vote")


def test_each_key_that_a_batch_refuses_counts_once() -> None:
    batch = {"identifiers": [INTEROP[0], UNKNOWN, "0x00"], "signing_request": RANDAO}
    with serving_here(*HERE) as signer:
        signer.ask("POST", BATCH, batch)
        samples = scrape(signer.metrics_url)

    assert 2 == value(samples, "signer_refusals_total", reason="unknown_key")


# of the command line, of keystores in a response, or of the test's own process
NO_REFUSALS = {"BLSError", "ConfigError", "FaultError", "KeystoreError", "ThresholdError"}
NO_REFUSALS |= {"CrossSiteError", "ProcessEndedError"}


def test_every_error_that_refuses_a_request_has_a_reason_of_its_own() -> None:
    known = {kind.__name__ for kind in REASONS}
    direct = {*SignerError.__subclasses__(), SignerError}

    assert {kind.__name__ for kind in direct} - NO_REFUSALS <= known
    assert len(REASONS) == len(set(REASONS.values()))


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"status": 500}, "answer"),
        ({"body": "no"}, "answer"),
        ({"status": 500, "delay": 0.001}, "answer"),
        ({"delay": 0.001}, "delay"),
        ({"drop": True}, "drop"),
        ({"status": 202}, "response"),
        ({"content_type": "text/html"}, "response"),
        ({"signature": "wrong_root"}, "signature"),
    ],
    ids=str,
)
def test_a_fault_counts_by_what_it_did(fault: dict[str, object], kind: str) -> None:
    with serving_here(*CONTROL, "--fault", json.dumps(fault | {"times": 1})) as signer:
        before = scrape(signer.metrics_url)
        with suppress(IncompleteRead):  # by a drop
            signer.sign(INTEROP[0], RANDAO)
        samples = scrape(signer.metrics_url)

    name = "signer_faults_applied_total"
    assert dict.fromkeys(FAULT_KINDS, 0.0) | {kind: 1.0} == {
        sample.labels["kind"]: sample.value for sample in samples if sample.name == name
    }
    assert 0 == value(before, name, kind=kind)


def test_a_reset_keeps_the_count_of_faults() -> None:
    with busy_signer() as signer:
        signer.ask("POST", "/_signer/reset")
        samples = scrape(signer.metrics_url)

    assert 1 == value(samples, "signer_faults_applied_total", kind="answer")


def test_a_batch_counts_by_its_number_of_keys() -> None:
    with busy_signer() as signer:
        samples = scrape(signer.metrics_url)

    assert 1 == value(samples, "signer_batch_keys_count")
    assert 2 == value(samples, "signer_batch_keys_sum")
    assert 0 == value(samples, "signer_batch_keys_bucket", le="1.0")
    assert 1 == value(samples, "signer_batch_keys_bucket", le="4.0")


def test_a_known_root_is_a_hit_of_the_cache_and_a_new_one_a_miss() -> None:
    with serving_here(*HERE) as signer:
        before = scrape(signer.metrics_url)
        for key in INTEROP[:2]:
            signer.sign(key, block(73_000_001, root=73))
        after = scrape(signer.metrics_url)

    name = "signer_hash_to_curve_cache_{}_total"
    hits, misses = (name.format(kind) for kind in ("hits", "misses"))
    assert 1 == value(after, hits) - value(before, hits)
    assert 1 == value(after, misses) - value(before, misses)


def test_keys_are_told_apart_by_their_source() -> None:
    with serving_here(*CONTROL) as signer:
        signer.ask("POST", "/_signer/keys", {"interop": 5})
        samples = scrape(signer.metrics_url)

    assert 2 == value(samples, "signer_keys_loaded", source="read_only")
    assert 3 == value(samples, "signer_keys_loaded", source="imported")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline


@ON_LINUX
def test_requests_in_progress_and_open_connections_are_counted_while_they_last() -> None:
    hang = json.dumps({"hang": True})
    with serving_here(*CONTROL, "--fault", hang) as signer:
        address = urlsplit(signer.url)
        idle = socket.create_connection((address.hostname, address.port))
        hanging = threading.Thread(target=signer.sign, args=(INTEROP[0], RANDAO))
        hanging.start()
        signer.ask("GET", "/_signer/requests?wait=10&n=1")
        during = scrape(signer.metrics_url)
        signer.ask("DELETE", "/_signer/faults/1")
        hanging.join()
        idle.close()
        # A response leaves just before its request is over.
        wait_until(lambda: not value(scrape(signer.metrics_url), "signer_requests_in_progress"))

    assert 1 == value(during, "signer_requests_in_progress")
    assert 2 == value(during, "signer_open_connections")


def test_a_signer_that_starts_again_counts_its_requests_again() -> None:
    with Signer(interop=1, metrics=True) as signer:
        signer.stop()
        signer.start()
        signer.fault(hang=True)
        application = signer._application  # noqa: SLF001 - it serves no metrics by itself
        assert application
        sample = application.metrics.registry.get_sample_value
        hanging = threading.Thread(target=sign, args=(signer, RANDAO_VECTOR))
        hanging.start()
        wait_until(lambda: sample("signer_requests_in_progress") == 1)
        signer.reset()
        hanging.join()

        wait_until(lambda: sample("signer_requests_in_progress") == 0)
