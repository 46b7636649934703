"""--help: its groups, its short name everywhere, and the completion of shells."""

import re
from dataclasses import fields
from typing import Any

import click
import pytest
from click.testing import CliRunner

from signer.cli import main
from signer.config.flags import by_group, spelled
from signer.config.settings import Config

GROUPS = ["Keys", "Upstream", "Network", "Slashing", "Server", "TLS", "Metrics", "Tests"]


def help_of(*words: str) -> str:
    return CliRunner().invoke(main, [*words, "-h"]).stdout


def section(title: str, text: str) -> str:
    """The lines below a title of a text."""
    return text.split(f"\n{title}:\n")[1].partition("\n\n")[0]


def test_the_flags_of_serve_are_grouped() -> None:
    text = help_of("serve")

    assert ["Options", *GROUPS] == re.findall(r"^(\w+):$", text, re.MULTILINE)
    assert "--interop N" in section("Keys", text)
    assert "--tls-client-ca" in section("TLS", text)
    assert "--ready-json" in section("Tests", text)
    assert "--config" in section("Options", text)


@pytest.mark.parametrize("group", GROUPS)
def test_a_section_has_the_flags_of_its_group(group: str) -> None:
    text = section(group, help_of("serve"))
    listed = re.findall(r"^  (--[a-z0-9-]+)", text, re.MULTILINE)

    assert [spelled(declared.name) for declared in by_group(fields(Config))[group]] == listed


def test_every_flag_has_a_group_that_is_known() -> None:
    """A new flag belongs to the group before it; a misspelled group would make a section."""
    assert GROUPS == [*by_group(fields(Config))]


def commands(command: click.Command = main, name: str = "") -> list[str]:
    """Every command, with the words before it."""
    found = [name]
    if isinstance(command, click.Group):
        for word, child in command.commands.items():
            found += commands(child, f"{name} {word}")
    return found


@pytest.mark.parametrize("name", commands(), ids=lambda name: name or "signer")
def test_every_command_has_a_short_help_flag(name: str) -> None:
    result = CliRunner().invoke(main, [*name.split(), "-h"])

    assert 0 == result.exit_code
    assert re.match(rf"Usage: \w+{name} ", result.stdout)
    assert "-h, --help" in result.stdout


def completed(words: str) -> list[str]:
    """What click offers to bash after these words, each with its kind."""
    environment: dict[str, Any] = {
        "_SIGNER_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    return CliRunner().invoke(main, prog_name="signer", env=environment).stdout.splitlines()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("signer serve --slash", "--slashing"),
        ("signer serve --slashing enf", "enforce"),
        ("signer sl", "slashing"),
        ("signer keys --layout light", "lighthouse"),
    ],
)
def test_a_shell_completes(words: str, expected: str) -> None:
    assert f"plain,{expected}" in completed(words)


@pytest.mark.parametrize(("flag", "kind"), [("--tls-cert", "file"), ("--keystores-path", "dir")])
def test_a_shell_completes_paths_itself(flag: str, kind: str) -> None:
    assert [f"{kind},ke"] == completed(f"signer serve {flag} ke")
