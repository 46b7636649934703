"""`Coordinator`: asks the participants of distributed validators, and recovers signatures.

Source: ethereum/remote-signing-api, pull request 29, a draft: the distributed profile.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self
from urllib.request import OpenerDirector

from ..errors import ConfigError
from ..hex import from_hex
from ..keys.account_set import read_account_set
from ..ssz.scalars import Bytes48
from .client import NO_PROXY
from .participant import Participant, Problem, Signed
from .recovery import Recovered, Recovery, ThresholdError

TIMEOUT = 10.0  # seconds; longer than a healthy signer takes, shorter than a slot
ROOT_MEMBERS = ("signing_root", "signingRoot")

Answers = Mapping[bytes, Signed | Problem]  # by composite key


class Coordinator:
    """Asks all participants for a signature at the same time, and recovers it from any t of them.

    `endpoints` has the URL of each participant by its id, and `threshold` is t. What a participant
    says of itself is compared with these. `opener` is urllib's, for TLS and authentication. Any
    thread may call. Raises ConfigError.
    """

    def __init__(
        self,
        endpoints: Mapping[int, str],
        threshold: int,
        *,
        timeout: float = TIMEOUT,
        opener: OpenerDirector = NO_PROXY,
    ) -> None:
        for number in endpoints:
            if not isinstance(number, int) or number < 1:
                raise ConfigError(f"expected ids above 0 in endpoints, found {number!r:.100}")
        if not 1 <= threshold <= len(endpoints):
            expected = f"expected a threshold between 1 and the {len(endpoints)} endpoints"
            raise ConfigError(f"{expected}, found {threshold}")
        self.threshold = threshold
        self._urls = dict(sorted(endpoints.items()))
        self._participants = {
            number: Participant(number, url, opener, timeout) for number, url in self._urls.items()
        }

    @classmethod
    def of(cls, path: Path | str, *, timeout: float = TIMEOUT) -> Self:
        """The coordinator of the account set in a file: of any of the participants."""
        account_set = read_account_set(Path(path))
        endpoints = {int(each.id): each.endpoint for each in account_set.participants}
        return cls(endpoints, int(account_set.signing_threshold), timeout=timeout)

    def sign(self, composite_key: str, request: Mapping[str, Any]) -> Recovered:
        """The signature of a composite key over any signing request.

        Blocks for a timeout at most, for each of two requests. Raises ThresholdError.
        """
        pubkey = _pubkey_of(composite_key)
        answers = self._ask_all(lambda participant: {pubkey: participant.sign(pubkey, request)})
        return self._recover(pubkey, answers, request)

    def sign_batch(
        self,
        composite_keys: Sequence[str],
        request: Mapping[str, Any],
    ) -> list[Recovered | ThresholdError]:
        """The signature of each composite key over one request, or the error instead.

        Blocks as `sign`.
        """
        pubkeys = [_pubkey_of(key) for key in composite_keys]
        answers = self._ask_all(lambda participant: participant.sign_batch(pubkeys, request))
        results: list[Recovered | ThresholdError] = []
        for pubkey in pubkeys:
            try:
                results.append(self._recover(pubkey, answers, request))
            except ThresholdError as error:
                results.append(error)
        return results

    def _ask_all(self, ask: Callable[[Participant], Answers]) -> dict[int, Answers | Problem]:
        """The answers of all participants, by id; all are asked at the same time."""

        def answer(participant: Participant) -> Answers | Problem:
            try:
                return ask(participant)
            except Problem as problem:
                return problem

        with ThreadPoolExecutor(len(self._participants)) as pool:
            answers = pool.map(answer, self._participants.values())
            return dict(zip(self._participants, answers, strict=True))

    def _recover(
        self,
        pubkey: bytes,
        answers: Mapping[int, Answers | Problem],
        request: Mapping[str, Any],
    ) -> Recovered:
        recovery = Recovery(self.threshold, pubkey, self._urls)
        for number, answer in answers.items():
            recovery.add(number, answer if isinstance(answer, Problem) else answer[pubkey])
        for member in ROOT_MEMBERS:
            if request.get(member):
                recovery.require_root(from_hex(request[member]))
        return recovery.run()


def _pubkey_of(composite_key: str) -> bytes:
    try:
        return Bytes48.parse(composite_key)
    except ValueError as error:
        raise ConfigError(f"composite key: {error}") from None
