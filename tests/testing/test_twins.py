"""The asynchronous twins: the event loop of a test goes on while they wait."""

import asyncio
import threading
from time import monotonic

import pytest

from signer import Signer
from signer.errors import ConfigError
from support.asking import sign
from support.duties import ATTESTATION, KEYS
from support.known_keys import INTEROP

BLOCKED = "wait_for blocked the event loop of its thread for 0.05 seconds"


def test_a_client_on_the_loop_is_waited_for() -> None:
    async def test(signer: Signer) -> list[str | None]:
        client = asyncio.create_task(asyncio.to_thread(sign, signer, ATTESTATION))
        records = await signer.wait_for_async(1, 5.0, type="ATTESTATION")
        await client
        return [record.type for record in records]

    with Signer(keys=KEYS) as signer:
        assert ["ATTESTATION"] == asyncio.run(test(signer))


def test_waiting_in_vain_shows_what_came() -> None:
    with Signer(interop=1) as signer:
        with pytest.raises(AssertionError) as failure:
            asyncio.run(signer.wait_for_async(1, 0.05))

        assert "expected 1 requests of any kind, found 0" in str(failure.value)
        assert BLOCKED not in str(failure.value)


def test_a_wait_that_blocked_an_event_loop_says_so() -> None:
    async def test(signer: Signer) -> None:
        signer.wait_for(1, 0.05)

    with Signer(interop=1) as signer:
        with pytest.raises(AssertionError) as failure:
            asyncio.run(test(signer))

        assert BLOCKED in str(failure.value)
        assert "`await signer.wait_for_async(...)`" in str(failure.value)


def test_a_wait_without_an_event_loop_says_nothing_of_one() -> None:
    with Signer(interop=1) as signer:
        with pytest.raises(AssertionError) as failure:
            signer.wait_for(1, 0.05)

        assert BLOCKED not in str(failure.value)


def test_a_wait_that_is_given_up_holds_up_nobody() -> None:
    async def test(signer: Signer) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(signer.wait_for_async(1, 30.0), 0.05)

    with Signer(interop=1) as signer:
        start = monotonic()
        asyncio.run(test(signer))
        elapsed = monotonic() - start
        waiting = [thread for thread in threading.enumerate() if thread.name == "signer-call"]
        signer.stop()
        for thread in waiting:
            thread.join(5)

    assert elapsed < 5
    assert [False] == [thread.is_alive() for thread in waiting]


@pytest.mark.parametrize("process", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_a_signer_stops_starts_and_gets_keys_from_a_coroutine(*, process: bool) -> None:
    async def test(signer: Signer) -> list[str]:
        await signer.stop_async()
        assert f"<Signer {signer.url}, not serving>" == repr(signer)
        await signer.start_async()
        return await signer.add_keys_async(interop=2)

    with Signer(interop=1, process=process) as signer:
        assert INTEROP[:2] == asyncio.run(test(signer))
        assert INTEROP[:2] == signer.pubkeys


def test_an_error_of_a_twin_is_raised_where_it_is_awaited() -> None:
    with Signer(interop=1) as signer:
        pass

    with pytest.raises(ConfigError, match="`with` block has ended"):
        asyncio.run(signer.start_async())
