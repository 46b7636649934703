"""Bytes as hex: written with 0x in lower case, read with or without 0x, digits in any case."""

from binascii import unhexlify


def to_hex(content: bytes) -> str:
    """`0x` and two lower-case digits for each byte."""
    return f"0x{content.hex()}"


def from_hex(text: str) -> bytes:
    """The bytes of hex digits. Raises ValueError for an odd number of them or other characters."""
    return unhexlify(text.removeprefix("0x"))


def abbreviated(pubkey: str) -> str:
    """The first eight digits of a public key with 0x, for a line that people read."""
    return f"{pubkey[:10]}.."
