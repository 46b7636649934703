"""`signer serve`, as a process: how it starts, what it says, and how it stops."""

import asyncio
import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import load
from signer import server, verify
from signer.config.settings import Config
from signer.errors import ConfigError
from support.randao import RANDAO, root_of_randao
from support.served import (
    CANNOT_SERVE,
    Served,
    command,
    process_refused,
    refused,
    request,
    running,
    said,
    serving,
    serving_here,
)
from support.vectors import unhex, vectors

INTEROP_0 = vectors("interop_keys/keys.json")[0]["pubkey"]


def test_ready_json_says_where_who_and_which_keys() -> None:
    with serving("--interop", "3", "--no-metrics") as signer:
        assert signer.ready == {
            "url": signer.url,
            "pid": signer.process.pid,
            "pubkeys": 3,
            "public_keys": [key["pubkey"] for key in vectors("interop_keys/keys.json")[:3]],
        }
        assert 200 == signer.ask("GET", "/upcheck").status


def test_the_ready_line_of_many_keys_fits_into_a_pipe_and_has_the_url_of_control() -> None:
    with serving("--interop", "600", "--no-metrics", "--control") as signer:
        shown = signer.ask("GET", "/api/v1/eth2/publicKeys").json[:500]

        assert (600, shown) == (signer.ready["pubkeys"], signer.ready["public_keys"])
        assert signer.ready["control"] == f"{signer.url}/_signer"
        assert len(json.dumps(signer.ready)) < 1 << 16
        assert 200 == signer.ask("GET", urlsplit(signer.ready["control"]).path + "/keys").status


@pytest.mark.slow
def test_three_lines_tell_keys_url_and_that_it_is_for_tests() -> None:
    with serving("--interop", "2", "--no-metrics") as signer:
        lines = said(signer)

    purpose = "test signer, not for production validators: --slashing report"
    assert ["2 keys", f"serving at {signer.url}", purpose] == lines


@pytest.mark.slow
def test_the_curl_line_returns_a_signature_that_verifies() -> None:
    with subprocess.Popen(
        command("--interop", "1", "--port", "0", "--no-metrics"), stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        line = next(line for line in process.stderr if line.startswith("try: "))
        _, _, url, _, body = shlex.split(line.removeprefix("try: "))

        # curl's own headers
        headers = {"Accept": "*/*", "Content-Type": "application/x-www-form-urlencoded"}
        answer = request(url, "POST", urlsplit(url).path, body.encode(), headers)
        process.terminate()

    # FULU on mainnet, epoch 411392, by the rules of consensus-specs
    root = root_of_randao(411392)
    assert INTEROP_0 == urlsplit(url).path.rpartition("/")[2]
    assert verify(unhex(INTEROP_0), root, unhex(answer.json["signature"]))


def test_a_taken_port_is_an_error_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        message = process_refused("--port", str(port), "--no-metrics")

    assert f"cannot listen on 127.0.0.1, port {port}" in message
    assert "choose another --port" in message


@pytest.mark.slow
def test_a_second_signer_on_the_port_is_refused() -> None:
    with serving("--no-metrics") as signer:
        message = refused(
            "--port", str(urlsplit(signer.url).port), "--no-metrics", code=CANNOT_SERVE
        )

    assert "Address already in use" in message


def test_a_port_that_another_came_to_listen_on_while_keys_were_loading_is_an_error() -> None:
    async def nothing(_scope: object, _receive: object, _send: object) -> None:
        """No application: it is never reached."""

    with server.bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with server.bind("127.0.0.1", port) as second:
            first.listen()

            with pytest.raises(ConfigError, match=f"port {port}: Address already in use"):
                server.run(nothing, second, Config(), lambda: None, lambda: None)


@pytest.mark.slow
def test_a_host_that_is_not_ours_is_an_error() -> None:
    assert "cannot listen on 192.0.2.1" in process_refused(
        "--host", "192.0.2.1", "--port", "0", "--keymanager-auth", "off"
    )


def test_ipv6_is_served_under_a_bracketed_url() -> None:
    with serving_here("--host", "::1", "--no-metrics", "--interop", "1") as signer:
        assert signer.url.startswith("http://[::1]:")
        assert 200 == signer.ask("GET", "/upcheck").status


def test_a_flag_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNER_INTEROP", "5")
    with serving_here() as signer:
        assert 5 == signer.ready["pubkeys"]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--mnemonic", "devnet"], "--mnemonic and --count together"),
        (["--count", "4"], "--mnemonic and --count together"),
        (["--start-index", "4"], "--start-index with --mnemonic"),
        (["--start", "4"], "--start-index with --mnemonic"),
        (["--interop", "-1"], "--interop to be 0 or more"),
        (["--keystores-path", "nowhere"], "expected a folder, found none at nowhere"),
        (["--keystores-password-file", "x"], "--keystores-path next to the password flag"),
        (["--network", "nowhere"], "expected one of mainnet, minimal"),
    ],
)
def test_contradicting_flags_are_refused_with_a_hint(flags: list[str], expected: str) -> None:
    assert expected in refused("--port", "0", "--no-metrics", *flags)


@pytest.mark.slow
def test_help_teaches_every_flag_and_its_variable() -> None:
    text = subprocess.run(
        [sys.executable, "-m", "signer", "serve", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "PATH": ""},
    ).stdout

    for field in fields(Config):
        assert f"--{field.name.replace('_', '-')}" in text
        assert f"SIGNER_{field.name.upper()}" in text
    assert "signer serve --interop 4" in text


@pytest.mark.slow
def test_debug_logs_requests_and_no_secret() -> None:
    mnemonic = "abandon " * 11 + "about"
    flags = ["--mnemonic", mnemonic, "--count", "1", "--log-level", "debug", "--no-metrics"]
    with serving(*flags) as signer:
        pubkey = signer.ask("GET", "/api/v1/eth2/publicKeys").json[0]
        signer.sign(pubkey, RANDAO)
        signer.sign(INTEROP_0, RANDAO)
        text = "\n".join(said(signer))

    assert "RANDAO_REVEAL 200" in text
    assert "RANDAO_REVEAL 404" in text
    assert "abandon" not in text


@pytest.mark.slow
def test_sigterm_under_load_loses_no_request() -> None:
    with serving("--interop", "16", "--no-metrics") as signer:
        pubkeys = signer.ask("GET", "/api/v1/eth2/publicKeys").json

        async def stop_under_load() -> load.Result:
            loop = asyncio.get_running_loop()
            loop.call_later(0.7, signer.process.terminate)
            return await load.run(signer.url, pubkeys, load.new_roots(), 16, 10)

        result = asyncio.run(stop_under_load())

    assert (0, 0) == (result.lost, result.errors)
    assert result.elapsed < 5
    assert len(result.latencies) > 100


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_under_way_is_answered_before_the_end(number: signal.Signals) -> None:
    body = load.attestation()
    with serving("--interop", "1", "--no-metrics") as signer:
        connection = http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=20)
        connection.putrequest("POST", f"/api/v1/eth2/sign/{INTEROP_0}")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:100])
        wait_until_answered(signer)  # the half request has been read when a later one is answered

        signer.process.send_signal(number)
        wait_until_refused(signer)
        connection.send(body[100:])
        response = connection.getresponse()

        assert (200, "close") == (response.status, response.getheader("connection"))
        assert re.fullmatch(rb"0x[0-9a-f]{192}", response.read())
        connection.close()
        assert 0 == signer.process.wait(timeout=20)


def wait_until_answered(signer: Served) -> None:
    assert 200 == signer.ask("GET", "/upcheck").status


def wait_until_refused(signer: Served) -> None:
    """Returns once the signer has taken notice of a signal: it accepts no more connections."""
    while True:
        try:
            signer.ask("GET", "/upcheck")
        except ConnectionError:
            return


@pytest.mark.slow
def test_a_request_that_never_comes_whole_does_not_hold_the_signer_up() -> None:
    impatient = "from signer import cli, draining; draining.DRAIN_TIMEOUT = 0.2; cli.main()"
    flags = ["serve", "--port", "0", "--no-metrics", "--ready-json"]
    with (
        running([sys.executable, "-W", "error", "-c", impatient, *flags]) as signer,
        socket.create_connection(
            (urlsplit(signer.url).hostname, urlsplit(signer.url).port)
        ) as connection,
    ):
        connection.sendall(b"POST /api/v1/eth2/sign/0x00 HTTP/1.1\r\nContent-Length: 9\r\n\r\nhalf")
        wait_until_answered(signer)

        assert any("gave up on requests" in line for line in said(signer))


def test_a_mistaken_network_is_told_before_keystores_are_opened(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")

    message = refused("--port", "0", "--keystores-path", tmp_path, "--network", "nowhere")

    assert "expected one of mainnet, minimal" in message
    assert "broken.json" not in message


@pytest.mark.slow
def test_help_needs_no_docstrings() -> None:
    command = [sys.executable, "-OO", "-m", "signer", "serve", "--help"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert "the first N interop keys" in " ".join(done.stdout.split())


@pytest.mark.parametrize("how", ["flag", "variable", "file"])
def test_the_index_of_the_first_key_has_an_old_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    flags: list[str | Path] = ["--mnemonic", "devnet", "--count", "1"]
    if how == "flag":
        flags += ["--start", "1"]
    elif how == "variable":
        monkeypatch.setenv("SIGNER_START", "1")
    else:
        (tmp_path / "signer.toml").write_text("start = 1")
        flags += ["--config", tmp_path / "signer.toml"]

    with serving_here(*flags) as signer:
        [pubkey] = signer.ask("GET", "/api/v1/eth2/publicKeys").json

    # ethereum-package's second key, as write-ups of its devnets show it
    assert ("0x8aa5bbee", "e8e6") == (pubkey[:10], pubkey[-4:])
