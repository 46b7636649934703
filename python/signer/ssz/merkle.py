"""Chunks and trees: what SSZ types are hashed with. Knows no types.

Sources: consensus-specs, ssz/simple-serialize.md, "Merkleization"; EIP-7916, "progressive".
"""

from .._core import merkleize

CHUNK = 32  # bytes


def vector_root(content: bytes) -> bytes:
    """32 bytes: the root of something whose type has one size, from its bytes."""
    return merkleize(_pad(content), depth(len(content)))


def list_root(content: bytes, length: int, limit: int | None = None) -> bytes:
    """32 bytes: the root of a list of `length` items, from their bytes, at most `limit` of them.

    Without a limit the list is a progressive one.
    """
    height = None
    if limit is not None:
        height = depth(limit)
    return mix_in(merkleize(_pad(content), height), length)


def mix_in(root: bytes, number: int) -> bytes:
    """32 bytes: a root with the length of a list mixed in, or the active fields of a container."""
    return merkleize(root + number.to_bytes(CHUNK, "little"), 1)


def depth(size: int) -> int:
    """The depth of the smallest tree whose leaves hold `size` bytes."""
    if size == 0:
        return 0
    return ((size - 1) // CHUNK).bit_length()


def _pad(content: bytes) -> bytes:
    return content + bytes(-len(content) % CHUNK)
