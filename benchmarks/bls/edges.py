"""Inputs at the edge, and what each library does with them.

The points outside of the group are a valid key or signature plus a point of small order. Pairings
do not see that point: only a check of the group refuses it. The encodings that are not canonical
are valid ones with the field's modulus added to x.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .official import outcome
from .sides import ENDED, Side

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
MESSAGE = b"\xab" * 32

# the secret key 5, its signature over MESSAGE
KEY = bytes.fromhex(
    "b0e7791fb972fe014159aa33a98622da3cdc98ff707965e536d8636b5fcc5ac7a91a8c46e59a00dca575af0f18fb13dc"
)
SIGNATURE = bytes.fromhex(
    "893aeff4950da1d378b8a07742ee196461b645bd3c2e00a968d48a0643d1b1e773c57963b4806259d07affea3912e7af"
    "06a3836e6e1756358990f393a99b9a950da2fdbff7f047aed36b7a7bc6ee2fd0f2b133d295ead6309669245c7dde3c4a"
)
# the same two, each plus a point of another order
KEY_OUTSIDE = bytes.fromhex(
    "a54cb7c6aca3b4b351b814110f92714293276855e8c218d54967596af056b501bee6d649f40f71623ca701f693abfc4d"
)
SIGNATURE_OUTSIDE = bytes.fromhex(
    "95a9bf8d3aad9534773fe9282633eca509d72278b7b0fdcf1cbba10f1a5929afc4f5757c77ffde8ca6654445b1e2220c"
    "09fe6d2904ae3cbd60d11669dbaccdce59a68908a1f3a40b9bb8171162726163125472110a08ee7dc5f654c91b8b3a2e"
)
# the public key of 2, its signature over MESSAGE is SIGNATURE_OF_2; and the key with x + p
KEY_NOT_CANONICAL = bytes.fromhex(
    "bf73ddd4c9cd4de0d32470a193f4f1e3fb9926b584ad13e4aac0ffabba099c4f013b75ba40707c427d998c5529beb9f9"
)
# the signature of 3 over MESSAGE, with x + p
SIGNATURE_NOT_CANONICAL = bytes.fromhex(
    "bf6f8f9a6948ab2e7c0f0485cd96cd0b1eb86b68f9dc9f5f5525573b83109079c19fe8a0c11ca478c5cc2964135a814c"
    "105954e613cfa3c030cc84d7f41c54948e23208118688730f888a4497b69fc544034954a5d8b1424f28b189398537f37"
)
INFINITE_KEY = b"\xc0" + bytes(47)
INFINITE_SIGNATURE = b"\xc0" + bytes(95)


class Edge(NamedTuple):
    """An input, and whether the specification refuses it; None where it leaves that open."""

    title: str
    refused: bool | None
    operation: str
    arguments: dict[str, Any]


def _sign(number: int) -> dict[str, Any]:
    return {"secret": number.to_bytes(32, "big"), "message": MESSAGE}


def _verify(pubkey: bytes, signature: bytes) -> dict[str, Any]:
    return {"pubkey": pubkey, "message": MESSAGE, "signature": signature}


def _verify_all(pubkeys: list[bytes], signature: bytes) -> dict[str, Any]:
    return {"pubkeys": pubkeys, "message": MESSAGE, "signature": signature}


def _aggregate(*signatures: bytes) -> dict[str, Any]:
    return {"signatures": [*signatures]}


SPECIFIED = {True: "refused", False: "accepted", None: "left open"}
MANY = "fast_aggregate_verify"


def edges(signature_of_2: bytes) -> list[Edge]:
    """All rows of the table; the key 2 signed MESSAGE."""
    refused = True
    flagged = b"\xe0" + bytes(95)
    filled = b"\xc0\x10" + bytes(94)
    return [
        Edge("sign with the secret key 0", refused, "sign", _sign(0)),
        Edge("sign with the order of the group", refused, "sign", _sign(ORDER)),
        Edge(
            "verify infinity by infinity",
            refused,
            "verify",
            _verify(INFINITE_KEY, INFINITE_SIGNATURE),
        ),
        Edge(
            "infinity among the keys of many",
            refused,
            MANY,
            _verify_all([KEY, INFINITE_KEY], SIGNATURE),
        ),
        Edge(
            "no keys, and infinity as signature", refused, MANY, _verify_all([], INFINITE_SIGNATURE)
        ),
        Edge("a key outside of the group", refused, "verify", _verify(KEY_OUTSIDE, SIGNATURE)),
        Edge("such a key among many", refused, MANY, _verify_all([KEY_OUTSIDE], SIGNATURE)),
        Edge(
            "a signature outside of the group", refused, "verify", _verify(KEY, SIGNATURE_OUTSIDE)
        ),
        Edge("aggregate such a signature", None, "aggregate", _aggregate(SIGNATURE_OUTSIDE)),
        Edge(
            "a key whose x is not below the modulus",
            refused,
            "verify",
            _verify(KEY_NOT_CANONICAL, signature_of_2),
        ),
        Edge(
            "aggregate a signature with such an x",
            refused,
            "aggregate",
            _aggregate(SIGNATURE_NOT_CANONICAL),
        ),
        Edge("a key with a byte too many", refused, "verify", _verify(KEY + b"\0", SIGNATURE)),
        Edge(
            "a signature with a byte too many", refused, "verify", _verify(KEY, SIGNATURE + b"\0")
        ),
        Edge("aggregate infinity with another bit set", refused, "aggregate", _aggregate(filled)),
        Edge("aggregate infinity with the sign's flag", refused, "aggregate", _aggregate(flagged)),
        Edge("aggregate nothing", refused, "aggregate", _aggregate()),
        Edge("aggregate infinity", not refused, "aggregate", _aggregate(INFINITE_SIGNATURE)),
        Edge("read infinity as a key", not refused, "read_pubkey", {"pubkey": INFINITE_KEY}),
        Edge(
            "read infinity as a signature",
            not refused,
            "read_signature",
            {"signature": INFINITE_SIGNATURE},
        ),
    ]


def table(sides: list[Side], signature_of_2: bytes) -> Mapping[str, Mapping[str, str]]:
    """What is specified, and for each library `ok` or what it does instead, by input."""
    rows = {}
    for edge in edges(signature_of_2):
        cells = {"specified": SPECIFIED[edge.refused]}
        for side in sides:
            cells[side.library.name] = _cell(side, edge)
        rows[edge.title] = cells
    return rows


def _cell(side: Side, edge: Edge) -> str:
    answer = side.ask(edge.operation, **edge.arguments)
    if "absent" in answer:
        return "-"
    if answer == ENDED:
        return "**process ends**"
    refused = outcome(answer) is False
    if refused == edge.refused:
        return "ok"
    if edge.refused is None:
        return SPECIFIED[refused]
    return f"**{SPECIFIED[refused]}**"
