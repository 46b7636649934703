"""A value of an SSZ type as a tree of nodes for people: each with its type, its text and its root.

The types and the hashers are those of `composites.py`. Signing uses nothing of this file.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from ..hex import to_hex
from .composites import Container, hasher_of, plan
from .scalars import Bitvector, ProgressiveBitlist, ProgressiveByteList

ITEMS_SHOWN = 8  # of a list; a reader wants to see its form, and a page has to hold it
BYTES_SHOWN = 256  # of a text; ExecutionPayload's logs_bloom is whole, a long transaction is not
SHORTENED = 64  # bytes that are shown of a longer text


class Node(Struct, frozen=True, kw_only=True):
    """A value: a scalar has a `value`, a container or a list has `children`.

    `root` is its hash-tree root. A list, a Bitlist and a ByteList have a `length`, in items, bits
    and bytes; `folded` counts the children that are not shown.
    """

    name: str
    type: str
    value: str | None
    root: str
    children: list["Node"]
    folded: int = 0
    length: int | None = None


def tree_of(name: str, value: Any) -> Node:
    """The tree of a container or a scalar. Hashes each level, so it takes a few times as long."""
    return _node(name, type(value), value, hasher_of(type(value))(value))


def _node(name: str, hint: Any, value: Any, root: bytes) -> Node:
    children: list[Node] = []
    text = None
    length = None
    if isinstance(value, Container):
        children = list(_fields(value))
    elif isinstance(value, list):
        children = list(_items(hint, value))
        length = len(value)
    else:
        text = _text(value)
        length = _length(value)
    folded = 0
    if isinstance(value, list):
        folded = len(value) - len(children)
    return Node(
        name=name,
        type=_type_name(hint, value),
        value=text,
        root=to_hex(root),
        children=children,
        folded=folded,
        length=length,
    )


def _fields(container: Container) -> Iterator[Node]:
    kind = type(container)
    values, hashers, _ = plan(kind)
    hints = _hints(kind)
    names = kind.__struct_fields__
    for name, value, hasher in zip(names, values(container), hashers, strict=True):
        yield _node(name, hints[name], value, hasher(value))


def _items(hint: Any, values: list[Any]) -> Iterator[Node]:
    item = _item_type(hint)
    hasher = hasher_of(item)
    for index, value in enumerate(values[:ITEMS_SHOWN]):
        yield _node(str(index), item, value, hasher(value))


@cache
def _hints(kind: type[Container]) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _item_type(hint: Any) -> Any:
    """The `T` of `List[T, N]` and the like."""
    sequence, _ = get_args(hint)
    return get_args(sequence)[0]


def _type_name(hint: Any, value: Any = None) -> str:
    """A type as the specification writes it."""
    if hint is bool:
        return "boolean"
    if isinstance(hint, type):
        if issubclass(hint, Bitvector) and isinstance(value, bytes):
            return f"Bitvector[{_bits_of(hint, value)}]"
        return hint.__name__
    _, bounds = get_args(hint)
    item = _type_name(_item_type(hint))
    if bounds.min_length is not None:
        return f"Vector[{item}, {bounds.min_length}]"
    if bounds.max_length is not None:
        return f"List[{item}, {bounds.max_length}]"
    return f"ProgressiveList[{item}]"


def _bits_of(hint: type[Bitvector], value: bytes) -> int:
    """The size that this value has, where presets have several."""
    sizes = [size for size in hint.SIZES if (size + 7) // 8 == len(value)]
    return sizes[0]


def _length(value: Any) -> int | None:
    """The length of a scalar whose type leaves it open."""
    if isinstance(value, ProgressiveBitlist):
        _, length = value.bits()
        return length
    if isinstance(value, ProgressiveByteList):
        return len(value)
    return None


def _text(value: Any) -> str:
    """A scalar as it stands in JSON, without the quotation marks."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(int(value))
    if len(value) > BYTES_SHOWN:
        return f"{to_hex(value[:SHORTENED])}... ({len(value)} bytes)"
    return to_hex(value)
