"""The signing threads and the loop's side of them."""

import asyncio
import threading
from typing import Any

import pytest

from signer import SecretKey
from signer._core import SigningThreads
from signer.errors import BLSError
from signer.signing.engine import SigningEngine

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
    names: list[str] = []
    threads = SigningThreads(3, lambda: names.append(threading.current_thread().name))
    threads.submit(KEYS[0], ROOTS[0], None)

    threads.close()

    assert 3 == len(set(names))


def test_who_helps_gets_a_signature_as_long_as_more_wait_than_there_are_threads() -> None:
    threads = SigningThreads(1)
    crowded = [threads.submit(KEYS[0], root, root) for root in ROOTS]

    helped = dict(iter(threads.help, None))
    threads.close()

    assert crowded[-1]
    assert not crowded[0]
    assert helped
    assert {root: KEYS[0].sign(root) for root in ROOTS} == helped | dict(threads.finished())


class Spied:
    """Signing threads that note which of their methods the loop calls."""

    called: set[str]

    def __init__(self, *arguments: Any) -> None:
        self._threads = SigningThreads(*arguments)

    def __getattr__(self, name: str) -> Any:
        Spied.called.add(name)
        return getattr(self._threads, name)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What engines call of their threads."""
    Spied.called = set()
    monkeypatch.setattr("signer.signing.engine.SigningThreads", Spied)
    return Spied.called


@pytest.mark.parametrize("background", [False, True])
def test_the_loop_helps_all_but_patient_threads(called: set[str], *, background: bool) -> None:
    async def sign_all() -> None:
        engine = SigningEngine(1, background=background)
        await asyncio.gather(*(engine.sign(KEYS[0], root) for root in ROOTS))
        engine.close()

    asyncio.run(sign_all())

    assert background != ("help" in called)


async def ask(engine: SigningEngine, root: bytes) -> bytes:
    """A request, as the server makes a task of it."""
    engine.expect()
    await asyncio.sleep(0)  # its body is read
    return await engine.sign(KEYS[0], root)


async def some_iterations() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_loop_signs_for_a_client_that_is_alone(called: set[str]) -> None:
    async def sign_each() -> list[bytes]:
        engine = SigningEngine(1)
        signatures = []
        for root in ROOTS[:3]:
            signatures.append(await ask(engine, root))
            await some_iterations()  # the client reads, and sends its next request
        engine.close()
        return signatures

    assert [KEYS[0].sign(root) for root in ROOTS[:3]] == asyncio.run(sign_each())
    assert "submit" not in called


@pytest.mark.parametrize("period", [60, 0])
def test_threads_sign_for_a_while_when_a_request_has_come_during_a_signature(
    called: set[str], monkeypatch: pytest.MonkeyPatch, period: float
) -> None:
    monkeypatch.setattr("signer.signing.engine.BUSY_PERIOD", period)

    async def sign_two_then_one() -> None:
        engine = SigningEngine(1)
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.create_task(ask(engine, root)) for root in ROOTS[:2]))
        called.clear()
        await some_iterations()
        await ask(engine, ROOTS[2])
        engine.close()

    asyncio.run(sign_two_then_one())

    assert (period > 0) == ("submit" in called)


def test_threads_sign_while_one_of_them_signs(called: set[str]) -> None:
    async def sign_at_once() -> None:
        engine = SigningEngine(2)
        waiters = [engine.sign(KEYS[0], root) for root in ROOTS[:3]]
        assert [True, False] == [waiter.done() for waiter in waiters[:2]]
        await asyncio.gather(*waiters)
        engine.close()

    asyncio.run(sign_at_once())

    assert "submit" in called
