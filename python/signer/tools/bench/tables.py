"""The tables of a report, in Markdown."""

from collections.abc import Sequence

from .figures import GENERATOR_BOUND, SHARES, Figures, shown
from .loads import Load
from .side_by_side import SideBySide

CLOSED_COLUMNS = ("per second", "p50 ms", "p99 ms", "max ms", "CPU µs")
OPEN_COLUMNS = ("per second", *SHARES, "max ms", "CPU µs", "late p99 ms")
CLOSED_NOTE = """\
Closed loops: c requests are under way at any time. Figures are medians of the rounds,
and ± is how far the rounds are from each other."""
OPEN_NOTE = """\
Open loop: {} requests are due each second at every target, and a latency
counts from when its request was due. late is the generator's own part."""

Rows = list[list[str]]


def tables_of(run: SideBySide) -> list[str]:
    """A table of the closed loops, and one of the open loop if that was measured."""
    closed: Rows = [["load", "target", "per second", "±", *CLOSED_COLUMNS[1:], "remark"]]
    opened: Rows = [["load", "target", "per second", "±", *OPEN_COLUMNS[1:], "remark"]]
    for load in run.plan.loads:
        if load.is_open:
            opened += _rows(run, load, OPEN_COLUMNS)
        else:
            closed += _rows(run, load, CLOSED_COLUMNS)
    tables = []
    if len(closed) > 1:
        tables.append(f"{CLOSED_NOTE}\n\n{aligned(closed)}")
    if len(opened) > 1:
        tables.append(f"{OPEN_NOTE.format(shown(run.rate))}\n\n{aligned(opened)}")
    return tables


def _rows(run: SideBySide, load: Load, columns: Sequence[str]) -> Rows:
    """A row for each target, and one for the generator's ceiling."""
    rows = [_cells(figures, columns, _remark(run, figures)) for figures in run.of_load(load)]
    if load in run.ceiling:
        rows.append(_cells(run.ceiling[load], columns, "the generator, nothing is signed"))
    return rows


def _remark(run: SideBySide, figures: Figures) -> str:
    """What to know before the figures of a row are believed."""
    remarks = []
    if figures.errors or figures.lost:
        remarks.append(f"{figures.errors} errors, {figures.lost} lost")
    ceiling = run.ceiling_of(figures.load)
    if ceiling and (figures.median("per second") or 0.0) >= GENERATOR_BOUND * ceiling:
        remarks.append("generator-bound")
    rounds = run.rounds_expected()
    if not figures.rows:
        remarks.append("no signature")
    elif len(figures.rows) < rounds:
        remarks.append(f"{len(figures.rows)} of {rounds} rounds")
    return "; ".join(remarks)


def _cells(figures: Figures, columns: Sequence[str], remark: str) -> list[str]:
    spread = ""
    if figures.shows_noise():
        spread = f"{figures.spread(columns[0]):.0%}"
    cells = []
    for column in columns:
        value = figures.median(column)
        cells.append("" if value is None else shown(value))
    return [figures.load.name, figures.target, cells[0], spread, *cells[1:], remark]


def aligned(rows: Rows) -> str:
    """A table in Markdown; its first row is the head. Empty columns are left out."""
    columns = []
    for head, *cells in zip(*rows, strict=True):
        if any(cells):
            width = max(map(len, [head, *cells]))
            column = [head, "-" * width, *cells]
            columns.append([cell.ljust(width) for cell in column])
    return "\n".join(f"| {' | '.join(line)} |" for line in zip(*columns, strict=True))
