"""The sign requests of the soak, and what must come back for them.

Most are new messages from a template. The others are examples of every signing type and fork, which
come again and again with another key. One in 25 is a batch, and one in 500 is slashable.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

from signer.signing.examples import examples
from signer.signing.registry import BUILT_IN
from signer.spec.networks import DEFAULT_NETWORK
from signer.tools.bench.access import Access
from signer.tools.bench.connections import requests_to
from signer.tools.bench.messages import (
    EPOCH,
    GENESIS_VALIDATORS_ROOT,
    TEMPLATE,
    attestation,
    randao_reveal,
)
from signer.tools.bench.result import Result
from signer.tools.bench.target import SIGN, batch_of
from support.consensus_specs import unhex, verify
from support.example_roots import PRESETS, signing_root

BATCH_SIZE = 64  # keys
BATCH_EVERY = 25  # requests
DOUBLE_VOTE_EVERY = 500  # requests
MAINNET_GENESIS_VERSION = 0
SEEDS_OF_EXAMPLES = range(6)
FORK_OF_TEMPLATES = "FULU"
SIGNATURE = re.compile(r"0x[0-9a-f]{192}")


class WrongError(Exception):
    """The signer did what it may not."""


class Message(NamedTuple):
    """A sign request; the oracle needs its fork."""

    body: bytes
    fork: str | None

    def signing_root(self) -> bytes:
        """The root as remerkleable computes it."""
        request = json.loads(self.body)
        mainnet = PRESETS["mainnet"]
        return unhex(signing_root(request, self.fork, mainnet, MAINNET_GENESIS_VERSION))


class Sent(NamedTuple):
    """A message, and the keys that were asked to sign it; `is_batch` decides the route."""

    message: Message
    pubkeys: Sequence[str]
    is_batch: bool = False


class Vote(NamedTuple):
    """Who attested last, and in which epoch."""

    pubkey: str
    epoch: int


class Traffic:
    """Makes requests without end, and checks the answers to them."""

    def __init__(self, access: Access, pubkeys: Sequence[str], verify_every: int) -> None:
        self._access = access
        self._pubkeys = pubkeys
        self._verify_every = verify_every
        self._examples = list(_examples())
        self._numbers = count()
        self._epochs = count(EPOCH)
        self._sent: list[Sent] = []  # since the last check
        self._last_vote = Vote(pubkeys[0], EPOCH)
        self.signatures = 0
        self.verified = 0
        self._due = 0  # the number of the next signature to verify
        self.types = {json.loads(example.body)["type"] for example in self._examples}

    def requests(self) -> Iterator[bytes]:
        """HTTP requests."""
        return requests_to(self._access, self._paths(), self._bodies())

    def _paths(self) -> Iterator[str]:
        while True:
            sent = self._next()
            self._sent.append(sent)
            yield SIGN if sent.is_batch else f"{SIGN}/{sent.pubkeys[0]}"

    def _bodies(self) -> Iterator[bytes]:
        while True:  # `requests_to` takes the path first
            sent = self._sent[-1]
            yield batch_of(sent.pubkeys, sent.message.body) if sent.is_batch else sent.message.body

    def _next(self) -> Sent:
        number = next(self._numbers)
        pubkey = self._pubkeys[number % len(self._pubkeys)]
        if number % DOUBLE_VOTE_EVERY == DOUBLE_VOTE_EVERY - 1:
            return Sent(_templated(_double_vote(self._last_vote.epoch)), [self._last_vote.pubkey])
        if number % BATCH_EVERY == 0:
            message = _templated(attestation(next(self._epochs)))
            return Sent(message, self._some(number), is_batch=True)
        if number % 2:
            example = self._examples[number // 2 % len(self._examples)]
            return Sent(example, [pubkey])
        if number % 10 == 2:
            return Sent(_templated(randao_reveal(next(self._epochs))), [pubkey])
        self._last_vote = Vote(pubkey, next(self._epochs))
        return Sent(_templated(attestation(self._last_vote.epoch)), [pubkey])

    def _some(self, number: int) -> list[str]:
        start = number // BATCH_EVERY % len(self._pubkeys)
        return [*self._pubkeys[start:], *self._pubkeys[:start]][:BATCH_SIZE]

    def check(self, result: Result) -> list[float]:
        """Checks every answer, and returns the latencies of single signatures.

        Raises WrongError for an answer without a signature of each key, and for a wrong signature.
        """
        sent = self._sent
        self._sent = []
        if result.describe_problems():
            raise WrongError(result.describe_problems())
        answers = result.answers or {}
        singles = []
        for (number, content), latency in zip(answers.items(), result.latencies, strict=True):
            self._check_answer(sent[number], content)
            if not sent[number].is_batch:
                singles.append(latency)
        return singles

    def _check_answer(self, sent: Sent, content: bytes) -> None:
        signatures = _signatures(sent, content)
        for pubkey, signature in signatures.items():
            if self.signatures >= self._due:
                self._due = self.signatures + self._verify_every
                self._verify(sent.message, pubkey, signature)
            self.signatures += 1

    def _verify(self, message: Message, pubkey: str, signature: str) -> None:
        self.verified += 1
        if not verify(pubkey, message.signing_root(), unhex(signature)):
            raise WrongError(f"wrong signature {signature} of {pubkey} over {message.body!r:.3000}")


def _examples() -> Iterator[Message]:
    """An ordinary message of each signing type and fork, several times; the smallest ones too."""
    for seed in SEEDS_OF_EXAMPLES:
        for example in examples(BUILT_IN, DEFAULT_NETWORK, seed, with_root=True):
            yield Message(json.dumps(example.request).encode(), example.fork)
    for example in examples(BUILT_IN, DEFAULT_NETWORK, 0, "minimal", with_root=True):
        yield Message(json.dumps(example.request).encode(), example.fork)


def _templated(body: bytes) -> Message:
    return Message(body, FORK_OF_TEMPLATES)


def _double_vote(epoch: int) -> bytes:
    """A second attestation with the target of an earlier one."""
    root = GENESIS_VALIDATORS_ROOT.encode()  # any other root
    return TEMPLATE % (epoch * 32, root, epoch - 1, root, epoch, root)


def _signatures(sent: Sent, content: bytes) -> Mapping[str, str]:
    """The signature of each key. Raises WrongError where one lacks."""
    answer = json.loads(content)
    signatures: dict[str, Any] = {sent.pubkeys[0]: answer}
    if sent.is_batch:
        signatures = {each["identifier"]: each for each in answer}
    found = {pubkey: each.get("signature", "") for pubkey, each in signatures.items()}
    if found.keys() != set(sent.pubkeys) or not all(map(SIGNATURE.fullmatch, found.values())):
        raise WrongError(f"expected a signature of each key, found {content!r:.3000}")
    return found
