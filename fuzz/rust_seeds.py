"""Writes the seeds of the Rust fuzzers' corpus.

A target's input is read field by field, as the crate `arbitrary` does it: numbers and arrays as
they are in memory, an option behind a byte for "there is one", elements of a list behind one each,
and the last list of bytes as all that is left.

Run: python fuzz/rust_seeds.py
"""

import json
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
KEY = bytes.fromhex("25295f0d1d592a90b333e26e85149708208e9f8e8bc18f6c77bd62f8ad7a6866")
OTHER_KEY = bytes.fromhex("51d0b65185db6989ab0b560d6deed19c7ead0e24b9b6372cbecb1f26bdfad000")
ORDER = bytes.fromhex("73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001")
ROOT = b"\x12" * 32
END = b"\0"  # of a list, and in place of an option
NEXT = b"\1"  # an element of a list, or the value of an option, follows
DOCUMENTS: list[object] = [
    {"long": [*range(40)], "text": "é\U0001f600" * 9, "nested": {"list": [[1, 2], [3]]}},
    {"a": ["0x00", "0x01", "0x02"] * 4, "b": "x" * 40, 'a"b': [1] * 9},
    [1, {"a": [1, 2, 3]}, None, True, 1.5],
]
LITERAL_DOCUMENTS = [
    b'{"a":[1, 2 ,\t3],"a":[4,5,6,7,8,9],"b":"\\ud83d\\ude00\\n\\"\\\\"}',
    b'{"\\u0061":[1,2,3,4,5,6],"a":[1,2,3,4,5,6]}',
    b'{"a":[1,2,3,4,]}',
    b'{"a":[1,   ,3]}',
]


def u64(number: int) -> bytes:
    """A number of 64 bits in memory."""
    return number.to_bytes(8, "little")


def items(values: list[bytes]) -> bytes:
    """A list."""
    return b"".join(NEXT + value for value in values) + END


def text(content: bytes) -> bytes:
    """A list of bytes that other fields follow."""
    return items([bytes([byte]) for byte in content])


def variant(number: int, of: int) -> bytes:
    """The variant of an enum, which is chosen by a number of 32 bits times their number."""
    return (-(-(number << 32) // of)).to_bytes(4, "little")


def keystores() -> Iterator[bytes]:
    """Functions, then what they decrypt."""
    functions = [
        variant(0, 4) + u64(2) + u64(1) + u64(1),
        variant(0, 4) + u64(1 << 18) + u64(8) + u64(1),
        variant(1, 4) + bytes([4, 8, 1]),
        variant(2, 4) + u64(1 << 18),
        variant(3, 4) + bytes([1]),
        variant(3, 4) + bytes([200]),
    ]
    passwords = text(b"s" * 32) + text(b"password") + text(b"other")
    parts = END + bytes(48) + passwords
    for function in functions:
        yield function + END + parts + KEY
    yield functions[4] + NEXT + u64(33) + parts + KEY
    yield functions[4] + END + NEXT + b"\1\2" + bytes(48) + passwords + KEY
    yield functions[5] + END + parts + ORDER


def prysm_texts() -> Iterator[bytes]:
    """Plaintexts of Prysm's wallet."""
    keys = [b64encode(key).decode() for key in (KEY, OTHER_KEY)]
    yield json.dumps({"private_keys": keys, "public_keys": keys}).encode()
    yield json.dumps({"public_keys": [], "private_keys": [keys[0].rstrip("=")]}).encode()
    yield b'{"private_keys": null}'
    yield b'{"private_keys" : [ ] }'
    yield b'{"private_keys":["' + b64encode(ORDER) + b'"]}'


def derivations() -> Iterator[bytes]:
    """Paths, then a seed."""
    for path in ([], [0], [12381, 3600, 0, 0], [2**32 - 1]):
        yield items([index.to_bytes(4, "little") for index in path]) + b"\x01" * 32
    yield END + b"\x01" * 31


def documents() -> Iterator[bytes]:
    """The size of a piece, then JSON."""
    for document in DOCUMENTS:
        for size in (b"\1", b"\x08"):
            yield size + json.dumps(document).encode()
            yield size + json.dumps(document, ensure_ascii=False).encode()
    for literal in LITERAL_DOCUMENTS:
        yield b"\1" + literal


def layers() -> Iterator[bytes]:
    """A depth or none, then chunks."""
    for depth in (END, NEXT + b"\0", NEXT + b"\5", NEXT + b"\x40", NEXT + b"\x41"):
        for count in (0, 1, 2, 21, 33):
            yield depth + bytes(range(32)) * count


def secret_keys() -> Iterator[bytes]:
    """A bit, a root, then what may be a key."""
    for secret in (KEY, OTHER_KEY, ORDER, bytes(32), KEY[1:], bytes(31) + b"\1"):
        yield b"\7\0" + ROOT + secret


def shares() -> Iterator[bytes]:
    """A key, a root, a threshold, ids, then points."""
    for threshold, ids in ((1, [1]), (2, [1, 2, 3]), (3, [7, 2**64 - 1, 1, 5]), (2, [1, 1])):
        points = items([variant(0, 3) + bytes([number % 256]) for number in ids])
        yield KEY + ROOT + bytes([threshold]) + items([u64(number) for number in ids]) + points
    points = items([variant(1, 3), variant(2, 3) + text(b"\x80")])
    yield KEY + ROOT + b"\2" + items([u64(1), u64(2)]) + points


def signatures() -> Iterator[bytes]:
    """Two keys, a message, then public keys and signatures."""
    secrets = KEY + OTHER_KEY
    points = items([variant(index, 6) for index in (0, 1, 3)])
    yield secrets + ROOT + items([variant(0, 6)]) + points
    yield secrets + ROOT + points + items([variant(2, 6) + b"\0\0"])
    yield secrets + ROOT + END + items([variant(5, 6) + text(b"12")])
    yield KEY + KEY + ROOT + points + items([variant(4, 6) + b"\x80" * 96])


TARGETS = {
    "derivation": derivations,
    "json": documents,
    "keystore": keystores,
    "merkle": layers,
    "prysm": prysm_texts,
    "secret_key": secret_keys,
    "shamir": shares,
    "signatures": signatures,
}


def main() -> None:
    """Writes each seed below `corpus`, under the start of its hash."""
    for target, seeds in TARGETS.items():
        folder = CORPUS / f"rust-{target}"
        folder.mkdir(parents=True, exist_ok=True)
        for content in seeds():
            (folder / sha256(content).hexdigest()[:16]).write_bytes(content)


if __name__ == "__main__":
    main()
