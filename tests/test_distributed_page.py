"""docs/distributed.md: its commands and examples run, in their order, on free ports."""

import shlex
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from signer.cli import main
from support.served import free_ports, running

PAGE = Path(__file__).parent.parent / "docs" / "distributed.md"
PORTS = ("9101", "9102", "9103")


def blocks(text: str) -> list[tuple[str, str]]:
    """The blocks to run: of which language, and what is in them."""
    found = []
    for part in text.split("\n```")[1::2]:
        language, _, content = part.partition("\n")
        if language in {"sh", "python"}:
            found.append((language, content))
    return found


def commands(block: str) -> list[list[str]]:
    """The arguments of each command of the signer."""
    lines = block.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.slow
def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = PAGE.read_text("utf-8")
    for port, free in zip(PORTS, free_ports(len(PORTS)), strict=True):
        text = text.replace(port, str(free))
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    languages = []

    with ExitStack() as stack:
        for language, block in blocks(text):
            languages.append(language)
            if language == "python":
                exec(compile(block, str(PAGE), "exec"), names)
                continue
            for arguments in commands(block):
                if arguments[0] == "serve":
                    serve = [sys.executable, "-m", "signer", *arguments, "--ready-json"]
                    stack.enter_context(running(serve))
                else:
                    done = CliRunner().invoke(main, arguments)
                    assert 0 == done.exit_code, done.output
                    serving = done.stdout.splitlines()

    assert [f"signer {shlex.join(each)}" for each in commands(blocks(text)[1][1])] == serving
    assert ["sh", "sh", *["python"] * 6] == languages
