"""What a signer writes, whoever reads it: nobody, too late, or a disk that is full."""

import fcntl
import json
import os
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from signer import SecretKey
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.randao import RANDAO
from support.served import (
    WRONG_FLAGS,
    command,
    free_port,
    process_refused,
    request,
    running,
    said,
    serving,
)

pytestmark = pytest.mark.slow
READER_TIMEOUT = 10
UNKNOWN = "0x" + "ab" * 48
SMALL_PIPE = 4096  # bytes; Linux's smallest


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty keystores without a password, whose failures fill a small pipe."""
    folder = tmp_path_factory.mktemp("failing")
    for number in range(1, 61):
        key = Key(SecretKey.from_bytes(number.to_bytes(32, "big")))
        (folder / f"{number:02}.json").write_bytes(encrypt(key, "password", cost=2))
    return folder


@contextmanager
def unread(*flags: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A signer whose standard error is a small pipe that nobody reads."""
    reading, writing = os.pipe()
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, SMALL_PIPE)
    with (
        subprocess.Popen(
            command("--port", "0", "--no-metrics", *flags),
            stdout=subprocess.PIPE,
            stderr=writing,
        ) as process,
        os.fdopen(reading, "rb") as process.stderr,
    ):
        os.close(writing)
        try:
            yield process
        finally:
            process.kill()


def line_of(stream: IO[bytes] | None) -> bytes:
    assert stream
    readable, _, _ = select.select([stream], [], [], READER_TIMEOUT)
    assert [stream] == readable, "nothing came"
    return stream.readline()


@pytest.mark.parametrize(
    "flags",
    [[], ["--log-format", "json"], ["--log-level", "debug"]],
    ids=["plain", "json", "debug"],
)
def test_the_ready_line_comes_although_nobody_reads_the_failures(
    failing: Path, flags: list[str]
) -> None:
    with unread("--keystores-path", failing, "--ready-json", *flags) as process:
        ready = json.loads(line_of(process.stdout))

        assert 200 == request(ready["url"], "GET", "/upcheck").status
        process.terminate()
        assert 0 == process.wait(READER_TIMEOUT)


def test_the_ready_line_comes_before_the_failures(failing: Path) -> None:
    merged = ["sh", "-c", 'exec "$@" 2>&1', "sh"]
    serve = command("--keystores-path", failing, "--ready-json", "--port", "0", "--no-metrics")
    with subprocess.Popen([*merged, *serve], stdout=subprocess.PIPE) as process:
        lines = [line_of(process.stdout) for _ in range(3)]
        process.kill()

    assert [False, True] == [line.startswith(b'{"url"') for line in lines[:2]]
    assert b"failed" in lines[0]  # their number


def test_failures_are_told_in_twenty_lines(failing: Path) -> None:
    with serving("--keystores-path", failing, "--no-metrics") as signer:
        lines = [line for line in said(signer) if "failed: " in line]

    assert 20 == len(lines)
    assert "41 more" in lines[-1]


def test_requests_are_answered_while_nobody_reads_the_log() -> None:
    with unread("--ready-json", "--log-level", "debug") as process:
        url = json.loads(line_of(process.stdout))["url"]

        for _ in range(1300):
            request(url, "POST", f"/api/v1/eth2/sign/{UNKNOWN}", RANDAO)
        process.terminate()
        text = b"".join(iter(lambda: line_of(process.stderr), b""))
        assert 0 == process.wait(READER_TIMEOUT)

    assert b"log lines, because nobody read standard error" in text


def test_a_reader_gets_the_whole_log_of_a_stop() -> None:
    with subprocess.Popen(
        command("--port", "0", "--no-metrics", "--ready-json", "--log-level", "debug"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        url = json.loads(line_of(process.stdout))["url"]
        for _ in range(100):
            request(url, "POST", f"/api/v1/eth2/sign/{UNKNOWN}", RANDAO)
        process.terminate()
        _, told = process.communicate(timeout=READER_TIMEOUT)

    assert 100 == told.count(b"RANDAO_REVEAL 404")


def test_quiet_tells_nothing_but_errors(failing: Path) -> None:
    with serving("--keystores-path", failing, "--quiet", "--log-level", "debug") as signer:
        assert [] == said(signer)

    assert process_refused("--quiet", "--network", "nowhere", code=WRONG_FLAGS).startswith(
        "Error: expected one of"
    )


def test_quiet_is_a_variable_of_web3signers_command_line_too() -> None:
    variables = {"SIGNER_READY_JSON": "1", "SIGNER_QUIET": "1"}
    web3signer = [*command()[:-1], "web3signer", "--http-listen-port=0", "--no-such-option=1"]
    with running([*web3signer, "eth2"], variables) as signer:
        assert [] == said(signer)


@pytest.mark.parametrize(
    "redirection",
    ["2>&-", "2>/dev/full", "<&-", "<&- 2>&-"],
    ids=["no-stderr", "full-disk", "no-stdin", "neither"],
)
def test_a_signer_serves_without_a_standard_stream(redirection: str) -> None:
    shell = ["sh", "-c", f'exec "$@" {redirection}', "sh"]
    flags = [
        "--interop",
        "1",
        "--port",
        "0",
        "--no-metrics",
        "--ready-json",
        "--log-level",
        "debug",
    ]
    with running([*shell, *command(*flags)]) as signer:
        assert 404 == signer.sign(UNKNOWN, RANDAO).status


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "| exit"])
def test_a_signer_serves_although_nobody_gets_its_ready_line(redirection: str) -> None:
    port = free_port()
    flags = command("--port", str(port), "--no-metrics", "--ready-json")
    shell = f'"$@" {redirection} & wait'
    with subprocess.Popen(
        ["sh", "-c", shell, "sh", *flags, "--exit-with-parent"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            assert 200 == status_once_served(f"http://127.0.0.1:{port}")
        finally:
            process.kill()  # and the signer ends with it


def status_once_served(url: str) -> int:
    end = time.monotonic() + READER_TIMEOUT
    while True:
        try:
            return request(url, "GET", "/upcheck").status
        except ConnectionRefusedError:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_an_error_is_told_through_a_pipe_and_as_json() -> None:
    flags = ["--log-format", "json", "--network", "nowhere"]

    line = json.loads(process_refused(*flags, code=WRONG_FLAGS))

    assert "ERROR" == line["level"]
    assert "expected one of mainnet" in line["message"]
