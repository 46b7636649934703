"""The fuzzers in Rust, which are built by `make fuzz` and not by the tests."""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FUZZ = ROOT / "fuzz"
CRATE = FUZZ / "rust"


def manifest(path: Path) -> Any:
    return tomllib.loads(path.read_text())


def targets() -> list[str]:
    return sorted(path.stem for path in (CRATE / "fuzz_targets").glob("*.rs"))


def test_each_target_is_built() -> None:
    assert targets() == [binary["name"] for binary in manifest(CRATE / "Cargo.toml")["bin"]]


@pytest.mark.parametrize("target", targets())
def test_each_target_has_a_corpus_and_a_name(target: str) -> None:
    answer = subprocess.run(
        [sys.executable, FUZZ / "fuzz.py", "--help"], capture_output=True, text=True, check=True
    )

    assert f"rust-{target}" in answer.stdout
    assert any((FUZZ / "corpus" / f"rust-{target}").iterdir())


def test_the_fuzzed_core_has_the_dependencies_of_the_real_one() -> None:
    real = manifest(ROOT / "rust" / "Cargo.toml")["dependencies"]
    fuzzed = manifest(CRATE / "Cargo.toml")["dependencies"]

    assert real == {name: fuzzed.get(name) for name in real}


@pytest.mark.parametrize("package", ["blst", "pyo3", "scrypt", "sha2", "aes", "pbkdf2"])
def test_the_fuzzed_core_has_the_versions_of_the_real_one(package: str) -> None:
    locks = [manifest(folder / "Cargo.lock")["package"] for folder in (ROOT, CRATE)]
    real, fuzzed = [
        {entry["version"] for entry in lock if entry["name"] == package} for lock in locks
    ]

    assert real == fuzzed


@pytest.mark.parametrize("target", targets())
def test_a_built_target_finds_nothing_in_its_corpus(target: str) -> None:
    programs = [*(ROOT / "target" / "fuzz").glob(f"*/release/{target}")]
    if not programs:
        pytest.skip("not built: `make fuzz` does it")
    corpus = FUZZ / "corpus" / f"rust-{target}"

    answer = subprocess.run([programs[0], "-runs=0", corpus], capture_output=True, check=False)

    assert 0 == answer.returncode, answer.stderr.decode(errors="replace")
