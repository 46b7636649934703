"""Slashing protection without a signer around it.

A message is its numbers here: (slot,), or (source epoch, target epoch).
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from signer.config.settings import Config, SlashingMode
from signer.errors import SlashingError
from signer.signing.registry import SigningTypes
from signer.signing.request import SignRequest
from signer.slashing.database import HistoryDatabase
from signer.slashing.interchange import decode
from signer.slashing.protection import Protection
from signer.spec.networks import NETWORKS, Network

Message = tuple[int, ...]

KEYS = PUBKEY, SECOND, THIRD = [bytes([number]) * 48 for number in (1, 2, 3)]
CHAIN, OTHER_CHAIN = b"\xc1" * 32, b"\xc2" * 32
ROOT, OTHER_ROOT = b"\xa1" * 32, b"\xa2" * 32
ZERO = f"0x{bytes(32).hex()}"
MAX = 2**64 - 1
PRIVATE, MAINNET = Network("private", 8, {"PHASE0": bytes(4)}), NETWORKS["mainnet"]
OURS = Network("ours", 8, {"PHASE0": bytes(4)}, CHAIN)


def hexed(value: bytes) -> str:
    """As JSON has it."""
    return f"0x{value.hex()}"


def block_body() -> dict[str, Any]:
    """With nothing in it."""
    lists = "proposer_slashings attester_slashings attestations deposits voluntary_exits"
    eth1_data = {"deposit_root": ZERO, "deposit_count": "0", "block_hash": ZERO}
    body = {"randao_reveal": hexed(bytes(96)), "eth1_data": eth1_data, "graffiti": ZERO}
    return {**body, **{name: [] for name in lists.split()}}


def sent(message: Message, chain: bytes = CHAIN, kind: str = "BLOCK_V2") -> SignRequest:
    """A request to sign an attestation, or a block of a kind."""
    payload: dict[str, Any]
    if len(message) == 2:
        source, target = ({"epoch": str(epoch), "root": ZERO} for epoch in message)
        payload = {"slot": "0", "index": "0", "beacon_block_root": ZERO}
        kind, payload = "ATTESTATION", payload | {"source": source, "target": target}
    else:
        payload = {"slot": str(message[0]), "proposer_index": "0", "body_root": ZERO}
        payload |= {"parent_root": ZERO, "state_root": ZERO, "body": block_body()}
    if kind == "BLOCK_V2":
        payload = {"version": "FULU", "block_header": payload}
    fork = {"previous_version": "0x00000000", "current_version": "0x00000000", "epoch": "0"}
    fork_info = {"fork": fork, "genesis_validators_root": hexed(chain)}
    member = kind.lower().replace("block_v2", "beacon_block")
    body = {"type": kind, "fork_info": fork_info, member: payload}
    return SigningTypes().decode(json.dumps(body).encode())


def shown(message: Message, root: bytes | None = None) -> dict[str, str]:
    """A message as EIP-3076 has it."""
    names = ["slot"] if len(message) == 1 else ["source_epoch", "target_epoch"]
    members = dict(zip(names, map(str, message), strict=True))
    return members | ({"signing_root": hexed(root)} if root else {})


def document(
    *messages: Message, root: bytes | None = None, keys: Iterable[bytes] = (PUBKEY,)
) -> str:
    """An interchange document: messages that all have this root, or none."""
    blocks = [shown(message, root) for message in messages if len(message) == 1]
    attestations = [shown(message, root) for message in messages if len(message) == 2]
    signed = {"signed_blocks": blocks, "signed_attestations": attestations}
    metadata = {"interchange_format_version": "5", "genesis_validators_root": hexed(CHAIN)}
    data = [{"pubkey": hexed(key), **signed} for key in keys]
    return json.dumps({"metadata": metadata, "data": data})


def protecting(mode: SlashingMode = "enforce", file: HistoryDatabase | None = None) -> Protection:
    """What a signer knows that is started without a file, or on one."""
    return Protection(Config(slashing=mode), file)


def importing(*documents: str | bytes) -> Protection:
    """What a signer knows after imports."""
    protection = protecting()
    for each in documents:
        protection.merge(decode(each, PRIVATE))
    return protection


@contextmanager
def opened(path: Path, mode: SlashingMode = "enforce") -> Iterator[Protection]:
    """What a signer knows that is started on a file; it is stopped on the way out."""
    with closing(HistoryDatabase(path)) as file:
        yield protecting(mode, file)


def check(
    protection: Protection, request: SignRequest, root: bytes = ROOT, pubkey: bytes = PUBKEY
) -> str:
    """The rule that a refusal names; nothing for what is signed."""
    try:
        protection.admit(pubkey, request, root)
    except SlashingError as error:
        return str(error).removeprefix("not signed: ").split()[0]
    return ""


def rules(protection: Protection, *messages: Message, root: bytes = ROOT) -> list[str]:
    """The same of each message in a row, all with this root."""
    return [check(protection, sent(message), root) for message in messages]


def kept(protection: Protection) -> int:
    """How many messages of the key are in memory."""
    [history] = json.loads(protection.export([PUBKEY], PRIVATE))["data"]
    return len(history["signed_blocks"]) + len(history["signed_attestations"])


def rows(path: Path, table: str = "vote") -> int:
    """How many rows are on disk."""
    with closing(sqlite3.connect(path)) as database:
        [[number]] = database.execute(f"SELECT count(*) FROM {table}")
    return int(number)
