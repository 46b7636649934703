"""Composite SSZ types, and how they are hashed.

The annotation is the type: `slot: uint64`, `deposits: List[Deposit, MAX_DEPOSITS]`. In Python a
list is a list, and a container a frozen msgspec Struct that reads the Beacon API's JSON.
Serialization is not here: nothing in the signer needs it.

Sources: consensus-specs, ssz/simple-serialize.md; EIP-7495 and EIP-7916 for progressive types.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter, methodcaller
from types import GenericAlias
from typing import Annotated, Any, dataclass_transform, get_args, get_type_hints

from msgspec import Meta, Struct

from .._core import merkleize
from .leaves import Bytes32, uint64, uint256
from .merkle import CHUNK, chunk_count, depth, merkleize_progressive, mix_in_length, pad

PROGRESSIVE = "progressive"  # marks the lists of EIP-7916 in their Annotated


class List:
    """`List[T, N]`: in Python a list, of at most N."""

    def __class_getitem__(cls, arguments: tuple[Any, int]) -> Any:
        kind, limit = arguments
        return Annotated[GenericAlias(list, (kind,)), Meta(max_length=limit)]


class Vector:
    """`Vector[T, N]`: in Python a list, of exactly N."""

    def __class_getitem__(cls, arguments: tuple[Any, int]) -> Any:
        kind, length = arguments
        return Annotated[GenericAlias(list, (kind,)), Meta(min_length=length, max_length=length)]


class ProgressiveList:
    """`ProgressiveList[T]`: in Python a list, without a limit (EIP-7916)."""

    def __class_getitem__(cls, kind: Any) -> Any:
        return Annotated[GenericAlias(list, (kind,)), PROGRESSIVE]


@dataclass_transform(frozen_default=True)
class Container(Struct, frozen=True):
    """A container: its fields in the order of the specification are all it needs."""

    def hash_tree_root(self) -> bytes:
        fields, hashers, height = _plan(type(self))
        chunks = [hasher(value) for hasher, value in zip(hashers, fields(self), strict=True)]
        return merkleize(b"".join(chunks), height)


class ProgressiveContainer(Container):
    """A container of EIP-7495, all of whose fields are active."""

    def hash_tree_root(self) -> bytes:
        fields, hashers, _ = _plan(type(self))
        chunks = [hasher(value) for hasher, value in zip(hashers, fields(self), strict=True)]
        active_fields = ((1 << len(chunks)) - 1).to_bytes(CHUNK, "little")
        return merkleize(merkleize_progressive(b"".join(chunks)) + active_fields, 1)


Hasher = Callable[[Any], bytes]


@cache
def _plan(kind: type[Container]) -> tuple[Callable[[Any], tuple[Any, ...]], list[Hasher], int]:
    """How to hash a container: its fields, a hasher for each, and the depth of their tree.

    Read from the annotations, once for each class.
    """
    hints = get_type_hints(kind, include_extras=True)
    names = kind.__struct_fields__
    return attrgetter(*names), [_hasher(hints[name]) for name in names], depth(len(names))


def _hasher(hint: Any) -> Hasher:
    # most fields are numbers and roots: these two ways need no frame of Python
    if hint in {bool, uint64, uint256}:
        return methodcaller("to_bytes", CHUNK, "little")
    if hint is Bytes32:
        return bytes.__bytes__
    if isinstance(hint, type):
        return hint.hash_tree_root  # type: ignore[attr-defined, no-any-return]
    sequence, bounds = get_args(hint)
    return _sequence_hasher(get_args(sequence)[0], bounds)


def _sequence_hasher(kind: Any, bounds: Meta | str) -> Hasher:
    if kind is uint64:
        size = uint64.BITS // 8

        def chunks(values: list[Any]) -> bytes:
            return pad(b"".join([value.to_bytes(size, "little") for value in values]))
    else:
        size, hasher = CHUNK, _hasher(kind)

        def chunks(values: list[Any]) -> bytes:
            return b"".join([hasher(value) for value in values])

    if isinstance(bounds, str):
        return lambda values: mix_in_length(merkleize_progressive(chunks(values)), len(values))
    height = depth(chunk_count((bounds.max_length or 0) * size))
    if bounds.min_length is not None:
        return lambda values: merkleize(chunks(values), height)
    return lambda values: mix_in_length(merkleize(chunks(values), height), len(values))
