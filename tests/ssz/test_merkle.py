"""Merkleization against an oracle of its own."""

import random
from functools import cache
from hashlib import sha256

import pytest

from signer._core import merkleize
from signer.errors import BLSError

RANDOM = random.Random(7495)
# how many chunks, and how deep a tree
TREES = {
    *[(RANDOM.randint(0, 1 << depth), depth) for depth in 4 * [*range(10)]],
    *[(1 << depth, depth) for depth in range(8)],
    *[(0, depth) for depth in (0, 1, 5, 40, 64)],
    *[(count, 40) for count in (1, 2, 3, 5, 8, 13)],
    (3, 63),
    (3, 64),
}


@cache
def zero_root(depth: int) -> bytes:
    return sha256(2 * zero_root(depth - 1)).digest() if depth else bytes(32)


def root(chunks: list[bytes], depth: int) -> bytes:
    """The definition, from the top down: a tree is the hash of its two halves."""
    if not chunks:
        return zero_root(depth)
    if not depth:
        return chunks[0]
    half = 1 << (depth - 1)
    return sha256(root(chunks[:half], depth - 1) + root(chunks[half:], depth - 1)).digest()


@pytest.mark.parametrize(("count", "depth"), sorted(TREES))
def test_a_tree_has_the_root_of_the_definition(count: int, depth: int) -> None:
    chunks = [random.Random(number).randbytes(32) for number in range(count)]

    merkleized = merkleize(b"".join(chunks), depth)

    assert root(chunks, depth) == merkleized


def test_empty_trees_have_the_published_zero_hashes() -> None:
    # the deposit contract's zero_hashes[1] and [2]
    one = "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b"
    two = "db56114e00fdd4c1f85c892bf35ac9a89289aaecb1ebd0a96cde606a748b5d71"

    roots = [merkleize(b"", 1).hex(), merkleize(b"", 2).hex()]

    assert [one, two] == roots


@pytest.mark.parametrize(
    ("size", "depth"),
    [
        pytest.param(64, 0, id="two-chunks-in-one"),
        pytest.param(5 * 32, 2, id="five-chunks-in-four"),
        pytest.param(1025 * 32, 10, id="one-chunk-too-many"),
        pytest.param(31, 0, id="part-of-a-chunk"),
        pytest.param(33, 4, id="a-chunk-and-a-part"),
        pytest.param(0, 65, id="too-deep"),
        pytest.param(32, 65, id="a-chunk-too-deep"),
        pytest.param(32, 1 << 32, id="much-too-deep"),
    ],
)
def test_chunks_that_are_no_tree_are_refused(size: int, depth: int) -> None:
    chunks = bytes(size)

    with pytest.raises(BLSError, match=f"found {size} bytes$"):
        merkleize(chunks, depth)
