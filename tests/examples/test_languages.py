"""The examples in other languages run, and leave nothing behind.

`make test` copies them to target/examples and builds them there, where a language is installed.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from signer.control.journal import Record
from support.served import serving_here

ROOT = Path(__file__).parent.parent.parent
BUILT = ROOT / "target" / "examples"
MAX_HELPER_LINES = 100
PAGE = (ROOT / "examples" / "README.md").read_text("utf-8")
SIGNER = f"{sys.executable} -m signer"
ENVIRONMENT = {
    "GOTOOLCHAIN": "local",  # rather than to download another one
    "GOPROXY": "off",
    "MAVEN_OPTS": "-XX:TieredStopAtLevel=1",  # what runs for a second is not optimized
}
HANG = '{"path": "/api/v1/eth2/sign/*", "hang": true}'


class Example(NamedTuple):
    """How the tests of an example run, offline, once they are built; and what a success prints."""

    command: list[str]
    helper: str  # the file to copy
    tests: str
    success: str


EXAMPLES = {
    "go": Example(
        ["go", "test", "-count=1", "-v", "./..."],
        "signertest/signer.go",
        "client_test.go",
        r"(?s)(--- PASS.*){3}",
    ),
    "java": Example(
        ["mvn", "--offline", "--batch-mode", "surefire:test"],
        "src/test/java/Signer.java",
        "src/test/java/ClientTest.java",
        r"Tests run: 3, Failures: 0, Errors: 0, Skipped: 0",
    ),
    "rust": Example(
        ["cargo", "test", "--offline"],
        "tests/signer/mod.rs",
        "tests/client.rs",
        r"3 passed; 0 failed",
    ),
    "typescript": Example(
        ["node", "--test", "build/client.test.js"],
        "signer.ts",
        "client.test.ts",
        r"# pass 3\n# fail 0",
    ),
}
# seconds; Maven on a busy machine
pytestmark = pytest.mark.timeout(180)
every_language = pytest.mark.parametrize("language", EXAMPLES)


def copy(language: str, folder: Path) -> Path:
    """A copy of the built example; skips the test where it is not built."""
    source = BUILT / language
    program = EXAMPLES[language].command[0]
    if not shutil.which(program):
        pytest.skip(f"expected {program}, found none")
    if not (source / "built").exists():
        pytest.skip(f"expected {source / 'built'}, found none: its build failed, see make test")
    ignored = shutil.ignore_patterns("node_modules")
    return shutil.copytree(source, folder / language, ignore=ignored)


def start(language: str, folder: Path, signer: str) -> subprocess.Popen[str]:
    """Runs the tests of an example with another SIGNER_COMMAND."""
    return subprocess.Popen(
        EXAMPLES[language].command,
        cwd=copy(language, folder),
        env={**os.environ, **ENVIRONMENT, "SIGNER_COMMAND": signer},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def failure(language: str, folder: Path, signer: str) -> str:
    """What the tests of an example print when they fail."""
    with start(language, folder, signer) as tests:
        output, _ = tests.communicate()
    assert 0 != tests.returncode, output
    return output


def script(folder: Path, *lines: str) -> str:
    path = folder / "signer"
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]))
    path.chmod(0o755)
    return str(path)


def unindented(code: str) -> str:
    return "\n".join(line.strip() for line in code.splitlines())


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended has no command line, even before it is reaped."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() != b""
    except FileNotFoundError:
        return False


@every_language
def test_a_helper_is_short_enough_to_copy(language: str) -> None:
    helper = ROOT / "examples" / language / EXAMPLES[language].helper

    assert len(helper.read_text("utf-8").splitlines()) <= MAX_HELPER_LINES


@every_language
def test_the_code_of_the_page_is_that_of_the_example(language: str) -> None:
    tests = ROOT / "examples" / language / EXAMPLES[language].tests
    block = PAGE.split(f"```{tests.suffix[1:].replace('rs', 'rust')}\n")[1].split("```")[0]

    assert unindented(block) in unindented(tests.read_text("utf-8"))


def test_the_request_of_the_page_is_signed() -> None:
    body = json.loads(PAGE.split("```json\n")[1].split("```")[0])
    with serving_here("--interop", "1") as signer:
        [key] = signer.ask("GET", "/api/v1/eth2/publicKeys").json
        answer = signer.sign(key, body)

    assert 200 == answer.status


def test_the_page_describes_each_member_of_a_record() -> None:
    members = PAGE.split("## Records")[1].split("\n\n")[2]
    names = [field.encode_name for field in msgspec.structs.fields(Record)]

    assert [] == [name for name in names if f"`{name}`" not in members]


@pytest.mark.slow
@every_language
def test_its_tests_pass(tmp_path: Path, language: str) -> None:
    with start(language, tmp_path, SIGNER) as tests:
        output, _ = tests.communicate()

    assert 0 == tests.returncode, output
    assert re.search(EXAMPLES[language].success, output), output


@pytest.mark.slow
@every_language
def test_a_signer_that_is_not_installed_is_named(tmp_path: Path, language: str) -> None:
    output = failure(language, tmp_path, "no-such-signer")

    assert "no-such-signer" in output
    assert "install py3signer, or set SIGNER_COMMAND" in output


@pytest.mark.slow
@every_language
def test_why_a_signer_ended_early_is_shown(tmp_path: Path, language: str) -> None:
    output = failure(language, tmp_path, script(tmp_path, "echo no keys today >&2", "exit 3"))

    assert "the signer ended" in output
    assert "no keys today" in output


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="expected /proc, found none")
@every_language
def test_a_killed_test_leaves_no_signer(tmp_path: Path, language: str) -> None:
    started = tmp_path / "started"
    serve = f'exec {SIGNER} "$@" --fault {shlex.quote(HANG)}'
    command = script(tmp_path, f"echo $PPID $$ >>{started}", serve)

    with start(language, tmp_path, command) as tests:
        while not started.exists() or not started.read_text().endswith("\n"):
            assert tests.poll() is None, tests.communicate()[0]
            time.sleep(0.05)
        parent, _ = map(int, started.read_text().split()[:2])
        os.kill(parent, signal.SIGKILL)
        tests.wait()

    signers = [int(line.split()[1]) for line in started.read_text().splitlines()]
    end = time.monotonic() + 20
    while any(map(is_running, signers)) and time.monotonic() < end:
        time.sleep(0.05)
    left = [pid for pid in signers if is_running(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert [] == left
