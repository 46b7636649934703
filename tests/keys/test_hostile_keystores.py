"""Unusual, broken and hostile keystores: which open, what they cost, and what is not told."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from signer._core import SecretKey
from support.hostile_keystores import ACCEPTED, EITHER, MANIFEST, REJECTED, content, name
from support.keystores import KEY, MIB, PASSWORD, SECRET
from support.loading import load
from support.vectors import unhex

HURRIED = [case for case in MANIFEST if "max_seconds" in case]
SPARING = [case for case in MANIFEST if "max_extra_memory_mib" in case]
RUSAGE_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes in a unit of ru_maxrss

# Loads the folders below argv[1] one after the other; prints what that added to the peak
MEASURE_MEMORY = """
import resource, sys
from pathlib import Path
from signer.keys.keystore_folder import KeystoreFolder
from signer.threads import thread_pool

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak()
for folder in sorted(Path(sys.argv[1]).iterdir()):
    with thread_pool() as threads:
        KeystoreFolder(folder, None, folder / "password").load(threads)
    print(peak() - before, folder.name)
"""


def write(folder: Path, case: Any) -> Path:
    """A folder with one case's keystore and its password."""
    folder.mkdir(exist_ok=True)
    (folder / "keystore.json").write_bytes(content(name(case)))
    (folder / "password").write_bytes(case["password"].encode())
    return folder


@pytest.mark.parametrize("case", ACCEPTED, ids=name)
def test_an_unusual_keystore_is_accepted(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    assert [unhex(case["pubkey"])] == loaded.pubkeys
    assert [SecretKey.from_bytes(unhex(case["secret"])).public_key()] == loaded.pubkeys
    assert [] == loaded.failures


@pytest.mark.parametrize("case", REJECTED, ids=name)
def test_a_broken_keystore_is_rejected(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    assert [] == loaded.pubkeys


@pytest.mark.parametrize("case", EITHER, ids=name)
def test_a_doubtful_keystore_gives_its_key_or_a_failure(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    outcomes = [([KEY.public_key()], 0), ([], 1)]
    assert (loaded.pubkeys, len(loaded.failures)) in outcomes


@pytest.mark.parametrize("case", HURRIED, ids=name)
def test_a_hostile_keystore_takes_no_longer_than_allowed(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    started = time.monotonic()
    load(folder)
    seconds = time.monotonic() - started

    assert case["max_seconds"] > seconds


@pytest.mark.slow
def test_hostile_keystores_take_no_more_memory_than_allowed(tmp_path: Path) -> None:
    for case in SPARING:
        write(tmp_path / name(case), case)

    measured = subprocess.run(
        [sys.executable, "-c", MEASURE_MEMORY, tmp_path], capture_output=True, text=True, check=True
    )

    extra = {
        folder: int(units) * RUSAGE_UNIT / MIB
        for units, folder in map(str.split, measured.stdout.splitlines())
    }
    allowed = {name(case): case["max_extra_memory_mib"] for case in SPARING}
    assert allowed.keys() == extra.keys()
    assert {} == {folder: mib for folder, mib in extra.items() if mib > allowed[folder]}


@pytest.mark.parametrize(
    "case", [case for case in REJECTED if case["password"] == PASSWORD], ids=name
)
def test_a_rejection_tells_neither_password_nor_secret(tmp_path: Path, case: Any) -> None:
    folder = write(tmp_path, case)

    loaded = load(folder)

    assert PASSWORD not in "".join(loaded.lines)
    assert SECRET.hex() not in "".join(loaded.lines)
