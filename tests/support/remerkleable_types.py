"""Containers of consensus-specs in remerkleable's types that no client of the tests signs.

They are next to those of `consensus_specs.py`: whole blocks, and messages of every signing type.
"""
# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

from typing import Any

from remerkleable.basic import boolean, uint64
from remerkleable.bitfields import Bitlist, Bitvector
from remerkleable.byte_arrays import Bytes32, Bytes48, Bytes96
from remerkleable.complex import Container, List, Vector
from remerkleable.progressive import ProgressiveByteList, ProgressiveList

from support.consensus_specs import (
    AttestationData,
    BeaconBlockHeader,
    BuilderRequestAuth,
    Bytes20,
    ContributionAndProof,
    DepositData,
    DepositMessage,
    ElectraAggregateAndProof,
    ExecutionPayloadEnvelope,
    GloasAggregateAndProof,
    ProposerPreferences,
    SyncAggregatorSelectionData,
    ValidatorRegistrationV1,
    VoluntaryExit,
    container,
    progressive_container,
)

Attestation = container(aggregation_bits=Bitlist[2048], data=AttestationData, signature=Bytes96)
AggregateAndProof = container(
    aggregator_index=uint64, aggregate=Attestation, selection_proof=Bytes96
)
SignedBeaconBlockHeader = container(message=BeaconBlockHeader, signature=Bytes96)
ProposerSlashing = container(
    signed_header_1=SignedBeaconBlockHeader, signed_header_2=SignedBeaconBlockHeader
)
IndexedAttestation = container(
    attesting_indices=List[uint64, 2048], data=AttestationData, signature=Bytes96
)
AttesterSlashing = container(attestation_1=IndexedAttestation, attestation_2=IndexedAttestation)
Deposit = container(proof=Vector[Bytes32, 33], data=container(**DepositData))
SignedVoluntaryExit = container(message=VoluntaryExit, signature=Bytes96)
Eth1Data = container(deposit_root=Bytes32, deposit_count=uint64, block_hash=Bytes32)
SyncAggregate = container(sync_committee_bits=Bitvector[512], sync_committee_signature=Bytes96)
BODY = {
    "randao_reveal": Bytes96,
    "eth1_data": Eth1Data,
    "graffiti": Bytes32,
    "proposer_slashings": List[ProposerSlashing, 16],
    "attester_slashings": List[AttesterSlashing, 2],
    "attestations": List[Attestation, 128],
    "deposits": List[Deposit, 16],
    "voluntary_exits": List[SignedVoluntaryExit, 16],
}


def block(**more: Any) -> Any:
    """A block, with the members that its fork added to the body."""
    return container(
        slot=uint64,
        proposer_index=uint64,
        parent_root=Bytes32,
        state_root=Bytes32,
        body=container(**BODY, **more),
    )


BID = {
    "parent_block_hash": Bytes32,
    "parent_block_root": Bytes32,
    "block_hash": Bytes32,
    "prev_randao": Bytes32,
    "fee_recipient": Bytes20,
    "gas_limit": uint64,
    "builder_index": uint64,
    "slot": uint64,
    "value": uint64,
    "execution_payment": uint64,
    "blob_kzg_commitments": ProgressiveList[Bytes48],
    "execution_requests_root": Bytes32,
}
PayloadAttestationData = container(
    beacon_block_root=Bytes32, slot=uint64, payload_present=boolean, blob_data_available=boolean
)
InclusionList = container(
    slot=uint64,
    validator_index=uint64,
    dependent_root=Bytes32,
    transactions=ProgressiveList[ProgressiveByteList],
)

# by the name of a vector: the type of what is signed
SIGNED = {
    "AGGREGATION_SLOT/FULU/random-0": uint64,
    "AGGREGATE_AND_PROOF/PHASE0/random-0": AggregateAndProof,
    "AGGREGATE_AND_PROOF_V2/FULU/random-0": ElectraAggregateAndProof,
    "AGGREGATE_AND_PROOF_V2/GLOAS/random-0": GloasAggregateAndProof,
    "ATTESTATION/FULU/random-0": AttestationData,
    "BLOCK/PHASE0/every-operation": block(),
    "BLOCK/PHASE0/no-operations": block(),
    "BLOCK_V2/ALTAIR/every-operation": block(sync_aggregate=SyncAggregate),
    "BLOCK_V2/FULU/random-0": BeaconBlockHeader,
    "DEPOSIT/PHASE0/random-0": DepositMessage,
    "RANDAO_REVEAL/FULU/random-0": uint64,
    "SYNC_COMMITTEE_MESSAGE/FULU/random-0": Bytes32,
    "SYNC_COMMITTEE_SELECTION_PROOF/FULU/random-0": SyncAggregatorSelectionData,
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF/FULU/random-0": ContributionAndProof,
    "VALIDATOR_REGISTRATION/BELLATRIX/random-0": ValidatorRegistrationV1,
    "VOLUNTARY_EXIT/FULU/random-0": VoluntaryExit,
    "EXECUTION_PAYLOAD_BID/GLOAS/random-0": progressive_container(**BID),
    "EXECUTION_PAYLOAD_ENVELOPE/GLOAS/every-list-6-items": ExecutionPayloadEnvelope,
    "PAYLOAD_ATTESTATION_MESSAGE/GLOAS/random-0": PayloadAttestationData,
    "PROPOSER_PREFERENCES/GLOAS/random-0": ProposerPreferences,
    "BUILDER_REQUEST_AUTH/GLOAS/random-0": BuilderRequestAuth,
    "EXECUTION_PAYLOAD_BID/heze-0/none": progressive_container(
        **BID, inclusion_list_bits=Bitvector[16]
    ),
    "INCLUSION_LIST/heze-0/none": InclusionList,
}


def parsed(kind: Any, message: Any) -> Any:
    """The value of a type in JSON, of which only the fields of the type are read."""
    if issubclass(kind, Container):
        fields = kind.fields()
        return kind(**{name: parsed(fields[name], message[name]) for name in fields})
    if isinstance(message, list):
        return kind([parsed(kind.element_cls(), item) for item in message])
    return kind.from_obj(message)


def roots_below(value: Any, path: str = "message") -> dict[str, str]:
    """The hash-tree root of a value and of everything in it, by path."""
    roots = {path: f"0x{value.hash_tree_root().hex()}"}
    if isinstance(value, Container):
        for name in value.fields():
            roots |= roots_below(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, List | Vector | ProgressiveList) and not isinstance(
        value, ProgressiveByteList
    ):
        for index, item in enumerate(value):
            roots |= roots_below(item, f"{path}.{index}")
    return roots
