"""A test's operations on a signer: records, faults, keys and slashable pairs.

`Operations.handle` is the only entry point. `Signer` calls it, and /_signer calls it for tests in
other processes and languages.
"""

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import to_builtins

from .._core import SecretKey
from ..errors import (
    BadRequestError,
    ConfigError,
    UnknownKeyError,
    UnknownOperationError,
    did_you_mean,
)
from ..hex import to_hex
from ..keys.derived import derive_keys
from ..keys.keyring import Key, Keyring
from ..keys.manager import KeyManager
from ..signing.example import Example
from ..signing.registry import BUILT_IN, SigningTypes
from ..signing.request import SignRequest
from ..slashing.protection import Protection
from ..slashing.slashable import Slashable
from ..spec.networks import DEFAULT_NETWORK, Network
from ..ssz.scalars import shown
from .faults import ActiveFault, Fault, Faults, fault_of
from .feed import Feed
from .fields import Fields, Operation, reads
from .filters import TYPES
from .journal import MAX_NAME_LENGTH, Journal, Record, one_line
from .queries import (
    ExampleQuery,
    FaultNumber,
    FaultQuery,
    NewKeys,
    NoFields,
    Pubkeys,
    RecordNumber,
    RecordQuery,
    ShownFault,
    ShownRecord,
    SlashableQuery,
)

if TYPE_CHECKING:
    from ..signing.explanation import Explanation


class Operations:
    """The journal and the faults of a signer, its keys, and its slashable pairs."""

    def __init__(self, keyring: Keyring, keymanager: KeyManager, slashing: Protection) -> None:
        self.journal = Journal()
        self.faults = Faults()
        self._types: Collection[str] = TYPES
        self.signing_types: Collection[type[SignRequest]] = BUILT_IN
        self.network = DEFAULT_NETWORK
        self._keyring = keyring
        self._keymanager = keymanager
        self._slashing = slashing
        self.feed = Feed(self.journal, slashing, keyring, partial(self.get_faults, {}))

    def start_with(
        self,
        faults: Iterable[str],
        signing_types: Collection[type[SignRequest]],
        network: Network,
    ) -> None:
        """Sets the faults of --fault, and which signing types and which network the signer has.

        Raises ConfigError for a fault that is not as expected.
        """
        self._types = [signing_type.TYPE for signing_type in signing_types]
        self.signing_types = signing_types
        self.network = network
        for document in faults:
            try:
                self._add_fault(fault_of(document))
            except BadRequestError as error:
                raise ConfigError(f"--fault: {error}") from None

    def handle(self, method: str, path: str, fields: Fields) -> Any:
        """Runs an operation, such as GET `faults/1`. Any thread may call; a waiting one blocks.

        Raises BadRequestError for fields that are not as expected, and UnknownOperationError.
        """
        noun, _, rest = path.partition("/")
        number, _, view = rest.partition("/")
        name = f"{method} {noun}"
        if number:
            name += "/ID"
            fields = {"id": number}
        if view:
            name += f"/{view}"
        operation = self.ROUTES.get(name)
        if operation is None:
            known = ", ".join(self.ROUTES)
            hint = did_you_mean(name, self.ROUTES)
            found = one_line(f"{method} {path}", MAX_NAME_LENGTH)
            raise UnknownOperationError(f"expected one of {known}, found {found}{hint}")
        return operation(self, fields)

    def paths(self) -> list[list[str]]:
        """The method and the path of each operation."""
        return [name.split() for name in self.ROUTES]

    def release(self) -> None:
        """Ends all waiting, of tests and of held requests: the signer stops."""
        self.journal.release()
        self.faults.release()
        self.feed.release()

    @reads(RecordQuery, returns=list[ShownRecord])
    def get_requests(self, query: RecordQuery) -> list[Record]:
        """The records that match a RecordQuery."""
        query.require_known_type(self._types)
        return self.journal.wait_for(query.n, query.wait, query, query.since)

    @reads(
        RecordNumber,
        expected="the number of a request",
        returns=ShownRecord,
        errors=(UnknownOperationError,),
    )
    def get_request(self, wanted: RecordNumber) -> Record:
        """The record with a number."""
        return self.journal.find(wanted.id)

    @reads(NoFields, expected="no fields")
    def delete_requests(self, _: NoFields) -> None:
        """Forgets all records."""
        self.journal.clear()

    @reads(
        RecordNumber,
        expected="the seq of a record",
        returns=dict[str, Any],
        errors=(UnknownOperationError,),
    )
    def get_explanation(self, wanted: RecordNumber) -> "Explanation":
        """Explains the request of the record with an id."""
        from . import explaining  # noqa: PLC0415 - a start need not wait for it

        record = self.journal.find(wanted.id)
        return explaining.explain_record(record, SigningTypes(self.signing_types), self.network)

    @reads(object, lambda _, fields, __: fields, returns=dict[str, Any])
    def post_explain(self, fields: Any) -> "Explanation":
        """Explains a sign request, a record or a signed message. Signs nothing."""
        from . import explaining  # noqa: PLC0415 - as above

        return explaining.explain_document(fields, SigningTypes(self.signing_types), self.network)

    @reads(FaultQuery, returns=list[ShownFault])
    def get_faults(self, query: FaultQuery) -> list[dict[str, Any]]:
        """The faults that a FaultQuery selects."""
        faults = self.faults.all()
        if not query.all:
            faults = [fault for fault in faults if not fault.is_removed]
        return [_shown(fault) for fault in faults]

    @reads(
        FaultNumber,
        expected="the id of a fault",
        returns=ShownFault,
        errors=(UnknownOperationError,),
    )
    def get_fault(self, wanted: FaultNumber) -> dict[str, Any]:
        """The fault with an id, removed or not."""
        return _shown(self.faults.find(wanted.id))

    @reads(Fault, lambda _, fields, __: fault_of(fields), returns=ShownFault)
    def post_faults(self, fault: Fault) -> dict[str, Any]:
        """Sets a fault of these fields."""
        return _shown(self._add_fault(fault))

    def _add_fault(self, fault: Fault) -> ActiveFault:
        fault.require_known_type(self._types)
        return self.faults.add(fault)

    @reads(NoFields, expected="no fields")
    def delete_faults(self, _: NoFields) -> None:
        """Removes all faults."""
        self.faults.remove_all()

    @reads(FaultNumber, expected="the id of a fault", errors=(UnknownOperationError,))
    def delete_fault(self, wanted: FaultNumber) -> None:
        """Removes the fault with an id."""
        self.faults.find(wanted.id).remove()

    @reads(NoFields, expected="no fields")
    def get_keys(self, _: NoFields) -> list[str]:
        """The public keys."""
        return [to_hex(pubkey) for pubkey in self._keyring]

    @reads(NewKeys, expected="keys")
    def post_keys(self, new: NewKeys) -> list[str]:
        """Adds the keys of NewKeys, and returns their public keys."""
        keys = derive_keys(new)
        keys += [Key(SecretKey.from_bytes(secret)) for secret in new.keys]
        self._keymanager.add(keys)
        return [to_hex(key.pubkey) for key in keys]

    @reads(Pubkeys, expected="pubkeys", errors=(UnknownKeyError,))
    def delete_keys(self, unwanted: Pubkeys) -> None:
        """Removes the keys of `pubkeys`."""
        self._keymanager.remove(unwanted.pubkeys)

    @reads(SlashableQuery)
    def get_slashable(self, query: SlashableQuery) -> list[Slashable]:
        """The pairs of messages that a SlashableQuery selects, signed or not."""
        pairs = list(self._slashing.pairs)
        if query.equivocations:
            pairs += self._slashing.equivocations.reports.pairs
        return pairs

    @reads(ExampleQuery)
    def get_examples(self, query: ExampleQuery) -> list[Example]:
        """A sign request of each type and fork, made up from a seed; the signer signs each."""
        from ..signing.examples import examples  # noqa: PLC0415 - a start should not wait for it

        signing_types = self.signing_types
        if query.type is not None:
            name = query.type.upper()
            signing_types = [kind for kind in signing_types if name == kind.TYPE]
            if not signing_types:
                expected = f"expected one of {', '.join(self._types)}, found {shown(query.type)}"
                raise BadRequestError(f"type: {expected}{did_you_mean(name, self._types)}")
        made = examples(
            signing_types,
            self.network,
            query.seed,
            query.values,
            with_root=query.root,
        )
        return list(made)

    def rule_broken_by(self, pubkey: str, signing_root: str) -> str | None:
        """The rule that a message breaks with an earlier one, for its record."""
        return self._slashing.rule_broken_by(pubkey, signing_root)

    @reads(NoFields, expected="no fields")
    def post_reset(self, _: NoFields) -> None:
        """Forgets records, faults and what was signed."""
        self._slashing.clear()
        self.faults.reset()
        self.journal.clear()

    ROUTES: ClassVar[Mapping[str, Operation[Any]]] = {
        "GET requests": get_requests,
        "DELETE requests": delete_requests,
        "GET requests/ID": get_request,
        "GET requests/ID/explain": get_explanation,
        "POST explain": post_explain,
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
        "GET examples": get_examples,
    }


def _shown(fault: ActiveFault) -> dict[str, Any]:
    return {"id": fault.id, "hits": fault.hits, **to_builtins(fault.fault)}
