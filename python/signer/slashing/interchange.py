"""EIP-3076's interchange format, which moves signing histories between signers."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from typing import Literal, Self, TypeVar

from msgspec import Raw, Struct

from .. import decoding
from ..errors import BadRequestError
from ..hex import to_hex
from ..spec.networks import Network
from ..ssz.scalars import Bytes32, Bytes48, uint64
from .rules import History, HistoryKey, Vote

T = TypeVar("T")

EXPECTED = "slashing protection data"
MAX_VALUES = 1_000_000  # of JSON; a quarter of a million attestations, and what is 31 MiB of them


class _Root(Bytes32):
    """A root, or no bytes: some tools write empty text instead of omitting it."""

    @classmethod
    def parse(cls, value: object) -> Self:
        if value in ("", "0x"):
            return cls()
        return super().parse(value)


class SignedBlock(Struct, gc=False):
    slot: uint64
    signing_root: _Root | None = None


class SignedAttestation(Struct, gc=False):
    source_epoch: uint64
    target_epoch: uint64
    signing_root: _Root | None = None


class ValidatorHistory(Struct):
    """All messages of one key."""

    pubkey: bytes
    signed_blocks: list[SignedBlock]
    signed_attestations: list[SignedAttestation]

    def forget(self) -> None:
        """Drops all messages, one by one."""
        for _ in taken(self.signed_blocks):
            pass
        for _ in taken(self.signed_attestations):
            pass


class Interchange(Struct):
    """Histories on one chain: one for each key."""

    genesis_validators_root: bytes
    data: list[ValidatorHistory]


class _Metadata(Struct):
    """Web3Signer without a database exports no root, and no data."""

    interchange_format_version: Literal["5", 5]
    genesis_validators_root: _Root | None = None


class _Entry(Struct):
    """A member of `data`. Exporters in Go write null for an empty array."""

    pubkey: Bytes48
    signed_blocks: list[SignedBlock] | None = None
    signed_attestations: list[SignedAttestation] | None = None


class _Document(Struct):
    """The entries stay JSON at first, because one of them may be as long as the document."""

    metadata: _Metadata
    data: list[Raw] | None = None


def decode(document: bytes | str, network: Network) -> Interchange:
    """Reads a document about keys on `network`.

    Any chain is accepted if nobody asked for a network, or if the network is private. Raises
    BadRequestError, which names the member that is not as expected.
    """
    if isinstance(document, str):
        document = document.encode()
    document = document.removeprefix(BOM_UTF8)
    parsed: _Document = decoding.decode(_Document, document, EXPECTED, MAX_VALUES)
    root = parsed.metadata.genesis_validators_root
    if not parsed.data:
        return Interchange(root or bytes(32), [])  # nothing to import, so the chain is unimportant
    if not root:
        raise BadRequestError("metadata.genesis_validators_root: expected this member, found none")
    expected = network.genesis_validators_root
    if not network.is_default and expected not in {None, root}:
        raise BadRequestError(
            f"metadata.genesis_validators_root: expected {to_hex(expected or b'')} of "
            f"{network.name}, found {to_hex(root)}: give the --network that this data is about"
        )
    return Interchange(root, _merged(_entries(parsed.data)))


def _entries(documents: list[Raw]) -> Iterator[_Entry]:
    """Reads the members of `data` one by one."""
    for index, raw in enumerate(taken(documents)):
        document = bytes(raw)
        if not document.startswith(b"{"):
            raise BadRequestError(f"data[{index}]: expected an object, found other JSON")
        try:
            yield decoding.decode(_Entry, document, EXPECTED, MAX_VALUES)
        except BadRequestError as error:
            raise BadRequestError(f"data[{index}].{error}") from None


def _merged(entries: Iterable[_Entry]) -> list[ValidatorHistory]:
    """One history for each key, also where a document has several entries of a key.

    Imported one after another, the later entry would raise the minimum above the earlier one.
    """
    histories: dict[bytes, ValidatorHistory] = {}
    for entry in entries:
        history = histories.get(entry.pubkey)
        if history is None:
            history = ValidatorHistory(entry.pubkey, [], [])
            histories[entry.pubkey] = history
        history.signed_blocks += entry.signed_blocks or []
        history.signed_attestations += entry.signed_attestations or []
    return [*histories.values()]


def taken(messages: list[T]) -> Iterator[T]:
    """The messages in their order, which leave the list one by one.

    A list of a million that is dropped at once would hold the GIL for long.
    """
    messages.reverse()
    while messages:
        yield messages.pop()


def exported_messages(key: HistoryKey, history: History) -> list[dict[str, str]]:
    """The messages of a history that an export has, oldest first."""
    return [message_of(key, vote) for vote in history.to_export()]


def message_of(key: HistoryKey, vote: Vote) -> dict[str, str]:
    """A vote with the members of EIP-3076."""
    if key.kind == "signed_blocks":
        message = {"slot": str(vote.target)}
    else:
        message = {"source_epoch": str(vote.source), "target_epoch": str(vote.target)}
    if vote.signing_root:
        message["signing_root"] = to_hex(vote.signing_root)
    return message
