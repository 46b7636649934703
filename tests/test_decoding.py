"""Large documents, which are decoded in pieces, against decoding them whole."""

import json
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from signer.decoding import MAX_JSON_VALUES, PIECE_SIZE, decode
from signer.errors import BadRequestError, BodyTooLargeError
from signer.ssz.scalars import Bytes48, parse, uint64

PIECES = '"],[{}:,\\ \u00e9\u2028\U0001f511'


class Vote(Struct):
    slot: uint64
    note: str = ""


class Document(Struct):
    text: str = ""
    names: list[str] = []
    votes: list[Vote] = []
    pubkeys: list[Bytes48] = []
    other: Any = None


def text(random: Random) -> str:
    return "".join(random.choices(PIECES, k=random.randrange(40)))


def document(random: Random) -> dict[str, Any]:
    size = random.choice([0, 1, 10, 3_000])
    return {
        "text": "".join(random.choices(PIECES, k=random.choice([10, 300_000]))),
        "names": [text(random) for _ in range(size)],
        "other": [[text(random), {"names": [1] * 5, "x": [[], {}]}]] * random.choice([0, 9_000]),
        "votes": [{"slot": str(slot), "note": text(random)} for slot in range(size)],
        "unknown": [text(random)] * size,
        "pubkeys": ["0x" + random.randbytes(48).hex() for _ in range(size // 5)],
    }


@pytest.mark.parametrize("seed", range(12))
def test_a_large_document_is_read_as_a_whole_one_would_be(seed: int) -> None:
    random = Random(seed)
    indent = random.choice([None, 0, 3])
    body = json.dumps(document(random), indent=indent, ensure_ascii=random.random() < 0.5).encode()
    body += b" " * PIECE_SIZE

    assert msgspec.json.decode(body, type=Document, dec_hook=parse) == decode(
        Document, body, "a document"
    )


@pytest.mark.parametrize("white_space", [" ", "\t", "\r\n"])
def test_white_space_between_tokens_changes_nothing(white_space: str) -> None:
    text = "a  " + white_space
    long = white_space * (1 << 20)
    body = f'{{"text":{long}{json.dumps(text)},{long}"names":["a"{long},"b  c"]}}{long}'

    assert Document(text, ["a", "b  c"]) == decode(Document, body.encode(), "a document")


def test_white_space_inside_of_a_number_is_refused() -> None:
    body = b'{"votes": [{"slot": 1' + b" " * (2 << 20) + b"2}]}"

    with pytest.raises(BadRequestError, match="expected a document as a JSON object"):
        decode(Document, body, "a document")


def whole(body: bytes) -> Document:
    return msgspec.json.decode(body, type=Document)


def decode_it(body: bytes) -> Document:
    document: Document = decode(Document, body, "a document")
    return document


def outcome(read: Callable[[bytes], Document], body: bytes) -> Document | None:
    """What is read; None for a document that is refused."""
    with suppress(BadRequestError, msgspec.ValidationError):
        return read(body)
    return None


@pytest.mark.parametrize(
    "members",
    [
        b'"names": ["a"%s], "names": ["b"]',
        b'"text": "%s", "text": "b"',
        b'"text": "b", "text": "%s"',
        b'"text": "\\ud83d\\ude00%s"',
        b'"text": ["%s"]',
        b'"names": ["a"], "names": ["b"%s]',
        b'"names": ["a"%s], "n\\u0061mes": ["b"]',
        b'"n\\u0061mes": ["a"%s]',
        b'"other": {"names": ["a"%s]}',
        b'"other": [["a"%s]], "names": ["b"]',
    ],
)
def test_members_that_stand_twice_or_with_escapes_are_read_as_in_a_small_document(
    members: bytes,
) -> None:
    part = b', "x"'
    if b'"text"' in members:
        part = rb"\ud83d\ude00\"\\\u0061"
    body = b"{%s}" % (members % (part * 20_000))

    assert outcome(whole, body) == outcome(decode_it, body)


@pytest.mark.parametrize("index", [0, 1, 5_000, 19_999])
def test_an_error_names_the_element_of_a_long_list(index: int) -> None:
    votes: list[Any] = [{"slot": "1"}] * 20_000
    votes[index] = {"slot": "one"}

    with pytest.raises(BadRequestError, match=rf"votes\[{index}\]\.slot: expected an integer"):
        decode(Document, json.dumps({"votes": votes}).encode(), "a document")


@pytest.mark.parametrize("end", [b"", b"]", b"]}}", b'"]}', b",]}", b"x]}"])
def test_a_large_document_that_is_no_json_is_refused(end: bytes) -> None:
    body = b'{"names": ["a"' + b', "a"' * 20_000 + end

    with pytest.raises(BadRequestError, match="expected a document as a JSON object"):
        decode(Document, body, "a document")


@pytest.mark.parametrize(
    "list_of_names",
    [
        b'["%b",]' % (b"a" * PIECE_SIZE),
        b'["a",%b,"b"]' % (b" " * PIECE_SIZE),
        b'["%b",%b,"b"]' % (b"a" * PIECE_SIZE, b" " * PIECE_SIZE),
        b'[%b,"b"]' % (b" " * PIECE_SIZE),
    ],
)
def test_a_comma_without_an_element_in_a_long_list_is_refused(list_of_names: bytes) -> None:
    with pytest.raises(BadRequestError):
        decode(Document, b'{"names": %b}' % list_of_names, "a document")


def test_a_long_list_of_white_space_is_empty() -> None:
    body = b'{"names": [%b]}' % (b" " * PIECE_SIZE * 2)

    assert [] == decode(Document, body, "a document").names


@pytest.mark.parametrize("value", [b"0,", b"[],", b'{"a":1},', b'"\\u0061",'])
def test_a_document_with_more_values_than_the_limit_is_refused(value: bytes) -> None:
    body = b'{"unknown": [' + value * (MAX_JSON_VALUES + 1) + b"0]}"

    with pytest.raises(BodyTooLargeError, match="expected at most 350000 JSON values"):
        decode(Document, body, "a document")


def test_many_short_lists_with_names_of_their_own_are_read_in_linear_time() -> None:
    members = ",".join(f'"m{number}":[]' for number in range(100_000))

    assert Document() == decode(Document, f"{{{members}}}".encode(), "a document")
