"""Clients in other languages, which compute signing roots and check signatures by themselves.

Each has a folder in tests/clients: a program, the libraries that it pins, and `build`, which
`make test` runs where the language is at hand. The program signs every message it knows through
the signer at a URL, and prints a line of JSON for each.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent


class Signed(NamedTuple):
    """What a client made of a message; `verified` is None where it has no library that could."""

    type: str  # the signing type, or with more behind a slash: BLOCK_V2/FULU
    signing_root: str  # computed by the client, 0x and 64 digits
    signature: str  # 0x and 192 digits
    verified: bool | None


def signed_by(runtime: str, built: str, *command: str) -> dict[str, Signed]:
    """What a client prints, by type; skips the test where its language is not at hand.

    `built` is what its `build` makes, below the project.
    """
    if not shutil.which(runtime):
        pytest.skip(f"expected {runtime}, found none")
    if not (ROOT / built).exists():
        pytest.skip(f"expected {built}, found none: its build failed, see make test")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    answers = [Signed(**json.loads(line)) for line in done.stdout.splitlines()]
    return {answer.type: answer for answer in answers}
