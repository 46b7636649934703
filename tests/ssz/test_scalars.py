"""What leaves of SSZ read from JSON."""

from typing import Any

import pytest

from signer.ssz.scalars import (
    Bitlist,
    Bitvector,
    ByteList,
    Bytes4,
    Bytes32,
    Bytes48,
    ProgressiveBitlist,
    uint64,
    uint256,
)
from support.vectors import unhex

# to mypy a number is no type argument
BITLIST: Any = Bitlist
BITVECTOR: Any = Bitvector
BYTELIST: Any = ByteList


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", 0),
        ("1", 1),
        ("00012", 12),
        ("18446744073709551615", 18446744073709551615),
        (0, 0),
        (7, 7),
        (18446744073709551615, 18446744073709551615),
    ],
    ids=repr,
)
def test_an_integer_is_read_from_digits_or_a_json_integer(value: Any, number: int) -> None:
    parsed = uint64.parse(value)

    assert number == parsed


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("1e3", id="exponent"),
        pytest.param("1.0", id="fraction"),
        pytest.param(" 1", id="space-before"),
        pytest.param("1 ", id="space-after"),
        pytest.param("1\n", id="newline-after"),
        pytest.param("+1", id="plus"),
        pytest.param("-1", id="minus"),
        pytest.param("-0", id="minus-zero"),
        pytest.param("", id="empty"),
        pytest.param("1_000", id="underscore"),
        pytest.param("0x1", id="hex"),
        pytest.param("\uff11", id="fullwidth"),
        pytest.param("\u0661", id="arabic"),
        pytest.param("\u00b2", id="superscript"),
        pytest.param("18446744073709551616", id="2^64"),
        pytest.param("9" * 63, id="63-digits"),
        pytest.param("9" * 5000, id="5000-digits"),
        pytest.param("0" * 1_000_000, id="a-million-zeros"),
        pytest.param(18446744073709551616, id="json-2^64"),
        pytest.param(-1, id="json-minus-1"),
        pytest.param(1.0, id="json-fraction"),
        pytest.param(True, id="json-true"),
        pytest.param(False, id="json-false"),
        pytest.param(None, id="json-null"),
        pytest.param([1], id="json-array"),
        pytest.param({"1": 1}, id="json-object"),
    ],
)
def test_what_is_no_integer_below_2_64_is_refused(value: Any) -> None:
    expected = r"^expected an integer from 0 to 2\^64 - 1 as decimal digits, found "

    with pytest.raises(ValueError, match=expected):
        uint64.parse(value)


def test_a_refusal_repeats_no_more_than_a_short_string() -> None:
    digits = "9" * 5000

    with pytest.raises(ValueError, match=r"found a string of 5000 characters$"):
        uint64.parse(digits)


def test_a_large_integer_has_256_bits() -> None:
    largest = 2**256 - 1

    parsed = uint256.parse(str(largest))

    assert largest == parsed


def test_a_large_integer_of_257_bits_is_refused() -> None:
    digits = str(2**256)

    with pytest.raises(ValueError, match=r"2\^256 - 1"):
        uint256.parse(digits)


@pytest.mark.parametrize(
    "value", ["0xabcdef01", "0xABCDEF01", "0xAbCdEf01", "abcdef01", "ABCDef01"]
)
def test_hex_is_read_in_any_case_with_and_without_its_prefix(value: str) -> None:
    expected = bytes([0xAB, 0xCD, 0xEF, 0x01])

    parsed = Bytes4.parse(value)

    assert expected == parsed


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("0xabcdef0", "an odd number of characters", id="odd"),
        pytest.param("0xab cd ef 01", "an odd number of characters", id="spaces-between"),
        pytest.param("0xab cdef0", "other characters", id="space-for-a-digit"),
        pytest.param(" abcdef01", "an odd number of characters", id="space-before"),
        pytest.param("abcdef01\n", "an odd number of characters", id="newline-after"),
        pytest.param("0xab_cdef0", "other characters", id="underscore"),
        pytest.param("0xabcdefg1", "other characters", id="no-digit"),
        pytest.param("0xabcdef0\uff11", "other characters", id="fullwidth"),
        pytest.param("0xabcdef\u00e9\u00e9", "other characters", id="no-ascii"),
        pytest.param("0Xabcdef01", "other characters", id="capital-prefix"),
        pytest.param("0x0xabcdef01", "other characters", id="two-prefixes"),
        pytest.param("", "0: send 0x and 8 hex digits", id="empty"),
        pytest.param("0x", "0: send 0x and 8 hex digits", id="only-prefix"),
        pytest.param("0xabcdef", "3: send 0x and 8 hex digits", id="too-short"),
        pytest.param("0xabcdef0123", "5: send 0x and 8 hex digits", id="too-long"),
        pytest.param(0xABCDEF01, "2882400001", id="json-integer"),
        pytest.param(None, "null", id="json-null"),
        pytest.param(True, "true", id="json-true"),
        pytest.param(["0xabcdef01"], "an array", id="json-array"),
    ],
)
def test_what_is_no_hex_of_the_length_is_refused(value: Any, found: str) -> None:
    expected = f"^expected 4 bytes.*, found ({found})$"

    with pytest.raises(ValueError, match=expected):
        Bytes4.parse(value)


@pytest.mark.parametrize(("kind", "length"), [(Bytes4, 4), (Bytes32, 32), (Bytes48, 48)])
def test_a_refusal_names_the_length_that_is_right(kind: Any, length: int) -> None:
    value = "0x" + "00" * (length + 1)

    with pytest.raises(ValueError, match=f"^expected {length} bytes, found {length + 1}: "):
        kind.parse(value)


@pytest.mark.parametrize("length", [0, 1, 5])
def test_a_byte_list_takes_up_to_its_limit(length: int) -> None:
    kind = BYTELIST[5]

    parsed = kind.parse("0x" + "ab" * length)

    assert b"\xab" * length == parsed


def test_a_byte_list_above_its_limit_is_refused() -> None:
    kind = BYTELIST[5]

    with pytest.raises(ValueError, match=r"^expected at most 5 bytes, found 6$"):
        kind.parse("0x" + "ab" * 6)


@pytest.mark.parametrize(
    ("value", "bits", "length"),
    [
        pytest.param("0x01", "0x", 0, id="no-bit"),
        pytest.param("0x03", "0x01", 1, id="one-bit"),
        pytest.param("0x05", "0x01", 2, id="two-bits"),
        pytest.param("0xff", "0x7f", 7, id="seven-bits"),
        pytest.param("0xff01", "0xff", 8, id="as-many-as-the-limit"),
        pytest.param("0x0001", "0x00", 8, id="eight-zeros"),
    ],
)
def test_a_bitlist_ends_before_its_delimiter(value: str, bits: str, length: int) -> None:
    expected = (unhex(bits), length)

    parsed = BITLIST[8].parse(value)

    assert expected == parsed.bits()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("0x", "no delimiting 1 bit in the last byte", id="empty"),
        pytest.param("0x00", "no delimiting 1 bit in the last byte", id="zero"),
        pytest.param("0xff00", "no delimiting 1 bit in the last byte", id="zero-last"),
        pytest.param("0x0002", "9 bits", id="one-bit-too-many"),
        pytest.param("0x000001", "16 bits", id="a-byte-too-many"),
    ],
)
def test_a_bitlist_without_delimiter_or_above_its_limit_is_refused(value: str, found: str) -> None:
    expected = f"^expected a list of at most 8 bits, found {found}$"

    with pytest.raises(ValueError, match=expected):
        BITLIST[8].parse(value)


def test_a_progressive_bitlist_has_a_delimiter_and_no_limit() -> None:
    value = "0x" + "00" * 100_000 + "01"

    parsed = ProgressiveBitlist.parse(value)

    assert (bytes(100_000), 800_000) == parsed.bits()


@pytest.mark.parametrize("size", [16, 1])
def test_a_bitvector_is_read_in_either_of_its_sizes(size: int) -> None:
    expected = b"\xff" * size

    parsed = BITVECTOR[128, 8].parse("0x" + "ff" * size)

    assert expected == parsed


@pytest.mark.parametrize("size", [0, 2, 15, 17])
def test_a_bitvector_of_another_size_is_refused_with_both_sizes(size: int) -> None:
    value = "0x" + "ff" * size

    expected = f"^expected 128 bits in 16 bytes or 8 bits in 1 bytes, found {size} bytes$"
    with pytest.raises(ValueError, match=expected):
        BITVECTOR[128, 8].parse(value)


@pytest.mark.parametrize(
    ("sizes", "value"),
    [
        pytest.param(4, "0x10", id="fifth-of-4"),
        pytest.param(4, "0x80", id="eighth-of-4"),
        pytest.param(12, "0x0010", id="thirteenth-of-12"),
        pytest.param((128, 4), "0x1f", id="fifth-of-4-beside-128"),
    ],
)
def test_a_bitvector_with_a_bit_after_the_last_is_refused(sizes: Any, value: str) -> None:
    kind = BITVECTOR[sizes]

    with pytest.raises(ValueError, match=r"found a bit set after the last$"):
        kind.parse(value)


@pytest.mark.parametrize(("size", "value"), [(4, "0x0f"), (12, "0xff0f"), (8, "0xff")])
def test_a_bitvector_may_have_every_bit_set(size: int, value: str) -> None:
    kind = BITVECTOR[size]

    parsed = kind.parse(value)

    assert unhex(value) == parsed
