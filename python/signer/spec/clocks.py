"""When slots begin: the genesis time of known networks, and how long their slots are."""

from pathlib import Path
from typing import Any

from msgspec import Struct

from ..errors import ConfigError
from ..files import parse_yaml, text_of
from ..ssz.scalars import uint64
from .networks import NETWORKS, Network

SECONDS_PER_SLOT = 12  # mainnet's
# where it is another one, in gnosischain/specs and consensus-specs' minimal preset
SECONDS_PER_SLOT_OF = {"gnosis": 5, "chiado": 5, "minimal": 6}

# seconds since 1970, as beacon nodes answer /eth/v1/beacon/genesis; ephemery begins anew each month
GENESIS_TIME = {
    "mainnet": 1606824023,
    "sepolia": 1655733600,
    "holesky": 1695902400,
    "hoodi": 1742213400,
    "gnosis": 1638993340,
    "chiado": 1665396300,
    "lukso": 1684856400,
}


class Clock(Struct, frozen=True):
    """When slot 0 began, in seconds since 1970, where that is known; a slot's seconds."""

    genesis_time: int | None
    seconds_per_slot: float
    slots_per_epoch: int


def clock_of(network: Network, name_or_path: str | None, genesis_time: int | None) -> Clock:
    """The clock of the network that `--network` names, or with a genesis time of its own.

    For a consensus configuration it takes MIN_GENESIS_TIME and GENESIS_DELAY, which a genesis that
    was made in advance keeps to.
    """
    seconds: float = SECONDS_PER_SLOT_OF.get(network.name, SECONDS_PER_SLOT)
    known = GENESIS_TIME.get(network.name)
    if name_or_path and name_or_path.lower() not in NETWORKS:
        members = _members(Path(name_or_path))
        seconds = _number(members, "SECONDS_PER_SLOT") or seconds
        seconds = _number(members, "SLOT_DURATION_MS") / 1000 or seconds
        start = _number(members, "MIN_GENESIS_TIME")
        known = start + _number(members, "GENESIS_DELAY") if start else None
    if genesis_time is not None:
        known = genesis_time
    return Clock(known, seconds, network.slots_per_epoch)


def _members(path: Path) -> dict[str, Any]:
    """The members of a configuration that `load_network` has read without an error."""
    members: dict[str, Any] = parse_yaml(text_of(path.read_bytes(), path, ConfigError))[0]
    return members


def _number(members: dict[str, Any], name: str) -> int:
    """A number of the configuration; 0 where it has none."""
    try:
        return int(uint64.parse(members.get(name, 0)))
    except ValueError:
        return 0
