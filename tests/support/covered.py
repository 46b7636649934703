"""Messages that EIP-3076 covers, as sign requests and as histories."""

from typing import Any

from support.answered import Kind
from support.traffic import FORK_INFO, attestation

ROOT = "0x" + "00" * 32
METADATA = {
    "interchange_format_version": "5",
    "genesis_validators_root": FORK_INFO["genesis_validators_root"],
}


def block(slot: int, number: int) -> dict[str, Any]:
    """A block of a slot, which differs by a number."""
    header = {"slot": str(slot), "proposer_index": "7", "parent_root": ROOT, "state_root": ROOT}
    header["body_root"] = f"0x{number:064x}"
    payload = {"version": "FULU", "block_header": header}
    return {"type": "BLOCK_V2", "fork_info": FORK_INFO, "beacon_block": payload}


def slashable(kind: Kind, number: int, content: int) -> dict[str, Any]:
    """A request to sign the attestation or the block of a number."""
    if kind == "signed_blocks":
        return block(number, content)
    return attestation(number * 32, content)


def history(pubkey: str, number: int) -> dict[str, Any]:
    """An attestation and a block that a key has signed elsewhere, in EIP-3076's words."""
    attested = {"source_epoch": str(number - 1), "target_epoch": str(number)}
    blocks = [{"slot": str(number), "signing_root": ROOT}]
    attestations = [attested | {"signing_root": ROOT}]
    return {"pubkey": pubkey, "signed_blocks": blocks, "signed_attestations": attestations}
