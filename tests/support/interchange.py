"""Slashing protection data as EIP-3076 has it: good documents, and bad ones."""

import json
from typing import Any

import pytest

from support.duties import RANDAO
from support.slashable import KEY

MAINNET: str = RANDAO["request"]["fork_info"]["genesis_validators_root"]
METADATA = {"interchange_format_version": "5", "genesis_validators_root": MAINNET}
HOODI = "0x212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f"


def epochs(source: int, target: int) -> dict[str, str]:
    """A vote, without its signing root."""
    return {"source_epoch": str(source), "target_epoch": str(target)}


def history(pubkey: str, *targets: int, slots: tuple[int, ...] = ()) -> Any:
    """What a key has signed elsewhere, as EIP-3076 has it."""
    blocks = [{"slot": str(slot), "signing_root": f"0x{slot:064x}"} for slot in slots]
    votes = [epochs(target - 1, target) for target in targets]
    return {"pubkey": pubkey, "signed_blocks": blocks, "signed_attestations": votes}


def document(*histories: Any, **metadata: str) -> str:
    """Of mainnet, unless the metadata says otherwise."""
    return json.dumps({"metadata": METADATA | metadata, "data": histories})


BAD = [
    (document(interchange_format_version="4"), "metadata.interchange_format_version: "),
    (document(history(KEY, 4))[:-1], "expected slashing protection data as a JSON object"),
    (document(history(KEY, 4), history("0x00", 4)), "data[1].pubkey: expected 48 bytes"),
]
EACH_BAD = pytest.mark.parametrize(("text", "expected"), BAD)
