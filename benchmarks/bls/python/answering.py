"""Answers operations of a BLS library from standard input, as `../sides.py` asks for them.

A line in and a line out is a JSON object each. A library is a file next to this one. It gives a
function for each operation, which reads a secret key and returns what is repeated.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

DST = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"

Operation = Callable[[], bytes | bool]
Prepare = Callable[..., Operation]

LISTS = {"pubkeys", "signatures"}


def answer(operations: dict[str, Prepare]) -> None:
    """Answers until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(_answer(operations, request)), flush=True)


def _answer(operations: dict[str, Prepare], request: dict[str, Any]) -> dict[str, object]:
    prepare = operations.get(request.pop("do"))
    if prepare is None:
        return {"absent": True}
    repeat = request.pop("repeat", 1)
    arguments = {name: _read(name, value) for name, value in request.items()}
    try:
        operation = prepare(**arguments)
        for _ in range(repeat - 1):
            operation()
        result = operation()
    # PyO3's PanicException is no Exception: a library that panics has refused its input
    except BaseException as error:  # noqa: BLE001
        return {"error": f"{type(error).__name__}: {error}"}
    return {"ok": result.hex() if isinstance(result, bytes) else result}


def _read(name: str, value: Any) -> Any:
    if name in LISTS:
        return [bytes.fromhex(digits) for digits in value]
    return bytes.fromhex(value)
