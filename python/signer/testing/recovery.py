"""Recovers one signature from the answers of participants, and tells which of them is at fault."""

import logging
from collections import Counter
from collections.abc import Hashable, Mapping
from itertools import combinations, islice

from msgspec import Struct

from .._core import recover_public_key, recover_signature, verify
from ..errors import BLSError, SignerError
from ..hex import abbreviated, to_hex
from .participant import Problem, Signed

log = logging.getLogger(__name__)

MAX_SUBSETS = 1000  # of component keys that contradict each other; trying them takes a second


class ThresholdError(SignerError):
    """Fewer participants than the threshold gave a partial signature that is right.

    `problems` tells by participant id which one is down, refused or lies, and why.
    """

    def __init__(self, message: str, problems: Mapping[int, str]) -> None:
        super().__init__(message)
        self.problems = dict(problems)


class Recovered(Struct, frozen=True):
    """A signature of a composite key, 0x and 192 digits; it was verified.

    `participants` gave the partial signatures. `problems` tells which other ones are down, refused
    or lie, and why.
    """

    signature: str
    signing_root: str
    participants: list[int]
    problems: dict[int, str]


class Recovery:
    """The answers for one composite key: `add` each of them, then `run`."""

    def __init__(self, threshold: int, composite_key: bytes, urls: Mapping[int, str]) -> None:
        self._threshold = threshold
        self._composite_key = composite_key
        self._urls = urls  # by participant id
        self._signed: dict[int, Signed] = {}
        self._problems: dict[int, str] = {}

    def add(self, number: int, answer: Signed | Problem) -> None:
        """Adds the answer of the participant with this id."""
        if isinstance(answer, Problem):
            self._problems[number] = str(answer)
            return
        account = answer.account
        ids = {peer.id for peer in account.participants}
        if account.signing_threshold != self._threshold or ids != self._urls.keys():
            told = f"threshold {account.signing_threshold} and participants {sorted(ids)}"
            self._problems[number] = f"lying: it belongs to another set, of {told}"
            return
        self._signed[number] = answer

    def require_root(self, signing_root: bytes) -> None:
        """Drops the participants that signed another root than the one in the request."""
        for number, signed in [*self._signed.items()]:
            if signed.partial.signing_root != signing_root:
                root = to_hex(signed.partial.signing_root)
                self._drop(number, f"lying: it signed {root}, which is not the root in the request")

    def run(self) -> Recovered:
        """The signature. Raises ThresholdError."""
        sets = {number: str(each.account.participants) for number, each in self._signed.items()}
        self._keep_agreeing("lying: it tells other endpoints than the others", sets)
        roots = {number: each.partial.signing_root for number, each in self._signed.items()}
        self._keep_agreeing("lying: it signed another root than the others", roots)
        self._require_enough()
        self._drop_false_keys()
        self._require_enough()
        ids = [*self._signed][: self._threshold]
        partials = [self._signed[number].partial for number in ids]
        signing_root = partials[0].signing_root
        signature = recover_signature(ids, [partial.signature for partial in partials])
        if not verify(self._composite_key, signing_root, signature):
            raise self._error("expected a signature of the composite key, recovered another one")
        if self._problems:
            log.warning("signed without some participants: %s", self._told())
        return Recovered(to_hex(signature), to_hex(signing_root), ids, self._problems)

    def _drop(self, number: int, problem: str) -> None:
        del self._signed[number]
        self._problems[number] = problem

    def _keep_agreeing(self, problem: str, values: Mapping[int, Hashable]) -> None:
        """Drops the participants that differ from most; of two equal halves, neither is right."""
        counts = Counter(values.values()).most_common(2)
        if len(counts) < 2:  # noqa: PLR2004 - nobody differs
            return
        (most, number), (_, next_number) = counts
        for participant, value in values.items():
            if value != most or number == next_number:
                self._drop(participant, problem)

    def _drop_false_keys(self) -> None:
        """Drops the participants whose component key does not belong to the composite key.

        As many keys as the threshold that recover it are right. Each other key has to recover it
        together with all but one of them.
        """
        keys = {number: each.account.public_key for number, each in self._signed.items()}
        right = self._keys_that_recover(keys)
        for number in keys.keys() - right.keys():
            others = dict([*right.items()][1:])
            if not self._recovers({**others, number: keys[number]}):
                self._drop(number, "lying: its component key is no share of the composite key")

    def _keys_that_recover(self, keys: Mapping[int, bytes]) -> dict[int, bytes]:
        for subset in islice(combinations(keys.items(), self._threshold), MAX_SUBSETS):
            if self._recovers(dict(subset)):
                return dict(subset)
        ids = ", ".join(map(str, keys))
        raise self._error(f"the component keys of {ids} do not recover the composite key: one lies")

    def _recovers(self, keys: Mapping[int, bytes]) -> bool:
        try:
            return recover_public_key([*keys], [*keys.values()]) == self._composite_key
        except BLSError:  # one is no point
            return False

    def _require_enough(self) -> None:
        if len(self._signed) < self._threshold:
            expected = f"expected {self._threshold} partial signatures"
            raise self._error(f"{expected}, found {len(self._signed)}")

    def _error(self, reason: str) -> ThresholdError:
        pubkey = abbreviated(to_hex(self._composite_key))
        message = f"not signed for {pubkey}: {reason}"
        if self._problems:
            message += f": {self._told()}"
        return ThresholdError(message, self._problems)

    def _told(self) -> str:
        return "; ".join(
            f"participant {number} at {self._urls[number]}: {problem}"
            for number, problem in sorted(self._problems.items())
        )
