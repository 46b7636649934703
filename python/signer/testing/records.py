"""Records as a signer returns them: a list, and in a notebook a table."""

from ..control.journal import Record, one_line
from ..control.notebook import paragraph, table
from ..hex import abbreviated

MAX_ROWS = 100  # in a notebook; a signer keeps ten thousand records
TITLES = ("seq", "type", "pubkey", "slot", "epoch", "status", "ms", "message")


class Records(list[Record]):
    """Records, oldest first. In a notebook the newest hundred are a table."""

    def _repr_html_(self) -> str:
        shown = self[-MAX_ROWS:]
        rows = [_row_of(record) for record in shown]
        above = ""
        if len(shown) < len(self):
            above = paragraph(f"the newest {MAX_ROWS} of {len(self)} records")
        return above + table(TITLES, rows)


def _row_of(record: Record) -> list[object]:
    """The cells of a record. Texts are on one line, whatever a client sent."""
    pubkey = ""
    if record.pubkey:
        pubkey = abbreviated(record.pubkey)
    cells = (
        record.seq,
        record.type or f"{record.method} {record.path}",
        pubkey,
        record.slot,
        record.epoch,
        record.status or "hangs",
        f"{record.duration * 1e3:.1f}",
        record.message,
    )
    return [_text(cell) for cell in cells]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    return one_line(str(cell))
