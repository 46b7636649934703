"""Compares the slashing protection with a model of EIP-3076 that never forgets, over random lives.

A life is what happens to one data directory: requests, imports, restarts, and moves to another
signer by export and import. It ends with an error that has its seed when

- a message is admitted that conflicts with any earlier one, under `enforce`;
- a message that is newer than all others is refused;
- a pair is reported that does not conflict, or a conflict with a recent message is not reported.

Run: PYTHONPATH=tests python fuzz/eip3076.py --seconds 60
"""

import json
import logging
import tempfile
from argparse import ArgumentParser
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from random import Random, randrange
from time import monotonic
from typing import NamedTuple

from signer.config.settings import SlashingMode
from signer.errors import SlashingError
from signer.slashing.database import HistoryDatabase
from signer.slashing.interchange import decode
from signer.slashing.protection import VOTES_KEPT_PER_HISTORY, Protection
from support.protection import (
    CHAIN,
    KEYS,
    MAX,
    OTHER_CHAIN,
    PRIVATE,
    hexed,
    protecting,
    sent,
    shown,
)

CHAINS = [CHAIN, OTHER_CHAIN]
ROOTS = [b"\xa1" * 32, b"\xa2" * 32]
STEPS = 1_500  # of a life; histories are pruned at 512 messages
MODES: list[SlashingMode] = ["enforce", "enforce", "report"]


class Message(NamedTuple):
    """An attestation; a block has source 0, and its slot as target."""

    source: int
    target: int
    root: bytes | None

    @property
    def is_valid(self) -> bool:
        """Whether a chain could include it."""
        return self.source <= self.target

    def is_same(self, other: "Message") -> bool:
        """Whether both are one message: a message without a root is never known to be."""
        return self == other and self.root is not None

    def conflicts(self, other: "Message") -> bool:
        """Whether EIP-3076 lets nobody sign both."""
        if self.is_same(other):
            return False
        if self.target == other.target:
            return True
        outer, inner = sorted([self, other], key=lambda message: -message.target)
        return outer.source < inner.source


class History(NamedTuple):
    """Names the messages that can conflict: those of a key, a chain and a kind."""

    pubkey: bytes
    chain: bytes
    is_block: bool


class WrongError(Exception):
    """The protection did what the model forbids."""


class Life:
    """A data directory, and all messages that were ever signed or imported."""

    def __init__(self, seed: int, folder: Path, counts: Counter[str]) -> None:
        self._random = Random(seed)
        self._folder = folder
        self._counts = counts
        self._files = 0
        self._known = defaultdict[History, list[Message]](list)
        self._recent = defaultdict[History, list[Message]](list)  # admitted since the last import
        self._far = self._random.choice([30, 300, 3_000, MAX])  # the highest epoch
        self._open(self._new_file())

    def _new_file(self) -> Path:
        self._files += 1
        return self._folder / f"{self._files}.sqlite"

    def _open(self, path: Path) -> None:
        self._path = path
        self._mode = self._random.choice(MODES)
        self._file = HistoryDatabase(path)
        self._protection: Protection = protecting(self._mode, self._file)

    def close(self) -> None:
        """Closes the data directory."""
        self._file.close()

    def step(self) -> None:
        """One thing that happens: in most cases a request."""
        chance = self._random.random()
        if chance < 0.01:
            self._restart()
        elif chance < 0.015:
            self._move()
        elif chance < 0.03:
            self._import()
        else:
            self._request()

    def _history(self) -> History:
        pick = self._random.choice
        return History(pick(KEYS[:2]), pick(CHAINS), pick([True, False]))

    def _message(self, history: History) -> Message:
        """Near an earlier message more often than anywhere, and often newer than all."""
        known = self._known[history]
        target = self._random.randint(0, self._far)
        if known and self._random.random() < 0.8:
            newest = max(message.target for message in known)
            near = self._random.choice([newest, self._random.choice(known).target])
            target = min(max(near + self._random.randint(-2, 3), 0), MAX)
        source = max(target - self._random.choice([0, 1, 1, 1, 2, 5, 40]), 0)
        if self._random.random() < 0.02:
            source = min(target + 1, MAX)  # invalid, unless it is the last epoch
        return Message(0 if history.is_block else source, target, self._random.choice(ROOTS))

    def _request(self) -> None:
        history = self._history()
        message = self._message(history)
        numbers = (message.target,) if history.is_block else (message.source, message.target)
        request = sent(numbers, history.chain)
        reported = self._protection.reports.total
        refusal = ""
        try:
            self._protection.admit(history.pubkey, request, message.root or b"")
        except SlashingError as error:
            refusal = str(error)
        self._counts["refused" if refusal else "admitted"] += 1
        is_reported = self._protection.reports.total > reported
        self._compare(history, message, refusal, is_reported=is_reported)
        if not refusal:
            self._known[history].append(message)
            self._recent[history].append(message)

    def _compare(
        self, history: History, message: Message, refusal: str, *, is_reported: bool
    ) -> None:
        known = self._known[history]
        valid = [earlier for earlier in known if earlier.is_valid]
        is_enforcing = self._mode == "enforce"
        # Its signature is the same bytes, so signing it again gives nothing away.
        is_repeated = any(message.is_same(earlier) for earlier in known)
        if is_enforcing and not refusal:
            if not message.is_valid:
                raise WrongError(f"admitted {message}, whose source is above its target")
            for earlier in valid:
                if message.conflicts(earlier) and not is_repeated:
                    raise WrongError(f"admitted {message}, which conflicts with {earlier}")
        if refusal and not is_enforcing:
            raise WrongError(f"report refused {message}: {refusal}")
        conflicts = [earlier for earlier in known if message.conflicts(earlier)]
        if is_reported and not conflicts:
            raise WrongError(f"reported {message}, which conflicts with nothing: {refusal}")
        if refusal and message.is_valid and not conflicts and self._is_newest(message, known):
            raise WrongError(f"refused {message}, which is newer than all others: {refusal}")
        newest = sorted(known, key=lambda earlier: earlier.target)[-VOTES_KEPT_PER_HISTORY:]
        kept = [earlier for earlier in self._recent[history] if earlier in newest]
        must_report = message.is_valid and any(message.conflicts(earlier) for earlier in kept)
        if must_report and not is_repeated and not is_reported:
            raise WrongError(f"did not report {message}: {refusal or 'admitted'}")

    def _is_newest(self, message: Message, earlier: list[Message]) -> bool:
        # A source above its target counts only up to it, or the key could never sign again.
        return all(
            message.target > other.target and message.source >= min(other.source, other.target)
            for other in earlier
        )

    def _import(self) -> None:
        self._counts["imports"] += 1
        history = self._history()._replace(chain=CHAIN)
        messages = [self._message(history) for _ in range(self._random.choice([1, 3, 30, 600]))]
        members = []
        for number, message in enumerate(messages):
            if self._random.random() < 0.3:
                messages[number] = message._replace(root=None)
            numbers = (message.target,) if history.is_block else (message.source, message.target)
            members.append(shown(numbers, messages[number].root))
        signed: dict[str, object] = {"signed_blocks": [], "signed_attestations": []}
        signed["signed_blocks" if history.is_block else "signed_attestations"] = members
        document = {
            "metadata": {
                "interchange_format_version": "5",
                "genesis_validators_root": hexed(CHAIN),
            },
            "data": [{"pubkey": hexed(history.pubkey), **signed}],
        }
        self._protection.merge(decode(json.dumps(document), PRIVATE))
        self._known[history] += messages
        self._recent[history].clear()

    def _restart(self) -> None:
        self._counts["restarts"] += 1
        self.close()
        self._open(self._path)

    def _move(self) -> None:
        """Exports to a new data directory, which knows one chain only."""
        self._counts["moves"] += 1
        self._recent.clear()
        document = self._protection.export(KEYS, PRIVATE)
        self.close()
        self._open(self._new_file())
        self._protection.merge(decode(document, PRIVATE))
        chain = json.loads(document)["metadata"]["genesis_validators_root"]
        for history in [*self._known]:
            if hexed(history.chain) != chain:
                del self._known[history]


def main() -> None:
    """Lives until the seconds are over. The exit code is 1 when the model disagrees."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, help="one life only: that of an error")
    arguments = parser.parse_args()
    logging.disable()
    counts = Counter[str]()
    end = monotonic() + arguments.seconds
    while monotonic() < end:
        seed = randrange(2**32) if arguments.seed is None else arguments.seed
        counts["lives"] += 1
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(Life(seed, Path(folder), counts)) as life,
        ):
            for number in range(STEPS):
                try:
                    life.step()
                except WrongError as error:
                    raise SystemExit(f"--seed {seed}, step {number}: {error}") from None
        if arguments.seed is not None:
            break
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
