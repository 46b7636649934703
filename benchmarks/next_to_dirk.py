"""Our signer next to Dirk, in turns, with the same messages; Dirk is loaded by gRPC.

`benchmarks/dirk/build` builds Dirk and the program that loads it; Go's proxy has both.
"""

import json
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from run import Run
from signer.hex import from_hex
from signer.keys.derived import interop_key
from signer.spec import domains
from signer.tools.bench.access import access_to
from signer.tools.bench.loads import Load, Order, Target, loads_of, next_epoch
from signer.tools.bench.messages import FORK_VERSION, GENESIS_VALIDATORS_ROOT
from signer.tools.bench.report import text_of
from signer.tools.bench.result import Result
from signer.tools.bench.side_by_side import Plan, SideBySide
from signer.tools.bench.signatures import Signatures
from signer.tools.bench.target import HttpTarget
from signers import serving

FOLDER = Path(__file__).parent.parent / "target" / "dirk"
DIRK = FOLDER / "dirk"
DIRKLOAD = FOLDER / "dirkload"
KEYS = 64
CONNECTIONS = [1, 16, 64]  # each divides the number of keys: each key's requests stay in order
FEW_KEYS = 4  # of a quick run
FEW_CONNECTIONS = [1, 4]
MOST_SECONDS = 1.0  # of a measurement: there are many
START_TIMEOUT = 60.0  # seconds; Dirk decrypts an account at its first signature
CURVE_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001


class DirkTarget:
    """Dirk, in a folder that `dirkload prepare` made."""

    name = "Dirk"
    has_batches = True

    def __init__(self, folder: Path, port: int, pid: int) -> None:
        self._pid = pid
        self._where = [str(folder), str(port)]
        version = from_hex(FORK_VERSION)
        root = from_hex(GENESIS_VALIDATORS_ROOT)
        attester = domains.compute_domain(domains.DOMAIN_BEACON_ATTESTER, version, root)
        randao = domains.compute_domain(domains.DOMAIN_RANDAO, version, root)
        self._domains = {"attester_domain": attester.hex(), "randao_domain": randao.hex()}

    def measure(self, order: Order, requests: int = 0) -> Result:
        """What came back, by the program in Go.

        It sends as long as the order says, or a number of `requests`.
        """
        load = order.load
        members = {
            "pubkeys": [*order.pubkeys],
            "one_root": load.roots == "one root",
            "batch": load.batch,
            "connections": load.connections,
            "first": order.first,
            "requests": requests,
            "seconds": order.seconds,
            "pid": self._pid,
            "rate": order.rate if load.is_open else 0,
        }
        done = subprocess.run(
            [DIRKLOAD, "load", *self._where],
            input=json.dumps(members | self._domains),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return Result(problem=done.stderr.strip(), answers={})
        found = json.loads(done.stdout)
        return Result(
            elapsed=found["elapsed"],
            cpu=found["cpu"],
            latencies=found["latencies"] or [],
            late=found["late"] or [],
            answers={int(number): answer.encode() for number, answer in found["answers"].items()},
            sent=found["sent"],
            errors=found["errors"],
            problem=found["problem"],
        )


def measure(run: Run) -> None:
    """Prints the comparison, or how to get Dirk."""
    if not (DIRK.exists() and DIRKLOAD.exists()):
        print("\nDirk is not built: run benchmarks/dirk/build, which needs Go")
        return
    count = run.size(KEYS, FEW_KEYS)
    connections = FEW_CONNECTIONS if run.quick else CONNECTIONS
    keys = [interop_key(index) for index in range(count)]
    with (
        serving("--interop", count) as ours,
        serving("--interop", count, "--slashing", "enforce") as enforcing,
        dirk(count) as other,
    ):
        targets: list[Target] = []
        for name, signer in (("ours", ours), ("ours (enforce)", enforcing)):
            target = HttpTarget(access_to(signer.url), name, signer.pid)
            target.has_batches = True
            targets.append(target)
        by_pubkey = {f"0x{key.public_key().hex()}": key for key in keys}
        loads = loads_of(connections, count)
        plan = Plan(loads, run.rounds, min(run.seconds, MOST_SECONDS))
        side_by_side = SideBySide(
            [*targets, other], ours.pubkeys, plan, Signatures(by_pubkey), lambda _: None
        )
        side_by_side.run()
    print(f"\n{text_of(side_by_side)}")
    run.tables["next to Dirk"] = {
        f"{figures.load.name}, {figures.target}": {
            column: figures.median(column) or 0.0 for column in figures.rows[0]
        }
        for figures in side_by_side.figures.values()
        if figures.rows
    }


@contextmanager
def dirk(keys: int) -> Iterator[DirkTarget]:
    """Dirk with interop keys on a free port, once it has signed with each."""
    with TemporaryDirectory() as folder:
        port = _free_port()
        subprocess.run(
            [DIRKLOAD, "prepare", folder, str(port)],
            input="".join(f"{secret}\n" for secret in _interop_secrets(keys)),
            text=True,
            check=True,
        )
        with (
            Path(folder, "dirk.log").open("w") as log,
            subprocess.Popen([DIRK, "--base-dir", folder], stdout=log, stderr=log) as process,
        ):
            try:
                target = DirkTarget(Path(folder), port, process.pid)
                _wait_for(target, keys, Path(log.name))
                yield target
            finally:
                process.terminate()


def _wait_for(target: DirkTarget, keys: int, log: Path) -> None:
    """Waits until each key has signed. Raises SystemExit with Dirk's log."""
    pubkeys = [f"0x{interop_key(index).public_key().hex()}" for index in range(keys)]
    order = Order(Load("one root", 1), pubkeys, next_epoch(), START_TIMEOUT)
    end = time.monotonic() + START_TIMEOUT
    while True:
        result = target.measure(order, requests=keys)
        if result.count == keys:
            return
        if time.monotonic() > end:
            raise SystemExit(f"Dirk does not sign: {result.problem}\n{log.read_text()}")
        time.sleep(0.2)


def _interop_secrets(count: int) -> Sequence[str]:
    """The interop keys, which are public: 32 bytes in hex each."""
    secrets = []
    for index in range(count):
        digest = sha256(index.to_bytes(32, "little")).digest()
        number = int.from_bytes(digest, "little") % CURVE_ORDER
        secrets.append(number.to_bytes(32, "big").hex())
    return secrets


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
