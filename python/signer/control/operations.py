"""What a test can do with a signer: read its journal, set faults, change its keys.

One `handle` for every way to ask: `Signer` calls it, and /_signer over HTTP. Any thread may.
"""

from collections.abc import Mapping
from itertools import count
from typing import Any

from msgspec import Struct, to_builtins

from .._core import SecretKey
from ..decoding import decode
from ..errors import UnknownOperationError
from ..keys.derived import deterministic_keys
from ..keys.keyring import Key, Keyring
from ..slashing.protection import Protection, Slashable
from ..ssz.scalars import Bytes32, Bytes48
from .faults import ActiveFault, Fault, fault_of
from .journal import Journal, Match, Record

METHODS = {"GET", "POST", "DELETE"}
KEPT = 100  # faults that a test may ask for after a reset


class Query(Match, frozen=True, kw_only=True):
    """Of GET requests: those after number `since`; up to `wait` seconds until there are `n`."""

    since: int = 0
    n: int = 1
    wait: float = 0.0


class Keys(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Keys to add: the flags of `serve`, and secret keys."""

    interop: int = 0
    mnemonic: str = ""
    count: int = 0
    start: int = 0
    keys: list[Bytes32] = []

    __repr__ = object.__repr__


class Pubkeys(Struct, frozen=True, forbid_unknown_fields=True):
    pubkeys: list[Bytes48]


class Control:
    """The journal and the faults of a signer, and its keys.

    Each operation is a method: `get_requests` is GET /_signer/requests.
    """

    def __init__(self, keyring: Keyring, slashing: Protection) -> None:
        self.journal = Journal()
        self._keyring, self._slashing = keyring, slashing
        self._faults: list[ActiveFault] = []
        self._numbers = count(1)

    def handle(self, method: str, path: str, fields: Mapping[str, Any]) -> Any:
        """Does what a request below /_signer asks; may block, for as long as it says to wait.

        Raises BadRequestError for fields that are not as expected, UnknownOperationError.
        """
        name, _, number = path.partition("/")
        verbs = (known.partition("_") for known in vars(Control))
        known = [f"{verb.upper()} {noun}" for verb, _, noun in verbs if verb.upper() in METHODS]
        if f"{method} {name}" not in known or (number and name != "faults"):
            listed = ", ".join(known)
            raise UnknownOperationError(f"expected one of {listed}, found {method} {path}")
        operation = getattr(self, f"{method.lower()}_{name}")
        return operation({**fields, "id": number} if number else fields)

    def get_requests(self, fields: Mapping[str, Any]) -> list[Record]:
        """The records that match."""
        query: Query = decode(Query, fields, "a query")
        return self.journal.wait_for(query.n, query.wait, query, query.since)

    def get_faults(self, fields: Mapping[str, Any]) -> Any:
        """The faults that are set, or the one with an id, set or not."""
        if "id" in fields:
            return self._shown(self._fault(fields["id"]))
        every = fields.get("all")
        return [self._shown(fault) for fault in self._faults if every or not fault.removed]

    def delete_requests(self, _: Mapping[str, Any]) -> None:
        """Forgets them."""
        self.journal.clear()

    def post_faults(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Sets a fault of these fields."""
        return self._shown(self.add_fault(fault_of(fields)))

    def get_keys(self, _: Mapping[str, Any]) -> list[str]:
        """The public keys."""
        return [f"0x{pubkey.hex()}" for pubkey in self._keyring]

    def add_fault(self, fault: Fault) -> ActiveFault:
        """Sets a fault; it is the first to be asked from now on."""
        self._faults.append(ActiveFault(next(self._numbers), fault))
        return self._faults[-1]

    def delete_faults(self, fields: Mapping[str, Any]) -> None:
        """Takes back all faults, or the one with an id."""
        for fault in [self._fault(fields["id"])] if "id" in fields else self._faults:
            fault.removed = True  # it stays in the list: a test may ask for its hits later

    def _fault(self, number: str) -> ActiveFault:
        found = [fault for fault in self._faults if str(fault.id) == number]
        if not found:
            raise UnknownOperationError(f"expected the id of a fault, found {number}")
        return found[0]

    @staticmethod
    def _shown(fault: ActiveFault) -> dict[str, Any]:
        return {"id": fault.id, "hits": fault.hits, **to_builtins(fault.fault)}

    def next_fault(
        self, signing_type: str | None, pubkey: str | None, path: str
    ) -> ActiveFault | None:
        """The fault that strikes a request: of those that do, the one added last."""
        for fault in reversed(self._faults.copy()):
            if not fault.removed and fault.strikes(signing_type, pubkey, path):
                return fault
        return None

    def post_keys(self, fields: Mapping[str, Any]) -> list[str]:
        """Adds keys; their public keys."""
        wanted: Keys = decode(Keys, fields, "keys")
        keys = deterministic_keys(wanted.interop)
        keys += [Key(SecretKey.from_bytes(secret)) for secret in wanted.keys]
        keys += deterministic_keys(0, wanted.mnemonic, wanted.count, wanted.start)
        self._keyring.imported |= {key.pubkey: key for key in keys}
        return [f"0x{key.pubkey.hex()}" for key in keys]

    def delete_keys(self, fields: Mapping[str, Any]) -> None:
        """Removes keys."""
        sent: Pubkeys = decode(Pubkeys, fields, "pubkeys")
        for pubkey in sent.pubkeys:
            self._keyring[pubkey]  # says so when there is none
            self._keyring.imported.pop(pubkey, None)
            self._keyring.readonly.pop(pubkey, None)

    def get_slashable(self, _: Mapping[str, Any]) -> list[Slashable]:
        """The slashable pairs that were asked for, signed or not."""
        return list(self._slashing.pairs)

    def post_reset(self, _: Mapping[str, Any]) -> None:
        """Forgets requests, faults and what was signed."""
        self._slashing.clear()
        self.delete_faults({})
        del self._faults[:-KEPT]
        self.journal.clear()
