"""HTML that a notebook shows: tables. Every text in them is escaped, because clients sent some."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

MAX_TEXT_SHOWN = 2000  # characters of a cell; a body may have megabytes


def _cell(value: object) -> str:
    text = str(value)
    if len(text) > MAX_TEXT_SHOWN:
        text = f"{text[:MAX_TEXT_SHOWN]}.."
    return f"<td><code>{escape(text)}</code></td>"


def _row(cells: Iterable[object]) -> str:
    return f"<tr>{''.join(map(_cell, cells))}</tr>"


def table(header: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """A table with a line of titles."""
    titles = "".join(f"<th>{escape(title)}</th>" for title in header)
    lines = "".join(map(_row, rows))
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"


def table_of_members(members: Mapping[str, object]) -> str:
    """A table with a name and a value on each line; those that are None are left out."""
    rows = [row for row in members.items() if row[1] is not None]
    return table(("member", "value"), rows)


def paragraph(text: str) -> str:
    """A text on a line of its own."""
    return f"<p><code>{escape(text)}</code></p>"
