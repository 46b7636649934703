"""A test's operations on a signer: records, faults, keys and slashable pairs.

`Operations.handle` is the only entry point. `Signer` calls it, and /_signer calls it for tests in
other processes and languages.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct, to_builtins

from .._core import SecretKey
from ..config.key_source import KeySource, check_key_source
from ..config.settings import current_names
from ..errors import BadRequestError, ConfigError, UnknownOperationError, did_you_mean
from ..hex import to_hex
from ..keys.derived import derive_keys
from ..keys.keyring import Key, Keyring
from ..keys.manager import KeyManager
from ..slashing.protection import Protection
from ..slashing.slashable import Slashable
from ..ssz.scalars import Bytes32, Bytes48
from .faults import ActiveFault, Fault, Faults, Seconds, fault_of
from .feed import Feed
from .fields import decode_fields
from .filters import TYPES, Natural, RecordFilter
from .journal import MAX_RECORDS, Journal, Record

Fields = Mapping[str, Any] | bytes  # bytes: the JSON body of a request

MAX_NEW_KEYS = 100_000  # in one operation; deriving them takes half a minute
KeyCount = Annotated[int, Meta(ge=0, le=MAX_NEW_KEYS)]


class RecordQuery(RecordFilter, frozen=True, kw_only=True):
    """Records after number `since`; waits up to `wait` seconds until there are `n`."""

    since: Natural = 0
    n: Annotated[int, Meta(ge=0, le=MAX_RECORDS)] = 1
    wait: Seconds = 0.0


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
    id: str


class FaultQuery(NoFields, frozen=True):
    """With `all`, faults that were removed too."""

    all: bool = False


class SlashableQuery(NoFields, frozen=True):
    """With `equivocations`, these too."""

    equivocations: bool = False


class Operations:
    """The journal and the faults of a signer, its keys, and its slashable pairs."""

    def __init__(self, keyring: Keyring, keymanager: KeyManager, slashing: Protection) -> None:
        self.journal = Journal()
        self.faults = Faults()
        self._types: Collection[str] = TYPES
        self._keyring = keyring
        self._keymanager = keymanager
        self._slashing = slashing
        self.feed = Feed(self.journal, slashing, keyring, partial(self.get_faults, {}))

    def start_with(self, faults: Iterable[str], types: Collection[str]) -> None:
        """Sets the faults of --fault, and which signing types the signer has.

        Raises ConfigError for a fault that is not as expected.
        """
        self._types = types
        for document in faults:
            try:
                self._add_fault(fault_of(document))
            except BadRequestError as error:
                raise ConfigError(f"--fault: {error}") from None

    def handle(self, method: str, path: str, fields: Fields) -> Any:
        """Runs an operation, such as GET `faults/1`. Any thread may call; a waiting one blocks.

        Raises BadRequestError for fields that are not as expected, and UnknownOperationError.
        """
        noun, _, number = path.partition("/")
        name = f"{method} {noun}"
        if number:
            name += "/ID"
            fields = {"id": number}
        operation = self.ROUTES.get(name)
        if operation is None:
            known = ", ".join(self.ROUTES)
            hint = did_you_mean(name, self.ROUTES)
            raise UnknownOperationError(f"expected one of {known}, found {method} {path}{hint}")
        return operation(self, fields)

    def paths(self) -> list[list[str]]:
        """The method and the path of each operation."""
        return [name.split() for name in self.ROUTES]

    def release(self) -> None:
        """Ends all waiting, of tests and of held requests: the signer stops."""
        self.journal.release()
        self.faults.release()
        self.feed.release()

    def get_requests(self, fields: Fields) -> list[Record]:
        """The records that match a RecordQuery."""
        query: RecordQuery = decode_fields(RecordQuery, fields, "a query")
        query.require_known_type(self._types)
        return self.journal.wait_for(query.n, query.wait, query, query.since)

    def get_request(self, fields: Fields) -> Record:
        """The record with a number."""
        wanted: RecordNumber = decode_fields(RecordNumber, fields, "the number of a request")
        return self.journal.find(wanted.id)

    def delete_requests(self, fields: Fields) -> None:
        """Forgets all records."""
        decode_fields(NoFields, fields, "no fields")
        self.journal.clear()

    def get_faults(self, fields: Fields) -> list[dict[str, Any]]:
        """The faults that a FaultQuery selects."""
        query: FaultQuery = decode_fields(FaultQuery, fields, "a query")
        faults = self.faults.all()
        if not query.all:
            faults = [fault for fault in faults if not fault.is_removed]
        return [_shown(fault) for fault in faults]

    def get_fault(self, fields: Fields) -> dict[str, Any]:
        """The fault with an id, removed or not."""
        return _shown(self._find_fault(fields))

    def post_faults(self, fields: Fields) -> dict[str, Any]:
        """Sets a fault of these fields."""
        return _shown(self._add_fault(fault_of(fields)))

    def _add_fault(self, fault: Fault) -> ActiveFault:
        fault.require_known_type(self._types)
        return self.faults.add(fault)

    def delete_faults(self, fields: Fields) -> None:
        """Removes all faults."""
        decode_fields(NoFields, fields, "no fields")
        self.faults.remove_all()

    def delete_fault(self, fields: Fields) -> None:
        """Removes the fault with an id."""
        self._find_fault(fields).remove()

    def _find_fault(self, fields: Fields) -> ActiveFault:
        wanted: FaultNumber = decode_fields(FaultNumber, fields, "the id of a fault")
        return self.faults.find(wanted.id)

    def get_keys(self, fields: Fields) -> list[str]:
        """The public keys."""
        decode_fields(NoFields, fields, "no fields")
        return [to_hex(pubkey) for pubkey in self._keyring]

    def post_keys(self, fields: Fields) -> list[str]:
        """Adds the keys of NewKeys, and returns their public keys."""
        if not isinstance(fields, bytes):
            fields = current_names(fields)
        new: NewKeys = decode_fields(NewKeys, fields, "keys")
        keys = derive_keys(new)
        keys += [Key(SecretKey.from_bytes(secret)) for secret in new.keys]
        self._keymanager.add(keys)
        return [to_hex(key.pubkey) for key in keys]

    def delete_keys(self, fields: Fields) -> None:
        """Removes the keys of `pubkeys`."""
        unwanted: Pubkeys = decode_fields(Pubkeys, fields, "pubkeys")
        self._keymanager.remove(unwanted.pubkeys)

    def get_slashable(self, fields: Fields) -> list[Slashable]:
        """The pairs of messages that a SlashableQuery selects, signed or not."""
        query: SlashableQuery = decode_fields(SlashableQuery, fields, "a query")
        pairs = list(self._slashing.pairs)
        if query.equivocations:
            pairs += self._slashing.equivocations.reports.pairs
        return pairs

    def rule_broken_by(self, pubkey: str, signing_root: str) -> str | None:
        """The rule that a message breaks with an earlier one, for its record."""
        return self._slashing.rule_broken_by(pubkey, signing_root)

    def post_reset(self, fields: Fields) -> None:
        """Forgets records, faults and what was signed."""
        decode_fields(NoFields, fields, "no fields")
        self._slashing.clear()
        self.faults.reset()
        self.journal.clear()

    ROUTES: ClassVar[Mapping[str, Callable[["Operations", Fields], Any]]] = {
        "GET requests": get_requests,
        "DELETE requests": delete_requests,
        "GET requests/ID": get_request,
        "GET faults": get_faults,
        "POST faults": post_faults,
        "DELETE faults": delete_faults,
        "GET faults/ID": get_fault,
        "DELETE faults/ID": delete_fault,
        "GET keys": get_keys,
        "POST keys": post_keys,
        "DELETE keys": delete_keys,
        "GET slashable": get_slashable,
        "POST reset": post_reset,
    }


def _shown(fault: ActiveFault) -> dict[str, Any]:
    return {"id": fault.id, "hits": fault.hits, **to_builtins(fault.fault)}
