"""Clients under whose load a signer is killed, and who know what it had answered."""

import http.client
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import SimpleQueue
from random import Random

from support.data_dir import delete_keys, import_keys
from support.served import Running

THERE = {"imported": True, "duplicate": True, "deleted": False, "not_found": False}


class Client:
    """Imports and deletes keys, and knows of each whether it is there: None if nobody said so."""

    def __init__(self, pubkeys: list[str], seed: int) -> None:
        self._there: dict[str, bool | None] = dict.fromkeys(pubkeys, False)
        self._random = Random(seed)

    def change(self, signer: Running, answered: SimpleQueue[None]) -> None:
        """Makes one change after the other until the signer is killed."""
        with suppress(OSError, http.client.HTTPException):
            while True:
                change = self._random.choice([import_keys, import_keys, delete_keys])
                pubkeys = self._random.sample(sorted(self._there), self._random.randint(1, 4))
                self._there.update(dict.fromkeys(pubkeys))
                there = [THERE[result["status"]] for result in change(signer, *pubkeys)]
                self._there.update(zip(pubkeys, there, strict=True))
                answered.put(None)

    def check(self, pubkeys: list[str]) -> None:
        """Compares what was answered with what is there, and learns the rest from it."""
        answered = {pubkey: there for pubkey, there in self._there.items() if there is not None}
        assert answered == {pubkey: pubkey in pubkeys for pubkey in answered}
        self._there = {pubkey: pubkey in pubkeys for pubkey in self._there}


def kill_under_load(signer: Running, clients: list[Client], random: Random) -> None:
    """Returns when the signer is dead and every client has noticed."""
    answered: SimpleQueue[None] = SimpleQueue()
    with ThreadPoolExecutor() as threads:
        changes = threads.map(lambda client: client.change(signer, answered), clients)
        for _ in range(random.randrange(40)):
            answered.get()
        sum(range(random.randrange(50_000)))  # part of a millisecond, for another place to stop at
        signer.process.kill()
    list(changes)  # raises what a client raised
