"""Long lists, which are made once and sent in parts."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from signer import Signer
from signer.api.http import Response
from signer.api.lists import ITEMS_PER_PART, KeptList
from support.asking import ask
from support.known_keys import INTEROP

FIRST, SECOND, THIRD = INTEROP[:3]
SECRETS = [index.to_bytes(32, "big") for index in range(1, 4)]
LENGTHS = [0, 1, ITEMS_PER_PART, ITEMS_PER_PART + 1, 3 * ITEMS_PER_PART + 7]


async def parts_of(response: Response) -> AsyncIterator[bytes]:
    if isinstance(response.body, bytes):
        yield response.body
    else:
        async for part in response.body:
            yield part


async def items_of(response: Response) -> Any:
    return json.loads(b"".join([part async for part in parts_of(response)]))


def public_keys(signer: Signer) -> list[str]:
    return list(ask(signer, "GET", "/api/v1/eth2/publicKeys").json)


@pytest.mark.parametrize("length", LENGTHS)
def test_a_kept_list_has_the_same_items_each_time(length: int) -> None:
    kept = KeptList(range(length))

    for _ in range(3):
        assert [*range(length)] == asyncio.run(items_of(kept.response()))


@pytest.mark.parametrize("length", LENGTHS)
def test_two_responses_may_be_under_way(length: int) -> None:
    kept = KeptList(range(length))

    async def read_both() -> list[Any]:
        return [*await asyncio.gather(items_of(kept.response()), items_of(kept.response()))]

    assert [[*range(length)], [*range(length)]] == asyncio.run(read_both())


def test_a_client_that_goes_away_leaves_the_list_whole() -> None:
    kept = KeptList(range(3 * ITEMS_PER_PART))

    async def leave_and_read() -> Any:
        leaving = parts_of(kept.response())
        await anext(leaving)
        await leaving.aclose()  # type: ignore[attr-defined] # it is a generator
        return await items_of(kept.response())

    assert [*range(3 * ITEMS_PER_PART)] == asyncio.run(leave_and_read())


def test_the_list_of_public_keys_has_each_change_of_keys() -> None:
    with Signer(interop=2) as signer:
        lists = [public_keys(signer)]
        signer.remove_keys(FIRST)
        lists.append(public_keys(signer))
        signer.add_keys(interop=3)
        lists.append(public_keys(signer))

    assert [[FIRST, SECOND], [SECOND], [SECOND, FIRST, THIRD]] == lists


def test_another_key_with_the_same_neighbours_is_listed() -> None:
    with Signer() as signer:
        first, second, third = signer.add_keys(keys=SECRETS)
        signer.remove_keys(first)
        before = public_keys(signer)
        signer.remove_keys(second, third)
        signer.add_keys(keys=[SECRETS[0], SECRETS[2]])

        assert [second, third] == before
        assert [first, third] == public_keys(signer)


def test_a_thousand_keys_are_listed_once_each_and_in_the_same_bytes_again() -> None:
    with Signer(interop=ITEMS_PER_PART * 2 + 1) as signer:
        first = ask(signer, "GET", "/api/v1/eth2/publicKeys")
        again = ask(signer, "GET", "/api/v1/eth2/publicKeys")

    assert first.body == again.body
    assert signer.pubkeys == first.json
    assert INTEROP == first.json[: len(INTEROP)]
