"""The libraries that are compared: what they are, how they are started, which version is pinned."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parent.parent
BUILT = PROJECT / "target" / "bls"  # ignored by git
PYTHON = BUILT / "python" / "bin" / "python"

RAW = "blst"


@dataclass(frozen=True)
class Library:
    """A library, and the program next to this file that answers for it."""

    name: str
    language: str
    made_of: str
    command: tuple[str, ...]
    pin: Path  # the file that pins its version
    pattern: str  # finds the version there

    @property
    def version(self) -> str:
        """The version that the build installs."""
        found = re.search(self.pattern, self.pin.read_text("utf-8"))
        if found is None:
            raise LookupError(f"expected {self.pattern!r} in {self.pin}, found nothing")
        return found[1]

    @property
    def start(self) -> tuple[str, ...]:
        """The command, by this Python where the environment of the compared ones is not built."""
        program, *arguments = self.command
        if program == str(PYTHON) and not PYTHON.exists():
            program = sys.executable
        return program, *arguments


def _python(script: str) -> tuple[str, ...]:
    interpreter = sys.executable if script == "ours" else str(PYTHON)
    return interpreter, str(HERE / "python" / f"{script}.py")


def _rust(library: str) -> tuple[str, ...]:
    return str(BUILT / "rust" / "release" / "bls"), library


def _go(library: str) -> tuple[str, ...]:
    return str(BUILT / "go"), library


def _node(script: str) -> tuple[str, ...]:
    return "node", str(HERE / "node" / f"{script}.mjs")


CARGO = HERE / "rust" / "Cargo.lock"
GROUP = PROJECT / "pyproject.toml"
MODULES = HERE / "go" / "go.mod"
PACKAGES = HERE / "node" / "package.json"


def _crate(name: str) -> str:
    return f'name = "{name}"\nversion = "(.+)"'


LIBRARIES = [
    Library(RAW, "Rust", "C and assembly", _rust("raw_blst"), CARGO, _crate("blst")),
    Library(
        "signer._core",
        "Python",
        "blst",
        _python("ours"),
        PROJECT / "Cargo.lock",
        _crate("blst"),
    ),
    Library("blstrs", "Rust", "blst", _rust("blstrs"), CARGO, _crate("blstrs")),
    Library(
        "@chainsafe/blst", "Node", "blst", _node("chainsafe"), PACKAGES, '"@chainsafe/blst": "(.+)"'
    ),
    Library("blspy", "Python", "C++, blst", _python("chia"), GROUP, '"blspy==(.+?)"'),
    Library(
        "herumi",
        "Go",
        "C++, machine code made at the start",
        _go("herumi"),
        MODULES,
        r"bls-eth-go-binary v(\S+)",
    ),
    Library("gnark-crypto", "Go", "Go, assembly", _go("gnark"), MODULES, r"gnark-crypto v(\S+)"),
    Library(
        "arkworks",
        "Python",
        "Rust",
        _python("arkworks"),
        GROUP,
        '"py-arkworks-bls12381==(.+?)"',
    ),
    Library("bls12_381", "Rust", "Rust", _rust("zkcrypto"), CARGO, _crate("bls12_381")),
    Library("milagro", "Python", "Rust", _python("milagro"), GROUP, '"milagro-bls-binding==(.+?)"'),
    Library(
        "@noble/curves", "Node", "JavaScript", _node("noble"), PACKAGES, '"@noble/curves": "(.+)"'
    ),
    Library("py_ecc", "Python", "Python", _python("pyecc"), GROUP, '"py-ecc==(.+?)"'),
]
