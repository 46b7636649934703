"""Random values of remerkleable's types with a taste for the edges: no code of the signer's."""
# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

from collections.abc import Sequence
from random import Random
from typing import Any

from remerkleable.basic import boolean
from remerkleable.bitfields import Bitlist, BitsView, Bitvector
from remerkleable.byte_arrays import ByteList, RawBytesView
from remerkleable.complex import Container, List, Vector
from remerkleable.progressive import ProgressiveByteList, ProgressiveList

# A progressive tree begins another subtree after 1, 5, 21 and 85 chunks.
ITEMS = [0, 1, 2, 3, 5, 6, 21, 22]
BITS = [0, 1, 7, 8, 9, 255, 256, 257]
MANY_BITS = [1_279, 1_280, 1_281, 2_048, 5_377, 22_000]
BYTES = [0, 1, 31, 32, 33, 64, 65]
MANY_BYTES = [160, 161, 672, 673, 2_721]
MANY = 0.1  # of the lists; remerkleable takes a second for some
FEW = 16  # a list with a limit up to this is sometimes full


class Wild:
    """Makes values. A list of bits has at most `most_bits`: all validators of a slot's committees.

    A bare aggregate of Gloas is read with this limit, although its type has none.
    """

    def __init__(self, dice: Random, most_bits: int) -> None:
        self._dice = dice
        self._most_bits = most_bits

    def value(self, kind: Any) -> Any:
        """A value of a type."""
        if issubclass(kind, Container):
            fields = kind.fields().items()
            return kind(**{name: self.value(field) for name, field in fields})
        if issubclass(kind, BitsView):
            return kind([bool(self._dice.getrandbits(1)) for _ in range(self._bits(kind))])
        if issubclass(kind, RawBytesView | ProgressiveByteList):
            return kind(self._content(self._size(kind)))
        if issubclass(kind, Vector | List | ProgressiveList):
            return kind([self.value(kind.element_cls()) for _ in range(self._items(kind))])
        return kind(self._number(kind))

    def _number(self, kind: Any) -> int:
        dice = self._dice
        if issubclass(kind, boolean):
            return dice.getrandbits(1)
        bits = 8 * int(kind.type_byte_length())
        edges = [0, 1, 255, 256, 2**31, 2**32 - 1, 2**53, 2**53 + 1, 2**63, (1 << bits) - 1]
        if dice.random() < 0.4:
            return dice.choice(edges)
        return dice.getrandbits(dice.randint(1, bits))

    def _content(self, size: int) -> bytes:
        content = self._dice.randbytes(size)
        return self._dice.choice([bytes(size), b"\xff" * size, content, content])

    def _size(self, kind: Any) -> int:
        size = self._length(BYTES, MANY_BYTES)
        if issubclass(kind, ProgressiveByteList):
            return size
        if issubclass(kind, ByteList):
            return min(int(kind.limit()), size)
        return int(kind.type_byte_length())

    def _bits(self, kind: Any) -> int:
        if issubclass(kind, Bitvector):
            return int(kind.vector_length())
        length = min(self._most_bits, self._length(BITS, MANY_BITS))
        if issubclass(kind, Bitlist):
            return min(int(kind.limit()), length)
        return length

    def _length(self, usual: Sequence[int], many: Sequence[int]) -> int:
        if self._dice.random() < MANY:
            return self._dice.choice(many)
        return self._dice.choice(usual)

    def _items(self, kind: Any) -> int:
        if issubclass(kind, Vector):
            return int(kind.vector_length())
        length = self._dice.choice(ITEMS)
        if issubclass(kind, ProgressiveList):
            return length
        limit = int(kind.limit())
        if limit <= FEW and self._dice.random() < 0.2:
            return limit
        return min(limit, length)
