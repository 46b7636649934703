"""JSON Schemas of SSZ's scalar types: what each `parse` reads, as far as a schema can tell it."""

from typing import Any

from .scalars import Bitvector, ByteVector, ProgressiveBitlist, _Bytes, uint64

PREFIX = "^(0x)?"
BYTE = "[0-9a-fA-F]{2}"
# one that is not zero, because it has the bit that delimits a list of bits
LAST_BYTE = "([0-9a-fA-F][1-9a-fA-F]|[1-9a-fA-F]0)"
MAX_COUNTED = 1024  # bytes; validators refuse patterns that count further


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON Schema of a scalar type: msgspec's `schema_hook`."""
    if issubclass(kind, uint64):
        return _number(kind)
    if issubclass(kind, _Bytes):
        return {"type": "string", "description": kind.expected(), **_hex(kind)}
    raise NotImplementedError


def _number(kind: type[uint64]) -> dict[str, Any]:
    highest = (1 << kind.BITS) - 1
    return {
        "description": f"an integer from 0 to 2^{kind.BITS} - 1 as decimal digits",
        "type": ["string", "integer"],
        "pattern": "^[0-9]+$",
        "minLength": 1,
        "maxLength": len(str(highest)),
        "minimum": 0,
        "maximum": highest,
    }


def _hex(kind: type[_Bytes]) -> dict[str, Any]:
    if issubclass(kind, ByteVector):
        return _of_sizes(kind.SIZES)
    if issubclass(kind, Bitvector):
        return _of_sizes(tuple((bits + 7) // 8 for bits in kind.SIZES))
    if issubclass(kind, ProgressiveBitlist):
        schema: dict[str, Any] = {"pattern": f"{PREFIX}({BYTE})*{LAST_BYTE}$"}
        sizes = tuple(bits // 8 + 1 for bits in kind.SIZES)
    else:
        schema = {"pattern": f"{PREFIX}({BYTE})*$"}
        sizes = kind.SIZES
    if sizes:
        schema["maxLength"] = 2 + 2 * sizes[0]
    return schema


def _of_sizes(sizes: tuple[int, ...]) -> dict[str, Any]:
    """Hex of one of these sizes, in bytes."""
    if max(sizes) > MAX_COUNTED:
        return {
            "pattern": f"{PREFIX}({BYTE})*$",
            "minLength": 2 * min(sizes),
            "maxLength": 2 + 2 * max(sizes),
        }
    digits = "|".join(f"[0-9a-fA-F]{{{2 * size}}}" for size in sizes)
    if len(sizes) > 1:
        digits = f"({digits})"
    return {"pattern": f"{PREFIX}{digits}$"}
