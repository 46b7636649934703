"""Values of SSZ types as clients send them: JSON that is made from the annotations alone."""

from collections.abc import Mapping
from random import Random
from typing import Any

from msgspec import inspect

from ..hex import to_hex
from ..ssz.scalars import Bitvector, ByteVector, ProgressiveBitlist, uint64
from .example import Values

ORDINARY_BITS = 30  # of a number, so that every client's JSON can read it
ORDINARY_ITEMS = 3
ORDINARY_SIZE = 64  # bytes, or bits
# A progressive tree begins a subtree after 1, 5 and 21 chunks.
UNLIMITED_ITEMS = 22
UNLIMITED_SIZE = 700  # bytes, or bits
MAX_ITEMS = 2048  # an ALTAIR block stays below 1 MiB
MAX_SIZE = 16 << 10  # bytes; a type's limit may be 4 MiB
MAX_BITS = 8 * MAX_SIZE


class Ordinary:
    """The sizes and contents of ordinary values: `dice` decides."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice

    def number(self, bits: int) -> int:
        """A number below 2^bits."""
        return self._dice.randrange(1 << min(bits, ORDINARY_BITS))

    def content(self, size: int) -> bytes:
        """So many bytes."""
        return self._dice.randbytes(size)

    def boolean(self) -> bool:
        """True or false."""
        return self._dice.random() < 0.5  # noqa: PLR2004 - a coin

    def length(self, least: int, most: int | None) -> int:
        """The length of a list, between two limits."""
        return self._between(least, most, ORDINARY_ITEMS)

    def size(self, most: int | None) -> int:
        """The size of bytes."""
        return self._between(0, most, ORDINARY_SIZE)

    def bits(self, most: int | None) -> int:
        """The length of a list of bits."""
        return self.size(most)

    def _between(self, least: int, most: int | None, usual: int) -> int:
        highest = usual if most is None else min(most, usual)
        lowest = min(1, highest)
        return max(least, self._dice.randint(lowest, highest))


class Minimal(Ordinary):
    """Zero, and lists with as few items as may be."""

    def number(self, bits: int) -> int:  # noqa: ARG002
        return 0

    def content(self, size: int) -> bytes:
        return bytes(size)

    def boolean(self) -> bool:
        return False

    def length(self, least: int, most: int | None) -> int:  # noqa: ARG002
        return least

    def size(self, most: int | None) -> int:  # noqa: ARG002
        return 0


class Extreme(Ordinary):
    """The highest numbers, and lists as long as they may be, within bounds."""

    def number(self, bits: int) -> int:
        return (1 << bits) - 1

    def content(self, size: int) -> bytes:
        return b"\xff" * size

    def boolean(self) -> bool:
        return True

    def length(self, least: int, most: int | None) -> int:
        highest = UNLIMITED_ITEMS if most is None else min(most, MAX_ITEMS)
        return max(least, highest)

    def size(self, most: int | None) -> int:
        return UNLIMITED_SIZE if most is None else min(most, MAX_SIZE)

    def bits(self, most: int | None) -> int:
        return UNLIMITED_SIZE if most is None else min(most, MAX_BITS)


KINDS: Mapping[Values, type[Ordinary]] = {
    "ordinary": Ordinary,
    "minimal": Minimal,
    "extreme": Extreme,
}


class Maker:
    """Makes values of types; members with a chosen name have a value already.

    A chosen name may have its parent's in front: `source.epoch`. `is_minimal` is the preset.
    """

    def __init__(self, sizes: Ordinary, chosen: Mapping[str, Any], *, is_minimal: bool) -> None:
        self._sizes = sizes
        self._chosen = chosen
        self._is_minimal = is_minimal

    def make(self, kind: Any) -> Any:
        """A value of a type, as JSON. Raises TypeError for a type without values in JSON."""
        return self._value(inspect.type_info(kind), "")

    def _value(self, kind: inspect.Type, name: str) -> Any:
        match kind:
            case inspect.Metadata():
                return self._value(kind.type, name)
            case inspect.CustomType():
                return self._scalar(kind.cls)
            case inspect.StructType():
                return self._members(kind, name)
            case inspect.ListType():
                length = self._sizes.length(kind.min_length or 0, kind.max_length)
                return [self._value(kind.item_type, name) for _ in range(length)]
            case inspect.UnionType():
                return self._value(kind.types[0], name)
        return self._plain(kind, name)

    def _plain(self, kind: inspect.Type, name: str) -> Any:
        """A value of JSON's own types: SSZ has of these only booleans, plugins may have others."""
        match kind:
            case inspect.BoolType():
                return self._sizes.boolean()
            case inspect.IntType():
                return kind.ge or 0
            case inspect.StrType():
                return "x" * (kind.min_length or 0)
            case inspect.LiteralType():
                return kind.values[0]
        raise TypeError(f"expected an SSZ type for {name}, found {type(kind).__name__}")

    def _members(self, kind: inspect.StructType, name: str) -> dict[str, Any]:
        """The members that a request must have."""
        members = {}
        for field in kind.fields:
            path = f"{name}.{field.encode_name}"
            chosen = self._chosen.get(path, self._chosen.get(field.encode_name))
            if chosen is not None and field.required:
                members[field.encode_name] = chosen
            elif field.required:
                members[field.encode_name] = self._value(field.type, field.encode_name)
        return members

    def _scalar(self, kind: Any) -> str:
        if issubclass(kind, uint64):
            return str(self._sizes.number(kind.BITS))
        if issubclass(kind, Bitvector):
            return self._bit_vector(kind.SIZES)
        if issubclass(kind, ProgressiveBitlist):
            return self._bit_list(*kind.SIZES)
        if issubclass(kind, ByteVector):
            return to_hex(self._sizes.content(kind.SIZES[0]))
        return to_hex(self._sizes.content(self._sizes.size(*kind.SIZES or [None])))

    def _bit_vector(self, sizes: tuple[int, ...]) -> str:
        """So many bits; of two sizes, the first is mainnet's and the last the minimal preset's."""
        size = sizes[-1] if self._is_minimal else sizes[0]
        return _hex_of_bits(self._random_bits(size), size)

    def _bit_list(self, limit: int | None = None) -> str:
        """Bits, and a 1 that delimits them."""
        length = self._sizes.bits(limit)
        return _hex_of_bits(self._random_bits(length) | 1 << length, length + 1)

    def _random_bits(self, length: int) -> int:
        content = self._sizes.content((length + 7) // 8)
        return int.from_bytes(content, "little") & ((1 << length) - 1)


def _hex_of_bits(bits: int, length: int) -> str:
    return to_hex(bits.to_bytes((length + 7) // 8, "little"))
