"""How long keystores take: at the start, at the next start, and beside signing.

A KDF's own time is measured in the same run, on one thread; what the signer takes for many is a
ratio to that, over the cores.
"""

import json
import threading
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import load
from run import Run
from signer import SecretKey
from signer.keys.data_dir import DataDir
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt, parse
from signer.threads import cores
from signers import Signer, serving

PASSWORD = "benchmark"
IMPORTED = 16  # keystores of an import beside signing


def keys(count: int) -> Iterable[Key]:
    """The keys 1, 2, 3 and so on."""
    return (Key(SecretKey.from_bytes(index.to_bytes(32, "big"))) for index in range(1, count + 1))


def write_keystores(folder: Path, count: int, cost: int) -> list[object]:
    """Scrypt keystores in Web3Signer's layout; the flags that load them."""
    for name in ("keys", "passwords"):
        (folder / name).mkdir(parents=True)
    for key in keys(count):
        name = f"0x{key.pubkey.hex()}"
        sealed = encrypt(key, PASSWORD, kdf="scrypt", cost=cost)
        (folder / "keys" / f"{name}.json").write_bytes(sealed)
        (folder / "passwords" / f"{name}.txt").write_text(PASSWORD)
    flags = ["--keystores-path", folder / "keys"]
    return [*flags, "--keystores-passwords-path", folder / "passwords"]


def start(*flags: object) -> float:
    """Seconds from the start of a process until it serves."""
    started = time.perf_counter()
    with serving(*flags):
        return time.perf_counter() - started


def raw_kdf(cost: int) -> float:
    """Seconds that scrypt takes on one thread: the median of three."""
    [key] = keys(1)
    keystore = parse(encrypt(key, PASSWORD, kdf="scrypt", cost=cost))
    assert keystore
    times = []
    for _ in range(3):
        started = time.perf_counter()
        keystore.decrypt(PASSWORD)
        times.append(time.perf_counter() - started)
    return median(times)


def measure(run: Run) -> None:
    """Two tables: starts, and signing beside an import."""
    cost = run.size(1 << 18, 1 << 10)
    with TemporaryDirectory() as folder:
        measure_starts(run, Path(folder), cost)
        sealed = [
            encrypt(key, PASSWORD, kdf="scrypt", cost=cost).decode() for key in keys(IMPORTED)
        ]
        rows = {
            f"c={connections}": measure_import(run, Path(folder), sealed, connections)
            for connections in ([16] if run.quick else [1, 16])
        }
    run.table(
        "import",
        f"Signing with c connections, idle and while {IMPORTED} keystores of scrypt n={cost} are "
        "imported.",
        rows,
    )


def measure_starts(run: Run, folder: Path, cost: int) -> None:
    """Prints how long starts take: imported keys, cheap keystores, slow ones."""
    count, slow, repeats = run.size(10_000, 10), run.size(64, 4), run.size(3, 1)

    def again(*flags: object) -> float:
        return median(start(*flags) for _ in range(repeats))

    data_dir = DataDir(folder / "kept")
    for key in keys(count):
        data_dir.keep(key)
    data_dir.close()
    rows = {"imported keys": {"s": again("--data-dir", folder / "kept")}}

    flags = [*write_keystores(folder / "cheap", count, 2), "--data-dir", folder / "cheap-cache"]
    rows |= {"cheap, first": {"s": start(*flags)}, "cheap, next": {"s": again(*flags)}}

    flags = [*write_keystores(folder / "slow", slow, cost), "--data-dir", folder / "slow-cache"]
    empty, raw, first = start(), raw_kdf(cost), start(*flags)
    ratio = (first - empty) / (slow * raw / cores())
    rows |= {
        "scrypt, first": {"s": first, "x raw KDF over cores": ratio},
        "scrypt, next": {"s": again(*flags)},
    }
    run.table(
        "keystores",
        f"From process start until it serves {count} keys: imported ones, or keystores elsewhere "
        f"with scrypt n=2; and {slow} keystores elsewhere with n={cost}, less an empty start, in "
        f"raw KDFs over {cores()} cores.",
        rows,
    )


def import_all(signer: Signer, sealed: list[str]) -> float:
    """Seconds that importing keystores in one request takes."""
    body = json.dumps({"keystores": sealed, "passwords": [PASSWORD] * len(sealed)}).encode()
    started = time.perf_counter()
    with urllib.request.urlopen(f"{signer.url}/eth/v1/keystores", data=body) as response:
        statuses = {item["status"] for item in json.load(response)["data"]}
    if statuses != {"imported"}:
        raise SystemExit(f"expected every keystore to be imported, found {statuses}")
    return time.perf_counter() - started


def measure_import(
    run: Run, folder: Path, sealed: list[str], connections: int
) -> dict[str, float | str]:
    """How long signing takes, without and with an import beside it."""
    with serving("--interop", 64, "--data-dir", folder / f"import-{connections}") as signer:
        bodies = load.new_roots()

        def sign(seconds: float) -> load.Result:
            return load.closed_loop(signer.url, signer.pubkeys, bodies, connections, seconds)

        sign(run.seconds)
        idle = sign(run.seconds * 3)
        took: list[float] = []
        importing = threading.Thread(target=lambda: took.append(import_all(signer, sealed)))
        importing.start()
        busy = sign(run.seconds * 3)
        still = importing.is_alive()
        importing.join()
    before, meanwhile = idle.percentile(0.99) * 1e3, busy.percentile(0.99) * 1e3
    return {
        "idle p99 ms": before,
        "p99 ms": meanwhile,
        "x idle": meanwhile / before,
        "idle per second": idle.rate,
        "per second": busy.rate,
        "import s": took[0],
        "remark": "" if still else "shorter than the load",
    }
