"""A load generator: keeps connections busy with sign requests, one at a time on each.

It is a closed loop, which shows how much a signer can do; `open_loop.py` has the other kind. It
takes part of a core itself, so throughput on a small machine is the signer's and its own together;
CPU per signature, read from the signer's process, is the signer's alone.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, cycle, repeat
from typing import Any, Self
from urllib.parse import urlsplit

import uvloop

# mainnet in Fulu, which every signer knows
GENESIS_VALIDATORS_ROOT = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"
FORK_INFO = {
    "fork": {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "411392"},
    "genesis_validators_root": GENESIS_VALIDATORS_ROOT,
}
EPOCH = 411392
# one for each load of new roots: no root comes twice, and no attestation is older than another
FIRSTS = count(EPOCH + 1, 10_000_000)


# a sign request of the type that a validator sends most; filled in: a generator has to be lean
ATTESTATION = {
    "type": "ATTESTATION",
    "fork_info": FORK_INFO,
    "attestation": {
        "slot": "%d",
        "index": "0",
        "beacon_block_root": "%s",
        "source": {"epoch": "%d", "root": "%s"},
        "target": {"epoch": "%d", "root": "%s"},
    },
}
TEMPLATE = json.dumps(ATTESTATION).encode()
# for upstream py3signer, which signs whatever root it is sent, and needs one
UPSTREAM = json.dumps(ATTESTATION | {"signing_root": f"0x{1:064x}"}).encode()


def attestation(epoch: int = EPOCH, template: bytes = TEMPLATE) -> bytes:
    """A sign request of a template."""
    root = b"0x%064x" % epoch
    return template % (epoch * 32, root, epoch - 1, root, epoch, root)


def new_roots(first: int = EPOCH, template: bytes = TEMPLATE) -> Iterator[bytes]:
    """Requests each with another signing root, and an epoch later each: so none is slashable."""
    return (attestation(epoch, template) for epoch in count(first))


def one_root(template: bytes = TEMPLATE) -> Iterator[bytes]:
    """Requests all with the same signing root, as a committee's are."""
    return repeat(attestation(template=template))


def percentile(seconds: list[float], share: float) -> float:
    """What a share of them stays below."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Result:
    """What came back: seconds for each answer, and answers that were no signature.

    `late` is an open loop's own part in each latency: how long after a request was due the
    generator came to it.
    """

    elapsed: float = 0.0
    latencies: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    errors: int = 0
    lost: int = 0

    @property
    def count(self) -> int:
        """Signatures."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """Signatures per second."""
        return self.count / self.elapsed

    def percentile(self, share: float) -> float:
        """The latency, in seconds, that a share of the answers stayed below."""
        return percentile(self.latencies, share)

    def checked(self) -> Self:
        """Itself; ends the benchmark when not every answer was a signature."""
        if self.errors or self.lost or not self.latencies:
            answers = f"{len(self.latencies)} signatures, {self.errors} errors, {self.lost} lost"
            raise SystemExit(f"expected nothing but signatures, found {answers}")
        return self


class Connection(asyncio.Protocol):
    """One kept-alive connection; it calls `on_free` whenever it can send another request."""

    def __init__(self, result: Result, on_free: Callable[["Connection"], None]) -> None:
        self._result, self._on_free = result, on_free
        self._buffer = b""
        self._due: float | None = None  # of the request under way
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._on_free(self)

    def send(self, request: bytes, due: float) -> None:
        """Sends a request whose latency counts from `due`."""
        self._due = due
        self._transport.write(request)

    def close(self) -> None:
        """Closes it; `closed` is done afterwards."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        head = head.lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(rest) < length or self._due is None:
            return
        if head.startswith(b"http/1.1 200"):
            self._result.latencies.append(time.perf_counter() - self._due)
        else:
            self._result.errors += 1
        self._buffer, self._due = b"", None
        if b"connection: close" in head:
            self.close()
        else:
            self._on_free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._due is not None:  # a request that nobody answered
            self._result.lost += 1
        if not self.closed.done():
            self.closed.set_result(None)


def requests(url: str, pubkeys: list[str], bodies: Iterator[bytes]) -> Iterator[bytes]:
    """HTTP requests with these bodies, to each key in turn."""
    parts = urlsplit(url)
    heads = cycle(
        f"POST {parts.path.rstrip('/')}/api/v1/eth2/sign/{pubkey} HTTP/1.1\r\n"
        f"Host: {parts.netloc}\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        "Content-Length: ".encode()
        for pubkey in pubkeys
    )
    pairs = zip(heads, bodies, strict=False)
    return (b"%s%d\r\n\r\n%s" % (head, len(body), body) for head, body in pairs)


async def connect(
    url: str, connections: int, result: Result, on_free: Callable[[Connection], None]
) -> list[Connection]:
    """Opens connections, one after the other; each can send as soon as it is open."""
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    opened = [
        await loop.create_connection(
            lambda: Connection(result, on_free), parts.hostname or "", parts.port or 80
        )
        for _ in range(connections)
    ]
    return [connection for _, connection in opened]


async def run(
    url: str, pubkeys: list[str], bodies: Iterator[bytes], connections: int, seconds: float
) -> Result:
    """Closed loop: `connections` requests are under way at any time, for `seconds`."""
    result, sent = Result(), requests(url, pubkeys, bodies)
    started = time.perf_counter()

    def on_free(connection: Connection) -> None:
        now = time.perf_counter()
        if now < started + seconds:
            connection.send(next(sent), now)
        else:
            connection.close()

    opened = await connect(url, connections, result, on_free)
    await asyncio.gather(*(connection.closed for connection in opened))
    result.elapsed = time.perf_counter() - started
    return result


def closed_loop(
    url: str, pubkeys: list[str], bodies: Iterator[bytes], connections: int, seconds: float
) -> Result:
    """As `run`, on a faster event loop; ends the benchmark when a request fails."""
    return uvloop.run(run(url, pubkeys, bodies, connections, seconds)).checked()
