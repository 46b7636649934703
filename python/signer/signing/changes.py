"""What clients do differently with a message: other containers, fields exchanged, other bytes."""

from collections.abc import Iterator
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


def changes_of(tree: Tree, slot: int | None, slots_per_epoch: int) -> Iterator[Change]:
    """Changes of a message, the likeliest first, without those that change nothing.

    `slot` is that of the request, which need not be in the message.
    """
    for change in _every_change(tree, slot, slots_per_epoch):
        if change.object_root != tree.root:
            yield change


def _every_change(tree: Tree, slot: int | None, slots_per_epoch: int) -> Iterator[Change]:
    yield from _bare_messages(tree, slot, slots_per_epoch)
    yield from _other_aggregates(tree.value)
    yield from _other_bids(tree.value)
    yield from _other_blocks(tree)
    yield from _plain_containers(tree)
    yield from _exchanged(tree)
    yield from _reversed(tree)
    yield from _other_numbers(tree)
    yield from _parts(tree)
    yield from _zeros(tree)


def _bare_messages(tree: Tree, slot: int | None, slots_per_epoch: int) -> Iterator[Change]:
    """A slot as an epoch, an epoch as a slot, and a root in a container with its slot."""
    if isinstance(tree.value, uint64):
        number = tree.value
        remedy = f"hash {number} itself"
        epoch = uint64(number // slots_per_epoch)
        difference = Difference(f"epoch {epoch} instead of slot {number}", remedy)
        yield Change(difference, epoch.hash_tree_root())
        first_slot = uint64(number * slots_per_epoch % (1 << uint64.BITS))
        difference = Difference(f"slot {first_slot} instead of epoch {number}", remedy)
        yield Change(difference, first_slot.hash_tree_root())
    if isinstance(tree.value, Bytes32) and slot is not None:
        difference = Difference("a container of the slot and the root", "hash the root alone")
        chunk = slot.to_bytes(CHUNK, "little")
        yield Change(difference, merkleize(chunk + tree.root, 1))
        yield Change(difference, merkleize(tree.root + chunk, 1))


def _other_aggregates(message: Any) -> Iterator[Change]:
    for name, (container, _) in AGGREGATES.items():
        if isinstance(message, container):
            remedy = f"use {name}, or send the version and the members of the other one"
            for other_name, other in _read_as_others(message):
                found = f"{other_name} AggregateAndProof instead of {name}"
                yield Change(Difference(found, remedy), other.hash_tree_root())


def _read_as_others(message: Any) -> Iterator[tuple[str, Any]]:
    """An AggregateAndProof with the containers of each fork that its bits fit into."""
    aggregate = message.aggregate
    for name, (container, aggregate_container) in AGGREGATES.items():
        names = aggregate_container.__struct_fields__
        if all(hasattr(aggregate, field) for field in names):
            bits = _bits_type(aggregate_container)(aggregate.aggregation_bits)
            if bits.problem() is None:
                rest = [getattr(aggregate, field) for field in names[1:]]
                other = aggregate_container(bits, *rest)
                yield name, container(message.aggregator_index, other, message.selection_proof)


@cache
def _bits_type(aggregate_container: Any) -> Any:
    return get_type_hints(aggregate_container)["aggregation_bits"]


def _other_bids(message: Any) -> Iterator[Change]:
    if not isinstance(message, gloas.ExecutionPayloadBid):
        return
    values = [getattr(message, name) for name in gloas.ExecutionPayloadBid.__struct_fields__]
    values_of_heze = [*values, NO_INCLUSION_LISTS]
    others: dict[str, Any] = {
        "GLOAS": gloas.ExecutionPayloadBid(*values),
        "HEZE": heze.ExecutionPayloadBid(*values_of_heze),
    }
    for fork, bid in others.items():
        difference = Difference(f"{fork}'s ExecutionPayloadBid", f"send {fork} as its version")
        yield Change(difference, bid.hash_tree_root())


def _other_blocks(tree: Tree) -> Iterator[Change]:
    if isinstance(tree.value, altair.BeaconBlock):
        fields = len(phase0.BeaconBlockBody.__struct_fields__)
        body_root = tree.fields["body"].plain_root(fields)
        found = "PHASE0's BeaconBlock instead of ALTAIR's"
        remedy = "use ALTAIR's, whose body has a sync_aggregate"
        yield Change(Difference(found, remedy), tree.root_with({("body",): body_root}))


def _plain_containers(tree: Tree) -> Iterator[Change]:
    """Progressive containers as ordinary ones, as before EIP-7688."""
    plain: dict[Path, bytes] = {}
    for path, part in tree.walk():
        if isinstance(part.value, ProgressiveContainer):
            plain[path] = part.plain_root(len(part.fields))
    for path, root in plain.items():
        found = f"{_named(path)} as an ordinary container"
        remedy = f"use the ProgressiveContainer of EIP-7688 for {_named(path)}"
        yield Change(Difference(found, remedy), tree.root_with({path: root}))


def _exchanged(tree: Tree) -> Iterator[Change]:
    parts = [item for item in tree.walk() if isinstance(item[1].value, EXCHANGEABLE)]
    for (path, part), (other_path, other) in combinations(parts, 2):
        if type(part.value) is type(other.value) and part.root != other.root:
            names = f"{_named(path)} and {_named(other_path)}"
            difference = Difference(f"{names} exchanged", f"give {names} their own values")
            yield Change(difference, tree.root_with({path: other.root, other_path: part.root}))


def _reversed(tree: Tree) -> Iterator[Change]:
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


def _other_numbers(tree: Tree) -> Iterator[Change]:
    """Numbers that are one off, and the committee's index instead of Electra's 0."""
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


def _parts(tree: Tree) -> Iterator[Change]:
    for path, part in tree.walk():
        difference = Difference(f"{_named(path)} alone as the message", "hash the whole message")
        yield Change(difference, part.root)


def _zeros(tree: Tree) -> Iterator[Change]:
    for path, part in tree.walk():
        if not part.fields:
            found = f"zero instead of {_named(path)}"
            difference = Difference(found, f"hash {_named(path)} as it was sent")
            yield Change(difference, tree.root_with({path: bytes(CHUNK)}))


def _named(path: Path) -> str:
    return ".".join(path) or "the message"
