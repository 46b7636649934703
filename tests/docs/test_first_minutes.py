"""What README.md and the pages of docs/start tell somebody to do first works, in its order."""

import os
import re
import shlex
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from support.served import command, free_ports, running

ROOT = Path(__file__).parent.parent.parent
PAGES = sorted((ROOT / "docs" / "start").glob("*.md"))
BLOCK = re.compile(
    r"(<!-- not run: .* -->\n)?^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL
)

# What the README's MyClient is: it asks once, and does not try again
MY_CLIENT = """
import json
import urllib.error
import urllib.request


class MyClient:
    def __init__(self, url, pubkeys):
        self.url = f"{url}/api/v1/eth2/sign/{pubkeys[0]}"

    def attest(self, slot):
        checkpoint = {"epoch": str(slot // 32), "root": "0x" + "00" * 32}
        data = {"slot": str(slot), "index": "0", "beacon_block_root": "0x" + "11" * 32}
        fork = {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "0"}
        request = {
            "type": "ATTESTATION",
            "fork_info": {"fork": fork, "genesis_validators_root": "0x" + "33" * 32},
            "attestation": data | {"source": checkpoint, "target": checkpoint},
        }
        try:
            urllib.request.urlopen(self.url, json.dumps(request).encode(), timeout=5).close()
        except urllib.error.HTTPError as error:
            error.close()


"""


def blocks(page: Path, language: str) -> list[str]:
    found = BLOCK.findall(page.read_text("utf-8"))
    return [content for declared, of, content in found if of == language and not declared]


def run_tests(folder: Path, code: str) -> str:
    """What pytest prints of tests that pass."""
    (folder / "test_page.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", folder],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert 0 == done.returncode, done.stdout
    return done.stdout


@pytest.mark.slow
def test_the_tests_of_the_readme_pass(tmp_path: Path) -> None:
    [code] = blocks(ROOT / "README.md", "python")

    assert "2 passed" in run_tests(tmp_path, MY_CLIENT + code)


@pytest.mark.slow
def test_the_tests_of_the_page_for_pytest_authors_pass(tmp_path: Path) -> None:
    code = "\n".join(blocks(ROOT / "docs" / "start" / "pytest-author.md", "python"))

    assert "2 passed" in run_tests(tmp_path, code)


def shell(line: str, folder: Path) -> None:
    """Runs a line with `signer` on PATH; it has to end well and to print something."""
    bin_folder = folder / "bin"
    bin_folder.mkdir(exist_ok=True)
    script = bin_folder / "signer"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m signer "$@"\n')
    script.chmod(0o755)
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=environment,
    )
    assert 0 == done.returncode, done.stderr
    assert done.stdout, f"expected {line} to print something"


WITH_COMMANDS = [page for page in PAGES if blocks(page, "sh")]


@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.stem)
def test_the_commands_of_the_page_run(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    [port] = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        for line in "".join(blocks(page, "sh")).splitlines():
            if line.startswith("signer serve "):
                flags = shlex.split(line)[2:]
                more = ["--port", str(port), "--no-metrics", "--ready-json"]
                stack.enter_context(running(command(*flags, *more)))
            elif line.startswith(("signer requests", "signer fault")):
                shell(f"{line} --url {url} && echo done", tmp_path)
            else:
                shell(line.replace("localhost:9000", f"127.0.0.1:{port}"), tmp_path)
