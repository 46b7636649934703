"""The load generator: closed loops, and open ones.

A closed loop keeps connections busy with one request at a time on each, which shows how much a
signer can do. In an open loop requests are due at a constant rate, whatever the answers do. A
latency counts from when its request was due. So whoever stalls, signer or generator, stalls every
request that was due meanwhile, and none is left out ("coordinated omission").

The generator takes part of a core itself. Throughput on a small machine is the signer's and its own
together; CPU per signature, read from the signer's process, is the signer's alone.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterator
from selectors import SelectSelector

from .access import Access
from .connections import PATIENCE, Connection, Pool
from .result import Result

Clock = Callable[[], float]


def unknown() -> float:
    """The CPU time of a process that nobody can look into."""
    return 0.0


async def closed_loop(
    access: Access,
    requests: Iterator[bytes],
    connections: int,
    seconds: float,
    *,
    cpu: Clock = unknown,
    keeps_answers: bool = False,
) -> Result:
    """`connections` requests are under way at any time, for `seconds`. Raises OSError.

    `cpu` tells the seconds of CPU that the target has taken so far.
    """
    result = Result(answers={} if keeps_answers else None)
    end = 0.0

    def on_free(connection: Connection) -> None:
        now = time.perf_counter()
        if now < end:
            connection.send(next(requests), now)
        else:
            connection.close()

    pool = Pool(access, result, on_free)
    opened = await pool.open(connections)
    cpu_before = cpu()
    started = time.perf_counter()
    end = started + seconds
    for connection in opened:
        on_free(connection)
    await pool.wait(seconds + PATIENCE)
    result.elapsed = time.perf_counter() - started
    result.cpu = cpu() - cpu_before
    return result


async def open_loop(
    access: Access,
    requests: Iterator[bytes],
    connections: int,
    seconds: float,
    *,
    rate: float,
    cpu: Clock = unknown,
    keeps_answers: bool = False,
) -> Result:
    """`rate` requests are due each second, over at most `connections`. Raises OSError."""
    result = Result(answers={} if keeps_answers else None)
    free: list[Connection] = []
    waiting: deque[float] = deque()
    is_ending = False

    def on_free(connection: Connection) -> None:
        if waiting:
            connection.send(next(requests), waiting.popleft())
        elif is_ending:
            connection.close()
        else:
            free.append(connection)

    pool = Pool(access, result, on_free)
    free += await pool.open(connections)
    cpu_before = cpu()
    started = time.perf_counter()
    total = max(1, int(seconds * rate))
    for index in range(total):
        due = started + index / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        result.late.append(time.perf_counter() - due)
        while free and free[-1].closed.done():  # the other side has closed it
            free.pop()
        if free:
            free.pop().send(next(requests), due)
        else:
            waiting.append(due)
    is_ending = True
    for connection in free:
        connection.close()
    await pool.wait(PATIENCE)
    result.elapsed = time.perf_counter() - started
    result.cpu = cpu() - cpu_before
    result.lost = total - result.count - result.errors
    return result


def precise_loop() -> asyncio.AbstractEventLoop:
    """An event loop for open loops.

    select() sleeps for microseconds; epoll and uvloop round to milliseconds, which would be most of
    a latency.
    """
    return asyncio.SelectorEventLoop(SelectSelector())
