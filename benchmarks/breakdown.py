"""Where each microsecond of a sign request goes: `make profile`.

A signer serves a closed loop. perf samples its process, and each sample belongs to the library that
ran: the kernel, Granian, Python, blst. Timers in this process tell what the steps in Python cost.
"""

import argparse
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import load
import page
import steps
import wrk
from run import KEY, Row, Run, cpu_of
from signer.tools.bench import machine
from signers import Signer, serving

PAGE = page.DOCS / "hybrid.md"
CONNECTIONS = 16
FREQUENCY = 997  # samples per second of CPU; no divisor of the kernel's own ticks

SIGNATURE = "blst, called from Rust"
REST = "the C library and others"
# what a sample's library belongs to; the first pattern that is found decides
PARTS = {
    r"_core\.abi3": SIGNATURE,
    r"kernel|vdso|kallsyms": "kernel: sockets, wake-ups",
    r"_granian": "Granian, in Rust: HTTP",
    r"msgspec": "msgspec, in C: JSON",
    r"uvloop": "uvloop, in C: the event loop",
    r"libpython|python3": "the Python interpreter",
}
ROWS = {"new": "new roots", "one": "one root"}
PYTHON = ["msgspec, in C: JSON", "uvloop, in C: the event loop", "the Python interpreter"]
TOTAL = "all of a request"
PERF = "what perf adds"


def measure(run: Run) -> None:
    """Prints three tables; only the second without perf, and a total."""
    sampled = _perf_works()
    with serving("--interop", 64) as signer:
        _load(run, signer, new_roots=False)  # warms up
        rows = {
            "new": partial(_request, run, signer, new_roots=True, sampled=sampled),
            "one": partial(_request, run, signer, new_roots=False, sampled=sampled),
        }
        measured = run.alternate(rows)
    perf_adds = median(row.pop(PERF) for row in measured.values())
    run.table(
        "where a request goes",
        f"CPU µs of a signer's process for a signature, with {CONNECTIONS} connections: of new "
        "roots, and of one root, whose point is in the cache. The total is measured without perf, "
        f"which adds {perf_adds:.0%}, and then divided as perf's samples are.",
        {
            part: {
                "new roots µs": measured["new"].get(part, 0.0),
                "share": _percent(measured["new"], part),
                "one root µs": measured["one"].get(part, 0.0),
                "share of one": _percent(measured["one"], part),
            }
            for part in measured["new"]
        },
    )
    run.table(
        "steps in Python",
        "CPU µs of the steps that a request takes in Python, measured one by one.",
        {name: {"µs": seconds * 1e6} for name, seconds in _steps(run).items()},
    )
    if sampled:
        _tell_gain(run, measured)
    else:
        print("expected perf, found none that samples: a request is measured in all, not by part")


def _percent(row: Row, part: str) -> str:
    return f"{row.get(part, 0.0) / row[TOTAL]:.0%}"


def _steps(run: Run) -> dict[str, float]:
    """Seconds of each step, as the medians over rounds; then of signing itself."""
    rounds: list[dict[str, float]] = []
    for _ in range(run.rounds):
        seconds = steps.measure(run.size(2000, 20))
        seconds["sign, new root"] = run.raw()
        seconds["sign, one root"] = cpu_of(partial(KEY.sign, bytes(32)), run.seconds / 15)
        rounds.append(seconds)
    return {name: median(seconds[name] for seconds in rounds) for name in rounds[0]}


def _tell_gain(run: Run, measured: dict[str, Row]) -> None:
    rows = {}
    for roots, row in measured.items():
        python = sum(row.get(part, 0.0) for part in PYTHON)
        rows[ROWS[roots]] = {
            "Python µs": python,
            "blst µs": row[SIGNATURE],
            "Python next to blst": python / row[SIGNATURE],
            "signatures per core": 1e6 / row[TOTAL],
            "at most, without Python": 1e6 / (row[TOTAL] - python),
            "gain": f"{row[TOTAL] / (row[TOTAL] - python) - 1:.0%}",
            "cores until Python is the limit": row[TOTAL] / python,
        }
    run.table(
        "what Rust would gain",
        "An upper bound: the same server, if what Python, msgspec and uvloop do cost nothing at "
        "all. Signatures are those of a second of CPU.",
        rows,
    )


def _load(run: Run, signer: Signer, *, new_roots: bool) -> load.Result | wrk.Result:
    if run.wrk:
        return wrk.closed_loop(
            signer.url,
            signer.pubkeys,
            load.TEMPLATE,
            new_roots=new_roots,
            connections=CONNECTIONS,
            seconds=run.seconds,
        )
    bodies = load.new_roots(next(load.FIRSTS)) if new_roots else load.one_root()
    return load.closed_loop(signer.url, signer.pubkeys, bodies, CONNECTIONS, run.seconds)


def _request(run: Run, signer: Signer, raw: float, *, new_roots: bool, sampled: bool) -> Row:
    """CPU µs of a request, in all and by part, and the share that perf added."""
    del raw
    total = _cpu(run, signer, new_roots=new_roots)
    if not sampled:
        return {TOTAL: total, PERF: 0.0}
    with TemporaryDirectory() as folder:
        data = Path(folder) / "perf.data"
        with _sampling(signer, data):
            with_perf = _cpu(run, signer, new_roots=new_roots)
        samples = _samples(data)
    parts = dict.fromkeys([*PARTS.values(), REST], 0.0)
    for part, count in samples.items():
        parts[part] += total * count / samples.total()
    return parts | {TOTAL: total, PERF: with_perf / total - 1}


def _cpu(run: Run, signer: Signer, *, new_roots: bool) -> float:
    before = signer.cpu()
    result = _load(run, signer, new_roots=new_roots)
    return (signer.cpu() - before) / result.count * 1e6


def _perf_works() -> bool:
    """Whether perf is installed, and may sample."""
    if shutil.which("perf") is None:
        return False
    command = ["perf", "record", "--quiet", "-e", "cpu-clock", "-o", os.devnull, "true"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@contextmanager
def _sampling(signer: Signer, data: Path) -> Iterator[None]:
    """A block in which perf samples the process."""
    (commands, to_perf), (from_perf, answers) = os.pipe(), os.pipe()
    what = ["-e", "cpu-clock", "-F", str(FREQUENCY), "-p", str(signer.pid), "-o", str(data)]
    # It starts to sample when it is told to, and says so.
    control = [
        "--no-buildid",
        "--no-buildid-cache",
        "--delay",
        "-1",
        "--control",
        f"fd:{commands},{answers}",
    ]
    with subprocess.Popen(
        ["perf", "record", "--quiet", *what, *control],
        stderr=subprocess.DEVNULL,
        pass_fds=(commands, answers),
    ) as perf:
        os.write(to_perf, b"enable\n")
        os.read(from_perf, 16)
        yield
        perf.terminate()  # it writes its file first
    for descriptor in (commands, to_perf, from_perf, answers):
        os.close(descriptor)


def _samples(data: Path) -> Counter[str]:
    """How many samples belong to each part."""
    command = ["perf", "script", "-i", str(data), "-F", "ip,dso"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Counter(_part(line) for line in done.stdout.splitlines() if line.strip())


def _part(line: str) -> str:
    for pattern, part in PARTS.items():
        if re.search(pattern, line):
            return part
    return REST


def main() -> None:
    """Prints tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="see that it works: figures are void")
    parser.add_argument("--rounds", type=int, default=5, help="whose medians are figures")
    parser.add_argument("--seconds", type=float, default=3.0, help="of load in each round")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/hybrid.md")
    options = parser.parse_args()
    run = Run(options.rounds, options.seconds, wrk=wrk.INSTALLED)
    if options.quick:
        run = Run(rounds=1, seconds=0.3, quick=True)
    described = machine.describe()
    print(*(f"{name}: {value}" for name, value in described.items()), sep="\n")
    measure(run)
    noise = run.noise()
    print(f"\n{noise}")
    if options.write:
        page.write(PAGE, run.tables, described | {"noise": noise.replace("\n", " ")})


if __name__ == "__main__":
    main()
