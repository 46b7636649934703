"""When a message is: at a time of its fork, because a target may have a schedule of the forks."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from functools import partial
from typing import Any

from ...hex import to_hex
from ...signing.example import Example, Values
from ...signing.examples import EPOCHS_PER_FORK
from ...signing.examples import SLOTS as SLOT_NAMES
from ...spec.networks import FORKS, Network

MAX_SLOT = (1 << 64) - 1
SYNC = "SYNC_COMMITTEE"  # types of sync committees begin so; they came with ALTAIR
EPOCHS_LATER = 3  # than the start of a fork that ends at once, for its last slot

# by network, from eth-clients' configurations; later forks follow EPOCHS_PER_FORK
EPOCHS = {
    "mainnet": {
        "ALTAIR": 74240,
        "BELLATRIX": 144896,
        "CAPELLA": 194048,
        "DENEB": 269568,
        "ELECTRA": 364032,
        "FULU": 411392,
    },
    "sepolia": {
        "ALTAIR": 50,
        "BELLATRIX": 100,
        "CAPELLA": 56832,
        "DENEB": 132608,
        "ELECTRA": 222464,
        "FULU": 272640,
        "GLOAS": 353024,
    },
}


def with_schedule(network: Network) -> Network:
    """The network with the epochs of its forks, as far as they are known."""
    known = {"PHASE0": 0, **EPOCHS.get(network.name, {})}
    return replace(network, fork_epochs={**known, **network.fork_epochs})


def timed(example: Example, network: Network, values: Values) -> tuple[str, dict[str, Any]]:
    """The fork and the fields of an example; the least and the highest slot are in its fork.

    Blocks get slots of their own, because two of one slot are slashable.
    """
    fields = deepcopy(example.request)
    fork = example.fork or ""
    if not fork or values == "ordinary":
        return fork, fields
    if example.type in TIMES:
        first = "ALTAIR" if example.type.startswith(SYNC) else "PHASE0"
        if values == "minimal" and first in network.fork_versions:
            fork = first
            epoch = _start(network, fork)
            _set_fork(fields, network, fork)
            TIMES[example.type](fields, epoch, epoch * network.slots_per_epoch)
        return fork, fields
    number = 0
    if example.type == "BLOCK_V2":
        number = 1 + FORKS.index(fork)
    slot = _start(network, fork) * network.slots_per_epoch + number
    if values == "extreme":
        slot = _last_slot(network, fork) - number
    if "fork_info" in fields:
        fields["fork_info"]["fork"]["epoch"] = str(_start(network, fork))
    return fork, _at(slot, network, fields)


def around_forks(
    fields: dict[str, Any], network: Network
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """A request in the last epoch before each fork of a network, and in its first one.

    Yields the fork, a name and the fields. Only for messages that consist of little more than a
    time, because they have one form in all forks.
    """
    if fields["type"] not in TIMES:
        return
    for number, fork in enumerate(network.fork_versions):
        if fork == "PHASE0" and fields["type"].startswith(SYNC):
            continue
        start = _start(network, fork)
        times = {"the first epoch of its fork": start}
        if start < 2:  # noqa: PLR2004 - a vote has an epoch before it, and 0 is another's
            times = {"an early epoch": number + 2}
        else:
            times["the last epoch before its fork"] = start - 1
        for name, epoch in times.items():
            changed = deepcopy(fields)
            _set_fork(changed, network, fork)
            slot = epoch * network.slots_per_epoch
            if epoch < start:
                slot += network.slots_per_epoch - 1
            TIMES[fields["type"]](changed, epoch, slot)
            yield fork, name, changed


def _start(network: Network, fork: str) -> int:
    """The first epoch of a fork."""
    return network.fork_epochs.get(fork, FORKS.index(fork) * EPOCHS_PER_FORK)


def _last_slot(network: Network, fork: str) -> int:
    forks = [*network.fork_versions]
    if fork not in forks or fork == forks[-1]:
        return MAX_SLOT
    start = _start(network, fork)
    end = _start(network, forks[forks.index(fork) + 1])
    if end <= start:
        end = start + EPOCHS_LATER
    return end * network.slots_per_epoch - 1


def _set_fork(fields: dict[str, Any], network: Network, fork: str) -> None:
    """Makes the fork that of the request."""
    forks = [*network.fork_versions]
    previous = forks[max(0, forks.index(fork) - 1)]
    fields["fork_info"]["fork"] = {
        "previous_version": to_hex(network.fork_versions[previous]),
        "current_version": to_hex(network.fork_versions[fork]),
        "epoch": str(_start(network, fork)),
    }


def _at(slot: int, network: Network, value: Any) -> Any:
    """A JSON value with each of its times changed, but those of the fork."""
    if isinstance(value, list):
        return [_at(slot, network, item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {}
    for name, member in value.items():
        if name == "fork_info":
            changed[name] = member
        elif name in SLOT_NAMES and isinstance(member, str):
            changed[name] = str(slot)
        elif name == "epoch" and isinstance(member, str):
            changed[name] = str(slot // network.slots_per_epoch)
        else:
            changed[name] = _at(slot, network, member)
    return changed


def _set_attestation(fields: dict[str, Any], epoch: int, slot: int) -> None:
    attestation = fields["attestation"]
    attestation["slot"] = str(slot)
    attestation["source"]["epoch"] = str(max(0, epoch - 1))
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
