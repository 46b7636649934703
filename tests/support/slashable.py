"""Attestations and blocks that may be slashable beside each other, and who is asked for them."""

from typing import Any

from load import FORK_INFO
from signer import Signer
from support.asking import ask
from support.known_keys import INTEROP
from support.served import Answer

KEY = INTEROP[0]


def attestation(target: int, root: int = 0, source: int | None = None) -> Any:
    """A sign request; by default from the epoch before."""
    voted = {"epoch": str(target - 1 if source is None else source), "root": f"0x{root:064x}"}
    data: Any = {"slot": str(32 * target), "index": "0", "beacon_block_root": voted["root"]}
    data |= {"source": voted, "target": voted | {"epoch": str(target)}}
    return {"type": "ATTESTATION", "fork_info": FORK_INFO, "attestation": data}


def block(slot: int, root: int = 0) -> Any:
    """A sign request; blocks of a slot differ by their root."""
    roots = dict.fromkeys(["parent_root", "state_root", "body_root"], f"0x{root:064x}")
    header = {"slot": str(slot), "proposer_index": "0", **roots}
    sent = {"version": "FULU", "block_header": header}
    return {"type": "BLOCK_V2", "fork_info": FORK_INFO, "beacon_block": sent}


def sign(signer: Signer, *requests: Any, pubkey: str = KEY) -> list[Answer]:
    """The answers to requests in a row, all for one key."""
    return [ask(signer, "POST", f"/api/v1/eth2/sign/{pubkey}", request) for request in requests]


def statuses(signer: Signer, *requests: Any, pubkey: str = KEY) -> list[int]:
    """The same, of each answer its status."""
    return [answer.status for answer in sign(signer, *requests, pubkey=pubkey)]
