"""SSZ's other unsigned integers: no container of today's forks has them, those of plugins may.

Source: consensus-specs, ssz/simple-serialize.md.
"""

from .scalars import uint64


class uint8(uint64):  # noqa: N801 - the name in the specification, as those below
    """An integer below 2^8."""

    BITS = 8


class uint16(uint64):  # noqa: N801
    """An integer below 2^16."""

    BITS = 16


class uint32(uint64):  # noqa: N801
    """An integer below 2^32."""

    BITS = 32


class uint128(uint64):  # noqa: N801
    """An integer below 2^128."""

    BITS = 128
