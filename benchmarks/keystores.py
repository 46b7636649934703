"""How long keystores take: at the start, at the next start, and beside signing.

A KDF's own time is measured in the same run, on one thread; what the signer takes for many is a
ratio to that, over the cores.
"""

import argparse
import asyncio
import json
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from statistics import median

import load
from server import Signer, serving
from signer import SecretKey
from signer.data_dir import DataDir
from signer.keyring import Key
from signer.keystores import parse, seal
from signer.threads import cores

PASSWORD = "benchmark"


def keys(count: int) -> Iterable[Key]:
    """The keys 1, 2, 3 and so on."""
    return (Key(SecretKey.from_bytes(index.to_bytes(32, "big"))) for index in range(1, count + 1))


def write_keystores(folder: Path, count: int, cost: int) -> list[object]:
    """Scrypt keystores in Web3Signer's layout; the flags that load them."""
    for name in ("keys", "passwords"):
        (folder / name).mkdir(parents=True)
    for key in keys(count):
        name = f"0x{key.pubkey.hex()}"
        sealed = seal(key, PASSWORD, kdf="scrypt", cost=cost)
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
    keystore = parse(seal(key, PASSWORD, kdf="scrypt", cost=cost))
    assert keystore
    times = []
    for _ in range(3):
        started = time.perf_counter()
        keystore.open(PASSWORD)
        times.append(time.perf_counter() - started)
    return median(times)


def measure_starts(folder: Path, count: int, slow: int, cost: int) -> None:
    """Prints how long starts take: kept keys, cheap keystores, slow ones."""
    data_dir = DataDir(folder / "kept")
    for key in keys(count):
        data_dir.keep(key)
    data_dir.close()
    kept = median(start("--data-dir", folder / "kept") for _ in range(3))
    print(f"restart with {count} imported keys: {kept:.2f} s")

    flags = [*write_keystores(folder / "cheap", count, 2), "--data-dir", folder / "cheap-cache"]
    first, again = start(*flags), median(start(*flags) for _ in range(3))
    print(f"{count} keystores elsewhere, scrypt n=2: first start {first:.2f} s, next {again:.2f} s")

    flags = [*write_keystores(folder / "slow", slow, cost), "--data-dir", folder / "slow-cache"]
    empty, raw = start(), raw_kdf(cost)
    first, again = start(*flags), median(start(*flags) for _ in range(3))
    print(
        f"{slow} keystores elsewhere, scrypt n={cost}: first start {first:.2f} s, next "
        f"{again:.2f} s; raw KDF {raw:.3f} s, an empty start {empty:.2f} s: the first is "
        f"{(first - empty) / (slow * raw / cores()):.2f} x raw over {cores()} cores"
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


def measure_import(folder: Path, count: int, cost: int, connections: int) -> None:
    """Prints the p99 of signing, without and with an import beside it."""
    sealed = [seal(key, PASSWORD, kdf="scrypt", cost=cost).decode() for key in keys(count)]
    with serving("--interop", 64, "--data-dir", folder / f"import-{connections}") as signer:
        bodies = load.new_roots()

        def sign(seconds: float) -> load.Result:
            return asyncio.run(load.run(signer.url, signer.pubkeys, bodies, connections, seconds))

        sign(1.0)
        idle = sign(4.0)
        took: list[float] = []
        importing = threading.Thread(target=lambda: took.append(import_all(signer, sealed)))
        importing.start()
        busy = sign(4.0)
        still = importing.is_alive()
        importing.join()
    before, meanwhile = idle.percentile(0.99) * 1e3, busy.percentile(0.99) * 1e3
    print(
        f"p99 of signing, {connections} connections: {before:.2f} ms; while {count} scrypt "
        f"keystores are imported {meanwhile:.2f} ms, {meanwhile / before:.2f} x; "
        f"{idle.rate:.0f}/s then {busy.rate:.0f}/s; the import took {took[0]:.1f} s"
        f"{'' if still else ', less than the measurement'}"
    )


def main() -> None:
    """Prints a line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=10_000, help="of the restarts")
    parser.add_argument("--slow", type=int, default=64, help="keystores of the first start")
    parser.add_argument("--cost", type=int, default=1 << 18, help="scrypt's n of the slow ones")
    parser.add_argument("--only", choices=["starts", "import"], help="a part of it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if options.only != "import":
            measure_starts(Path(folder), options.keys, options.slow, options.cost)
        if options.only != "starts":
            for connections in (1, 16):
                measure_import(Path(folder), 16, options.cost, connections)


if __name__ == "__main__":
    main()
