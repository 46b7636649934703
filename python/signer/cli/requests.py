"""`signer requests`: the records of a signer that runs, on the terminal and in a file."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

import click
import msgspec

from ..control.fields import decode_fields
from ..control.filters import RecordFilter
from ..control.journal import Record, one_line
from ..decoding import decoder
from ..errors import ConfigError
from ..files import translating_errors
from .options import HELP_NAMES
from .running import URL, fields_of, signer_at

if TYPE_CHECKING:
    from ..testing.running import RunningSigner

EXAMPLE = "type=ATTESTATION"
WAIT = 20.0  # seconds; the signer answers earlier when a request comes
WAIT_WHILE_HANGING = 1.0  # seconds; a request that a fault holds ends without a new number


@click.command(
    "requests",
    short_help="Print the requests of a running signer.",
    context_settings=HELP_NAMES,
)
@click.argument("select", nargs=-1, metavar="[NAME=VALUE]...")
@click.option("--follow", is_flag=True, help="go on with new requests until Ctrl-C")
@click.option("--json", "is_json", is_flag=True, help="print each record as JSON on a line")
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="append records to this file as JSON lines; a file of the same run of the signer is "
    "continued, another one is refused",
)
@URL
def requests(
    select: tuple[str, ...],
    export: Path | None,
    url: str,
    *,
    follow: bool,
    is_json: bool,
) -> None:
    """Print the last ten thousand requests of a running signer, oldest first.

    NAME=VALUE selects by type, pubkey, path (a glob), method, status, slot, epoch or fault.

    \b
    Examples:
      signer requests
      signer requests type=ATTESTATION status=400
      signer requests --follow
      signer requests --follow --export requests.jsonl    (survives kill -9)
      signer requests --json | jq -r .signing_root
    """  # noqa: D301 - click's mark of lines that it leaves alone
    wanted: RecordFilter = decode_fields(RecordFilter, fields_of(select, EXAMPLE), "a query")
    reader = _Reader(signer_at(url), wanted.given())
    with ExitStack() as stack:
        file = None
        if export:
            file = stack.enter_context(_Export(export))
            if file.last:
                is_of_signer = reader.continue_after(file.last, file.hanging)
                if not is_of_signer:
                    raise ConfigError(_other_run(export, url))
            file.remove_torn_line()
        with suppress(KeyboardInterrupt):  # how people end --follow
            for records in reader.read(follow=follow):
                if file:
                    file.write(records)
                else:
                    _show(records, is_json=is_json)
    if file:
        click.echo(f"{file.count} records added to {export}", err=True)


def _other_run(export: Path, url: str) -> str:
    return (
        f"expected records of the signer at {url} in {export}, found the last one to be of another "
        "run, or forgotten there (after a reset, or ten thousand requests): give another file to "
        "--export"
    )


def _show(records: list[Record], *, is_json: bool) -> None:
    for record in records:
        line = one_line(record.line())
        if is_json:
            line = _json_line(record).decode()
        click.echo(line)


def _json_line(record: Record) -> bytes:
    """A record as JSON; line breaks between the tokens of its body become spaces."""
    return msgspec.json.encode(record).replace(b"\n", b" ").replace(b"\r", b" ")


class _Reader:
    """Reads records in batches, each record once when it is complete."""

    def __init__(self, signer: "RunningSigner", given: dict[str, Any]) -> None:
        self._signer = signer
        self._given = given
        self._since = 0
        self._hanging: set[int] = set()  # numbers of records without a response

    def continue_after(self, last: Record, hanging: set[int]) -> bool:
        """Leaves out the records up to the last one. Returns whether the signer has that one.

        Its number and its time tell the run. `hanging` has the numbers of the records that had no
        response yet.
        """
        records = self._ask(last.seq - 1, {"n": 0}, {})
        if not records or (records[0].seq, records[0].time) != (last.seq, last.time):
            return False
        self._since = last.seq
        self._hanging |= hanging
        return True

    def read(self, *, follow: bool) -> Iterator[list[Record]]:
        """Batches of records; with `follow` without end."""
        yield self._ended()
        yield self._next(0)
        while follow:
            wait = WAIT
            if self._hanging:
                wait = WAIT_WHILE_HANGING
            yield self._next(wait)
            yield self._ended()

    def _next(self, wait: float) -> list[Record]:
        """The new records; waits for the first one."""
        records = self._ask(self._since, {"n": 1, "wait": wait}, self._given)
        for record in records:
            self._since = record.seq
            if record.status is None:
                self._hanging.add(record.seq)
        return records

    def _ended(self) -> list[Record]:
        """The records of requests that hung before, and have a response now."""
        if not self._hanging:
            return []
        records = self._ask(min(self._hanging) - 1, {"n": 0}, self._given)
        ended = []
        for record in records:
            if record.seq in self._hanging and record.status is not None:
                self._hanging.discard(record.seq)
                ended.append(record)
        return ended

    def _ask(self, since: int, query: dict[str, Any], given: dict[str, Any]) -> list[Record]:
        fields = {"since": since, **query, **given}
        records: list[Record] = self._signer.ask_control("GET", "requests", list[Record], **fields)
        return records


class _Export:
    """A file of JSON lines that is whole after each batch, whenever the process is killed."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        self.last: Record | None = None
        self.hanging: set[int] = set()  # numbers of records that had no response yet
        self._path = path
        self._size = 0  # bytes of whole lines

    def __enter__(self) -> Self:
        with translating_errors(f"write {self._path}", ConfigError):
            self._file: IO[bytes] = self._path.open("a+b")
        try:
            self._read_lines()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _read_lines(self) -> None:
        """Reads the records; a line without its end is that of a process that was killed."""
        self._file.seek(0)
        for line in self._file:
            if line.endswith(b"\n"):
                self._note(line)
                self._size += len(line)

    def remove_torn_line(self) -> None:
        """Removes a line without its end, whose record is written again."""
        with translating_errors(f"write {self._path}", ConfigError):
            self._file.truncate(self._size)

    def _note(self, line: bytes) -> None:
        """Notes which record is the last one of its signer, and which had no response yet."""
        try:
            record: Record = decoder(Record).decode(line)
        except msgspec.MsgspecError:
            expected = f"expected records as JSON lines in {self._path}, found other text"
            raise ConfigError(f"{expected}: give another file to --export") from None
        if record.seq in self.hanging and record.status is not None:
            self.hanging.discard(record.seq)
            return
        if self.last and record.seq <= self.last.seq:
            self.hanging.clear()  # another signer counts from 1 again
        self.last = record
        if record.status is None:
            self.hanging.add(record.seq)

    def write(self, records: list[Record]) -> None:
        """Appends records, and waits until they are on disk."""
        if not records:
            return
        with translating_errors(f"write {self._path}", ConfigError):
            self._file.writelines(_json_line(record) + b"\n" for record in records)
            self._file.flush()
            os.fsync(self._file.fileno())
        self.count += len(records)
