"""What is no sign request: it is refused, whatever it is, and nothing else breaks."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from signer.errors import BadRequestError
from signer.signing.registry import SigningTypes
from signer.spec.network_files import load_network
from signer.spec.networks import Network
from support.requests import (
    EVERY_SHAPE,
    FIRST_OF_EACH_TYPE,
    Case,
    each,
    everywhere,
    root_of,
    with_version,
)

OF_GLOAS = [
    case for case in FIRST_OF_EACH_TYPE if '"version": "GLOAS"' in json.dumps(case["request"])
]


@pytest.mark.parametrize("version", ["FULU", "", "GLOAS ", "IONA"])
@each(OF_GLOAS)
def test_a_payload_of_gloas_is_of_no_earlier_or_unknown_version(case: Case, version: str) -> None:
    request = everywhere(case["request"], with_version(lambda _: version))

    with pytest.raises(BadRequestError, match=rf"^{payload(case)}.version: expected one of GLOAS"):
        root_of(request, load_network(case["network"]))


def payload(case: Case) -> str:
    (member,) = case["request"].keys() - {"type", "fork_info"}
    return str(member)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[]",
        b"null",
        b"true",
        b"7",
        b'"x"',
        b"{}",
        b"{",
        b"{}{}",
        b'{"type":"ATTESTATION"',
        b'{"type":null}',
        b'{"type":7}',
        b'{"type":["ATTESTATION"]}',
        b"{'type':'ATTESTATION'}",
        b'{"type":"ATTESTATION",}',
        b'{"type":NaN}',
        b'{"type":"ATTESTATION","attestation":NaN}',
        b'{"type":"ATTESTATION","attestation":Infinity}',
        b'{"type":"\xff"}',
        b'{"type":"ATTESTATION","\xff":1}',
        b'{"type":"\\ud800"}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b"\x00",
        b"type=ATTESTATION",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"type":"ATTESTATION","a":' + b"[" * 100_000,
        b'{"type":"BLOCK_V2","beacon_block":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError) as refusal:
        SigningTypes().decode(body)

    assert len(str(refusal.value)) > len("expected")


@each(FIRST_OF_EACH_TYPE)
def test_a_body_cut_short_is_refused(case: Case) -> None:
    body = json.dumps(case["request"]).encode()
    lengths = random.Random(7).sample(range(len(body)), 50)

    outcomes = {outcome(body[:length], load_network(case["network"])) for length in lengths}

    assert {"BadRequestError"} == outcomes


SUBSTITUTES = [
    "null",
    "true",
    "-1",
    "1.5",
    "1e999",
    "18446744073709551616",
    "1" * 5000,
    '""',
    '"0x"',
    '"0xzz"',
    '"\\ud800"',
    '"\N{SUPERSCRIPT TWO}"',
    "[]",
    "[[]]",
    "{}",
    json.dumps("a" * 5000),
    json.dumps("0x" + "ab" * 2500),
    "NaN",
    "[" * 5000 + "]" * 5000,
]
HOLE = "@hole@"


def members(value: Any) -> Iterator[list[Any]]:
    """The way to every member and item of a JSON value, at any depth."""
    steps: Any = []
    if isinstance(value, dict):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, inner in steps:
        yield [step]
        yield from ([step, *rest] for rest in members(inner))


def with_hole(value: Any, way: list[Any]) -> Any:
    if not way:
        return HOLE
    copy = value.copy()
    copy[way[0]] = with_hole(value[way[0]], way[1:])
    return copy


def outcome(body: bytes, network: Network) -> str:
    """A root, a refusal, or what else came of a body: that, with the body."""
    try:
        SigningTypes().decode(body).choose(network)
    except BadRequestError as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001 - any other exception is what these tests look for
        return f"{error!r} from {body[:400]!r}"
    return "a root"


SIGNED_OR_REFUSED = {"a root", "BadRequestError", "SigningRootError"}


@pytest.mark.parametrize("root", [{}, {"signing_root": "0x" + "ab" * 32}], ids=["", "with a root"])
@each(EVERY_SHAPE)
def test_any_json_in_place_of_a_member_is_signed_or_refused(
    case: Case, root: dict[str, str]
) -> None:
    request = case["request"] | root
    network = load_network(case["network"])
    ways = list(members(request))
    some_ways = random.Random(7).sample(ways, min(len(ways), 100))
    templates = [json.dumps(with_hole(request, way)) for way in some_ways]

    outcomes = {
        outcome(template.replace(json.dumps(HOLE), substitute).encode(), network)
        for template in templates
        for substitute in SUBSTITUTES
    }

    assert set() == outcomes - SIGNED_OR_REFUSED


@each(EVERY_SHAPE)
def test_any_byte_in_place_of_another_is_signed_or_refused(case: Case) -> None:
    body = json.dumps(case["request"]).encode()
    network = load_network(case["network"])
    chance = random.Random(7)
    changes = [(chance.randrange(len(body)), chance.randbytes(1)) for _ in range(200)]

    outcomes = {
        outcome(body[:place] + byte + body[place + 1 :], network) for place, byte in changes
    }

    assert set() == outcomes - SIGNED_OR_REFUSED


@pytest.mark.parametrize("data", ["0x", ""])
def test_a_builders_request_without_data_is_refused(data: str) -> None:
    case = next(case for case in FIRST_OF_EACH_TYPE if case["type"] == "BUILDER_REQUEST_AUTH")
    request = json.loads(json.dumps(case["request"]))
    request["builder_request_auth"]["data"]["data"] = data

    with pytest.raises(BadRequestError, match="expected builder_request_auth with data"):
        root_of(request)
