"""What --slashing report and enforce cost beside off, in memory and on disk.

The cost of a check is measured by itself, since over HTTP it drowns in the noise; what the disk
costs is measured over HTTP, in rounds that alternate, as throughput beside that of `off`.
"""

import json
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import load
from run import Row, Run
from server import Target, closed
from signer.config.settings import Config, SlashingMode
from signer.signing.registry import SigningTypes
from signer.slashing.protection import Protection
from signers import serving

MODES: tuple[SlashingMode, ...] = ("off", "report", "enforce")
PLACES = [("off", "memory"), *((mode, place) for mode in MODES[1:] for place in ("memory", "disk"))]
KEYS = [bytes([number]) * 48 for number in range(64)]
CONNECTIONS = 64
ATTESTATIONS = 500  # of each key of an imported document


def measure(run: Run) -> None:
    """Three tables: a check by itself, over HTTP, and the interchange of a large history."""
    asked = [SigningTypes().decode(body) for body in islice(load.new_roots(), run.size(10_000, 10))]

    def check(mode: SlashingMode, raw: float) -> Row:
        protection, started = Protection(Config(slashing=mode), None), time.thread_time()
        for index, (request, root) in enumerate(zip(asked, roots, strict=True)):
            protection.admit(KEYS[index % len(KEYS)], request, root)
        each = (time.thread_time() - started) / len(asked)
        return {"µs": each * 1e6, "x raw": each / raw}

    roots = [request.message.hash_tree_root() for request in asked]
    run.table(
        "slashing",
        "CPU of a check, of attestations that are not slashable.",
        run.alternate({mode: partial(check, mode) for mode in MODES}),
    )
    with TemporaryDirectory() as folder:
        _served(run, Path(folder))
        _interchange(run, Path(folder))


def _served(run: Run, folder: Path) -> None:
    """Prints throughput and CPU per signature."""
    with ExitStack() as stack:
        measures = {}
        for mode, place in PLACES[::4] if run.quick else PLACES:
            disk = ("--data-dir", folder / mode) if place == "disk" else ()
            signer = stack.enter_context(serving("--interop", 64, "--slashing", mode, *disk))
            target = Target(signer, signer.pubkeys, new_roots=True)
            measures[f"{mode}, {place}"] = partial(closed, run, target, CONNECTIONS)
        rows = run.alternate(measures)
    off = rows["off, memory"]["per second"]
    run.table(
        "slashing over HTTP",
        f"New roots over {CONNECTIONS} connections; the disk is that of {folder.parent}.",
        {name: row | {"x off": row["per second"] / off} for name, row in rows.items()},
    )


def _interchange(run: Run, folder: Path) -> None:
    """Prints how long the import of a large document takes, and its export."""
    count = run.size(5_000, 2)  # a document may have a million values
    path, data_dir = folder / "interchange.json", folder / "data"
    data_dir.mkdir()
    _write_interchange(path, count)
    rows = {}
    for action, file in (("import", path), ("export", folder / "exported.json")):
        command = [sys.executable, "-m", "signer", "slashing", action, str(file)]
        started = time.perf_counter()
        done = subprocess.run(
            [*command, "--data-dir", str(data_dir)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        rows[action] = {"s": time.perf_counter() - started, "MB": file.stat().st_size / 1e6}
    kept = sum(file.stat().st_size for file in data_dir.glob("slashing*"))
    run.table(
        "interchange",
        f"{count} keys with {ATTESTATIONS} attestations each; kept in {kept / 1e6:.1f} MB.",
        rows,
    )


def _write_interchange(path: Path, keys: int) -> None:
    """Writes a document with so many attestations of each of so many keys."""
    epochs = range(load.EPOCH, load.EPOCH + ATTESTATIONS)
    signed = [
        {"source_epoch": str(e - 1), "target_epoch": str(e), "signing_root": f"0x{e:064x}"}
        for e in epochs
    ]
    root = load.GENESIS_VALIDATORS_ROOT
    metadata = {"interchange_format_version": "5", "genesis_validators_root": root}
    histories = json.dumps({"signed_blocks": [], "signed_attestations": signed})[1:]
    with path.open("w") as file:
        file.write('{"metadata": %s, "data": [' % json.dumps(metadata))  # noqa: UP031 - braces
        for key in range(keys):
            file.write(f'{"," if key else ""}{{"pubkey": "0x{key:096x}", {histories}')
        file.write("]}")
