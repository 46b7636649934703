"""What clients do differently with a message: other containers, fields exchanged, other bytes."""

from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple, get_type_hints

from .._core import merkleize
from ..spec import altair, electra, gloas, heze, phase0
from ..ssz.composites import Container, ProgressiveContainer
from ..ssz.merkle import CHUNK
from ..ssz.scalars import Bytes32, ByteVector, uint64
from .trees import Path, Tree

EXCHANGEABLE = (Container, uint64, ByteVector)
COMMITTEES = range(64)  # Electra's attestations have index 0, and before it that of a committee
UINT64_SIZE = 8  # bytes
NO_INCLUSION_LISTS = bytes(heze.INCLUSION_LIST_COMMITTEE_SIZE // 8)

# the name of an AggregateAndProof, its class, and that of its aggregate
AGGREGATES: dict[str, tuple[Any, Any]] = {
    "PHASE0's": (phase0.AggregateAndProof, phase0.Attestation),
    "ELECTRA's": (electra.AggregateAndProof, electra.Attestation),
    "GLOAS's": (gloas.AggregateAndProof, gloas.Attestation),
    "ELECTRA's minimal": (
        electra.MinimalAggregateAndProof,
        electra.MinimalAttestation,
    ),
}


class Difference(NamedTuple):
    """What a client did differently, and what it should do; each completes a sentence."""

    found: str
    remedy: str


class Change(NamedTuple):
    """A change of a message, and the object root, 32 bytes, that it leads to."""

    difference: Difference
    object_root: bytes


class Message(NamedTuple):
    """A message as it is hashed; the slot of its request need not be in it."""

    tree: Tree
    slot: int | None
    slots_per_epoch: int


Kind = Callable[[Message], Iterator[Change]]


def _bare_messages(message: Message) -> Iterator[Change]:
    """A slot as an epoch, an epoch as a slot, and a root in a container with its slot."""
    value = message.tree.value
    if isinstance(value, uint64):
        remedy = f"hash {value} itself"
        epoch = uint64(value // message.slots_per_epoch)
        difference = Difference(f"epoch {epoch} instead of slot {value}", remedy)
        yield Change(difference, epoch.hash_tree_root())
        first_slot = uint64(value * message.slots_per_epoch % (1 << uint64.BITS))
        difference = Difference(f"slot {first_slot} instead of epoch {value}", remedy)
        yield Change(difference, first_slot.hash_tree_root())
    if isinstance(value, Bytes32) and message.slot is not None:
        difference = Difference("a container of the slot and the root", "hash the root alone")
        chunk = message.slot.to_bytes(CHUNK, "little")
        yield Change(difference, merkleize(chunk + value, 1))
        yield Change(difference, merkleize(value + chunk, 1))


def _other_aggregates(message: Message) -> Iterator[Change]:
    right = message.tree.value
    for name, (container, _) in AGGREGATES.items():
        if isinstance(right, container):
            remedy = f"use {name}, or send the version and the members of the other one"
            for other_name, other in _read_as_others(right):
                found = f"{other_name} AggregateAndProof instead of {name}"
                yield Change(Difference(found, remedy), other.hash_tree_root())


def _read_as_others(right: Any) -> Iterator[tuple[str, Any]]:
    """An AggregateAndProof with the containers of each fork that its bits fit into."""
    aggregate = right.aggregate
    for name, (container, aggregate_container) in AGGREGATES.items():
        names = aggregate_container.__struct_fields__
        if all(hasattr(aggregate, field) for field in names):
            bits = _bits_type(aggregate_container)(aggregate.aggregation_bits)
            if bits.problem() is None:
                rest = [getattr(aggregate, field) for field in names[1:]]
                other = aggregate_container(bits, *rest)
                yield name, container(right.aggregator_index, other, right.selection_proof)


@cache
def _bits_type(aggregate_container: Any) -> Any:
    return get_type_hints(aggregate_container)["aggregation_bits"]


def _other_bids(message: Message) -> Iterator[Change]:
    right = message.tree.value
    if not isinstance(right, gloas.ExecutionPayloadBid):
        return
    values = [getattr(right, name) for name in gloas.ExecutionPayloadBid.__struct_fields__]
    values_of_heze = [*values, NO_INCLUSION_LISTS]
    others: dict[str, Any] = {
        "GLOAS": gloas.ExecutionPayloadBid(*values),
        "HEZE": heze.ExecutionPayloadBid(*values_of_heze),
    }
    for fork, bid in others.items():
        difference = Difference(f"{fork}'s ExecutionPayloadBid", f"send {fork} as its version")
        yield Change(difference, bid.hash_tree_root())


def _other_blocks(message: Message) -> Iterator[Change]:
    tree = message.tree
    if isinstance(tree.value, altair.BeaconBlock):
        fields = len(phase0.BeaconBlockBody.__struct_fields__)
        body_root = tree.fields["body"].plain_root(fields)
        found = "PHASE0's BeaconBlock instead of ALTAIR's"
        remedy = "use ALTAIR's, whose body has a sync_aggregate"
        yield Change(Difference(found, remedy), tree.root_with({("body",): body_root}))


def _plain_containers(message: Message) -> Iterator[Change]:
    """Progressive containers as ordinary ones, as before EIP-7688."""
    tree = message.tree
    plain: dict[Path, bytes] = {}
    for path, part in tree.walk():
        if isinstance(part.value, ProgressiveContainer):
            plain[path] = part.plain_root(len(part.fields))
    for path, root in plain.items():
        found = f"{_named(path)} as an ordinary container"
        remedy = f"use the ProgressiveContainer of EIP-7688 for {_named(path)}"
        yield Change(Difference(found, remedy), tree.root_with({path: root}))


def _exchanged(message: Message) -> Iterator[Change]:
    tree = message.tree
    parts = [item for item in tree.walk() if isinstance(item[1].value, EXCHANGEABLE)]
    for (path, part), (other_path, other) in combinations(parts, 2):
        if type(part.value) is type(other.value) and part.root != other.root:
            names = f"{_named(path)} and {_named(other_path)}"
            difference = Difference(f"{names} exchanged", f"give {names} their own values")
            yield Change(difference, tree.root_with({path: other.root, other_path: part.root}))


def _reversed(message: Message) -> Iterator[Change]:
    tree = message.tree
    roots: dict[Path, bytes] = {}
    numbers: dict[Path, bytes] = {}
    for path, part in tree.walk():
        if isinstance(part.value, Bytes32):
            roots[path] = part.root[::-1]
        elif type(part.value) is uint64:
            numbers[path] = part.value.to_bytes(UINT64_SIZE, "big").ljust(CHUNK, b"\0")
    remedy = "hash the bytes of a root in the order of their hex digits"
    for path, root in roots.items():
        difference = Difference(f"{_named(path)} in reverse byte order", remedy)
        yield Change(difference, tree.root_with({path: root}))
    yield Change(Difference("all roots in reverse byte order", remedy), tree.root_with(roots))
    remedy = "hash numbers as little-endian ones"
    for path, number in numbers.items():
        difference = Difference(f"{_named(path)} as a big-endian number", remedy)
        yield Change(difference, tree.root_with({path: number}))
    yield Change(Difference("all numbers big-endian", remedy), tree.root_with(numbers))


def _other_numbers(message: Message) -> Iterator[Change]:
    """Numbers that are one off, and the committee's index instead of Electra's 0."""
    tree = message.tree
    for path, part in tree.walk():
        if type(part.value) is uint64:
            others = [part.value - 1, part.value + 1]
            if path[-1:] == ("index",):
                others += COMMITTEES
            for other in others:
                if 0 <= other < 1 << uint64.BITS:
                    found = f"{other} as {_named(path)} instead of {part.value}"
                    difference = Difference(found, f"hash {part.value}, or send {other}")
                    root = other.to_bytes(CHUNK, "little")
                    yield Change(difference, tree.root_with({path: root}))


def _parts(message: Message) -> Iterator[Change]:
    tree = message.tree
    for path, part in tree.walk():
        difference = Difference(f"{_named(path)} alone as the message", "hash the whole message")
        yield Change(difference, part.root)


def _zeros(message: Message) -> Iterator[Change]:
    tree = message.tree
    for path, part in tree.walk():
        if not part.fields:
            found = f"zero instead of {_named(path)}"
            difference = Difference(found, f"hash {_named(path)} as it was sent")
            yield Change(difference, tree.root_with({path: bytes(CHUNK)}))


def _named(path: Path) -> str:
    return ".".join(path) or "the message"


# the likeliest first
KINDS: tuple[Kind, ...] = (
    _bare_messages,
    _other_aggregates,
    _other_bids,
    _other_blocks,
    _plain_containers,
    _exchanged,
    _reversed,
    _other_numbers,
    _parts,
    _zeros,
)
