"""What was measured, as text and as JSON."""

from collections.abc import Iterator, Mapping
from textwrap import fill
from typing import Any

import msgspec

from .figures import Figures, Verdict, judge
from .loads import Load
from .result import percentile
from .side_by_side import SideBySide
from .tables import tables_of

WIDTH = 100  # characters of a sentence's lines


def text_of(run: SideBySide) -> str:
    """The report: tables, verdicts, signatures, and what to doubt."""
    parts = []
    if run.is_interrupted:
        parts.append(f"Interrupted: {run.rounds_done} of {run.plan.rounds} rounds are whole.")
    parts += tables_of(run)
    for lines in (_verdict_lines(run), _signature_lines(run), _doubts(run)):
        parts.append("\n".join(lines))
    return "\n\n".join(filter(None, parts))


def verdicts_of(run: SideBySide) -> list[Verdict]:
    """Who is better, by load: in throughput, CPU time, and the latency of the open loop."""
    found = []
    for load in run.plan.loads:
        figures = run.of_load(load)
        if load.is_open:
            found += judge(figures, "p50 ms", is_more_better=False)
            found += judge(figures, "p99 ms", is_more_better=False)
            continue
        ceiling = run.ceiling_of(load)
        found += judge(figures, "per second", is_more_better=True, ceiling=ceiling)
        found += judge(figures, "CPU µs", is_more_better=False)
    reason = _reason_for_no_winner(run)
    if reason:
        return [Verdict(verdict.load, verdict.column, reason) for verdict in found]
    return found


def _reason_for_no_winner(run: SideBySide) -> str:
    """Why nobody wins under any load; empty where the figures decide."""
    liars = run.signatures.liars()
    if not liars:
        return ""
    return f"no winner, because {', '.join(liars)} signed something else"


def _verdict_lines(run: SideBySide) -> Iterator[str]:
    reason = _reason_for_no_winner(run)
    if reason:
        yield f"Verdict: {reason}. See below."
        return
    verdicts = verdicts_of(run)
    if verdicts:
        yield "Verdict:"
    for verdict in verdicts:
        yield f"  {verdict.load.name}, {verdict.column}: {verdict.text}"


def _signature_lines(run: SideBySide) -> Iterator[str]:
    for name, found in run.signatures.by_target.items():
        compared = f"we compared {found.with_own:,} with our own signatures"
        if len(run.targets) > 1:
            compared += f", and {found.with_others:,} with those of other targets"
        if found.is_right and not found.with_own:
            yield f"Signatures of {name}: it gave out none, so none was compared."
            continue
        if found.is_right:
            yield f"Signatures of {name}: {compared}; all are equal."
            continue
        yield f"WRONG SIGNATURES of {name}: {found.wrong:,} are wrong; {compared}."
        if found.missing:
            yield f"  {found.missing:,} answers with status 200 had no signature."
        if found.example:
            yield f"  The first: {found.example}"


def _doubts(run: SideBySide) -> Iterator[str]:
    """What a reader should know before the figures are believed."""
    for name, reason in run.gone.items():
        yield f"GONE: {name} stopped answering, and was left out from then on: {reason}"
    for name, problem in problems_of(run).items():
        yield f"ERRORS of {name}: {problem}"
    repeated = [figures for figures in run.figures.values() if figures.shows_noise()]
    spreads = [figures.spread("per second") for figures in repeated]
    if spreads:
        yield fill(
            f"Noise: rounds of the same target and load differ by {percentile(spreads, 0.5):.0%} "
            f"(median) and {max(spreads):.0%} at most. A smaller difference says nothing.",
            WIDTH,
        )
    if run.generator_cpu:
        yield fill(
            f"The generator takes {run.generator_cpu * 1e6:.0f} µs of CPU for each request. "
            "Signers on this machine share its cores with it.",
            WIDTH,
        )


def problems_of(run: SideBySide) -> dict[str, str]:
    """The errors of each target that had any."""
    problems = {}
    for target in run.targets:
        total = run.total_of(target.name)
        if total.errors or total.lost:
            counts = f"{total.errors:,} errors, {total.lost:,} requests without an answer"
            problems[target.name] = f"{counts}; the first: {total.problem or 'unknown'}"
        elif total.problem and target.name not in run.gone:  # `gone` has the reason
            problems[target.name] = total.problem
    return problems


def remarks_of(run: SideBySide, load: Load) -> dict[str, list[str]]:
    """What to know of a target before its line in a chart of one load is believed."""
    remarks: dict[str, list[str]] = {}
    for figures in run.of_load(load):
        remarks[figures.target] = []
        if figures.target in run.signatures.liars():
            remarks[figures.target].append("wrong signatures")
        if figures.target in run.gone:
            rounds = f"{len(figures.rows)} of {run.rounds_expected()} rounds"
            remarks[figures.target].append(f"gone after {rounds}")
    return remarks


def is_flawless(run: SideBySide) -> bool:
    """Whether every answer was a signature, and every compared one right."""
    return not (run.signatures.liars() or run.gone or problems_of(run))


def json_of(run: SideBySide, machine: Mapping[str, Any]) -> dict[str, Any]:
    """All figures, for a program."""
    return {
        "machine": machine,
        "plan": {
            "rounds": run.plan.rounds,
            "rounds_done": run.rounds_done,
            "seconds": run.plan.seconds,
            "open_loop_rate": run.rate,
            "keys": len(run.pubkeys),
        },
        "targets": [target.name for target in run.targets],
        "ceiling": {load.name: figures.rows[0] for load, figures in run.ceiling.items()},
        "generator_cpu_us": run.generator_cpu * 1e6,
        "loads": [_json_of_figures(figures) for figures in run.figures.values()],
        "verdicts": [_json_of_verdict(verdict) for verdict in verdicts_of(run)],
        "signatures": msgspec.to_builtins(run.signatures.by_target),
        "gone": run.gone,
        "problems": problems_of(run),
    }


def _json_of_verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "load": verdict.load.name,
        "figure": verdict.column,
        "winner": verdict.winner or None,
        "loser": verdict.loser or None,
        "text": verdict.text,
    }


def _json_of_figures(figures: Figures) -> dict[str, Any]:
    columns = figures.columns()
    return {
        "load": figures.load.name,
        "target": figures.target,
        "median": {column: figures.median(column) for column in columns},
        "spread": {column: figures.spread(column) for column in columns},
        "rounds": figures.rows,
        "errors": figures.errors,
        "lost": figures.lost,
    }
