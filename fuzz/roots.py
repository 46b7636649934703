"""Compares signing roots with remerkleable's and Lodestar's, for random messages of all types.

The messages are examples of the signer's own, the same with random values of remerkleable's types
in their place, and Lodestar's random messages; each of the mainnet and the minimal preset. When two
roots differ, or the signer refuses a message, it prints the message and ends with an error. The
same command with a file of that message, `--message`, compares this one only.

Run: PYTHONPATH=tests:benchmarks python fuzz/roots.py --seconds 60
"""

import json
import logging
import os
import subprocess
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random, randrange
from time import monotonic
from typing import IO, Any, NamedTuple

from wild import Wild

from run import lines
from signer.errors import SignerError
from signer.hex import to_hex
from signer.signing.example import Values
from signer.signing.examples import examples
from signer.signing.registry import BUILT_IN, SigningTypes
from signer.spec.networks import NETWORKS
from support.consensus_specs import Json, written
from support.example_roots import PRESETS, SIGNED, signed_of, signing_root

CLIENT = Path(__file__).parents[1] / "tests" / "clients" / "node"
INSTALLED = CLIENT / "node_modules" / ".package-lock.json"  # npm writes it when all is there
GENESIS_VERSIONS = {"mainnet": 0, "minimal": 1}
VALIDATORS_PER_COMMITTEE = 2048  # at most
EXTREME_EVERY = 25  # rounds; these take seconds
LODESTARS_PER_ROUND = 50  # messages of each preset: about one of each type and fork
BUILDERS_AUTH = "BUILDER_REQUEST_AUTH"  # its data may not be empty


class Message(NamedTuple):
    """A sign request, somebody else's root, and where both are from."""

    source: str  # a column of the table
    type: str
    fork: str | None
    preset: str
    request: Json
    root: str


class Differs(Exception):  # noqa: N818 - it is no error of this program
    """The signer and another library do not agree about a message."""


def of_examples(preset: str, seed: int, values: Values) -> Iterator[Message]:
    """The signer's own examples, with remerkleable's roots."""
    for example in examples(BUILT_IN, NETWORKS[preset], seed, values):
        yield _by_remerkleable("examples", example.fork, preset, example.request)


def of_random_values(preset: str, seed: int) -> Iterator[Message]:
    """The same with other messages inside, which remerkleable's types decide."""
    wild = Wild(Random(seed), VALIDATORS_PER_COMMITTEE * PRESETS[preset].committees_per_slot)
    for example in examples(BUILT_IN, NETWORKS[preset], seed):
        if example.type not in SIGNED:
            continue
        request = json.loads(json.dumps(example.request))
        if "fork_info" in request:
            request["fork_info"]["fork"]["epoch"] = "0"  # no message is older than its fork
        signed = signed_of(request, example.fork or "")
        kind = signed.kind or signed.kind_of(example.fork, PRESETS[preset])
        value = wild.value(kind)
        if example.type == BUILDERS_AUTH and not value.data:
            continue
        *names, last = signed.path.split(".")
        parent: Any = request
        for name in names:
            parent = parent[name]
        parent[last] = written(json.loads(json.dumps(value.to_obj())))
        yield _by_remerkleable("random values", example.fork, preset, request)


def _by_remerkleable(source: str, fork: str | None, preset: str, request: Json) -> Message:
    root = signing_root(request, fork, PRESETS[preset], GENESIS_VERSIONS[preset])
    return Message(source, request["type"], fork, preset, request, root)


def of_lodestar(preset: str, output: IO[str]) -> Iterator[Message]:
    """Lodestar's next random messages."""
    for _ in range(LODESTARS_PER_ROUND):
        line = json.loads(output.readline())
        kind, _, fork = line["name"].partition("/")
        yield Message("Lodestar", kind, fork or None, preset, line["request"], line["signing_root"])


@contextmanager
def lodestar(preset: str, seed: int) -> Iterator[IO[str]]:
    """The output of a process that makes messages without end."""
    environment = {**os.environ, "LODESTAR_PRESET": preset, "SEED": str(seed)}
    command = ["node", str(CLIENT / "roots.mjs")]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout
        try:
            yield process.stdout
        finally:
            process.kill()


class Comparison:
    """Counts the messages whose roots agree."""

    def __init__(self) -> None:
        self._types = SigningTypes()
        self._counts = Counter[tuple[str, str]]()  # by type and fork, and source
        self.total = Counter[str]()  # by source

    def compare(self, message: Message) -> None:
        """Raises Differs when the signer refuses a message, or computes another root."""
        body = json.dumps(message.request).encode()
        try:
            root = to_hex(self._types.decode(body).choose(NETWORKS[message.preset]).signing_root)
        except SignerError as error:
            root = f"refused: {error}"
        if root != message.root:
            shown = json.dumps(message._asdict())
            raise Differs(f"expected {message.root}, found {root}, for\n{shown}")
        name = f"{message.type} {message.fork or ''}".strip()
        self._counts[name, f"{message.source}, {message.preset}"] += 1
        self.total[message.source] += 1

    def table(self) -> str:
        """How many messages of each type and fork were compared, by source and preset."""
        columns = sorted({column for _, column in self._counts})
        names = sorted({name for name, _ in self._counts})
        rows = {
            name: {column: str(self._counts[name, column] or "") for column in columns}
            for name in names
        }
        return "\n".join(lines("compared roots", rows))


def run(comparison: Comparison, seconds: float, seed: int, outputs: dict[str, IO[str]]) -> None:
    """Compares until the time is over. Raises Differs."""
    end = monotonic() + seconds
    rounds = 0
    while monotonic() < end or not rounds:
        rounds += 1
        for preset in PRESETS:
            sources = [of_random_values(preset, seed + rounds)]
            sources.append(of_examples(preset, seed + rounds, "ordinary"))
            if rounds % EXTREME_EVERY == 0:
                sources.append(of_examples(preset, seed + rounds, "extreme"))
            if preset in outputs:
                sources.append(of_lodestar(preset, outputs[preset]))
            for source in sources:
                for message in source:
                    comparison.compare(message)
                    if monotonic() > end and rounds > 1:
                        return


def compare_all(comparison: Comparison, seconds: float, seed: int) -> None:
    """Compares with Lodestar too, where it is installed. Raises Differs."""
    with ExitStack() as stack:
        outputs = {}
        if INSTALLED.exists():
            outputs = {preset: stack.enter_context(lodestar(preset, seed)) for preset in PRESETS}
        run(comparison, seconds, seed, outputs)


def main() -> None:
    """Compares, and prints a table. The exit code is 1 when roots differ."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=randrange(2**32))
    parser.add_argument("--message", type=Path, help="a file with one message, as it is printed")
    arguments = parser.parse_args()
    logging.disable()
    comparison = Comparison()
    try:
        if arguments.message:
            comparison.compare(Message(**json.loads(arguments.message.read_text("utf-8"))))
        else:
            print(f"--seed {arguments.seed}")
            compare_all(comparison, arguments.seconds, arguments.seed)
    except Differs as difference:
        raise SystemExit(str(difference)) from None
    print(comparison.table())
    counts: dict[str, int | str] = {**comparison.total}
    if not INSTALLED.exists():
        counts["Lodestar"] = "not installed: tests/clients/node/build, which needs npm"
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
