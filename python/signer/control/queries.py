"""What operations read from a query or a body, and show of a record and a fault."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from ..config.key_source import KeySource, check_key_source
from ..errors import BadRequestError
from ..signing.example import Values
from ..ssz.scalars import Bytes32, Bytes48
from .faults import Fault, Seconds
from .filters import Natural, RecordFilter
from .journal import MAX_RECORDS, Record

MAX_NEW_KEYS = 100_000  # in one operation; deriving them takes half a minute
KeyCount = Annotated[int, Meta(ge=0, le=MAX_NEW_KEYS)]


class RecordQuery(RecordFilter, frozen=True, kw_only=True):
    """Records after number `since`; waits up to `wait` seconds until there are `n`."""

    since: Natural = 0
    n: Annotated[int, Meta(ge=0, le=MAX_RECORDS)] = 1
    wait: Seconds = 0.0


class ShownRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    __doc__ = Record.__doc__

    raw_body: Any = field(default=None, name="body")  # documents cannot tell a default of Raw


class NewKeys(KeySource, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys to add: the key flags of `serve`, and secret keys."""

    interop: KeyCount = 0
    count: KeyCount = 0
    start_index: Natural = 0
    keys: Annotated[list[Bytes32], Meta(max_length=MAX_NEW_KEYS)] = []

    __repr__ = object.__repr__

    def __post_init__(self) -> None:
        check_key_source(self, BadRequestError, str)
        if not self.interop and not self.count and not self.keys:
            raise BadRequestError("expected interop, mnemonic and count, or keys, found no key")


class Pubkeys(Struct, frozen=True, forbid_unknown_fields=True):
    pubkeys: Annotated[list[Bytes48], Meta(min_length=1)]


class NoFields(Struct, frozen=True, forbid_unknown_fields=True):
    """The fields of an operation that has none: one that is sent would change nothing."""


class FaultNumber(NoFields, frozen=True):
    id: str


class RecordNumber(NoFields, frozen=True):
    id: Natural


class ShownFault(Fault, frozen=True, kw_only=True):
    """A fault that was set, with its number and how often it was applied: its members as JSON."""

    id: int
    hits: int


class FaultQuery(NoFields, frozen=True):
    """With `all`, faults that were removed too."""

    all: bool = False


class SlashableQuery(NoFields, frozen=True):
    """With `equivocations`, these too."""

    equivocations: bool = False


class ExampleQuery(NoFields, frozen=True):
    """Examples of one `type`, or of all; with `root`, each has its signing root."""

    type: str | None = None
    seed: int = 0
    values: Values = "ordinary"
    root: bool = False
