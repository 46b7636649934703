"""Chunks and trees: what SSZ types are hashed with. Knows no types.

Sources: consensus-specs, ssz/simple-serialize.md, "Merkleization"; EIP-7916, "progressive".
"""

from .._core import merkleize

CHUNK = 32  # bytes


def vector_root(content: bytes) -> bytes:
    """The root, 32 bytes, of a type with a fixed size, from its serialized bytes."""
    return merkleize(_pad(content), depth(len(content)))


def list_root(content: bytes, length: int, limit: int | None = None) -> bytes:
    """The root, 32 bytes, of a list: from its bytes, its length in items, and its limit in bytes.

    Without a limit the list is a progressive one.
    """
    height = None
    if limit is not None:
        height = depth(limit)
    return mix_in(merkleize(_pad(content), height), length)


def mix_in(root: bytes, number: int) -> bytes:
    """A root, 32 bytes, with the length of a list or the active fields of a container mixed in."""
    return merkleize(root + number.to_bytes(CHUNK, "little"), 1)


def depth(size: int) -> int:
    """The depth of the smallest tree whose leaves hold `size` bytes."""
    if size == 0:
        return 0
    return ((size - 1) // CHUNK).bit_length()


def _pad(content: bytes) -> bytes:
    return content + bytes(-len(content) % CHUNK)
