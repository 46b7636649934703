"""What each operation costs in each library, in turns, and as a ratio to raw blst's."""

from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from load import percentile
from run import Run
from signer import SecretKey
from signer._core import aggregate

from .sides import Answer, Side

MESSAGE = b"\xab" * 32
MANY = [128, 512]
TURNS = 3  # of each library in a round: many short ones see the same machine
SLOW = 1.0  # seconds of one call; from there on it is measured once


class Operation(NamedTuple):
    """A column of the table."""

    title: str
    name: str
    arguments: dict[str, Any]


class Figure(NamedTuple):
    """Seconds of CPU of one call, and the ratio to the first library's: medians over turns."""

    seconds: float
    ratio: float


class Figures(NamedTuple):
    """By library, then by operation.

    Noise is how far four fifths of the first library's turns are from each other, as a share.
    """

    by_library: dict[str, dict[str, Figure]]
    noise: dict[str, float]


def operations(run: Run) -> list[Operation]:
    """What is measured: bytes go in, bytes come out, and everything that came in is checked."""
    sizes = [run.size(size, size // 64) for size in MANY]
    keys = [SecretKey.from_bytes(number.to_bytes(32, "big")) for number in range(1, sizes[-1] + 1)]
    secret = (1).to_bytes(32, "big")
    pubkeys = [key.public_key() for key in keys]
    signatures = [key.sign(MESSAGE) for key in keys]
    verified = {"pubkey": pubkeys[0], "message": MESSAGE, "signature": signatures[0]}
    chosen = [
        Operation("sign", "sign", {"secret": secret, "message": MESSAGE}),
        Operation("verify", "verify", verified),
    ]
    chosen += [
        Operation(f"aggregate {full}", "aggregate", {"signatures": signatures[:size]})
        for full, size in zip(MANY, sizes, strict=True)
    ]
    for full, size in zip(MANY, sizes, strict=True):
        one = {"message": MESSAGE, "signature": aggregate(signatures[:size])}
        arguments = {"pubkeys": pubkeys[:size], **one}
        chosen.append(Operation(f"verify {full}", "fast_aggregate_verify", arguments))
    return [
        *chosen,
        Operation("hash to curve", "hash_to_curve", {"message": MESSAGE}),
        Operation("read key", "read_pubkey", {"pubkey": pubkeys[0]}),
        Operation("read signature", "read_signature", {"signature": signatures[0]}),
    ]


def measure(run: Run, sides: list[Side], progress: Callable[[str], None] = print) -> Figures:
    """Measures all operations of the first library.

    Raises AssertionError when another one's result differs.
    """
    figures: dict[str, dict[str, Figure]] = {side.library.name: {} for side in sides}
    noise = {}
    for operation in operations(run):
        if "absent" in sides[0].ask(operation.name, **operation.arguments):
            continue
        progress(f"  {operation.title}")
        rounds = _rounds(run, sides, operation)
        first = rounds[sides[0].library.name]
        noise[operation.title] = (percentile(first, 0.9) - percentile(first, 0.1)) / median(first)
        for name, seconds in rounds.items():
            if len(seconds) == len(first):
                ratio = median(one / raw for one, raw in zip(seconds, first, strict=True))
            else:  # a slow one
                ratio = seconds[0] / median(first)
            figures[name][operation.title] = Figure(median(seconds), ratio)
    return Figures(figures, noise)


def _rounds(run: Run, sides: list[Side], operation: Operation) -> dict[str, list[float]]:
    """Seconds of CPU of one call in each turn, for each library that has the operation."""
    rounds: dict[str, list[float]] = {}
    repeats = {}
    expected = sides[0].ask(operation.name, **operation.arguments)
    for side in sides:
        answer, once = _cpu(side, operation, 1)
        if "absent" in answer:
            continue
        name = side.library.name
        if answer != expected:
            raise AssertionError(f"{name}, {operation.title}: expected {expected}, got {answer}")
        rounds[name] = [once]
        if once < SLOW:
            _, once = _cpu(side, operation, 3)  # warm: a just-in-time compiler has seen it
            rounds[name] = []
            repeats[side] = max(1, round(run.seconds / 100 / once))
    for _ in range(run.rounds * TURNS):
        for side, repeat in repeats.items():
            rounds[side.library.name].append(_cpu(side, operation, repeat)[1])
    return rounds


def _cpu(side: Side, operation: Operation, repeat: int) -> tuple[Answer, float]:
    before = side.cpu()
    answer = side.ask(operation.name, repeat, **operation.arguments)
    return answer, (side.cpu() - before) / repeat
