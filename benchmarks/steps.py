"""What the steps of a sign request cost in Python, one by one, on the thread that calls."""

import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, TypeVar

import uvloop

import load
from run import KEY
from signer.api.bodies import BodyReader
from signer.api.http import Request, Response
from signer.api.recorder import SIGN_PREFIX
from signer.api.signing import parse_pubkey
from signer.config.settings import Config
from signer.hex import to_hex
from signer.metrics import Metrics
from signer.signing.candidates import Chosen
from signer.signing.registry import SigningTypes
from signer.signing.request import SignRequest
from signer.slashing.protection import Protection
from signer.spec.network_files import load_network

T = TypeVar("T")
R = TypeVar("R")

IDENTIFIER = to_hex(KEY.public_key())
SCOPE = {
    "method": "POST",
    "path": SIGN_PREFIX + IDENTIFIER,
    "query_string": b"",
    "headers": [
        (b"host", b"127.0.0.1:9000"),
        (b"content-type", b"application/json"),
        (b"accept", b"application/json"),
        (b"content-length", b"460"),
    ],
}


def measure(times: int) -> dict[str, float]:
    """Seconds of CPU of each step, in the order of a request: means over attestations."""
    bodies = list(islice(load.new_roots(next(load.FIRSTS)), times))
    types = SigningTypes()
    network = load_network(None)
    protection = Protection(Config(), None)
    metrics = Metrics()
    pubkey = KEY.public_key()
    signature = KEY.sign(bytes(32))
    seconds: dict[str, float] = {}
    seconds["read the request, write the response"] = uvloop.run(_http(bodies, signature))
    seconds["decode the JSON"], requests = _timed(types.decode, bodies)
    seconds["compute the root"], chosen = _timed(lambda one: one.choose(network), requests)
    seconds["find the key"], _ = _timed(lambda _: parse_pubkey(IDENTIFIER), bodies)

    def admit(pair: tuple[SignRequest, Chosen]) -> int:
        request, one = pair
        return protection.admit(pubkey, request, one.signing_root)

    seconds["check and remember for slashing"], _ = _timed(
        admit, list(zip(requests, chosen, strict=True))
    )

    def count(_: bytes) -> None:
        metrics.time("ATTESTATION", 0.001)
        metrics.count("ATTESTATION", 200)

    seconds["count in the metrics"], _ = _timed(count, bodies)
    seconds["write the signature as hex"], _ = _timed(lambda _: to_hex(signature), bodies)
    return seconds


def _timed(step: Callable[[T], R], values: Sequence[T]) -> tuple[float, list[R]]:
    """Seconds of a step, and its results."""
    results = []
    started = time.thread_time()
    for value in values:
        results.append(step(value))  # noqa: PERF401 - a comprehension would cost something else
    return (time.thread_time() - started) / len(values), results


async def _http(bodies: list[bytes], signature: bytes) -> float:
    """Seconds from an ASGI scope to a body, and from a response to ASGI's messages."""
    reader = BodyReader(idle_timeout=10)
    content = b'{"signature":"%s"}' % to_hex(signature).encode()

    async def send(_: Any) -> None:
        """Takes what the server would send."""

    started = time.thread_time()
    for body in bodies:

        async def receive(body: bytes = body) -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        request = Request(SCOPE, receive, reader)
        await request.read_body()
        if request.wants_json:
            await Response(content).send(send)
    return (time.thread_time() - started) / len(bodies)
