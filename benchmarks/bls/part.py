"""The part of `make bench` that compares BLS libraries: builds, checks, measures, and tells."""

import subprocess
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import page
from run import Run
from signer import SecretKey
from signer.tools.bench import machine

from . import edges, official, speed
from .libraries import LIBRARIES, Library
from .sides import NotInstalledError, Side

BUILD = Path(__file__).with_name("build")
ABSENT = "-"


def measure(run: Run, *, write: bool = False) -> None:
    """Prints five tables; with `write` also into docs/bls.md."""
    subprocess.run([BUILD], check=True)
    with ExitStack() as stack:
        sides, missing = _start(stack)
        _tell_libraries(run, sides, missing)
        _tell_edges(run, sides)
        _tell_speed(run, sides)
    if write:
        page.write(page.DOCS / "bls.md", run.tables, machine.describe())


def _start(stack: ExitStack) -> tuple[list[Side], dict[str, str]]:
    """The libraries that answer, and why the others do not."""
    sides = []
    missing = {}
    for library in LIBRARIES:
        try:
            sides.append(stack.enter_context(Side(library)))
        except NotInstalledError as error:
            missing[library.name] = str(error)
    return sides, missing


def _tell_libraries(run: Run, sides: list[Side], missing: dict[str, str]) -> None:
    rows = {library.name: _row(library) for library in LIBRARIES}
    differing = defaultdict(list)
    for side in sides:
        result = official.check(side)
        agreeing = result.asked - len(result.differences)
        rows[side.library.name]["official vectors"] = f"{agreeing} of {result.asked}"
        for vector in result.differences:
            differing[vector].append(side.library.name)
    for name, reason in missing.items():
        rows[name]["official vectors"] = f"not installed: {reason}"
    run.table(
        "BLS libraries",
        "Each library, and on how many of the vectors of ethereum/bls12-381-tests that it has an "
        "operation for it agrees.",
        rows,
    )
    run.table(
        "BLS differences",
        "The other vectors.",
        {
            vector: {"libraries that differ": ", ".join(names)}
            for vector, names in differing.items()
        },
    )


def _row(library: Library) -> dict[str, str]:
    return {
        "version": library.version,
        "called from": library.language,
        "made of": library.made_of,
    }


def _tell_edges(run: Run, sides: list[Side]) -> None:
    signature = SecretKey.from_bytes((2).to_bytes(32, "big")).sign(edges.MESSAGE)
    run.table(
        "BLS edge cases",
        "What each library does with an input at the edge: `ok` is what the specification says.",
        edges.table(sides, signature),
    )


def _tell_speed(run: Run, sides: list[Side]) -> None:
    print()
    figures = speed.measure(run, sides)
    ratios = {}
    microseconds = {}
    for name, row in figures.by_library.items():
        ratios[name] = {
            title: row[title].ratio if title in row else ABSENT for title in figures.noise
        }
        microseconds[name] = {
            title: row[title].seconds * 1e6 if title in row else ABSENT for title in figures.noise
        }
    noise = {title: f"± {share / 2:.0%}" for title, share in figures.noise.items()}
    run.table(
        "BLS ratios",
        f"CPU of a call, in multiples of {sides[0].library.name}'s in the same rounds.",
        ratios | {"noise": noise},
    )
    run.table("BLS microseconds", "CPU of a call, in microseconds.", microseconds)
