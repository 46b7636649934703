"""What `serve` is told by `--config FILE`, and how it tells what it did: JSON logs, exit codes."""

import json
import socket
import subprocess
import sys
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from signer.cli.config_file import read_flags
from signer.errors import ConfigError
from support.randao import RANDAO
from support.served import (
    command,
    ended_here,
    free_port,
    process_refused,
    said,
    serving,
    serving_here,
)
from support.slashable import attestation
from support.vectors import vectors

PUBKEY = vectors("interop_keys/keys.json")[0]["pubkey"]
KNOWN = dict.fromkeys(["interop", "metrics", "metrics-port", "network", "slashing"], False)
KNOWN |= {"keystores-path": False, "fault": True}
LOGGED = """
import logging
from signer.cli import output
with output.log_to_stderr():
    output.configure_log("info", "json")
    try:
        1 / 0
    except ArithmeticError:
        logging.getLogger("mine").exception("cannot\\nserve")
"""


def write(folder: Path, name: str, **flags: Any) -> Path:
    """A file of flags, by their names as arguments, in the form that its name says."""
    sign = " = " if name.endswith(".toml") else ": "
    lines = [f"{flag.replace('_', '-')}{sign}{json.dumps(flags[flag])}\n" for flag in flags]
    path = folder / name
    path.write_text("".join(lines))
    return path


def not_started(path: Path) -> Result:
    """How `serve` ends with a file that it cannot use."""
    return ended_here("serve", "--config", path, "--no-metrics")


@pytest.mark.parametrize("name", ["config.toml", "config.yaml", "config"])
def test_flags_come_from_a_file_of_toml_or_yaml(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        # with metrics the start would fail
        path = write(tmp_path, name, interop=2, control=True, metrics=False, metrics_port=port)

        with serving_here("--config", path) as signer:
            assert 2 == signer.ready["pubkeys"]
            assert [] == signer.ask("GET", "/_signer/requests").json


@pytest.mark.parametrize(
    ("flags", "environment", "expected"),
    [
        ([], {}, 1),
        ([], {"SIGNER_INTEROP": "2"}, 2),
        (["--interop", "3"], {"SIGNER_INTEROP": "2"}, 3),
    ],
)
def test_a_flag_wins_over_a_variable_and_that_one_over_the_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    environment: dict[str, str],
    expected: int,
) -> None:
    path = write(tmp_path, "config.toml", interop=1, port=1, metrics=False)
    for name, value in {"SIGNER_CONFIG": str(path), **environment}.items():
        monkeypatch.setenv(name, value)

    with serving_here(*flags) as signer:
        assert expected == signer.ready["pubkeys"]


@pytest.mark.parametrize(
    ("written", "flag", "expected"), [(True, "--no-keymanager", 404), (False, "--keymanager", 200)]
)
def test_a_flag_without_a_value_wins_over_the_file(
    tmp_path: Path, *, written: bool, flag: str, expected: int
) -> None:
    path = write(tmp_path, "config.yaml", keymanager=written, metrics=False)

    with serving_here("--config", path, flag) as signer:
        assert expected == signer.ask("GET", "/eth/v1/keystores").status


FAULTS = ['{"type": "ATTESTATION", "status": 500}', '{"type": "RANDAO_REVEAL", "status": 412}']


@pytest.mark.parametrize("name", ["config.toml", "config.yaml"])
@pytest.mark.parametrize(
    ("fault", "expected"), [(FAULTS, [500, 412]), (FAULTS[0], [500, 200])], ids=["several", "one"]
)
def test_faults_are_json_in_a_file(
    tmp_path: Path, name: str, fault: list[str] | str, expected: list[int]
) -> None:
    path = write(tmp_path, name, interop=1, metrics=False, fault=fault)

    with serving_here("--config", path) as signer:
        answers = [signer.sign(PUBKEY, body).status for body in (attestation(9), RANDAO)]

    assert expected == answers


def test_a_fault_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNER_FAULT", FAULTS[1])
    with serving_here("--interop", "1") as signer:
        assert 412 == signer.sign(PUBKEY, RANDAO).status


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.toml", "keystore_path = 'x'", "found keystore_path; did you mean keystores-path?"),
        ("a.toml", "metrics_port = 1\nmetrics-port = 2", "expected metrics-port in .* once"),
        ("a.yaml", "interop: 1\n---\ninterop: 2", "expected one YAML document in .*, found 2"),
        ("a.yaml", "slashin: off", "found slashin; did you mean slashing?"),
        ("a.toml", "no-metrics = true", "found no-metrics; did you mean metrics?"),
        ("a.toml", "zzz = 1", "expected the name of a flag in .*, found zzz$"),
        ("a.yaml", "1: x", "expected the name of a flag in .*, found 1$"),
        ("a.toml", "[network]\nname = 1", "expected one value for network in .*, found several"),
        ("a.yaml", "network: {name: 1}", "expected one value for network in .*, found several"),
        ("a.toml", "interop: 1", "cannot read .*a.toml: Expected '='"),
        ("a.yaml", "a: [", "cannot read .*a.yaml: expected YAML, found a mistake in line"),
        ("a.yaml", "- interop\n- 1", "expected NAME: VALUE lines in .*a.yaml, found other YAML"),
        ("a.yaml", "interop", "expected NAME: VALUE lines in .*a.yaml, found other YAML"),
        ("a.toml", "\udcff", "expected UTF-8 in .*a.toml, found other bytes"),
        ("a.yaml", "\udcff", "expected UTF-8 in .*a.yaml, found other bytes"),
    ],
)
def test_a_file_that_is_not_as_expected_is_an_error_that_names_it(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(ConfigError, match=expected) as error:
        read_flags(path, KNOWN)

    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere.yaml", "No such file"), ("", "Is a directory")]
)
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=f"cannot read .*: {reason}"):
        read_flags(tmp_path / name, KNOWN)


@pytest.mark.parametrize("name", ["empty.toml", "empty.yaml"])
def test_an_empty_file_has_no_flags(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()

    assert {} == read_flags(tmp_path / name, KNOWN)


@pytest.mark.slow
def test_an_unknown_name_ends_the_start_with_2(tmp_path: Path) -> None:
    message = process_refused("--config", write(tmp_path, "config.yaml", slashin="off"), code=2)

    assert "found slashin; did you mean slashing?" in message


@pytest.mark.parametrize(
    ("flag", "value"),
    [("port", "nine"), ("idle-timeout", "soon"), ("control", "maybe"), ("slashing", "never")],
)
def test_a_value_of_another_type_is_an_error_that_names_flag_and_value(
    tmp_path: Path, flag: str, value: str
) -> None:
    done = not_started(write(tmp_path, "config.toml", **{flag: value}))

    assert (2, "") == (done.exit_code, done.stdout)
    assert f"Invalid value for '--{flag}'" in done.stderr
    assert f"'{value}'" in done.stderr


@pytest.mark.parametrize(
    ("flag", "value"),
    [("port", [9000]), ("idle-timeout", [1]), ("control", [True]), ("keystores-path", ["keys"])],
)
def test_a_list_where_one_value_is_expected_is_an_error_without_a_traceback(
    tmp_path: Path, flag: str, value: list[Any]
) -> None:
    done = not_started(write(tmp_path, "config.yaml", **{flag: value}))

    assert "Traceback" not in done.stderr
    assert flag in done.stderr


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.toml", "port = 70000", "expected port in {} to be at most 65535, found 70000"),
        ("a.toml", "interop = 1.5", "Invalid value for '--interop' (interop in {}): '1.5'"),
        ("a.toml", "interop = true", "Invalid value for '--interop' (interop in {}): 'true'"),
        ("a.yaml", "idle_timeout: .nan", "'--idle-timeout' (idle-timeout in {}): '.nan'"),
        ("a.yaml", "idle-timeout: nan", "expected idle-timeout in {} to be 0 or more, found nan"),
        ("a.yaml", "keystores-path: none", "found none at none: see keystores-path in {}"),
        ("a.yaml", "log-level: lout", "(log-level in {}): 'lout'"),
        ("a.yaml", "host:", "expected host in {} to be text that is not empty"),
        ("a.yaml", "fault: {staus: 500}", "fault in {}: object contains unknown field `staus`"),
        ("a.toml", 'data-dir = "a\\u0000b"', "expected data-dir in {} to be a path"),
        ("a.toml", "start = 1\nstart-index = 2", "expected start_index in {} once"),
    ],
)
def test_a_wrong_value_is_told_with_the_file_and_its_member(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    path = tmp_path / name
    path.write_text(text)

    done = not_started(path)

    assert 2 == done.exit_code
    assert expected.format(path) in done.stderr


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.yaml", "interop: 1\nfault: {type: ATTESTATION, status: 500}"),
        ("a.yaml", "interop: 1\nfault:\n- type: attestation\n  status: 500\n  hang: false"),
        ("a.toml", 'interop = 1\n[[fault]]\ntype = "ATTESTATION"\nstatus = 500'),
        ("a.toml", 'interop = 1\n[fault]\ntype = "ATTESTATION"\nstatus = 500'),
    ],
)
def test_a_fault_may_be_members_of_the_file(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)

    with serving_here("--config", path) as signer:
        assert 500 == signer.sign(PUBKEY, attestation(9)).status
        assert 200 == signer.sign(PUBKEY, RANDAO).status


@pytest.mark.parametrize("member", ["keystores_path", "keystores-path"])
def test_a_name_may_have_underscores(tmp_path: Path, member: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(f"{member}: keys")

    assert {"keystores-path": "keys"} == read_flags(path, KNOWN)


@pytest.mark.slow
def test_json_logs_have_an_object_on_each_line(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text('{"crypto": 1}')
    flags = ["--log-format", "json", "--log-level", "debug", "--no-metrics", "--interop", "1"]
    with serving(*flags, "--keystores-path", tmp_path) as signer:
        signer.sign(PUBKEY, RANDAO)
        signer.sign("0x00", RANDAO)
        lines = [json.loads(line) for line in said(signer)]

    messages = [line["message"] for line in lines]
    assert {("time", "level", "logger", "message")} == {tuple(line) for line in lines}
    assert {timedelta(0)} == {datetime.fromisoformat(line["time"]).utcoffset() for line in lines}
    assert {"INFO", "WARNING", "DEBUG"} == {line["level"] for line in lines}
    assert [f"serving at {signer.url}"] == [text for text in messages if signer.url in text]
    assert ["1 keys, 1 failed to load"] == [text for text in messages if "1 keys" in text]
    requests = [text.partition(":")[0] for text in messages if "RANDAO_REVEAL" in text]
    assert ["RANDAO_REVEAL 200", "refused"] == requests


@pytest.mark.slow
def test_a_traceback_is_in_the_object_of_its_line() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOGGED], capture_output=True, text=True, check=True, timeout=20
    )

    line = json.loads(done.stderr.splitlines()[-1])
    assert ("ERROR", "mine", "cannot\nserve") == (line["level"], line["logger"], line["message"])
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert line["exception"].endswith("\nZeroDivisionError: division by zero")


@pytest.mark.slow
def test_json_logs_tell_as_json_why_it_does_not_serve() -> None:
    message = process_refused("--log-format", "json", "--host", "192.0.2.1", "--no-keymanager")

    assert "cannot listen on 192.0.2.1" in json.loads(message.splitlines()[-1])["message"]


@pytest.mark.slow
def test_a_flag_that_is_none_ends_the_start_with_2() -> None:
    done = subprocess.run(
        command("--interopp", "1"), capture_output=True, text=True, check=False, timeout=20
    )

    assert (2, "") == (done.returncode, done.stdout)
    assert "--interopp" in done.stderr


@pytest.mark.slow
def test_metrics_have_a_host_of_their_own() -> None:
    port = free_port()
    flags = ["--host", "::1", "--metrics-host", "127.0.0.1", "--metrics-port", str(port)]
    with serving(*flags) as signer:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
            assert b'signer_keys_loaded{source="imported"} 0.0' in response.read()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("::1", port))

        assert signer.url.startswith("http://[::1]:")


def test_without_the_keymanager_api_any_host_may_be_served() -> None:
    with serving_here("--no-keymanager", "--host", "0.0.0.0", "--no-metrics") as signer:
        assert 404 == signer.ask("GET", "/eth/v1/keystores").status
        assert 200 == signer.ask("GET", "/upcheck").status
