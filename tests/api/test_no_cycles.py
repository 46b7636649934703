"""A request leaves no objects that refer to each other in a circle.

Only a full garbage collection would find these, and `serve` puts it off nearly for ever.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from signer.api.http import Request
from support.keymanager import body, fresh
from support.known_keys import INTEROP
from support.logs import once
from support.randao import RANDAO
from support.served import Served, serving_here
from support.slashable import attestation

SIGN = f"/api/v1/eth2/sign/{INTEROP[0]}"
UNKNOWN = f"/api/v1/eth2/sign/{INTEROP[5]}"
BATCH = "/api/v1/eth2/sign"
SEVERAL = {"identifiers": INTEROP[:2], "signing_request": RANDAO}
WRONG_ROOT = RANDAO | {"signing_root": f"0x{1:064x}"}


class Asked(NamedTuple):
    """A request, and the status of its answer."""

    method: str
    path: str
    body: Any
    status: int


KINDS = {
    "a signature": Asked("POST", SIGN, RANDAO, 200),
    "a batch": Asked("POST", BATCH, SEVERAL, 200),
    "an unknown key": Asked("POST", UNKNOWN, RANDAO, 404),
    "a body that is no JSON": Asked("POST", SIGN, b"{", 400),
    "another root": Asked("POST", SIGN, WRONG_ROOT, 400),
    "an unknown route": Asked("GET", "/nowhere", None, 404),
    "an import": Asked("POST", "/eth/v1/keystores", body(fresh()), 200),
    "a list of keys": Asked("GET", "/eth/v1/keystores", None, 200),
}
UNDER_CONTROL = {
    "the records": Asked("GET", "/_signer/requests", None, 200),
    "an explanation": Asked("POST", "/_signer/explain", RANDAO, 200),
}


@pytest.fixture(scope="module")
def plain() -> Iterator[Served]:
    with serving_here("--interop", "2", "--no-metrics") as signer:
        yield signer


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with serving_here("--interop", "2", "--control", "--no-metrics") as signer:
        yield signer


@contextmanager
def collecting_nothing() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def requests_alive() -> int:
    return sum(1 for thing in gc.get_objects() if type(thing) is Request)


def ask_and_forget(signer: Served, asked: Asked) -> None:
    """Asks, and expects that the request is gone a moment after the answer."""
    with collecting_nothing():
        before = requests_alive()
        answer = signer.ask(asked.method, asked.path, asked.body)

        assert asked.status == answer.status
        assert once(lambda: requests_alive() <= before)


@pytest.mark.parametrize("kind", [*KINDS, *UNDER_CONTROL])
def test_a_recorded_request_is_forgotten_without_a_collection(served: Served, kind: str) -> None:
    ask_and_forget(served, (KINDS | UNDER_CONTROL)[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_forgotten_without_a_collection(plain: Served, kind: str) -> None:
    ask_and_forget(plain, KINDS[kind])


def test_slashable_requests_are_forgotten_too(served: Served) -> None:
    votes = [attestation(7), attestation(7, root=1)]
    with collecting_nothing():
        before = requests_alive()
        statuses = [served.sign(INTEROP[0], vote).status for vote in votes]

        assert [200, 200] == statuses
        assert once(lambda: requests_alive() <= before)
