"""The report of all checks: as text, and as JSON."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from ...control.journal import one_line
from ...errors import ConfigError
from ...files import translating_errors
from ...hex import to_hex
from .calls import MAX_CURL_BODY
from .checks import Result, Verdict
from .groups import GROUPS
from .running import Outcome
from .target import Target

DIFFERENCES_SHOWN = 5  # of a group and a verdict; --json has all
NAME_WIDTH = 15
NOT_RUN = "not run"
REASON_WIDTH = 120  # characters of why something is not there
COLUMNS = (Verdict.RIGHT, Verdict.WRONG, Verdict.MANNERS, Verdict.NOT_THERE)
HEADINGS = {
    Verdict.WRONG: "Wrong: a signature that is not the right one, or that must not be given",
    Verdict.MANNERS: "Manners: right, in another form than clients expect",
}
Style = Callable[[str, Verdict], str]


def plain(text: str, _: Verdict) -> str:
    """The text as it is; a terminal may have colours."""
    return text


def save_bodies(folder: Path, results: Iterable[Result]) -> dict[int, str]:
    """Writes the body of each difference to a file, whose path it returns by the result's id."""
    paths = {}
    with translating_errors(f"write to {folder}", ConfigError):
        folder.mkdir(parents=True, exist_ok=True)
        for number, result in enumerate(results):
            body = result.check.call.body
            if body is not None and result.verdict is not Verdict.RIGHT:
                path = folder / f"{number:04}.json"
                path.write_bytes(body)
                paths[id(result)] = str(path)
    return paths


class Report:
    """What an outcome says, and how each of its differences is seen again."""

    def __init__(self, target: Target, outcome: Outcome, bodies: dict[int, str]) -> None:
        self._target = target
        self._outcome = outcome
        self._bodies = bodies  # paths of saved bodies, by the id of their result

    def text(self, style: Style = plain) -> str:
        """The report as text: a table, then the differences, the worst first."""
        outcome = self._outcome
        lines = [f"{outcome.url}: {outcome.keys}", "", *self._table(style)]
        if outcome.note:
            lines.insert(1, outcome.note)
        for verdict, heading in HEADINGS.items():
            if outcome.count(verdict):
                lines += ["", style(heading, verdict)]
                for group in outcome.groups:
                    lines += self._differences(verdict, group.name)
        missing = self._missing()
        if missing:
            lines += ["", style("Not there", Verdict.NOT_THERE), *missing]
        lines += ["", style(self._summary(), self._worst())]
        return "\n".join(lines)

    def _table(self, style: Style) -> list[str]:
        header = f"{'group':{NAME_WIDTH}}" + "".join(f"{column:>11}" for column in COLUMNS)
        lines = [header]
        run = {group.name for group in self._outcome.groups}
        for group in GROUPS:
            line = f"{group.name:{NAME_WIDTH}}"
            if group.name not in run:
                lines.append(f"{line}{_why_not(group.asked_by):>11}")
                continue
            if not self._outcome.has_run(group.name):
                lines.append(f"{line}{NOT_RUN:>11}")
                continue
            for column in COLUMNS:
                count = self._outcome.count(column, group.name)
                cell = f"{count:>11}"
                if count:
                    cell = style(cell, column)
                line += cell
            lines.append(line)
        return lines

    def _differences(self, verdict: Verdict, group: str) -> list[str]:
        """The differences of a group: those of several types before several of one type."""
        results = self._outcome.having(verdict, group)
        results.sort(key=lambda result: len(result.check.call.body or b""))
        by_type: dict[str, Result] = {}
        for result in results:
            by_type.setdefault(result.check.topic.partition(" ")[0] or result.check.title, result)
        first = [*by_type.values()]
        rest = [result for result in results if result not in first]
        shown = [*first, *rest][:DIFFERENCES_SHOWN]
        lines = []
        for result in shown:
            lines += [
                f"  {group}: {result.check.title}",
                f"    expected {result.check.expected}",
                f"    found {result.found}",
                f"    {self._curl(result)}",
            ]
        if len(results) > len(shown):
            lines.append(f"  {group}: and {len(results) - len(shown)} more, which --json lists")
        return lines

    def _curl(self, result: Result) -> str:
        call = result.check.call
        is_long = len(call.body or b"") > MAX_CURL_BODY
        body_file = self._bodies.get(id(result), "") if is_long else ""
        return self._target.curl(call, body_file)

    def _missing(self) -> list[str]:
        """A line for each thing that is not there, however many checks asked for it."""
        lines: dict[str, str] = {}
        for result in self._outcome.having(Verdict.NOT_THERE):
            topic = result.check.topic or f"{result.group}: {result.check.title}"
            lines.setdefault(topic, f"  {topic}: {one_line(result.found, REASON_WIDTH)}")
        return [*lines.values()]

    def _summary(self) -> str:
        outcome = self._outcome
        counts = [f"{outcome.count(column)} {column}" for column in COLUMNS]
        text = ", ".join(counts)
        if outcome.stopped:
            text += f"\nstopped: {outcome.stopped}"
        if outcome.has_signed_nothing:
            text += "\nno right signature came, so little is known of this target"
        return text

    def _worst(self) -> Verdict:
        for verdict in Verdict:
            if self._outcome.count(verdict):
                return verdict
        return Verdict.RIGHT

    def json(self) -> str:
        """The report as JSON: every check, and how each difference is seen again."""
        outcome = self._outcome
        groups = []
        for group in outcome.groups:
            counts = {column.value: outcome.count(column, group.name) for column in COLUMNS}
            is_run = outcome.has_run(group.name)
            groups.append({"name": group.name, "is_run": is_run, **counts})
        document = {
            "url": outcome.url,
            "exit_code": outcome.exit_code,
            "note": outcome.note,
            "stopped": outcome.stopped,
            "keys": {
                "known": [to_hex(key.pubkey) for key in outcome.keys.known],
                "foreign": outcome.keys.foreign,
            },
            "groups": groups,
            "checks": [self._check(result) for result in outcome.results],
        }
        return msgspec.json.format(msgspec.json.encode(document), indent=1).decode()

    def _check(self, result: Result) -> dict[str, Any]:
        check = {
            "group": result.group,
            "title": result.check.title,
            "topic": result.check.topic,
            "verdict": result.verdict.value,
        }
        if result.verdict is not Verdict.RIGHT:
            body = result.check.call.body
            check["expected"] = result.check.expected
            check["found"] = result.found
            check["curl"] = self._curl(result)
            check["body"] = "" if body is None else body.decode(errors="backslashreplace")
        return check

    def failure(self, result: Result) -> str:
        """A difference in a few lines."""
        expected = f"expected {result.check.expected}"
        return f"{expected}\nfound {result.found}\n{self._curl(result)}"


def _why_not(asked_by: str) -> str:
    if asked_by:
        return f"not asked: {asked_by}"
    return NOT_RUN
