"""Fuzzes all that the signer reads, guided by coverage: each target may only return or refuse.

A target refuses with a SignerError, whose message a person reads. Any other exception is a
finding: the fuzzer writes the input to a file, and the same command with that file shows it again.

Run: python fuzz/parsers.py TARGET -max_total_time=60 fuzz/corpus/TARGET
"""

import json
import logging
import random
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["signer"], enable_loader_override=False):
    from signer.cli.config_file import read_members
    from signer.cli.web3signer import translate
    from signer.control.faults import fault_of
    from signer.errors import SignerError
    from signer.keys.account_set import read_account_set
    from signer.keys.keystore import parse
    from signer.keys.keystore_folder import KeystoreFolder
    from signer.signing.explain import explain
    from signer.signing.registry import SigningTypes
    from signer.slashing.interchange import decode
    from signer.spec.network_files import load_network
    from signer.spec.networks import DEFAULT_NETWORK

FOLDER = Path(tempfile.mkdtemp(prefix="fuzz-"))
POOL = ThreadPoolExecutor(1)
TYPES = SigningTypes()
PASSWORD = "correct horse battery staple"
MAX_KDF_COST = 1 << 12  # a target decrypts what takes less than a few milliseconds
SEPARATOR = b"\x00"  # between files of a folder, and between arguments
ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**64,
    2**64 - 1,
    1e308,
    "",
    "0x",
    "0x0",
    "-1",
    [],
    {},
    "\ud800",
]


def request(data: bytes) -> None:
    """A sign request, up to its signing root."""
    TYPES.decode(data).choose(DEFAULT_NETWORK)


def explanation(data: bytes) -> None:
    """A document for `signer explain`; its text is read as well."""
    str(explain(data))


def keystore(data: bytes) -> None:
    """An EIP-2335 keystore or Prysm's accounts. A cheap one is decrypted."""
    parsed = parse(data)
    params = parsed.crypto.kdf.params
    cost = max(getattr(params, "c", 0) or 0, (getattr(params, "n", 0) or 0) * 8)
    if cost <= MAX_KDF_COST:
        parsed.decrypt_all(PASSWORD)


def history(data: bytes) -> None:
    """A history as EIP-3076 has it."""
    decode(data, DEFAULT_NETWORK)


def network(data: bytes) -> None:
    """A consensus configuration."""
    load_network(str(written("network.yaml", data)))


def account_set(data: bytes) -> None:
    """A participant's account set."""
    read_account_set(written("accounts.json", data))


def fault(data: bytes) -> None:
    """A fault as JSON."""
    fault_of(data)


def config(data: bytes) -> None:
    """A file of --config, as TOML and as YAML."""
    for name in ("config.toml", "config.yaml"):
        try:
            read_members(written(name, data))
        except SignerError:
            continue


def web3signer(data: bytes) -> None:
    """The arguments of `signer web3signer`."""
    translate(data.decode(errors="replace").split("\x00"), {})


def folder(data: bytes) -> None:
    """A folder of keys: a name, a content, a name, .. each up to a zero byte."""
    root = FOLDER / "keys"
    parts = data.split(SEPARATOR)[:16]
    files = dict(zip(parts[::2], parts[1::2], strict=False))
    root.mkdir(exist_ok=True)
    paths = []
    for name, content in files.items():
        safe = name.decode(errors="replace").replace("/", "_").replace("..", "_")[:80]
        if safe.strip(".") and len(safe.encode()) < 200:
            path = root / safe
            path.write_bytes(content)
            paths.append(path)
    try:
        KeystoreFolder(root).load(POOL)
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


TARGETS: list[Callable[[bytes], None]] = [
    request,
    explanation,
    keystore,
    history,
    network,
    account_set,
    fault,
    config,
    web3signer,
    folder,
]


def written(name: str, data: bytes) -> Path:
    """A file with this content."""
    path = FOLDER / name
    path.write_bytes(data)
    return path


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """Changes a member of JSON, or a few bytes of anything."""
    choose = random.Random(seed)
    if choose.random() < 0.6:
        try:
            document = change(json.loads(data), choose)
            return json.dumps(document).encode()[:max_size]
        except (ValueError, RecursionError):
            pass
    changed: bytes = atheris.Mutate(data, max_size)
    return changed


def change(node: Any, choose: random.Random) -> Any:
    """The document with one change somewhere in it."""
    if isinstance(node, dict) and node and choose.random() < 0.9:
        name = choose.choice([*node])
        fate = choose.random()
        if fate < 0.05:
            del node[name]
        elif fate < 0.1:
            node[choose.choice([*node]) + choose.choice(["", "_", "s"])] = node[name]
        else:
            node[name] = change(node[name], choose)
        return node
    if isinstance(node, list) and node and choose.random() < 0.9:
        place = choose.randrange(len(node))
        node[place] = change(node[place], choose)
        if choose.random() < 0.2:
            node.append(node[place])
        return node
    if isinstance(node, str) and choose.random() < 0.6:
        place = choose.randrange(len(node) + 1)
        return node[:place] + choose.choice(["0", "f", "g", "-", ".", "é", ""]) + node[place + 1 :]
    return choose.choice(ODD_VALUES)


def main() -> None:
    """Runs a target under libFuzzer, whose flags follow its name."""
    logging.disable()
    targets = {target.__name__: target for target in TARGETS}
    if len(sys.argv) < 2 or sys.argv[1] not in targets:
        raise SystemExit(f"expected a target of {', '.join(targets)}")
    target = targets[sys.argv.pop(1)]

    def run(data: bytes) -> None:
        try:
            target(data)
        except SignerError as error:
            str(error).encode()  # a message can be written and sent

    atheris.Setup(sys.argv, run, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
