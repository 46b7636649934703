"""The package's load generator, for benchmarks and tests: one that ends when a request fails."""

import json
from collections.abc import Iterator
from itertools import count

import uvloop

from signer.tools.bench.access import access_to
from signer.tools.bench.connections import requests
from signer.tools.bench.loops import closed_loop as closed
from signer.tools.bench.messages import (
    ATTESTATION,
    EPOCH,
    FORK_INFO,
    GENESIS_VALIDATORS_ROOT,
    TEMPLATE,
    attestation,
    new_roots,
    one_root,
)
from signer.tools.bench.result import Result, percentile

__all__ = [
    "ATTESTATION",
    "EPOCH",
    "FIRSTS",
    "FORK_INFO",
    "GENESIS_VALIDATORS_ROOT",
    "TEMPLATE",
    "UPSTREAM",
    "Result",
    "attestation",
    "checked",
    "closed_loop",
    "new_roots",
    "one_root",
    "percentile",
    "run",
]

# one for each load of new roots: no root comes twice, and no attestation is older than another
FIRSTS = count(EPOCH + 1, 10_000_000)
# for upstream py3signer, which signs whatever root it is sent, and needs one
UPSTREAM = json.dumps(ATTESTATION | {"signing_root": f"0x{1:064x}"}).encode()


def checked(result: Result) -> Result:
    """The result; ends the benchmark when not every answer was a signature."""
    if result.errors or result.lost or not result.latencies:
        found = f"{result.count} signatures, {result.describe_problems()}"
        raise SystemExit(f"expected nothing but signatures, found {found}")
    return result


async def run(
    url: str, pubkeys: list[str], bodies: Iterator[bytes], connections: int, seconds: float
) -> Result:
    """Closed loop: `connections` requests are under way at any time, for `seconds`."""
    access = access_to(url)
    return await closed(access, requests(access, pubkeys, bodies), connections, seconds)


def closed_loop(
    url: str, pubkeys: list[str], bodies: Iterator[bytes], connections: int, seconds: float
) -> Result:
    """As `run`, on a faster event loop; ends the benchmark when a request fails."""
    return checked(uvloop.run(run(url, pubkeys, bodies, connections, seconds)))
