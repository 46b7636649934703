"""SSZ as small as it can be: SHA-256 alone, enough to hash what the vectors do not have."""

import hashlib
from typing import Any

from support.vectors import unhex


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tree(chunks: list[bytes], leaves: int) -> bytes:
    """The root over so many leaves; those that are not there are zero."""
    if leaves == 1:
        return chunks[0] if chunks else bytes(32)
    half = leaves // 2
    return sha256(tree(chunks[:half], half) + tree(chunks[half:], half))


def container(*fields: bytes) -> bytes:
    """The root of a container, of the roots of its fields."""
    return tree(list(fields), {2: 2, 3: 4, 4: 4, 5: 8}[len(fields)])


def uint64(text: str) -> bytes:
    """The root of a number, as JSON has it."""
    return int(text).to_bytes(32, "little")


def packed(data: bytes) -> list[bytes]:
    """Bytes as chunks, the last one filled up."""
    return [data[start : start + 32].ljust(32, b"\0") for start in range(0, len(data), 32)]


def bits_root(text: str, limit: int) -> bytes:
    """The root of a list of bits, as JSON has it."""
    number = int.from_bytes(unhex(text), "little")
    length = number.bit_length() - 1
    bits = (number - (1 << length)).to_bytes((length + 7) // 8, "little")
    return container(tree(packed(bits), limit // 256), uint64(str(length)))


def checkpoint_root(checkpoint: dict[str, str]) -> bytes:
    return container(uint64(checkpoint["epoch"]), unhex(checkpoint["root"]))


def electra_aggregate_root(message: dict[str, Any], limit: int) -> bytes:
    aggregate, data = message["aggregate"], message["aggregate"]["data"]
    return container(
        uint64(message["aggregator_index"]),
        container(
            bits_root(aggregate["aggregation_bits"], limit),
            container(
                uint64(data["slot"]),
                uint64(data["index"]),
                unhex(data["beacon_block_root"]),
                checkpoint_root(data["source"]),
                checkpoint_root(data["target"]),
            ),
            tree(packed(unhex(aggregate["signature"])), 4),
            tree(packed(unhex(aggregate["committee_bits"])), 1),
        ),
        tree(packed(unhex(message["selection_proof"])), 4),
    )


def contribution_and_proof_root(message: dict[str, Any]) -> bytes:
    contribution = message["contribution"]
    return container(
        uint64(message["aggregator_index"]),
        container(
            uint64(contribution["slot"]),
            unhex(contribution["beacon_block_root"]),
            uint64(contribution["subcommittee_index"]),
            tree(packed(unhex(contribution["aggregation_bits"])), 1),
            tree(packed(unhex(contribution["signature"])), 4),
        ),
        tree(packed(unhex(message["selection_proof"])), 4),
    )


def domain(domain_type: str, version: str, genesis_validators_root: str) -> bytes:
    """consensus-specs, compute_domain."""
    fork_data = container(unhex(version).ljust(32, b"\0"), unhex(genesis_validators_root))
    return unhex(domain_type) + fork_data[:28]


def signing_root(object_root: bytes, in_domain: bytes) -> str:
    """consensus-specs, compute_signing_root."""
    return f"0x{container(object_root, in_domain).hex()}"
