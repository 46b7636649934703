"""Each library on the official vectors, ethereum/bls12-381-tests, and where it differs."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from .libraries import PROJECT
from .sides import Answer, Side

VECTORS = PROJECT / "tests" / "vectors" / "bls"

OPERATIONS = {
    "sign": "sign",
    "verify": "verify",
    "aggregate": "aggregate",
    "fast_aggregate_verify": "fast_aggregate_verify",
    "deserialization_G1": "read_pubkey",
    "deserialization_G2": "read_signature",
}
NAMES = {"privkey": "secret"}


class Result(NamedTuple):
    """How many vectors a library could be asked for, and the names of those it differs on."""

    asked: int
    differences: list[str]


class Case(NamedTuple):
    """A vector: `expected` has bytes, or whether the input is valid."""

    name: str
    operation: str
    arguments: dict[str, Any]
    expected: bytes | bool


def cases() -> Iterator[Case]:
    """All vectors."""
    for handler, operation in OPERATIONS.items():
        vectors = json.loads((VECTORS / f"{handler}.json").read_text("utf-8"))
        for name, case in vectors.items():
            # two handlers have vectors of one name
            full_name = name.replace("deserialization_", f"{handler}_")
            yield Case(full_name, operation, _arguments(case["input"]), _expected(case["output"]))


def check(side: Side) -> Result:
    """Asks a library for all vectors."""
    asked = 0
    differences = []
    for case in cases():
        answer = side.ask(case.operation, **case.arguments)
        if "absent" not in answer:
            asked += 1
            if outcome(answer) != case.expected:
                differences.append(case.name)
    return Result(asked, differences)


def outcome(answer: Answer) -> bytes | bool:
    """Bytes that came, or whether the input was taken for valid: an error refuses it."""
    result = answer.get("ok", False)
    return bytes.fromhex(result) if isinstance(result, str) else bool(result)


def _arguments(given: Any) -> dict[str, Any]:
    if isinstance(given, list):
        given = {"signatures": given}
    return {NAMES.get(name, name): _bytes(value) for name, value in given.items()}


def _bytes(value: Any) -> Any:
    if isinstance(value, list):
        return [_bytes(one) for one in value]
    return bytes.fromhex(value.removeprefix("0x"))


def _expected(output: Any) -> bytes | bool:
    return bytes.fromhex(output.removeprefix("0x")) if isinstance(output, str) else bool(output)
