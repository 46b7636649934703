"""The fuzzers of the Rust core: how they are built, and the command that runs one.

They need cargo only: `fuzz/rust/.cargo/config.toml` has the flags that cargo-fuzz would pass.
"""

import os
import shutil
import subprocess
from pathlib import Path

CRATE = Path(__file__).resolve().parent / "rust"
TARGET_FOLDER = CRATE.parents[1] / "target" / "fuzz"
NAMES = [
    *("rust-derivation", "rust-json", "rust-keystore", "rust-merkle"),
    *("rust-prysm", "rust-secret_key", "rust-shamir", "rust-signatures"),
]
ENVIRONMENT = {
    **os.environ,
    "CARGO_TARGET_DIR": str(TARGET_FOLDER),
    # AddressSanitizer is not stable yet, and this lets a stable compiler have it
    "RUSTC_BOOTSTRAP": "1",
}


def reason_not_to_run(*, is_check: bool) -> str:
    """Builds the fuzzers; returns why they cannot run, or nothing.

    The first build takes minutes, so a check builds only what was built before.
    """
    if shutil.which("cargo") is None:
        return "cargo is not installed"
    if is_check and not any(TARGET_FOLDER.glob("*/release/merkle")):
        return "they were never built here, as `make fuzz` does in some minutes"
    command = ["cargo", "build", "--release", "--quiet", "--locked"]
    done = subprocess.run(
        command, cwd=CRATE, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        return f"cargo cannot build them:\n{done.stderr[-1_000:]}"
    return ""


def command_of(name: str) -> list[str]:
    """The command that runs a fuzzer in the folder `CRATE`, without libFuzzer's arguments."""
    target = name.removeprefix("rust-")
    return ["cargo", "run", "--release", "--quiet", "--locked", "--bin", target, "--"]
