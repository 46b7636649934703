"""The journal: records of the last ten thousand requests and their responses."""

import json
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import count, islice
from typing import Any

from msgspec import Raw, Struct, field, structs

from ..errors import UnknownOperationError
from ..hex import abbreviated
from .filters import RecordFilter, Verdict, differing
from .notebook import MAX_TEXT_SHOWN, table_of_members

MAX_RECORDS = 10_000
MAX_BODIES_SIZE = 64 << 20  # bytes; the bodies of all records, of which most have a thousand
MAX_NAME_LENGTH = 200  # characters; of a path, a type or a header in an error or a line
MAX_LINE_LENGTH = 1000  # characters; a path in a message may have 64 KiB
NO_BODY = Raw(b"null")


def size_of(body: Raw) -> int:
    """The size of a body in bytes; none has no size."""
    if body is NO_BODY:
        return 0
    return memoryview(body).nbytes


def one_line(message: str, max_length: int = MAX_LINE_LENGTH) -> str:
    """A message of a bounded length, in which a line break from a client is escaped."""
    if len(message) > max_length:
        message = f"{message[:max_length]}.."
    if message.isprintable():
        return message
    return "".join(map(_printable, message))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request and its response. Absent values are None, such as the type of /upcheck.

    `time` is the Unix time of its arrival, and `duration` is in seconds. `status` is None while a
    fault lets it hang. `message` says why a request was refused, or is the answer of a fault. The
    signer computed `signing_root`; `root_given` came with the request. `reading` says how the
    request was read, where this was not the default. `conflict` is the rule that its message breaks
    with an earlier one. `upstream` tells whether the signature of the upstream is right. `body` is
    the JSON of the request, but of the Keymanager API it is None, because that has passwords. It
    was dropped, `body_dropped`, when it was no JSON, and when the journal's bodies exceed 64 MiB
    together: then the oldest ones go.
    """

    seq: int = 0
    time: float
    duration: float
    method: str
    path: str
    query: str = ""
    user_agent: str = ""
    accept: str = ""
    type: str | None = None
    pubkey: str | None = None
    slot: int | None = None
    epoch: int | None = None
    raw_body: Raw = field(default=NO_BODY, name="body")
    body_dropped: bool = False
    signing_root: str | None = None
    reading: str | None = None
    root_given: str | None = None
    conflict: str | None = None
    status: int | None = None
    message: str | None = None
    signature: str | None = None
    fault: int | None = None  # the id of the fault that was applied
    upstream: Verdict | None = None  # None for a request that was not passed on

    @property
    def body(self) -> Any:
        """The JSON of the request; None without one. It is decoded at each access."""
        return json.loads(bytes(self.raw_body))

    def line(self) -> str:
        """One line for people."""
        subject = one_line(self.type or f"{self.method} {self.path}", MAX_NAME_LENGTH)
        key = abbreviated(self.pubkey) if self.pubkey else ""
        when = ""
        if self.slot is not None:
            when = f"slot {self.slot}"
        elif self.epoch is not None:
            when = f"epoch {self.epoch}"
        outcome = f"{self.status or 'hangs'} {self.duration * 1e3:.1f} ms"
        if self.fault:
            outcome += f"  fault {self.fault}"
        elif self.message:
            outcome += f"  {one_line(self.message)}"
        if self.upstream == "wrong":
            outcome += "  the upstream's signature is wrong"
        return f"#{self.seq} {subject:21} {key:12} {when:10} {outcome}"

    def __repr__(self) -> str:
        return f"<Record {self.line()}>"

    def _repr_html_(self) -> str:
        members = {name: getattr(self, name) for name in self.__struct_fields__}
        members["raw_body"] = None
        if self.raw_body is not NO_BODY:
            start = memoryview(self.raw_body)[:MAX_TEXT_SHOWN]
            members["body"] = bytes(start).decode(errors="replace")
        return table_of_members(members)


def _with_body(record: Record, body: Raw) -> Record:
    """A record with the body that is kept of it, if any."""
    is_dropped = record.body_dropped and body is NO_BODY
    return structs.replace(record, raw_body=body, body_dropped=is_dropped)


class _Waiter:
    """Collects records for a waiting thread, until there are `needed`."""

    def __init__(self, wanted: RecordFilter, since: int, needed: int) -> None:
        self.is_over = threading.Event()
        self.matches: dict[int, Record] = {}  # by number
        self._given = wanted.given()
        self._since = since
        self._needed = needed

    def fits(self, record: Record) -> bool:
        """Whether a record is one of those it waits for."""
        return record.seq > self._since and not differing(self._given, record)

    def offer(self, record: Record) -> None:
        """Takes a new record, or the completed one of a request that hung."""
        if self.fits(record):
            self.matches[record.seq] = record
        else:
            self.matches.pop(record.seq, None)
        self.end_if_enough()

    def end_if_enough(self) -> None:
        """Ends the waiting once there are enough records."""
        if len(self.matches) >= self._needed:
            self.is_over.set()


class Journal:
    """Records, oldest first. Any thread may call."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}  # by number
        # Apart from their records, so that thousands are dropped in no time. A plain dict would
        # look for its first item in linear time.
        self._bodies = OrderedDict[int, Raw]()  # by number, oldest first
        self._bodies_size = 0  # bytes
        self._numbers = count(1)
        self._completed = deque[int](maxlen=MAX_RECORDS)  # numbers; these requests hung
        # What a reader of events has seen is told by these: none of them ever decreases.
        self.newest = 0
        self.completions = 0
        self.clears = 0
        self._waiters: set[_Waiter] = set()
        self._lock = threading.Lock()

    def add(self, record: Record, body: Raw = NO_BODY) -> Record:
        """Adds a record, apart from its body, and returns it with its number.

        One that has a number is replaced. The journal keeps the record itself, and no copy.
        """
        has_body = body is not NO_BODY
        with self._lock:
            if not record.seq:
                structs.force_setattr(record, "seq", next(self._numbers))
                self.newest = record.seq
            elif record.seq not in self._records:
                return record  # `clear` removed it while the request hung
            else:
                self._completed.append(record.seq)
                self.completions += 1
            structs.force_setattr(record, "body_dropped", has_body or record.body_dropped)
            self._records[record.seq] = record
            self._records.pop(record.seq - MAX_RECORDS, None)
            self._keep_body(record.seq, body)
            self._keep_body(record.seq - MAX_RECORDS, NO_BODY)
            for waiter in self._waiters:
                waiter.offer(_with_body(record, body))
            return record

    def amend(self, number: int, verdict: Verdict) -> None:
        """Notes the verdict on an upstream's signature in a record, if it is kept."""
        with self._lock:
            record = self._records.get(number)
            if record is None:
                return
            record = structs.replace(record, upstream=verdict)
            self._records[number] = record
            self._completed.append(number)
            self.completions += 1
            record = _with_body(record, self._bodies.get(number, NO_BODY))
            for waiter in self._waiters:
                waiter.offer(record)

    def _keep_body(self, number: int, body: Raw) -> None:
        """Keeps the body of a record, and drops the oldest ones above the limit."""
        self._bodies_size += size_of(body) - size_of(self._bodies.pop(number, NO_BODY))
        if body is not NO_BODY:
            self._bodies[number] = body
        while self._bodies_size > MAX_BODIES_SIZE:
            _, oldest = self._bodies.popitem(last=False)
            self._bodies_size -= size_of(oldest)

    def wait_for(
        self,
        needed: int,
        timeout: float,
        wanted: RecordFilter,
        since: int,
    ) -> list[Record]:
        """The matching records after number `since`.

        Blocks until there are `needed` of them, `timeout` seconds are over, or `release` is called.
        """
        waiter = _Waiter(wanted, since, needed)
        with self._waiting(waiter) as earlier:
            # Outside the lock: the event loop may go on adding records, which the waiter gets too.
            matches = [record for record in earlier if waiter.fits(record)]
            matches = self._with_bodies(matches)
            with self._lock:
                for record in matches:
                    waiter.matches.setdefault(record.seq, record)
                waiter.end_if_enough()
            waiter.is_over.wait(timeout)
        return [waiter.matches[number] for number in sorted(waiter.matches)]

    def _with_bodies(self, records: Iterable[Record]) -> list[Record]:
        """Records with their bodies, as far as these are kept."""
        with self._lock:
            bodies = dict(self._bodies)
        return [_with_body(record, bodies.get(record.seq, NO_BODY)) for record in records]

    def find(self, number: int) -> Record:
        """The record with a number, and its body. Raises UnknownOperationError without it."""
        record = self._records.get(number)
        if record is None:
            known = f"the last {MAX_RECORDS} requests"
            raise UnknownOperationError(f"expected the number of one of {known}, found {number}")
        return self._with_bodies([record])[0]

    def after(self, number: int, limit: int) -> list[Record]:
        """At most `limit` records after a number, without their bodies."""
        numbers = range(number + 1, min(number + limit, self.newest) + 1)
        with self._lock:
            return [self._records[seq] for seq in numbers if seq in self._records]

    def completed_after(self, completions: int, limit: int) -> tuple[list[Record], int]:
        """At most `limit` requests that hung, completed after the first `completions` ones.

        Also how many there are up to these.
        """
        with self._lock:
            forgotten = self.completions - len(self._completed)
            start = max(completions, forgotten)
            numbers = [*islice(self._completed, start - forgotten, start - forgotten + limit)]
            records = [self._records[seq] for seq in numbers if seq in self._records]
        return records, start + len(numbers)

    @contextmanager
    def _waiting(self, waiter: _Waiter) -> Iterator[list[Record]]:
        """Lets a waiter see each new record; the records until then."""
        with self._lock:
            earlier = [*self._records.values()]
            self._waiters.add(waiter)
        try:
            yield earlier
        finally:
            with self._lock:
                self._waiters.discard(waiter)

    def release(self) -> None:
        """Ends all waiting: the signer stops."""
        with self._lock:
            for waiter in self._waiters:
                waiter.is_over.set()

    def clear(self) -> None:
        """Forgets the records; the numbers go on."""
        with self._lock:
            self.clears += 1
            self._records.clear()
            self._bodies.clear()
            self._bodies_size = 0
            for waiter in self._waiters:
                waiter.matches.clear()
