"""The signing threads and the loop's side of them."""

import asyncio
import threading

import pytest

from signer import SecretKey
from signer._core import SigningThreads
from signer.engine import SigningEngine
from signer.errors import BLSError

KEYS = [SecretKey.from_bytes(number.to_bytes(32, "big")) for number in range(1, 5)]
ROOTS = [number.to_bytes(32, "big") for number in range(50)]


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_every_waiter_gets_its_own_signature(threads: int) -> None:
    async def sign_all() -> list[bytes]:
        engine = SigningEngine(threads)
        try:
            return await asyncio.gather(*(engine.sign(key, root) for key in KEYS for root in ROOTS))
        finally:
            engine.close()

    assert [key.sign(root) for key in KEYS for root in ROOTS] == asyncio.run(sign_all())


def test_a_waiter_that_left_does_not_disturb_the_others() -> None:
    async def leave_one() -> bytes:
        engine = SigningEngine(1)
        try:
            leaving = asyncio.ensure_future(engine.sign(KEYS[0], ROOTS[0]))
            staying = asyncio.ensure_future(engine.sign(KEYS[0], ROOTS[1]))
            await asyncio.sleep(0)
            leaving.cancel()
            return await staying
        finally:
            engine.close()

    assert KEYS[0].sign(ROOTS[1]) == asyncio.run(leave_one())


def test_closing_finishes_what_was_submitted() -> None:
    threads = SigningThreads(2)
    for number, root in enumerate(ROOTS):
        threads.submit(KEYS[0], root, number)

    threads.close()

    finished = dict(threads.finished())
    assert {number: KEYS[0].sign(root) for number, root in enumerate(ROOTS)} == finished


def test_a_closed_engine_takes_no_more() -> None:
    threads = SigningThreads(1)
    threads.close()

    with pytest.raises(BLSError, match="closed"):
        threads.submit(KEYS[0], ROOTS[0], None)


def test_a_root_of_another_length_is_refused() -> None:
    threads = SigningThreads(1)

    with pytest.raises(BLSError, match="expected 32 bytes for signing_root, found 31"):
        threads.submit(KEYS[0], ROOTS[0][:31], None)
    threads.close()


def test_each_thread_is_set_up_before_it_signs() -> None:
    async def sign() -> list[str]:
        engine = SigningEngine(3, lambda: names.append(threading.current_thread().name))
        try:
            await asyncio.gather(*(engine.sign(KEYS[0], root) for root in ROOTS))
        finally:
            engine.close()
        return names

    names: list[str] = []

    assert 3 == len(asyncio.run(sign()))
