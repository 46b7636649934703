"""Slashing protection: remembers what keys have signed, and refuses or reports what is slashable.

The rules are `history.py`'s; `history_file.py` keeps histories on disk.
"""

import logging
import threading
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Container, Iterable
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import Struct

from ..config import Config
from ..errors import SlashingError
from ..signing.request import ForkRequest, SignRequest
from ..spec.domains import DOMAIN_BEACON_ATTESTER, DOMAIN_BEACON_PROPOSER
from ..spec.networks import Network
from .database import ADD, DROP, RAISE_FLOOR, HistoryFile
from .interchange import Interchange
from .rules import History, HistoryKey, Vote

log = logging.getLogger(__name__)

KEPT = 256  # votes of a history, a day of attestations; it is pruned when there are twice as many
CAPACITY = 10_000  # pairs that are reported
LOGGED = 100  # of them that are warnings: a harness that reads no log must not block its pipe

# one object where validators vote alike, as they do: a tenth of the memory
_shared = lru_cache(4096)(Vote)


def _vote(source: int, target: int, signing_root: bytes | None) -> Vote:
    # of plain numbers and bytes: those of SSZ types are work for the garbage collector
    return _shared(int(source), int(target), signing_root and bytes(signing_root))


class Slashable(Struct, frozen=True):
    """Two messages that are slashable together, with EIP-3076's members, and the rule they break.

    The rules: double_block_proposal, double_vote, surrounding_vote, surrounded_vote.
    """

    rule: str
    pubkey: str
    genesis_validators_root: str
    earlier: dict[str, str]
    later: dict[str, str]

    def line(self) -> str:
        """One line for people."""
        later, earlier = (
            ", ".join(f"{name} {value}" for name, value in message.items())
            for message in (self.later, self.earlier)
        )
        return f"{self.rule} by {self.pubkey[:10]}..: {later} beside {earlier}"


class Protection:
    """The histories of all keys; any thread may call. To look and to remember is one step."""

    def __init__(
        self,
        config: Config,
        file: HistoryFile | None,
        count: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.mode = config.slashing
        self.pairs: deque[Slashable] = deque(maxlen=CAPACITY)
        # Web3Signer's: nothing is signed from there on
        self.high_watermark = {
            "epoch": config.high_watermark_epoch,
            "slot": config.high_watermark_slot,
        }
        self._count, self._file = count, file
        self._histories: dict[bytes, dict[HistoryKey, History]] = {}  # by public key
        self._lock = threading.Lock()

    def check(self, pubkey: bytes, request: SignRequest, signing_root: bytes) -> int:
        """Remembers what is about to be signed; `durable` waits for what this returns.

        Raises SlashingError, and remembers nothing, for what must not be signed.
        """
        if self.mode == "off" or not isinstance(request, ForkRequest):
            return 0
        message, root = request.message, request.fork_info.genesis_validators_root
        if request.DOMAIN_TYPE == DOMAIN_BEACON_ATTESTER:
            key = HistoryKey(pubkey, root, "signed_attestations")
            vote = _vote(message.source.epoch, message.target.epoch, signing_root)
        elif request.DOMAIN_TYPE == DOMAIN_BEACON_PROPOSER:
            key = HistoryKey(pubkey, root, "signed_blocks")
            vote = _vote(0, message.slot, signing_root)
        else:
            return 0
        end = self.high_watermark["slot" if key.kind == "signed_blocks" else "epoch"]
        if self.mode == "enforce" and end is not None and vote.target >= end:
            raise SlashingError(f"not signed: {vote.target} is not below the high watermark, {end}")
        with self._lock:
            history = self._of(pubkey)[key]
            if found := history.conflict(vote):
                self._report(key, *found, vote)
            self._remember(key, history, vote)
            return self._file.noted if self._file else 0

    async def durable(self, noted: int) -> None:
        """Returns once it is on disk, where there is a file: then the signature may leave.

        Raises SignerError when it cannot be written.
        """
        if self._file and noted:
            await self._file.durable(noted)

    def _report(self, key: HistoryKey, rule: str, earlier: Vote, vote: Vote) -> None:
        if rule == "double_vote" and key.kind == "signed_blocks":
            rule = "double_block_proposal"
        root = f"0x{key.genesis_validators_root.hex()}"
        messages = _shown(key, earlier), _shown(key, vote)
        pair = Slashable(rule, f"0x{key.pubkey.hex()}", root, *messages)
        if rule != "below_minimum":  # of what is below, it is not known whether it is slashable
            self.pairs.append(pair)
            self._count(rule)
            loud = len(self.pairs) <= LOGGED
            log.log(logging.WARNING if loud else logging.DEBUG, "slashable: %s", pair.line())
        if self.mode == "enforce":
            hint = "sign something newer, or serve with --slashing report"
            raise SlashingError(f"not signed: {pair.line()}: {hint}")

    def _remember(self, key: HistoryKey, history: History, vote: Vote) -> None:
        if vote in history.votes:
            return
        history.add(vote)
        self._note(ADD, key, vote)
        if len(history.votes) > 2 * KEPT:
            for dropped in history.prune(KEPT):
                self._note(DROP, key, dropped)
            self._note(RAISE_FLOOR, key, history.floor)

    def _note(self, statement: str, key: HistoryKey, vote: Vote | None) -> None:
        if self._file and vote:
            self._file.note(statement, key, vote)

    def _of(self, pubkey: bytes) -> dict[HistoryKey, History]:
        """The histories of a key, read when they are first asked for."""
        if pubkey not in self._histories:
            histories = self._histories[pubkey] = defaultdict(History)
            if self._file:
                for key, vote in self._file.rows("vote", pubkey):
                    histories[key].add(_vote(vote.source, vote.target, vote.signing_root))
                for key, floor in self._file.rows("floor", pubkey):
                    histories[key].raise_floor(floor)
        return self._histories[pubkey]

    def merge(self, interchange: Interchange, pubkeys: Container[bytes] | None = None) -> None:
        """Adds what keys, all or these, have signed elsewhere; on disk when this returns."""
        root = interchange.metadata.genesis_validators_root
        for validator in interchange.data:
            if pubkeys is None or validator.pubkey in pubkeys:
                blocks = [_vote(0, m.slot, m.signing_root) for m in validator.signed_blocks]
                attestations = [
                    _vote(m.source_epoch, m.target_epoch, m.signing_root)
                    for m in validator.signed_attestations
                ]
                with self._lock:
                    self._merge(HistoryKey(validator.pubkey, root, "signed_blocks"), blocks)
                    key = HistoryKey(validator.pubkey, root, "signed_attestations")
                    self._merge(key, attestations)
        if self._file:
            self._file.flush()

    def _merge(self, key: HistoryKey, votes: list[Vote]) -> None:
        if not votes:
            return
        history = self._of(key.pubkey)[key]
        for vote in votes:
            self._remember(key, history, vote)
        # EIP-3076's minimal conditions, with every import's own minimum: an exporter that keeps
        # the last message only tells no more of the earlier ones
        floor = Vote(min(vote.source for vote in votes), min(vote.target for vote in votes))
        self._note(RAISE_FLOOR, key, history.raise_floor(floor))

    def has_signed(self, pubkey: bytes) -> bool:
        """Whether a key has signed anything that matters."""
        with self._lock:
            return bool(self._of(pubkey))

    def export(self, pubkeys: Iterable[bytes], network: Network) -> str:
        """What these keys have signed on the network, as an interchange document.

        Where they have not signed there, on the chain that most of them have signed on.
        """
        with self._lock:
            found = [item for pubkey in sorted(pubkeys) for item in self._of(pubkey).items()]
            chains = Counter(chain for _, chain in {key[:2] for key, _ in found})
            root = network.genesis_validators_root
            if chains and root not in chains:
                root = chains.most_common(1)[0][0]
            data = defaultdict[bytes, dict[str, Any]](
                lambda: {"signed_blocks": [], "signed_attestations": []}
            )
            for key, history in found:
                if key.genesis_validators_root == root:
                    # not what is below the floor: who imports it takes its minimum for his floor
                    floor = history.floor.target if history.floor else 0
                    votes = sorted(history.votes, key=lambda vote: (vote.target, vote.source))
                    messages = [_shown(key, vote) for vote in votes if vote.target >= floor]
                    data[key.pubkey] |= {"pubkey": f"0x{key.pubkey.hex()}", key.kind: messages}
        root_hex = f"0x{(root or bytes(32)).hex()}"
        metadata = {"interchange_format_version": "5", "genesis_validators_root": root_hex}
        return msgspec.json.encode({"metadata": metadata, "data": [*data.values()]}).decode()

    def clear(self) -> None:
        """Forgets everything that was signed and found."""
        with self._lock:
            if self._file:
                self._file.clear()
            self._histories.clear()
            self.pairs.clear()


def _shown(key: HistoryKey, vote: Vote) -> dict[str, str]:
    """A vote with the members of EIP-3076."""
    epochs = {"source_epoch": str(vote.source), "target_epoch": str(vote.target)}
    message = {"slot": str(vote.target)} if key.kind == "signed_blocks" else epochs
    if vote.signing_root:
        message["signing_root"] = f"0x{vote.signing_root.hex()}"
    return message
