"""Chunks and trees: what SSZ types are hashed with. Knows no types.

Sources: consensus-specs, ssz/simple-serialize.md, "Merkleization"; EIP-7916, "progressive".
"""

from .._core import merkleize

CHUNK = 32  # bytes


def merkleize_progressive(chunks: bytes, leaves: int = 1) -> bytes:
    """32 bytes: subtrees of 1, 4, 16, ... leaves hang off a spine that ends in a zero."""
    if not chunks:
        return bytes(CHUNK)
    here, rest = chunks[: CHUNK * leaves], chunks[CHUNK * leaves :]
    return merkleize(merkleize(here, depth(leaves)) + merkleize_progressive(rest, 4 * leaves), 1)


def mix_in_length(root: bytes, length: int) -> bytes:
    """32 bytes: the root of a list, which ends in its length."""
    return merkleize(root + length.to_bytes(CHUNK, "little"), 1)


def pad(value: bytes) -> bytes:
    """`value` with zeros up to a whole chunk."""
    return value + bytes(-len(value) % CHUNK)


def chunk_count(size: int) -> int:
    """How many chunks hold `size` bytes."""
    return (size + CHUNK - 1) // CHUNK


def depth(leaves: int) -> int:
    """How deep a tree has to be for so many leaves."""
    return (leaves - 1).bit_length() if leaves else 0
