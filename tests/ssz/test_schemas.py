"""The JSON Schemas of scalar types, next to what these types read."""
# to mypy a number is no type argument:
# mypy: disable-error-code="misc"

from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from signer.ssz.integers import uint8
from signer.ssz.scalars import (
    Bitlist,
    Bitvector,
    ByteList,
    Bytes32,
    ByteVector,
    ProgressiveBitlist,
    ProgressiveByteList,
    uint64,
    uint256,
)
from signer.ssz.schemas import schema_of

NUMBERS = ["0", "7", 7, "", "-1", -1, 1.5, "0x1", " 1", None, True, str(2**64 - 1), 2**64 - 1]
NUMBERS += [2**64, 2**256 - 1, 2**256, 10**100, str(10**100), 255, 256, "1000"]
HEX = ["0x", "", "0x1", "0x0", "0x00", "01", "0x01", "0xfF", "0xff10", "0x0100", "0xgg", 1, None]
HEX += ["0x" + "00" * size for size in (3, 4, 5, 31, 32, 33, 2000)]
HEX += ["0x" + "0a" * size for size in (3, 4, 5, 31, 32, 33, 2000)]
KINDS: list[Any] = [uint8, uint64, uint256, Bytes32, ByteVector[2000], ByteList[4]]
KINDS += [ProgressiveByteList, ProgressiveBitlist, Bitlist[31], Bitvector[32, 256]]


def reads(kind: Any, value: object) -> bool:
    try:
        kind.parse(value)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_takes_what_the_type_reads(kind: Any) -> None:
    schema = OAS31Validator(schema_of(kind))
    values = NUMBERS if issubclass(kind, uint64) else HEX

    for value in values:
        assert reads(kind, value) == schema.is_valid(value), value
