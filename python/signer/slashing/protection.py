"""Slashing protection: remembers signed messages, and reports or refuses slashable ones.

The rules are in `rules.py`; `database.py` keeps histories on disk.
"""

import logging
import threading
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from ..config.settings import Config
from ..errors import SlashingError
from ..hex import to_hex
from ..signing.request import SignRequest
from ..spec.domains import DOMAIN_BEACON_ATTESTER, DOMAIN_BEACON_PROPOSER
from ..spec.networks import Network
from .database import HistoryDatabase
from .equivocations import Equivocations
from .interchange import Interchange, ValidatorHistory, exported_messages, message_of, taken
from .reports import Count, Reports
from .rules import History, HistoryKey, Vote, invalid_source, lowest, shared_vote
from .slashable import Slashable

log = logging.getLogger(__name__)

VOTES_KEPT_PER_HISTORY = 256  # a day of attestations; pruned when there are twice as many
SLASHABLE_DOMAINS = {DOMAIN_BEACON_ATTESTER, DOMAIN_BEACON_PROPOSER}
VOTES_PER_STEP = 500  # of an import; remembering them takes about a millisecond


class Protection:
    """The histories of all keys. Any thread may call.

    A vote is checked and remembered in one step, so that of two conflicting requests at once only
    one is admitted.
    """

    def __init__(
        self,
        config: Config,
        database: HistoryDatabase | None,
        count_conflict: Count = lambda *_: None,
    ) -> None:
        self.mode = config.slashing
        self.equivocations = Equivocations(count_conflict)
        self.reports = Reports(count_conflict)
        self.pairs = self.reports.pairs
        # Web3Signer's: nothing is signed from there on.
        self.high_watermark = {
            "epoch": config.high_watermark_epoch,
            "slot": config.high_watermark_slot,
        }
        if self.mode != "enforce" and any(end is not None for end in self.high_watermark.values()):
            log.warning("--high-watermark-epoch and -slot end nothing without --slashing enforce")
        self._database = database
        self._histories: dict[bytes, dict[HistoryKey, History]] = {}  # by public key
        self._lock = threading.Lock()

    def admit(self, pubkey: bytes, request: SignRequest, signing_root: bytes) -> int:
        """Remembers a message that is about to be signed.

        Returns the position for `wait_for_disk`. Raises SlashingError, and remembers nothing, for
        a message that must not be signed.
        """
        if self.mode == "off":
            return 0
        if request.DOMAIN_TYPE not in SLASHABLE_DOMAINS:
            self.equivocations.note(pubkey, request, signing_root)
            return 0
        message = request.slashable_message(must_exist=self.mode == "enforce")
        if message is None:
            return 0
        fork_info = getattr(request, "fork_info", None)
        genesis_validators_root = fork_info.genesis_validators_root if fork_info else bytes(32)
        if request.DOMAIN_TYPE == DOMAIN_BEACON_ATTESTER:
            key = HistoryKey(pubkey, genesis_validators_root, "signed_attestations")
            vote = shared_vote(message.source.epoch, message.target.epoch, signing_root)
            end = self.high_watermark["epoch"]
            self._check_source(pubkey, vote)
        else:
            key = HistoryKey(pubkey, genesis_validators_root, "signed_blocks")
            vote = shared_vote(0, message.slot, signing_root)
            end = self.high_watermark["slot"]
        if self.mode == "enforce" and end is not None and vote.target >= end:
            raise SlashingError(f"not signed: {vote.target} is not below the high watermark, {end}")
        return self._check_and_remember(key, vote)

    def _check_source(self, pubkey: bytes, vote: Vote) -> None:
        """Refuses an invalid source in enforce mode. `report` warns, because it is no pair."""
        problem = invalid_source(vote)
        if not problem:
            return
        if self.mode == "enforce":
            raise SlashingError(f"not signed: invalid_source: {problem}: no chain accepts it")
        self.reports.warn_of_invalid(to_hex(pubkey), problem)

    def _check_and_remember(self, key: HistoryKey, vote: Vote) -> int:
        with self._lock:
            history = self._histories_of(key.pubkey)[key]
            conflict = history.conflict(vote)
            if conflict:
                rule, earlier = conflict
                self._report(key, rule, earlier, vote)
            self._remember(key, history, vote)
            self._keep_low_watermark(key, history)
            if self._database:
                return self._database.noted
            return 0

    async def wait_for_disk(self, noted: int) -> None:
        """Waits until all changes up to a position of `admit` are on disk.

        Only then may the signature leave. Raises SignerError when they cannot be written.
        """
        if self._database and noted:
            await self._database.wait_for_disk(noted)

    def _report(self, key: HistoryKey, rule: str, earlier: Vote, vote: Vote) -> None:
        """Reports a conflict, and raises SlashingError in enforce mode."""
        if rule == "double_vote" and key.kind == "signed_blocks":
            rule = "double_block_proposal"
        pair = Slashable(
            rule=rule,
            pubkey=to_hex(key.pubkey),
            genesis_validators_root=to_hex(key.genesis_validators_root),
            earlier=message_of(key, earlier),
            later=message_of(key, vote),
        )
        # Pruning or an import lost the details, so it may not be slashable.
        if rule != "below_minimum":
            self.reports.add(pair, "refused" if self.mode == "enforce" else "signed")
        if self.mode == "enforce":
            hint = "sign something newer, or serve with --slashing report"
            error = SlashingError(f"not signed: {pair.line()}: {hint}")
            error.is_reported = rule != "below_minimum"  # as a slashable pair
            raise error

    def _remember(self, key: HistoryKey, history: History, vote: Vote) -> None:
        if vote in history.votes:
            return
        history.add(vote)
        if self._database:
            self._database.add_vote(key, vote)
        if len(history.votes) > 2 * VOTES_KEPT_PER_HISTORY:
            oldest, minimum = history.prune(VOTES_KEPT_PER_HISTORY)
            if self._database:
                self._database.drop_votes(key, oldest)
                for kept in history.votes:
                    if kept.target == oldest:
                        self._database.add_vote(key, kept)
                self._database.set_minimum(key, minimum)

    def _keep_low_watermark(self, key: HistoryKey, history: History) -> None:
        """Gives a history its minimum with the first message, in enforce mode.

        Web3Signer refuses everything below its first message. `report` sets no minimum, because
        it signs older messages too, and exports them.
        """
        if self.mode == "enforce" and not history.minimum:
            minimum = history.raise_minimum(lowest(history.votes))
            if self._database:
                self._database.set_minimum(key, minimum)

    def _histories_of(self, pubkey: bytes) -> dict[HistoryKey, History]:
        """The histories of a key, read from disk the first time they are asked for."""
        if pubkey not in self._histories:
            histories: dict[HistoryKey, History] = defaultdict(History)
            if self._database:
                for key, vote in self._database.votes(pubkey):
                    histories[key].add(shared_vote(vote.source, vote.target, vote.signing_root))
                for key, minimum in self._database.minimums(pubkey):
                    histories[key].raise_minimum(minimum)
            self._histories[pubkey] = histories
        return self._histories[pubkey]

    def merge(self, interchange: Interchange, pubkeys: Container[bytes] | None = None) -> None:
        """Adds what keys, all or only `pubkeys`, have signed elsewhere. Blocks until it is on disk.

        Empties the interchange. Raises SignerError when it cannot be written.
        """
        root = interchange.genesis_validators_root
        for validator in taken(interchange.data):
            if pubkeys is None or validator.pubkey in pubkeys:
                self._merge(root, validator)
            else:
                validator.forget()
        if self._database:
            self._database.flush()

    def _merge(self, genesis_validators_root: bytes, validator: ValidatorHistory) -> None:
        blocks = (
            shared_vote(0, block.slot, block.signing_root)
            for block in taken(validator.signed_blocks)
        )
        attestations = (
            shared_vote(
                attestation.source_epoch, attestation.target_epoch, attestation.signing_root
            )
            for attestation in taken(validator.signed_attestations)
        )
        key = HistoryKey(validator.pubkey, genesis_validators_root, "signed_blocks")
        self._add_votes(key, blocks)
        self._add_votes(key._replace(kind="signed_attestations"), attestations)

    def _add_votes(self, key: HistoryKey, votes: Iterator[Vote]) -> None:
        lowest_vote: Vote | None = None
        # Signing goes on between the steps: it waits for the lock.
        while step := [*islice(votes, VOTES_PER_STEP)]:
            with self._lock:
                history = self._histories_of(key.pubkey)[key]
                for vote in step:
                    self._remember(key, history, vote)
            if lowest_vote:
                step.append(lowest_vote)
            lowest_vote = lowest(step)
        if not lowest_vote:
            return
        # EIP-3076's minimal conditions, with every import's own minimum: an exporter that keeps
        # only the last message knows nothing of the earlier ones.
        with self._lock:
            minimum = self._histories_of(key.pubkey)[key].raise_minimum(lowest_vote)
            if self._database:
                self._database.set_minimum(key, minimum)

    def has_signed(self, pubkey: bytes) -> bool:
        """Whether a key has signed a block or an attestation."""
        with self._lock:
            if self._database and pubkey in self._database.pubkeys:
                return True
            return pubkey in self._histories

    def export(self, pubkeys: Iterable[bytes], network: Network) -> str:
        """The histories of these keys on the network, as an interchange document (JSON).

        The keys stay in their order. If they have signed nothing there, exports the chain on which
        most of them signed.
        """
        return "".join(self.export_parts(pubkeys, network))

    def export_parts(self, pubkeys: Iterable[bytes], network: Network) -> Iterator[str]:
        """As `export`, in a part for each key: signing goes on between them."""
        # Most keys of a large request may be unknown here.
        pubkeys = dict.fromkeys([pubkey for pubkey in pubkeys if self.has_signed(pubkey)])
        root = self._chain_of(pubkeys, network)
        metadata = {"interchange_format_version": "5", "genesis_validators_root": to_hex(root)}
        yield f'{{"metadata":{_json(metadata)},"data":['
        separator = ""
        for pubkey in pubkeys:
            validator = self._exported(pubkey, root)
            if validator:
                yield separator + _json({"pubkey": to_hex(pubkey), **validator})
                separator = ","
        yield "]}"

    def _chain_of(self, pubkeys: Iterable[bytes], network: Network) -> bytes:
        """The genesis validators root to export for: the network's, or that of most keys."""
        keys_of_chains = Counter[bytes]()
        for pubkey in pubkeys:
            with self._lock:
                histories = [*self._histories_of(pubkey)]
            # Keeps their order: of two chains with equally many keys, the first one wins.
            chains = dict.fromkeys(history.genesis_validators_root for history in histories)
            keys_of_chains.update(chains.keys())
        if network.genesis_validators_root in keys_of_chains or not keys_of_chains:
            return network.genesis_validators_root or bytes(32)
        return keys_of_chains.most_common(1)[0][0]

    def _exported(self, pubkey: bytes, genesis_validators_root: bytes) -> dict[str, Any]:
        """The messages of a key on a chain, by their kind; empty without any."""
        exported: dict[str, Any] = {}
        with self._lock:
            for key, history in self._histories_of(pubkey).items():
                if key.genesis_validators_root == genesis_validators_root:
                    exported[key.kind] = exported_messages(key, history)
        if exported:
            return {"signed_blocks": [], "signed_attestations": [], **exported}
        return {}

    def rule_broken_by(self, pubkey: str, signing_root: str) -> str | None:
        """The rule that a message breaks with an earlier one; both arguments are hex."""
        rule = self.reports.rule_of(pubkey, signing_root)
        return rule or self.equivocations.reports.rule_of(pubkey, signing_root)

    def clear(self) -> None:
        """Forgets every vote and report. Raises SignerError, and then forgets nothing."""
        with self._lock:
            if self._database:
                self._database.clear()
            self._histories.clear()
            self.reports.clear()
        self.equivocations.clear()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
