"""What the signer was asked, and what it answered: the last ten thousand requests."""

from collections import deque
from fnmatch import fnmatchcase
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
        when = [f"{name} {getattr(self, name)}" for name in ("slot", "epoch")]
        which = next((text for text in when if not text.endswith("None")), "")
        key = f"{self.pubkey[:10]}.." if self.pubkey else ""
        fault = f"  fault {self.fault}" if self.fault else ""
        status = self.status or "hangs"
        took = f"{self.duration * 1e3:.1f} ms"
        return f"#{self.seq} {what:21} {key:12} {which:10} {status} {took}{fault}"


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
        return [name for name, value in self.given().items() if not _has(record, name, value)]


def _has(record: Record, name: str, value: Any) -> bool:
    found = getattr(record, name)
    return found == value or (name == "path" and fnmatchcase(found, value))


class Journal:
    """Records, oldest first; may be read by any thread."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=CAPACITY)
        self._changed = Condition()
        self._seq = 0
        self.released = 0  # how often everybody who waits was let go

    def add(self, record: Record) -> Record:
        """Gives the record its number, wakes who waits; one that has a number is replaced."""
        with self._changed:
            if record.seq:
                kept = [record if other.seq == record.seq else other for other in self._records]
                self._records = deque(kept, CAPACITY)
            else:
                self._seq += 1
                record = structs.replace(record, seq=self._seq)
                self._records.append(record)
            self._changed.notify_all()
            return record

    def records(self, match: Match = Match(), since: int = 0) -> list[Record]:  # noqa: B008 - frozen
        """Those that match, after number `since`."""
        given = match.given().items()
        with self._changed:
            return [
                record
                for record in self._records
                if record.seq > since and all(_has(record, *value) for value in given)
            ]

    def wait_for(self, n: int, timeout: float, match: Match, since: int = 0) -> list[Record]:
        """As `records`, once there are `n`, `timeout` seconds are over, or it is released."""
        with self._changed:
            released = self.released
            self._changed.wait_for(
                lambda: released != self.released or len(self.records(match, since)) >= n, timeout
            )
            return self.records(match, since)

    def release(self) -> None:
        """Lets everybody go who waits: the signer stops."""
        with self._changed:
            self.released += 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Forgets the records; the numbers go on."""
        with self._changed:
            self._records.clear()
