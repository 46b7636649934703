"""Composite SSZ types, and how they are hashed.

The annotation is the type: `slot: uint64`, `deposits: List[Deposit, MAX_DEPOSITS]`. In Python a
list is a list, and a container a frozen msgspec Struct that reads the Beacon API's JSON.
Serialization is not here: nothing in the signer needs it.

Sources: consensus-specs, ssz/simple-serialize.md; EIP-7495 and EIP-7916 for progressive types.
"""

from collections.abc import Callable
from functools import cache
from operator import attrgetter, call, methodcaller
from types import GenericAlias
from typing import Annotated, Any, dataclass_transform, get_args, get_type_hints

from msgspec import Meta, Struct
from msgspec.structs import astuple

from .._core import merkleize
from .merkle import CHUNK, depth, list_root, mix_in, vector_root
from .scalars import Bytes32, uint64, uint256


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
        return Annotated[GenericAlias(list, (kind,)), Meta()]


@dataclass_transform(frozen_default=True)
class Container(Struct, frozen=True):
    """A container. A subclass only lists its fields, in the order of the specification."""

    def hash_tree_root(self) -> bytes:
        """The SSZ root: 32 bytes."""
        fields, hashers, height = plan(type(self))
        return merkleize(b"".join(map(call, hashers, fields(self))), height)


class ProgressiveContainer(Container):
    """A container of EIP-7495, all of whose fields are active."""

    def hash_tree_root(self) -> bytes:
        """The SSZ root: 32 bytes."""
        active_fields = (1 << len(self.__struct_fields__)) - 1
        return mix_in(super().hash_tree_root(), active_fields)


Hasher = Callable[[Any], bytes]
Plan = tuple[Callable[[Any], tuple[Any, ...]], list[Hasher], int | None]


@cache
def plan(kind: type[Container]) -> Plan:
    """How to hash a container: its fields, a hasher for each, and the depth of their tree.

    Read from the annotations, once for each class; a progressive tree has no depth.
    """
    hints = get_type_hints(kind, include_extras=True)
    names = kind.__struct_fields__
    hashers = [hasher_of(hints[name]) for name in names]
    height: int | None = depth(CHUNK * len(names))
    if issubclass(kind, ProgressiveContainer):
        height = None
    fields: Callable[[Any], tuple[Any, ...]] = attrgetter(*names)
    if len(names) == 1:  # of one name, attrgetter makes no tuple
        fields = astuple
    return fields, hashers, height


def hasher_of(hint: Any) -> Hasher:
    """What hashes a value of a type, which is given as an annotation."""
    # most fields are numbers and roots: these two ways need no frame of Python
    if hint in {bool, uint64, uint256}:
        return methodcaller("to_bytes", CHUNK, "little")
    if hint is Bytes32:
        return bytes.__bytes__
    if isinstance(hint, type):
        return hint.hash_tree_root  # type: ignore[attr-defined, no-any-return]
    sequence, bounds = get_args(hint)
    return _sequence_hasher(get_args(sequence)[0], bounds)


def _sequence_hasher(kind: Any, bounds: Meta) -> Hasher:
    size = CHUNK
    encode = hasher_of(kind)
    if kind is bool or (isinstance(kind, type) and issubclass(kind, uint64)):  # they share chunks
        size = getattr(kind, "BITS", 8) // 8
        encode = methodcaller("to_bytes", size, "little")
    if bounds.min_length is not None:
        return lambda values: vector_root(b"".join(map(encode, values)))
    limit = None
    if bounds.max_length is not None:
        limit = bounds.max_length * size
    return lambda values: list_root(b"".join(map(encode, values)), len(values), limit)
