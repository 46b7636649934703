"""EIP-8025: an active validator signs proofs of execution payloads.

Source: consensus-specs v1.7.0-beta.4, specs/_features/eip8025.
"""

from operator import attrgetter

from signer.plugin import ByteList, Bytes32, Container, ForkRequest, Plugin, uint8, uint64


class ExecutionProofEnvelope(Container):
    proof_data: ByteList[4194304]
    proof_type: uint8
    beacon_block_root: Bytes32


class ExecutionProofRequest(ForkRequest):
    """The message has no slot, and the slot decides the fork: so the request names it."""

    TYPE = "EXECUTION_PROOF_ENVELOPE"
    DOMAIN_TYPE = bytes.fromhex("0f000000")
    MESSAGE = attrgetter("execution_proof_envelope")
    IN_BATCHES = True
    MAX_BODY_SIZE = 9 << 20  # bytes; a proof of 4 MiB is 8 MiB of hex

    slot: uint64
    execution_proof_envelope: ExecutionProofEnvelope


def register(plugin: Plugin) -> None:
    """Adds the signing type."""
    plugin.add_signing_type(ExecutionProofRequest)
