"""Right requests: one for each type, fork and kind of values, and the root that each leads to."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct, structs

from ...errors import BadRequestError
from ...hex import to_hex
from ...signing.example import Example, Values
from ...signing.examples import EPOCHS_PER_FORK, examples
from ...signing.examples import SLOTS as SLOT_NAMES
from ...signing.registry import SigningTypes
from ...signing.request import SignRequest
from ...spec.networks import FORKS, Network

SEED = 0  # the same requests each time: a target that remembers them signs them again
KINDS_OF_VALUES: tuple[Values, ...] = ("minimal", "ordinary", "extreme")
SOME_DOMAIN = "0x05" + "00" * 31  # a proposer's, of zeros, may be refused without the block
MAX_SLOT = (1 << 64) - 1
# where a whole block and a header stand in a request
BLOCKS = (("block",), ("beacon_block", "block"), ("beacon_block", "block_header"))
USUAL_FORKS = ("FULU", "GLOAS", "HEZE", "PHASE0")  # the first of them that a type has
NO_FORK = ""


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
    messages = []
    for values in kinds:
        for example in examples(types, network, SEED, values):
            fields = _with_own_slot(example, values)
            message = _message_of(fields, registry, network, _fork_of(example), values)
            messages.append(message)
            if values == "ordinary":
                for fork, name, changed in around_forks(fields, network):
                    messages.append(_message_of(changed, registry, network, fork, name))
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


def _fork_of(example: Example) -> str:
    """The fork of an example; of a GENERIC message the draft, of other messages nothing."""
    if example.type == "GENERIC":
        return "signing_data" if "signing_data" in example.request else "merkle_root"
    return example.fork or NO_FORK


def _with_own_slot(example: Example, values: Values) -> dict[str, Any]:
    """The request; a block of the least or the highest values gets a slot of its own.

    Two blocks of one slot are slashable.
    """
    fields = deepcopy(example.request)
    if fields["type"] == "GENERIC" and values == "minimal":
        fields.get("signing_data", fields)["domain"] = SOME_DOMAIN
    number = 0
    if example.type == "BLOCK_V2":
        number = 1 + FORKS.index(example.fork or FORKS[0])
    slots = {"minimal": number, "extreme": MAX_SLOT - number}
    for path in BLOCKS:
        block: Any = fields
        for name in path:
            block = block.get(name) if isinstance(block, dict) else None
        if isinstance(block, dict) and values in slots:
            block["slot"] = str(slots[values])
    return fields


def around_forks(
    fields: dict[str, Any], network: Network
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A request in the last epoch before each fork of a network, and in its first one.

    Yields the fork, a name and the fields. Only for messages that consist of little more than a
    time, because they have one form in all forks.
    """
    if "fork_info" not in fields or fields["type"] not in TIMES:
        return
    forks = [*network.fork_versions]
    for number, fork in enumerate(forks):
        if fork == "PHASE0" and fields["type"].startswith("SYNC_COMMITTEE"):
            continue
        fork_epoch = network.fork_epochs.get(fork, number * EPOCHS_PER_FORK)
        previous = forks[max(0, number - 1)]
        times = {"the first epoch of its fork": fork_epoch}
        if fork_epoch < 2:  # noqa: PLR2004 - a vote has an epoch before it, and 0 is another's
            times = {"an early epoch": number + 2}
        elif fork != previous:
            times["the last epoch before its fork"] = fork_epoch - 1
        for name, epoch in times.items():
            changed = deepcopy(fields)
            changed["fork_info"]["fork"] = {
                "previous_version": to_hex(network.fork_versions[previous]),
                "current_version": to_hex(network.fork_versions[fork]),
                "epoch": str(fork_epoch),
            }
            slot = epoch * network.slots_per_epoch
            if epoch < fork_epoch:
                slot += network.slots_per_epoch - 1
            TIMES[fields["type"]](changed, epoch, slot)
            yield fork, name, changed


def _set_attestation(fields: dict[str, Any], epoch: int, slot: int) -> None:
    attestation = fields["attestation"]
    attestation["slot"] = str(slot)
    attestation["source"]["epoch"] = str(epoch - 1)
    attestation["target"]["epoch"] = str(epoch)


def _set_epoch(member: str, fields: dict[str, Any], epoch: int, _: int) -> None:
    fields[member]["epoch"] = str(epoch)


def _set_slot(member: str, fields: dict[str, Any], _: int, slot: int) -> None:
    fields[member]["slot"] = str(slot)


def _set_contribution(fields: dict[str, Any], _: int, slot: int) -> None:
    fields["contribution_and_proof"]["contribution"]["slot"] = str(slot)


# by type: sets the time in the fields of a request, from an epoch and a slot of it
TIMES: dict[str, Callable[[dict[str, Any], int, int], None]] = {
    "ATTESTATION": _set_attestation,
    "AGGREGATION_SLOT": partial(_set_slot, "aggregation_slot"),
    "RANDAO_REVEAL": partial(_set_epoch, "randao_reveal"),
    "SYNC_COMMITTEE_MESSAGE": partial(_set_slot, "sync_committee_message"),
    "SYNC_COMMITTEE_SELECTION_PROOF": partial(_set_slot, "sync_aggregator_selection_data"),
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": _set_contribution,
    "VOLUNTARY_EXIT": partial(_set_epoch, "voluntary_exit"),
}


def _time_of(message: Message) -> int:
    """The slot of a message, for the order."""
    if message.request.epoch is not None:
        return message.request.epoch * message.network.slots_per_epoch
    return message.request.slot or 0
