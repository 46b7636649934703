"""What many keys cost: starts, memory, the lists of keys, and a batch of all of them."""

import urllib.request
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import reduce
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import NamedTuple

import load
from batch import Batches
from keystores import PASSWORD, import_all, keys, write_keystores
from run import KEY, Row, Run, cpu_of
from signer import SecretKey
from signer._core import derive_child_sk
from signer.keys.keystore import encrypt
from signers import Signer, serving

PUBLIC_KEYS = "/api/v1/eth2/publicKeys"
KEYSTORES = "/eth/v1/keystores"
BATCH_EPOCH = load.EPOCH + 3_000_000  # no other load comes to it: its roots would be remembered


class Source(NamedTuple):
    """Keys of one source: their number, the flags, and the least CPU that each can take."""

    keys: int
    flags: Sequence[object]
    floor: float = 0.0  # seconds; 0 where no single operation is the floor


class Empty(NamedTuple):
    """A signer without keys: the CPU of its start in seconds, and its memory in bytes."""

    cpu: float
    memory: int


def measure(run: Run) -> None:
    """Four tables."""
    many, fewer = run.size(100_000, 200), run.size(10_000, 20)
    public_key, derivation = _floors(run)
    with TemporaryDirectory() as name, serving() as nobody:
        folder = Path(name)
        empty = Empty(nobody.cpu(), nobody.memory())
        imported = ["--data-dir", folder / "imported"]
        importing = _import(run, fewer, imported)
        cached = [*write_keystores(folder / "folder", fewer, 2), "--data-dir", folder / "cache"]
        mnemonic = ["--mnemonic", "devnet", "--count"]
        sources = {
            f"{many:,} interop": Source(many, ["--interop", many], public_key),
            f"{many:,} of a mnemonic": Source(many, [*mnemonic, many], derivation),
            f"{fewer:,} in a folder, first": Source(fewer, cached),
            f"{fewer:,} in a folder, next": Source(fewer, cached),
            f"{fewer:,} imported": Source(fewer, imported),
        }
        starts: dict[str, Row] = {}
        lists: dict[str, Row] = {}
        batches: dict[str, Row] = {}
        for title, source in sources.items():
            with ExitStack() as stack:
                started = perf_counter()
                signer = stack.enter_context(serving(*source.flags))
                seconds = perf_counter() - started
                starts[title] = _start(signer, source, seconds, empty)
                lists[title] = _lists(signer, source.keys)
                batches[title] = _batch(run, signer)
    run.table(
        "many keys",
        "From process start until all keys can sign. CPU is of all cores, for each key without the "
        "start of an empty signer. The floor is raw blst for these keys on one thread: a public "
        "key, and for a mnemonic also three children.",
        starts,
    )
    run.table(
        "lists of keys",
        "CPU of GET publicKeys, the first time and again, and of GET /eth/v1/keystores; memory for "
        "each key that stays after the lists.",
        lists,
    )
    run.table(
        "batch of all keys",
        "All keys sign one attestation in one request; memory that stays, with their histories.",
        batches,
    )
    run.table("import of keystores", f"{fewer:,} cheap keystores in one request.", importing)


def _floors(run: Run) -> tuple[float, float]:
    """Seconds of CPU on one thread: a public key, and a key of a mnemonic with its public key."""
    secrets = count(1)
    seconds = run.seconds / 6
    public_key = cpu_of(
        lambda: SecretKey.from_bytes(next(secrets).to_bytes(32, "big")),
        seconds,
    )
    children = cpu_of(lambda: reduce(derive_child_sk, (next(secrets), 0, 0), KEY), seconds)
    return public_key, public_key + children


def _start(signer: Signer, source: Source, seconds: float, empty: Empty) -> Row:
    cpu = signer.cpu()
    each = (cpu - empty.cpu) / source.keys
    row = {
        "s": seconds,
        "CPU s": cpu,
        "µs per key": each * 1e6,
        "MB": signer.memory() / 1e6,
        "kB per key": (signer.memory() - empty.memory) / source.keys / 1e3,
    }
    if source.floor:
        row["x floor"] = each / source.floor
    return row


def _lists(signer: Signer, number: int) -> Row:
    before = signer.memory()
    first = _cpu_of_get(signer, PUBLIC_KEYS)
    again = min(_cpu_of_get(signer, PUBLIC_KEYS) for _ in range(3))
    keystores = _cpu_of_get(signer, KEYSTORES)
    return {
        "publicKeys ms": first * 1e3,
        "again ms": again * 1e3,
        "keystores ms": keystores * 1e3,
        "kB per key kept": (signer.memory() - before) / number / 1e3,
    }


def _cpu_of_get(signer: Signer, path: str) -> float:
    before = signer.cpu()
    with urllib.request.urlopen(f"{signer.url}{path}") as response:
        response.read()
    return signer.cpu() - before


def _batch(run: Run, signer: Signer) -> Row:
    raw = run.raw()
    batches = Batches(signer, len(signer.pubkeys), BATCH_EPOCH)
    before = signer.memory()
    cpu, seconds = _spent(signer, batches.sign)
    number = len(signer.pubkeys)
    each = cpu / number
    return {
        "s": seconds,
        "CPU µs": each * 1e6,
        "x raw": each / raw,
        "kB per key kept": (signer.memory() - before) / number / 1e3,
    }


def _import(run: Run, number: int, flags: Sequence[object]) -> dict[str, Row]:
    """Imports keystores into a data directory, on disk."""
    documents = [encrypt(key, PASSWORD, cost=1).decode() for key in keys(number)]
    with serving(*flags) as signer:
        cpu, seconds = _spent(signer, lambda: import_all(signer, documents))
    each = cpu / number
    return {
        "by the Keymanager API": {"s": seconds, "CPU µs": each * 1e6, "x raw": each / run.raw()}
    }


def _spent(signer: Signer, work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of a signer's CPU that work takes, and seconds of waiting for it."""
    before = signer.cpu()
    started = perf_counter()
    work()
    return signer.cpu() - before, perf_counter() - started
