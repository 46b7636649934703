"""The load generator as an open loop: requests are due at a constant rate, whatever the answers do.

A latency counts from when its request was due. So whoever stalls, signer or generator, stalls every
request that was due meanwhile, and none is left out ("coordinated omission").
"""

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from selectors import SelectSelector

import load

PATIENCE = 10.0  # seconds to wait for the last answers


async def _run(
    url: str, requests: Iterator[bytes], connections: int, seconds: float, rate: float
) -> load.Result:
    result, free, waiting = load.Result(), list[load.Connection](), deque[float]()
    ending = False

    def on_free(connection: load.Connection) -> None:
        if waiting:
            connection.send(next(requests), waiting.popleft())
        elif ending:
            connection.close()
        else:
            free.append(connection)

    opened = await load.connect(url, connections, result, on_free)
    started, total = time.perf_counter(), max(1, int(seconds * rate))
    for index in range(total):
        due = started + index / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        result.late.append(time.perf_counter() - due)
        if free:
            free.pop().send(next(requests), due)
        else:
            waiting.append(due)
    ending = True
    for connection in free:
        connection.close()
    await asyncio.wait([connection.closed for connection in opened], timeout=PATIENCE)
    result.elapsed = time.perf_counter() - started
    for connection in opened:
        connection.close()
    await asyncio.gather(*(connection.closed for connection in opened))
    result.lost = total - len(result.latencies) - result.errors
    return result


def run(
    url: str,
    pubkeys: list[str],
    bodies: Iterator[bytes],
    connections: int,
    seconds: float,
    *,
    rate: float,
) -> load.Result:
    """`rate` requests are due each second, over at most `connections`, for `seconds`.

    Ends the benchmark when a request fails.
    """
    requests = load.requests(url, pubkeys, bodies)

    def precise() -> asyncio.AbstractEventLoop:
        # select() sleeps for microseconds; epoll and uvloop round to milliseconds, which would
        # be most of a latency
        return asyncio.SelectorEventLoop(SelectSelector())

    with asyncio.Runner(loop_factory=precise) as runner:
        return runner.run(_run(url, requests, connections, seconds, rate)).checked()
