"""Writes the tables of a run into a page of docs/, between the markers that name them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from run import Table, lines
from signer.tools.bench import machine

DOCS = Path(__file__).parent.parent / "docs"
MACHINE = "machine"


def write(page: Path, tables: Mapping[str, Table], facts: dict[str, str | float]) -> None:
    """Replaces what stands between `<!-- table: NAME -->` and `<!-- end -->`.

    Raises KeyError for a marker of a table that was not measured.
    """
    text = page.read_text("utf-8")
    for name in re.findall("<!-- table: (.+) -->", text):
        content = _told(facts) if name == MACHINE else "\n".join(lines(name, tables[name]))
        text = _replace(text, name, content)
    page.write_text(text, "utf-8")


def _told(facts: dict[str, str | float]) -> str:
    day = datetime.now(UTC).strftime("%B %-d, %Y")
    listed = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return f"Measured on {day}:\n\n{listed}\n\n{machine.warning(facts)}".rstrip()


def _replace(text: str, name: str, content: str) -> str:
    marked = re.compile(f"(<!-- table: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    return marked.sub(lambda found: f"{found[1]}\n{content}\n\n{found[2]}", text)
