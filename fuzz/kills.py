"""Kills a signer at random moments of a mixed load, again and again on one data directory.

Clients sign attestations, blocks and other messages under `enforce`, alone and in batches; they
import keys with and without a history, delete them, and reload. After each kill

- every signature that was answered has its record in the history, also of a deleted key;
- the next signer starts, with every key answered `imported` and none answered `deleted`;
- it signs the last messages again, with the same signatures, and refuses what conflicts with them.

The exit code is 1 when the signer did not keep to an answer.

Run: PYTHONPATH=tests:benchmarks python fuzz/kills.py --rounds 1000
"""

import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from random import Random, randrange

from support.answered import BrokenError
from support.killing import kill_under_load
from support.lasting import Lasting

MOST_ANSWERS = 300  # of a round, before the kill
ROUNDS_PER_LINE = 100


def play(lasting: Lasting, seed: int) -> None:
    """Starts a signer, checks it, kills it under load, and checks what it left."""
    with lasting.started() as signer:
        lasting.check_start(signer)
        kill_under_load(signer, lasting.clients, Random(seed), MOST_ANSWERS)
    lasting.check_disk()


def summary(lasting: Lasting, rounds: int, started_at: float) -> str:
    """What was done and checked so far."""
    counts = lasting.counts()
    seconds = time.monotonic() - started_at
    return (
        f"{rounds} kills in {seconds:.0f} s: {counts['requests']} requests, "
        f"{counts['signatures']} signatures, {counts['imports']} imports, "
        f"{counts['deletes']} deletes, {counts['reloads']} reloads; {lasting.checked()}"
    )


def main() -> None:
    """Plays all rounds. The exit code is 1 when something broke."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=randrange(2**32))
    arguments = parser.parse_args()
    print(f"--seed {arguments.seed}", flush=True)
    started_at = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        lasting = Lasting(Path(folder), arguments.seed)
        for number in range(1, arguments.rounds + 1):
            try:
                play(lasting, arguments.seed + number)
            except BrokenError as error:
                raise SystemExit(f"broken in round {number}: {error}") from None
            if number % ROUNDS_PER_LINE == 0 or number == arguments.rounds:
                print(summary(lasting, number, started_at), flush=True)


if __name__ == "__main__":
    main()
