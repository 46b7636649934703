"""Containers of consensus-specs, specs/gloas/beacon-chain.md, with EIP-7688's progressive types.

The fork is not on mainnet yet and its containers still move: signing vectors hold them in place.
"""

from ..ssz.composites import Container, ProgressiveContainer, ProgressiveList
from ..ssz.scalars import (
    Bitvector,
    ByteList,
    Bytes20,
    Bytes32,
    Bytes48,
    Bytes96,
    Bytes256,
    ProgressiveBitlist,
    ProgressiveByteList,
    uint64,
    uint256,
)
from .electra import MAX_COMMITTEES_PER_SLOT, MINIMAL_MAX_COMMITTEES_PER_SLOT
from .phase0 import AttestationData, DepositData

MAX_EXTRA_DATA_BYTES = 32  # presets/mainnet/bellatrix.yaml
MAX_BUILDER_REQUEST_AUTH_BYTES = 4096  # remote-signing-api v1.4.0


class Attestation(ProgressiveContainer):
    aggregation_bits: ProgressiveBitlist
    data: AttestationData
    signature: Bytes96
    committee_bits: Bitvector[MAX_COMMITTEES_PER_SLOT, MINIMAL_MAX_COMMITTEES_PER_SLOT]


class AggregateAndProof(Container):
    aggregator_index: uint64
    aggregate: Attestation
    selection_proof: Bytes96


class Withdrawal(Container):
    index: uint64
    validator_index: uint64
    address: Bytes20
    amount: uint64


class ExecutionPayload(ProgressiveContainer):
    parent_hash: Bytes32
    fee_recipient: Bytes20
    state_root: Bytes32
    receipts_root: Bytes32
    logs_bloom: Bytes256
    prev_randao: Bytes32
    block_number: uint64
    gas_limit: uint64
    gas_used: uint64
    timestamp: uint64
    extra_data: ByteList[MAX_EXTRA_DATA_BYTES]
    base_fee_per_gas: uint256
    block_hash: Bytes32
    transactions: ProgressiveList[ProgressiveByteList]
    withdrawals: ProgressiveList[Withdrawal]
    blob_gas_used: uint64
    excess_blob_gas: uint64
    block_access_list: ProgressiveByteList
    slot_number: uint64


# a field more than phase0's, at the end: msgspec keeps the order of the parent's fields
class DepositRequest(DepositData):
    index: uint64


class WithdrawalRequest(Container):
    source_address: Bytes20
    validator_pubkey: Bytes48
    amount: uint64


class ConsolidationRequest(Container):
    source_address: Bytes20
    source_pubkey: Bytes48
    target_pubkey: Bytes48


class BuilderDepositRequest(DepositData):
    """The fields of DepositData."""


class BuilderExitRequest(Container):
    source_address: Bytes20
    pubkey: Bytes48


class ExecutionRequests(ProgressiveContainer):
    deposits: ProgressiveList[DepositRequest]
    withdrawals: ProgressiveList[WithdrawalRequest]
    consolidations: ProgressiveList[ConsolidationRequest]
    builder_deposits: ProgressiveList[BuilderDepositRequest]
    builder_exits: ProgressiveList[BuilderExitRequest]


class ExecutionPayloadEnvelope(ProgressiveContainer):
    payload: ExecutionPayload
    execution_requests: ExecutionRequests
    builder_index: uint64
    beacon_block_root: Bytes32
    parent_beacon_block_root: Bytes32


class ExecutionPayloadBid(ProgressiveContainer):
    parent_block_hash: Bytes32
    parent_block_root: Bytes32
    block_hash: Bytes32
    prev_randao: Bytes32
    fee_recipient: Bytes20
    gas_limit: uint64
    builder_index: uint64
    slot: uint64
    value: uint64
    execution_payment: uint64
    blob_kzg_commitments: ProgressiveList[Bytes48]
    execution_requests_root: Bytes32


class PayloadAttestationData(Container):
    beacon_block_root: Bytes32
    slot: uint64
    payload_present: bool
    blob_data_available: bool


class ProposerPreferences(Container):
    dependent_root: Bytes32
    proposal_slot: uint64
    validator_index: uint64
    fee_recipient: Bytes20
    target_gas_limit: uint64


class BuilderRequestAuth(Container):
    data: ByteList[MAX_BUILDER_REQUEST_AUTH_BYTES]
    slot: uint64
