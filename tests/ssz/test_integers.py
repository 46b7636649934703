"""The integers that only plugins have, and what they are part of, against remerkleable."""
# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

from typing import Any

import pytest
from remerkleable import basic
from remerkleable import complex as composites

from signer import plugin
from signer.decoding import decode
from signer.errors import BadRequestError
from signer.plugin import Container, uint8, uint16, uint32, uint64, uint128, uint256

TYPES = [uint8, uint16, uint32, uint64, uint128, uint256]
LIST: Any = plugin.List
VECTOR: Any = plugin.Vector
LENGTHS = [0, 1, 5, 33, 70]


def theirs(kind: type) -> Any:
    """The type of remerkleable with the same name."""
    return getattr(basic, {"bool": "boolean"}.get(kind.__name__, kind.__name__))


def container(field_type: Any) -> Any:
    """A container of one field."""
    return type("One", (Container,), {"__annotations__": {"field": field_type}})


def root(field_type: Any, value: Any) -> bytes:
    """The root of a value; that of a container of one field is its field's."""
    one: Any = container(field_type)(value)
    found: bytes = one.hash_tree_root()
    return found


@pytest.mark.parametrize("kind", TYPES)
def test_a_number_has_its_root(kind: Any) -> None:
    largest = 2**kind.BITS - 1

    assert theirs(kind)(largest).hash_tree_root() == root(kind, kind(largest))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("kind", [*TYPES, bool])
def test_numbers_of_a_list_share_chunks(kind: Any, length: int) -> None:
    values = [kind(number % 2) for number in range(length)]

    expected = composites.List[theirs(kind), 100](*values).hash_tree_root()
    assert expected == root(LIST[kind, 100], values)


@pytest.mark.parametrize("length", LENGTHS[1:])
@pytest.mark.parametrize("kind", [*TYPES, bool])
def test_numbers_of_a_vector_share_chunks(kind: Any, length: int) -> None:
    values = [kind(number % 2) for number in range(length)]

    expected = composites.Vector[theirs(kind), length](*values).hash_tree_root()
    assert expected == root(VECTOR[kind, length], values)


@pytest.mark.parametrize("kind", TYPES)
def test_a_number_that_does_not_fit_is_refused(kind: Any) -> None:
    body = f'{{"field": "{2**kind.BITS}"}}'.encode()

    with pytest.raises(BadRequestError, match=rf"from 0 to 2\^{kind.BITS} - 1"):
        decode(container(kind), body, "a number")
