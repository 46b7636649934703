"""Sign requests as a client of mainnet sends them now, for pages and streams to show."""

import time
from collections.abc import Iterator
from typing import Any

GENESIS_TIME = 1606824023  # mainnet's
SECONDS_PER_SLOT = 12
FORK_INFO = {
    "fork": {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "411392"},
    "genesis_validators_root": "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95",
}


def current_slot() -> int:
    """Mainnet's slot by the clock."""
    return int(time.time() - GENESIS_TIME) // SECONDS_PER_SLOT


def attestation(slot: int, block: int = 1) -> dict[str, Any]:
    """A vote in a slot for a block."""
    source = {"epoch": str(slot // 32 - 1), "root": "0x" + "11" * 32}
    target = {"epoch": str(slot // 32), "root": f"0x{block:064x}"}
    data: dict[str, Any] = {"slot": str(slot), "index": "0", "beacon_block_root": f"0x{block:064x}"}
    data |= {"source": source, "target": target}
    return {"type": "ATTESTATION", "fork_info": FORK_INFO, "attestation": data}


def sync_committee_message(slot: int) -> dict[str, Any]:
    """A sync committee's vote in a slot."""
    message = {"slot": str(slot), "beacon_block_root": "0x" + "22" * 32}
    kind = "SYNC_COMMITTEE_MESSAGE"
    return {"type": kind, "fork_info": FORK_INFO, "sync_committee_message": message}


def aggregation_slot(slot: int) -> dict[str, Any]:
    """A selection proof."""
    member = {"slot": str(slot)}
    return {"type": "AGGREGATION_SLOT", "fork_info": FORK_INFO, "aggregation_slot": member}


def randao_reveal(slot: int) -> dict[str, Any]:
    """A RANDAO reveal."""
    member = {"epoch": str(slot // 32)}
    return {"type": "RANDAO_REVEAL", "fork_info": FORK_INFO, "randao_reveal": member}


def duties(slot: int) -> Iterator[tuple[float, int, dict[str, Any]]]:
    """Duties of a slot: seconds into it, the number of a key, and the request."""
    yield 0.4, 0, randao_reveal(slot)
    yield 1.1, 1, aggregation_slot(slot)
    for key in range(4):
        if key % 2 == slot % 2:  # one vote in an epoch
            yield 4.0 + key / 20, key, attestation(slot)
        yield 4.1 + key / 20, key, sync_committee_message(slot)
    yield 8.1, 2, aggregation_slot(slot + 1)
