"""What the signer was asked, and what it answered: the last ten thousand requests."""

from fnmatch import fnmatchcase
from itertools import count
from threading import Condition
from typing import Any

from msgspec import Struct, structs

CAPACITY = 10_000  # records


def hex_of(pubkey: str) -> str:
    """A public key as records have it: lower case, with 0x."""
    return f"0x{pubkey.lower().removeprefix('0x')}"


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request and its answer; None is what it does not have, such as a type of /upcheck.

    `time` is Unix time of its arrival, `duration` seconds; `status` is None while it hangs.
    `signing_root` was computed here, `root_given` came with the request; `body` is its JSON.
    """

    seq: int = 0
    time: float
    duration: float
    method: str
    path: str
    user_agent: str = ""
    accept: str = ""
    type: str | None = None
    pubkey: str | None = None
    slot: int | None = None
    epoch: int | None = None
    body: Any = None
    signing_root: str | None = None
    root_given: str | None = None
    status: int | None = None
    signature: str | None = None
    fault: int | None = None  # the id of the fault that it met

    def line(self) -> str:
        """One line for people."""
        what = self.type or f"{self.method} {self.path}"
        key = f"{self.pubkey[:10]}.." if self.pubkey else ""
        epoch = "" if self.epoch is None else f"epoch {self.epoch}"
        when = epoch if self.slot is None else f"slot {self.slot}"
        end = f"{self.status or 'hangs'} {self.duration * 1e3:.1f} ms"
        fault = f"  fault {self.fault}" if self.fault else ""
        return f"#{self.seq} {what:21} {key:12} {when:10} {end}{fault}"


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests are meant: those that have every given value; `path` may be a glob."""

    type: str | None = None
    pubkey: str | None = None
    path: str | None = None

    def __post_init__(self) -> None:
        if self.type:
            structs.force_setattr(self, "type", self.type.upper())
        if self.pubkey:
            structs.force_setattr(self, "pubkey", hex_of(self.pubkey))


class Match(Target, frozen=True, kw_only=True):
    """Which records are meant."""

    method: str | None = None
    status: int | None = None
    slot: int | None = None
    epoch: int | None = None
    fault: int | None = None

    def given(self) -> dict[str, Any]:
        """The values to compare with a record's, by name."""
        values = {name: getattr(self, name) for name in Match.__struct_fields__}
        return {name: value for name, value in values.items() if value is not None}

    def misses(self, record: Record) -> list[str]:
        """The names of the given values that a record does not have."""
        wanted = self.given().items()
        return [name for name, value in wanted if not fits(name, value, getattr(record, name))]


def fits(name: str, wanted: Any, found: Any) -> bool:
    """Whether a request has what is wanted of it; None wants nothing, a path may be a glob."""
    return wanted is None or wanted == found or (name == "path" and fnmatchcase(found, wanted))


class Journal:
    """Records, oldest first; may be read by any thread."""

    def __init__(self) -> None:
        self._records: dict[int, Record] = {}  # by number
        self._numbers = count(1)
        self._changed = Condition()
        self.released = 0  # how often everybody who waits was let go

    def add(self, record: Record) -> Record:
        """Gives the record its number, wakes who waits; one that has a number is replaced."""
        with self._changed:
            if not record.seq:
                record = structs.replace(record, seq=next(self._numbers))
            elif record.seq not in self._records:
                return record  # forgotten while it was under way
            self._records[record.seq] = record
            self._records.pop(record.seq - CAPACITY, None)
            self._changed.notify_all()
            return record

    def wait_for(self, n: int, timeout: float, match: Match, since: int) -> list[Record]:
        """Those that match, after number `since`.

        As soon as there are `n`, `timeout` seconds are over, or everybody is let go.
        """
        given = match.given().items()

        def found() -> list[Record]:
            return [
                record
                for record in self._records.values()
                if record.seq > since
                and all(fits(name, value, getattr(record, name)) for name, value in given)
            ]

        with self._changed:
            released = self.released
            self._changed.wait_for(lambda: released != self.released or len(found()) >= n, timeout)
            return found()

    def release(self) -> None:
        """Lets everybody go who waits: the signer stops."""
        with self._changed:
            self.released += 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Forgets the records; the numbers go on."""
        with self._changed:
            self._records.clear()
