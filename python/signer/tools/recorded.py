"""The lines of `signer requests --export`: records to send again, and those to leave out."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote as quoted
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from ..control.journal import NO_BODY, Record, size_of
from ..decoding import decoder
from ..errors import ConfigError
from ..files import translating_errors

MAX_LINE_SIZE = 68 << 20  # bytes; a body of 32 MiB whose every quotation mark is escaped, and more
BATCH_PATHS = {"/api/v1/eth2/sign", "/api/v1/eth2/distributed/sign"}
KEYMANAGER_PREFIX = "/eth/v1/"
LONGEST_SHOWN_BODY = 4096  # bytes; a longer one is taken from the file
UNSAFE = re.compile(r"[^\x20-\x7e]")  # in a header of a line for the shell

Malformed = Callable[[int, str], None]


class Recorded(NamedTuple):
    """A record, and the number of its line."""

    line: int
    record: Record

    @property
    def target(self) -> str:
        """The path and the query, as they are sent."""
        target = quote(self.record.path, safe="/")
        if self.record.query:
            target += f"?{self.record.query}"
        return target

    @property
    def body(self) -> bytes | None:
        """The JSON to send; None for a request without a body."""
        if self.record.raw_body in (NO_BODY, b"null"):
            return None
        return bytes(self.record.raw_body)

    @property
    def headers(self) -> dict[str, str]:
        """The headers to send, as they were recorded."""
        headers = {}
        if self.record.accept:
            headers["Accept"] = self.record.accept
        if self.record.user_agent:
            headers["User-Agent"] = self.record.user_agent
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def curl(self, url: str, file: Path, flags: str = "") -> str:
        """A line for a shell that sends it to the signer at a URL; `file` has the record."""
        words = ["curl", f"-s{flags}", "-X", self.record.method, quoted(f"{url}{self.target}")]
        headers = {"Accept": "", "User-Agent": "", **self.headers}  # curl has its own otherwise
        for name, value in headers.items():
            words += ["-H", quoted(UNSAFE.sub("?", f"{name}: {value}").strip())]
        if self.body is None:
            return " ".join(words)
        if len(self.body) <= LONGEST_SHOWN_BODY:
            text = json.dumps(self.record.body, separators=(",", ":"))
            return " ".join([*words, "-d", quoted(text)])
        taken = f"sed -n {self.line}p {quoted(str(file))} | jq -c .body"
        return f"{taken} | {' '.join(words)} --data-binary @-"


def read_records(path: Path, malformed: Malformed) -> Iterator[Recorded]:
    """The records of a file, one at a time. Calls `malformed` for each other line.

    Raises ConfigError for a file that cannot be read.
    """
    with translating_errors(f"read {path}", ConfigError), path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_LINE_SIZE):
            number += 1
            is_cut = len(line) == MAX_LINE_SIZE and not line.endswith(b"\n")
            while is_cut and (rest := file.readline(MAX_LINE_SIZE)):
                is_cut = not rest.endswith(b"\n")
                line = b""
            record = _record(number, line, malformed)
            if record:
                yield Recorded(number, record)


def _record(number: int, line: bytes, malformed: Malformed) -> Record | None:
    if line.isspace():
        return None
    try:
        record: Record = decoder(Record).decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        problem = f"expected a record as JSON, found other text: {error}"
        if isinstance(error, msgspec.ValidationError):
            problem = f"no record: {error}"
        if not line:
            problem = f"no record: it has more than {MAX_LINE_SIZE} bytes"
        malformed(number, problem)
        return None
    if not record.path.startswith("/") or not record.method.isalpha():
        malformed(number, "no record: expected a method and a path, found others")
        return None
    return record


def reason_to_leave_out(record: Record) -> str:
    """Why a request is not sent again; empty for one that is."""
    if record.status is None:
        return "had no response"
    if record.path.startswith(KEYMANAGER_PREFIX) and record.method != "GET":
        return "would change keys"
    if record.body_dropped and not size_of(record.raw_body):
        return "have no body in the file"
    if record.path in BATCH_PATHS and record.method == "POST" and record.status == 200:  # noqa: PLR2004
        return "are batches, whose keys are sent one by one"
    return ""
