"""Kills a signer in the middle of requests."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from random import Random
from typing import Protocol

from support.served import Running

LONGEST_WAIT = 30  # seconds, for an answer; a client that raised gives none


class Changing(Protocol):
    """A client that makes requests until its signer is gone, and notes each answer."""

    def change(self, signer: Running, answered: SimpleQueue[None]) -> None: ...


def kill_under_load(
    signer: Running, clients: Sequence[Changing], random: Random, answers: int = 40
) -> None:
    """Kills after fewer than so many answers. Returns when the signer and its clients are done."""
    answered: SimpleQueue[None] = SimpleQueue()
    with ThreadPoolExecutor() as threads:
        changes = threads.map(lambda client: client.change(signer, answered), clients)
        with suppress(Empty):
            for _ in range(random.randrange(answers)):
                answered.get(timeout=LONGEST_WAIT)
        sum(range(random.randrange(50_000)))  # part of a millisecond, for another place to stop at
        signer.process.kill()
    list(changes)  # raises what a client raised
