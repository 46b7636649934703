"""Sign requests of every shape, from the vectors and on a private network, and their roots."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from signer.signing.registry import SigningTypes
from signer.spec.network_files import load_network
from signer.spec.networks import Network
from support.vectors import unhex, vectors

Case = dict[str, Any]

CASES: list[Case] = vectors("signing/signing.json")["cases"]
BY_NAME = {(case["network"], case["name"]): case for case in CASES}
FIRST_OF_EACH_TYPE = list({case["type"]: case for case in reversed(CASES)}.values())
MORE_SHAPES = [
    BY_NAME["mainnet", "AGGREGATE_AND_PROOF/ELECTRA/legacy-type-electra-shape"],
    BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/FULU/random-0"],
    BY_NAME["mainnet", "BLOCK_V2/ALTAIR/every-operation"],
    BY_NAME["mainnet", "BLOCK_V2/FULU/random-0"],
    BY_NAME["plataberget", "AGGREGATE_AND_PROOF_V2/GLOAS/random-0"],
    BY_NAME["plataberget", "EXECUTION_PAYLOAD_ENVELOPE/GLOAS/every-list-6-items"],
]
EVERY_SHAPE = FIRST_OF_EACH_TYPE + MORE_SHAPES

MAINNET = load_network("mainnet")
PRIVATE = Network(
    name="private",
    slots_per_epoch=8,
    fork_versions={
        "PHASE0": unhex("0x10000042"),
        "ALTAIR": unhex("0x20000042"),
        "BELLATRIX": unhex("0x30000042"),
        "CAPELLA": unhex("0x40000042"),
        "DENEB": unhex("0x50000042"),
        "ELECTRA": unhex("0x60000042"),
        "FULU": unhex("0x70000042"),
    },
)
PRIVATE_ROOT = "0x" + "5e" * 32


def name(case: Case) -> str:
    """Of which network, and which of its cases."""
    return f"{case['network']}:{case['name']}"


def each(cases: list[Case]) -> pytest.MarkDecorator:
    """Has a test run with each of the cases."""
    return pytest.mark.parametrize("case", cases, ids=name)


def root_of(request: Any, network: Network = MAINNET) -> str:
    """The signing root that the signer computes, on a network that it is configured for."""
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return f"0x{SigningTypes().decode(body).choose(network).signing_root.hex()}"


def everywhere(value: Any, change: Callable[[Any], Any]) -> Any:
    """The JSON value with each of its strings and objects changed, the innermost first."""
    if isinstance(value, dict):
        return change({key: everywhere(member, change) for key, member in value.items()})
    if isinstance(value, list):
        return [everywhere(item, change) for item in value]
    return change(value)


def with_version(change: Callable[[str], str]) -> Callable[[Any], Any]:
    """Changes the version of objects that have one; for `everywhere`."""

    def changed(value: Any) -> Any:
        if isinstance(value, dict) and "version" in value:
            return value | {"version": change(value["version"])}
        return value

    return changed


def private_fork(previous: str, current: str, epoch: int) -> dict[str, Any]:
    """The fork_info of a chain whose genesis validators root nobody knows."""
    fork = {"previous_version": previous, "current_version": current, "epoch": str(epoch)}
    return {"fork": fork, "genesis_validators_root": PRIVATE_ROOT}
