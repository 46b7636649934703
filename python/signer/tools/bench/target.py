"""A target that serves Web3Signer's signing API."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from itertools import repeat

import msgspec
import uvloop

from ...decoding import decoder
from ...errors import UnavailableError
from .access import Access
from .connections import OK, requests, requests_to
from .loads import Order, next_epoch
from .loops import closed_loop, open_loop, precise_loop
from .messages import attestation
from .processes import cpu_of
from .reasons import reason_of
from .result import Result

PUBLIC_KEYS = "/api/v1/eth2/publicKeys"
SIGN = "/api/v1/eth2/sign"
PUBKEY = re.compile(r"(?:0x)?[0-9a-fA-F]{96}")
MOST_KEYS_OF_BATCHES = 100


class HttpTarget:
    """A signer behind HTTP."""

    def __init__(self, access: Access, name: str, pid: int | None = None) -> None:
        self.name = name
        self.url = access.url
        self._pid = pid
        self.has_batches = False
        self._access = access

    def public_keys(self) -> list[str]:
        """The keys that it lists, in lower case and with 0x. Raises UnavailableError."""
        status, body = self._access.ask("GET", PUBLIC_KEYS)
        expected = f"expected a list of public keys at {self._access.url}{PUBLIC_KEYS}"
        if status != OK:
            raise UnavailableError(f"{expected}, found status {status}: is another server there?")
        try:
            listed: list[str] = decoder(list[str]).decode(body)
        except msgspec.MsgspecError:
            raise UnavailableError(f"{expected}, found other content") from None
        return [
            f"0x{pubkey.lower().removeprefix('0x')}"
            for pubkey in listed
            if PUBKEY.fullmatch(pubkey)
        ]

    def look_for_batches(self, pubkeys: Sequence[str]) -> None:
        """Notes whether it signs batches. Raises UnavailableError."""
        body = attestation(next_epoch())
        status, _ = self._access.ask("POST", SIGN, batch_of(pubkeys[:1], body))
        self.has_batches = status == OK

    def measure(self, order: Order) -> Result:
        """What came back from it."""
        load = order.load
        sent = self._requests(order)
        try:
            if load.is_open:
                loop = open_loop(
                    self._access,
                    sent,
                    load.connections,
                    order.seconds,
                    rate=order.rate,
                    cpu=self._cpu,
                    keeps_answers=True,
                )
                with asyncio.Runner(loop_factory=precise_loop) as runner:
                    return runner.run(loop)
            return uvloop.run(
                closed_loop(
                    self._access,
                    sent,
                    load.connections,
                    order.seconds,
                    cpu=self._cpu,
                    keeps_answers=True,
                )
            )
        except OSError as error:
            return Result(problem=f"cannot connect: {reason_of(error)}", answers={})

    def _cpu(self) -> float:
        return cpu_of(self._pid) if self._pid else 0.0

    def _requests(self, order: Order) -> Iterator[bytes]:
        bodies = order.load.bodies(order.first)
        if order.load.batch:
            pubkeys = order.pubkeys[: order.load.batch]
            batches = (batch_of(pubkeys, body) for body in bodies)
            return requests_to(self._access, repeat(SIGN), batches)
        return requests(self._access, [*order.pubkeys], bodies)


def batch_of(pubkeys: Sequence[str], body: bytes) -> bytes:
    """A request for the signatures of several keys over one message."""
    return b'{"identifiers":%s,"signing_request":%s}' % (msgspec.json.encode(pubkeys), body)


def batch_size(targets: Sequence[HttpTarget], keys: int) -> int:
    """The number of keys of each batch; 0 where no target signs batches."""
    if any(target.has_batches for target in targets):
        return min(keys, MOST_KEYS_OF_BATCHES)
    return 0


def names_of(accesses: Sequence[Access]) -> list[str]:
    """A short name for each target: its host and port, or a number after those that are equal."""
    names: list[str] = []
    for access in accesses:
        host = f"[{access.host}]" if ":" in access.host else access.host
        name = f"{host}:{access.port}{access.prefix}"
        taken = [other for other in names if other.partition(" ")[0] == name]
        if taken:
            name = f"{name} ({len(taken) + 1})"
        names.append(name)
    return names
