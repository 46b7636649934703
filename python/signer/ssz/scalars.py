"""Scalar SSZ types: one string or one number each in the Beacon API's JSON.

Each has `parse(value)`, which reads the JSON value or raises ValueError, and `hash_tree_root()`,
which returns 32 bytes. `Bitlist[2048]` is a class of its own. SSZ's boolean is Python's.

Sources: consensus-specs, ssz/simple-serialize.md; EIP-7916 for progressive types.
"""

import json
from functools import cache
from typing import Any, ClassVar, Self

from ..hex import from_hex
from .merkle import CHUNK, list_root, vector_root

MAX_SHOWN = 26  # characters of a value that an error message repeats


class uint64(int):  # noqa: N801 - the name in the specification
    """An integer below 2^64, in JSON a decimal string or an integer."""

    BITS: ClassVar = 64

    @classmethod
    def parse(cls, value: object) -> Self:
        """Reads ASCII decimal digits or a JSON integer; no sign, space, exponent or fraction."""
        is_decimal = isinstance(value, str) and value.isascii() and value.isdecimal()
        # 2^n has fewer than n digits, so longer text is refused before it becomes a number
        if type(value) is int or (is_decimal and len(str(value)) < cls.BITS):
            number: Self = cls(value)  # type: ignore[call-overload]
            if number >> cls.BITS == 0:  # a negative number stays negative
                return number
        expected = f"an integer from 0 to 2^{cls.BITS} - 1 as decimal digits"
        raise ValueError(f"expected {expected}, found {shown(value)}")

    def hash_tree_root(self) -> bytes:
        """The SSZ root: 32 bytes."""
        return self.to_bytes(CHUNK, "little")


class uint256(uint64):  # noqa: N801 - the name in the specification
    """An integer below 2^256."""

    BITS = 256


class _Bytes(bytes):
    """Bytes that are hex in JSON, with or without 0x, in any case.

    A type with sizes in brackets, like `Bitlist[2048]`, is a class of its own, made once.
    """

    EXPECTED: ClassVar = "bytes"  # a value in words; the size replaces {}
    SIZES: ClassVar[tuple[int, ...]] = ()  # the sizes in brackets; empty means no limit

    @classmethod
    @cache
    def __class_getitem__(cls, sizes: int | tuple[int, ...]) -> type[Self]:
        if isinstance(sizes, int):
            sizes = (sizes,)
        return type(f"{cls.__name__}{list(sizes)}", (cls,), {"SIZES": sizes})

    @classmethod
    def parse(cls, value: object) -> Self:
        """Reads hex digits."""
        try:
            parsed = cls(from_hex(value))  # type: ignore[arg-type] # anything else has no digits
        except (AttributeError, ValueError):
            expected = f"expected {cls.expected()} as 0x and hex digits"
            raise ValueError(f"{expected}, found {_not_hex(value)}") from None
        problem = parsed.problem()
        if problem:
            raise ValueError(f"expected {cls.expected()}, found {problem}")
        return parsed

    @classmethod
    def expected(cls) -> str:
        """A value of the type, in words."""
        return cls.EXPECTED.format(*cls.SIZES)

    def problem(self) -> str | None:
        """The reason why these bytes are not a value of the type, or None."""
        return None

    def hash_tree_root(self) -> bytes:
        """The SSZ root: 32 bytes."""
        return vector_root(self)


class ByteVector(_Bytes):
    """Exactly as many bytes as its size."""

    EXPECTED = "{} bytes"

    def problem(self) -> str | None:
        (size,) = self.SIZES
        if len(self) == size:
            return None
        return f"{len(self)}: send 0x and {2 * size} hex digits"


class Bytes4(ByteVector):
    """Exactly 4 bytes."""

    SIZES = (4,)


class Bytes20(ByteVector):
    """Exactly 20 bytes."""

    SIZES = (20,)


class Bytes32(ByteVector):
    """Exactly 32 bytes."""

    SIZES = (32,)

    def hash_tree_root(self) -> bytes:
        """The SSZ root: 32 bytes."""
        return self


class Bytes48(ByteVector):
    """Exactly 48 bytes."""

    SIZES = (48,)


class Bytes96(ByteVector):
    """Exactly 96 bytes."""

    SIZES = (96,)


class Bytes256(ByteVector):
    """Exactly 256 bytes."""

    SIZES = (256,)


class ProgressiveByteList(_Bytes):
    """Bytes without a limit (EIP-7916)."""

    def hash_tree_root(self) -> bytes:
        """The SSZ root: 32 bytes."""
        return list_root(self, len(self), *self.SIZES)


class ByteList(ProgressiveByteList):
    """`ByteList[N]`: at most N bytes."""

    EXPECTED = "at most {} bytes"

    def problem(self) -> str | None:
        if len(self) <= self.SIZES[0]:
            return None
        return str(len(self))


class Bitvector(_Bytes):
    """`Bitvector[N]`: N bits; `Bitvector[N, M]`: N or M, whichever the length sent says.

    Committee sizes differ by preset. With both sizes, no preset is needed to read one.
    """

    @classmethod
    def expected(cls) -> str:
        return " or ".join(f"{size} bits in {_bytes(size)} bytes" for size in cls.SIZES)

    def problem(self) -> str | None:
        bits = int.from_bytes(self, "little")
        for size in self.SIZES:
            if _bytes(size) == len(self):
                return "a bit set after the last" if bits >> size else None
        return f"{len(self)} bytes"


class ProgressiveBitlist(_Bytes):
    """Bits without a limit (EIP-7916); a 1 after the last delimits them, as in any list of bits."""

    EXPECTED = "a list of bits"

    def bits(self) -> tuple[bytes, int]:
        """The bits without the delimiter, packed into bytes, and how many there are."""
        delimited = int.from_bytes(self, "little")
        length = delimited.bit_length() - 1
        return (delimited ^ 1 << length).to_bytes(_bytes(length), "little"), length

    def problem(self) -> str | None:
        if self and self[-1]:
            return None
        return "no delimiting 1 bit in the last byte"

    def hash_tree_root(self) -> bytes:
        """The SSZ root: 32 bytes."""
        bits, length = self.bits()
        return list_root(bits, length, *map(_bytes, self.SIZES))


class Bitlist(ProgressiveBitlist):
    """`Bitlist[N]`: at most N bits."""

    EXPECTED = "a list of at most {} bits"

    def problem(self) -> str | None:
        problem = super().problem()
        if problem is None and self.bits()[1] > self.SIZES[0]:
            problem = f"{self.bits()[1]} bits"
        return problem


def parse(kind: Any, value: object) -> Any:
    """Reads a value of an SSZ type: msgspec's `dec_hook`. Raises ValueError, saying what came."""
    return kind.parse(value)


def shown(value: object) -> str:
    """A JSON value for an error message: its text if that is short, else its kind and length."""
    if isinstance(value, list):
        return "an array"
    if not isinstance(value, str | int | float | None):
        return "an object"
    if isinstance(value, str) and len(value) > MAX_SHOWN:
        return f"a string of {len(value)} characters"
    text = json.dumps(value)
    if len(text) > MAX_SHOWN:
        return f"a number of {len(text)} characters"
    return text


def _not_hex(value: object) -> str:
    """The reason why a value is not hex digits."""
    if not isinstance(value, str):
        return shown(value)
    if len(value) % 2:
        return "an odd number of characters"
    return "other characters"


def _bytes(bits: int) -> int:
    return (bits + 7) // 8
