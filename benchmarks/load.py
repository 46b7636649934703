"""A load generator: keeps connections busy with sign requests, one at a time on each.

It takes part of a core itself, so throughput on a small machine is the signer's and its own
together; CPU per signature, read from the signer's process, is the signer's alone.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlsplit

# mainnet in Fulu, which every signer knows
GENESIS_VALIDATORS_ROOT = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"
FORK_INFO = {
    "fork": {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "411392"},
    "genesis_validators_root": GENESIS_VALIDATORS_ROOT,
}
SLOT = 411392 * 32


def attestation(slot: int) -> bytes:
    """A sign request of the type that a validator sends most."""
    checkpoint = {"epoch": str(slot // 32), "root": f"0x{slot:064x}"}
    data = {"slot": str(slot), "index": "0", "beacon_block_root": f"0x{slot:064x}"}
    body = {"type": "ATTESTATION", "fork_info": FORK_INFO}
    return json.dumps(
        body | {"attestation": data | {"source": checkpoint, "target": checkpoint}}
    ).encode()


def new_roots() -> Iterator[bytes]:
    """Requests each with another signing root, made by one replacement: the generator is lean."""
    template, root = attestation(SLOT), b"%064x" % SLOT
    return (template.replace(root, b"%064x" % index) for index in count(1))


def one_root() -> Iterator[bytes]:
    """Requests all with the same signing root, as a committee's are."""
    body = attestation(SLOT)
    return (body for _ in count())


@dataclass
class Result:
    """What came back: seconds for each answer, and answers that were no signature."""

    elapsed: float = 0.0
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    lost: int = 0

    @property
    def rate(self) -> float:
        """Signatures per second."""
        return len(self.latencies) / self.elapsed

    def percentile(self, share: float) -> float:
        """The latency, in seconds, that a share of the answers stayed below."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Connection(asyncio.Protocol):
    """One kept-alive connection: sends the next request when the answer to the last is there."""

    def __init__(self, send_next: Callable[[], bytes | None], result: Result) -> None:
        self._send_next = send_next
        self._result = result
        self._buffer = b""
        self._sent_at: float | None = None
        self.closed = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def _send(self) -> None:
        request = self._send_next()
        if request is None:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(rest) < length or self._sent_at is None:
            return
        if head.startswith(b"HTTP/1.1 200"):
            self._result.latencies.append(time.perf_counter() - self._sent_at)
        else:
            self._result.errors += 1
        self._buffer, self._sent_at = b"", None
        if b"connection: close" in head.lower():
            self._transport.close()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._sent_at is not None:  # a request that nobody answered
            self._result.lost += 1
        if not self.closed.done():
            self.closed.set_result(None)


async def run(
    url: str, pubkeys: list[str], bodies: Iterator[bytes], connections: int, seconds: float
) -> Result:
    """Closed loop: `connections` requests are under way at any time, for `seconds`."""
    parts = urlsplit(url)
    result, turn, end = Result(), count(), time.perf_counter() + seconds

    def send_next() -> bytes | None:
        if time.perf_counter() >= end:
            return None
        pubkey, body = pubkeys[next(turn) % len(pubkeys)], next(bodies)
        head = (
            f"POST /api/v1/eth2/sign/{pubkey} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    started = time.perf_counter()
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(
            lambda: Connection(send_next, result), parts.hostname or "", parts.port or 80
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.closed for _, protocol in opened))
    result.elapsed = time.perf_counter() - started
    return result
