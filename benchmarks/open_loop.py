"""The package's open loop, which ends the benchmark when a request fails."""

import asyncio
from collections.abc import Iterator

import load
from signer.tools.bench.access import access_to
from signer.tools.bench.connections import requests
from signer.tools.bench.loops import open_loop, precise_loop


def run(
    url: str,
    pubkeys: list[str],
    bodies: Iterator[bytes],
    connections: int,
    seconds: float,
    *,
    rate: float,
) -> load.Result:
    """`rate` requests are due each second, over at most `connections`, for `seconds`."""
    access = access_to(url)
    sent = requests(access, pubkeys, bodies)
    with asyncio.Runner(loop_factory=precise_loop) as runner:
        return load.checked(runner.run(open_loop(access, sent, connections, seconds, rate=rate)))
