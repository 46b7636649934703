"""What a client was answered about keys and signatures, and whether a signer keeps to it."""

from collections import defaultdict, deque
from collections.abc import Container
from typing import Any, Literal, NamedTuple

from signer import verify
from support.vectors import unhex

Kind = Literal["signed_attestations", "signed_blocks"]  # EIP-3076's names
KINDS: tuple[Kind, Kind] = ("signed_attestations", "signed_blocks")
NUMBERS = {"signed_attestations": "target_epoch", "signed_blocks": "slot"}
THERE = {"imported": True, "duplicate": True, "deleted": False, "not_found": False}
THERE["not_active"] = False
REMEMBERED = 600  # messages of a history; more than a signer keeps
KEPT = 256  # messages of a history; a signer that prunes keeps at least these
TOLD = 8  # answers
VERIFIED = 10  # signatures of a client in each round; verifying takes a millisecond


class BrokenError(Exception):
    """A signer did not keep to its answers."""


class Message(NamedTuple):
    """What was signed: an attestation by its target epoch, or a block by its slot."""

    pubkey: str
    kind: Kind
    number: int
    signature: str = ""  # empty for a message of an imported history


class Answered:
    """The answers that one client got about its own keys.

    A key is there, or not, or nobody knows: its request failed, or the signer died first.
    """

    def __init__(self, pubkeys: list[str]) -> None:
        self.there: dict[str, bool | None] = dict.fromkeys(pubkeys, False)
        self._messages: dict[tuple[str, Kind], deque[Message]] = defaultdict(
            lambda: deque(maxlen=REMEMBERED)
        )
        # what an error tells of a key
        self._trail: dict[str, deque[str]] = defaultdict(lambda: deque(maxlen=TOLD))
        self._new: list[Message] = []  # since the last check
        self._minimums: dict[tuple[str, Kind], int] = defaultdict(
            int
        )  # of histories that were sent

    def note_request(self, pubkeys: list[str]) -> None:
        """Notes that keys are about to change."""
        self.there.update(dict.fromkeys(pubkeys))

    def note_results(self, pubkeys: list[str], results: list[dict[str, str]]) -> None:
        """Notes how the change of each key ended. An error tells nothing about the key."""
        for pubkey, result in zip(pubkeys, results, strict=True):
            self._trail[pubkey].append(f"{result['status']} {result.get('message', '')}".strip())
            self.there[pubkey] = THERE.get(result["status"])

    def note_signed(self, message: Message) -> None:
        """Notes a signature, or a message of an imported history. Raises BrokenError for a pair."""
        messages = self._messages[message.pubkey, message.kind]
        for earlier in messages:
            if earlier.number == message.number and earlier.signature != message.signature:
                raise BrokenError(f"signed two messages: {earlier} and {message}")
        messages.append(message)
        if message.signature:
            self._new.append(message)

    def note_minimums(self, history: Any) -> None:
        """Notes that a history of EIP-3076 is about to be imported: it raises minimums."""
        for kind in KINDS:
            place = (history["pubkey"], kind)
            for record in history[kind][:1]:  # an export has the oldest first
                number = int(record[NUMBERS[kind]])
                self._minimums[place] = max(self._minimums[place], number)

    def check_keys(self, pubkeys: Container[str]) -> int:
        """Compares a list of keys with the answers; the number of keys that were compared."""
        checked = 0
        for pubkey, there in self.there.items():
            if there is not None and there != (pubkey in pubkeys):
                found = "lost" if there else "there again"
                told = "; ".join(self._trail[pubkey])
                raise BrokenError(f"{pubkey} is {found}, although it was answered: {told}")
            checked += there is not None
        return checked

    def learn_keys(self, pubkeys: Container[str]) -> None:
        """Learns from a signer that has just started which keys are there."""
        for pubkey in self.there:
            is_there = pubkey in pubkeys
            self.there[pubkey] = is_there
            self._trail[pubkey].append(f"found {'there' if is_there else 'gone'}")

    def check_history(self, document: Any, pubkeys: Container[str] | None = None) -> int:
        """Looks for each message in an EIP-3076 document; returns how many were looked for.

        Raises BrokenError for a message without a record, unless only its minimum is kept.
        """
        roots = _roots(document)
        checked = 0
        for (pubkey, kind), messages in self._messages.items():
            if pubkeys is not None and pubkey not in pubkeys:
                continue
            recorded = roots.get((pubkey, kind), {})
            minimum = self._minimums[pubkey, kind]
            for message in messages:
                if message.number not in recorded and not _is_below(message, recorded, minimum):
                    raise BrokenError(f"signed, and not in the history: {message}")
                checked += 1
        return checked

    def verify_new(self, document: Any) -> int:
        """Verifies the newest signatures with the roots of a document; returns how many."""
        roots = _roots(document)
        checked = 0
        for message in self._new[-VERIFIED:]:
            root = roots.get((message.pubkey, message.kind), {}).get(message.number)
            if root is None:
                continue  # `check_history` has judged it
            if not verify(unhex(message.pubkey), unhex(root), unhex(message.signature)):
                raise BrokenError(f"recorded another root than the signed one: {message}")
            checked += 1
        self._new.clear()
        return checked


def _roots(document: Any) -> dict[tuple[str, Kind], dict[int, str]]:
    """The signing roots of a document, by number, for each key and kind."""
    roots: dict[tuple[str, Kind], dict[int, str]] = {}
    for validator in document["data"]:
        for kind in KINDS:
            numbers = roots.setdefault((validator["pubkey"], kind), {})
            for record in validator[kind]:
                numbers[int(record[NUMBERS[kind]])] = record["signing_root"]
    return roots


def _is_below(message: Message, recorded: dict[int, str], minimum: int) -> bool:
    """Whether a message may be covered by the minimum of its history alone."""
    if not recorded or message.number >= min(recorded):
        return False
    return len(recorded) >= KEPT or message.number <= minimum
