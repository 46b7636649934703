"""Right requests: one for each type, fork and kind of values, and the root that each leads to."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import Struct, structs

from ...errors import BadRequestError
from ...hex import to_hex
from ...signing.example import Values
from ...signing.examples import SLOTS as SLOT_NAMES
from ...signing.examples import examples
from ...signing.registry import SigningTypes
from ...signing.request import SignRequest
from ...spec.networks import Network
from .times import MAX_SLOT, around_forks, timed, with_schedule

SEED = 0  # the same requests each time: a target that remembers them signs them again
KINDS_OF_VALUES: tuple[Values, ...] = ("minimal", "ordinary", "extreme")
SOME_DOMAIN = "0x05" + "00" * 31  # a proposer's, of zeros, may be refused without the block
USUAL_FORKS = ("FULU", "GLOAS", "HEZE", "PHASE0")  # the first of them that a type has


class Message(Struct, frozen=True):
    """A right request, without a root, and the root that has to be signed."""

    type: str
    fork: str
    values: str
    fields: dict[str, Any]
    request: SignRequest
    signing_root: bytes  # 32 bytes
    network: Network

    @property
    def topic(self) -> str:
        """What it is: its type and its fork."""
        return f"{self.type} {self.fork}".rstrip()

    @property
    def title(self) -> str:
        """The same with its values."""
        return f"{self.topic}, {self.values}"

    def body(self, **more: Any) -> bytes:
        """Its JSON, with more members."""
        return msgspec.json.encode({**self.fields, **more})

    def with_root(self, member: str = "signingRoot") -> bytes:
        """Its JSON with the right root in a member."""
        return self.body(**{member: to_hex(self.signing_root)})


def messages_of(
    types: Sequence[type[SignRequest]],
    network: Network,
    kinds: Iterable[Values] = KINDS_OF_VALUES,
) -> list[Message]:
    """Messages of each type and fork; with ordinary values also those around each fork.

    A key may sign them all in this order: none of them is slashable after the others.
    """
    registry = SigningTypes(types)
    scheduled = with_schedule(network)
    messages = []
    for values in kinds:
        for example in examples(types, scheduled, SEED, values):
            fork, fields = timed(example, scheduled, values)
            if example.type == "GENERIC":
                fork = _draft_of(fields)
                _give_some_domain(fields, values)
            messages.append(_message_of(fields, registry, network, fork, values))
            if values == "ordinary":
                for at_fork, name, changed in around_forks(fields, scheduled):
                    messages.append(_message_of(changed, registry, network, at_fork, name))
    messages.sort(key=_time_of)
    return [*_without_double_votes(messages)]


def _message_of(
    fields: dict[str, Any], registry: SigningTypes, network: Network, fork: str, values: str
) -> Message:
    request = registry.decode(msgspec.json.encode(fields))
    signing_root = request.choose(network).signing_root
    return Message(request.TYPE, fork, values, fields, request, signing_root, network)


def changed_message(message: Message, **members: Any) -> Message:
    """The same message with other members. Raises BadRequestError."""
    fields = {**message.fields, **members}
    request = type(message.request).decode(msgspec.json.encode(fields))
    signing_root = request.choose(message.network).signing_root
    return structs.replace(message, fields=fields, request=request, signing_root=signing_root)


def later_messages(message: Message) -> Iterator[tuple[str, bytes]]:
    """The same message at other times: how much later, and its signing root."""
    for names, what in ((SLOT_NAMES, "slot"), ((*SLOT_NAMES, "epoch"), "slot and epoch")):
        for step, when in ((1, "later"), (-1, "earlier")):
            fields = {
                name: member if name == "fork_info" else _shifted(member, names, step)
                for name, member in message.fields.items()
            }
            if fields != message.fields:
                with suppress(BadRequestError):
                    root = changed_message(message, **fields).signing_root
                    yield f"the message one {what} {when}", root


def _shifted(value: Any, names: tuple[str, ...], step: int) -> Any:
    """A JSON value with a step added to each of its numbers that have one of these names."""
    if isinstance(value, list):
        return [_shifted(item, names, step) for item in value]
    if not isinstance(value, dict):
        return value
    shifted = {name: _shifted(member, names, step) for name, member in value.items()}
    for name in names:
        if isinstance(value.get(name), str):
            time = int(value[name]) + step
            shifted[name] = str(max(0, min(time, MAX_SLOT)))
    return shifted


def _without_double_votes(messages: Iterable[Message]) -> Iterator[Message]:
    targets = set[Any]()
    for message in messages:
        if message.type == "ATTESTATION":
            target = message.request.epoch
            if target in targets:
                continue
            targets.add(target)
        yield message


def usual_messages(messages: Iterable[Message]) -> dict[str, Message]:
    """An ordinary message of each type: of the newest fork that clients of today send."""
    usual: dict[str, Message] = {}
    for message in messages:
        if message.values != "ordinary":
            continue
        other = usual.get(message.type)
        if other is None or _rank(message.fork) < _rank(other.fork):
            usual[message.type] = message
    return usual


def _rank(fork: str) -> int:
    if fork in USUAL_FORKS:
        return USUAL_FORKS.index(fork)
    return len(USUAL_FORKS)


def _draft_of(fields: dict[str, Any]) -> str:
    """The draft of a GENERIC message, named by its member."""
    return "signing_data" if "signing_data" in fields else "merkle_root"


def _give_some_domain(fields: dict[str, Any], values: Values) -> None:
    if values == "minimal":
        fields.get("signing_data", fields)["domain"] = SOME_DOMAIN


def _time_of(message: Message) -> int:
    """The slot of a message, for the order."""
    if message.request.epoch is not None:
        return message.request.epoch * message.network.slots_per_epoch
    return message.request.slot or 0
