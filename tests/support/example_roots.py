"""The signing root of a request, as remerkleable computes it from the containers written down here.

Sources: consensus-specs, specs/phase0 to specs/heze; builder-specs; remote-signing-api.
"""
# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

import hashlib
from typing import Any, NamedTuple

from remerkleable.basic import uint64
from remerkleable.bitfields import Bitlist, Bitvector
from remerkleable.byte_arrays import Bytes32, Bytes96
from remerkleable.complex import List, Vector
from remerkleable.progressive import ProgressiveBitlist

from support.consensus_specs import (
    AttestationData,
    BeaconBlockHeader,
    BuilderRequestAuth,
    DepositData,
    DepositMessage,
    ExecutionPayloadEnvelope,
    Json,
    ProposerPreferences,
    SyncAggregatorSelectionData,
    ValidatorRegistrationV1,
    VoluntaryExit,
    compute_signing_root,
    container,
    progressive_container,
    unhex,
)
from support.remerkleable_types import BID, InclusionList, PayloadAttestationData

MAINNET_CAPELLA = 0x03000000
MINIMAL_CAPELLA = 0x03000001
NO_CHAIN = "00" * 32

Attestation = container(aggregation_bits=Bitlist[2048], data=AttestationData, signature=Bytes96)
IndexedAttestation = container(
    attesting_indices=List[uint64, 2048], data=AttestationData, signature=Bytes96
)
SignedHeader = container(message=BeaconBlockHeader, signature=Bytes96)
SignedVoluntaryExit = container(message=VoluntaryExit, signature=Bytes96)
PHASE0_BODY = {
    "randao_reveal": Bytes96,
    "eth1_data": container(deposit_root=Bytes32, deposit_count=uint64, block_hash=Bytes32),
    "graffiti": Bytes32,
    "proposer_slashings": List[
        container(signed_header_1=SignedHeader, signed_header_2=SignedHeader), 16
    ],
    "attester_slashings": List[
        container(attestation_1=IndexedAttestation, attestation_2=IndexedAttestation), 2
    ],
    "attestations": List[Attestation, 128],
    "deposits": List[container(proof=Vector[Bytes32, 33], data=container(**DepositData)), 16],
    "voluntary_exits": List[SignedVoluntaryExit, 16],
}
BIDS = {
    "GLOAS": progressive_container(**BID),
    "HEZE": progressive_container(**BID, inclusion_list_bits=Bitvector[16]),
}


class Preset(NamedTuple):
    """The numbers of a preset that are part of roots."""

    committees_per_slot: int
    sync_committee_size: int
    capella: int  # the fork version of the network that the tests have with it


PRESETS = {"mainnet": Preset(64, 512, MAINNET_CAPELLA), "minimal": Preset(4, 32, MINIMAL_CAPELLA)}


def block(fork: str, preset: Preset) -> Any:
    """The block of one of the first two forks."""
    fields = dict(PHASE0_BODY)
    if fork == "ALTAIR":
        bits = Bitvector[preset.sync_committee_size]
        fields["sync_aggregate"] = container(
            sync_committee_bits=bits, sync_committee_signature=Bytes96
        )
    return container(
        slot=uint64,
        proposer_index=uint64,
        parent_root=Bytes32,
        state_root=Bytes32,
        body=container(**fields),
    )


def aggregate_and_proof(fork: str, preset: Preset) -> Any:
    """The aggregate of a fork, with its proof."""
    aggregate = Attestation
    rest = {
        "data": AttestationData,
        "signature": Bytes96,
        "committee_bits": Bitvector[preset.committees_per_slot],
    }
    if fork in {"ELECTRA", "FULU"}:
        bits = Bitlist[2048 * preset.committees_per_slot]
        aggregate = container(aggregation_bits=bits, **rest)
    if fork in {"GLOAS", "HEZE"}:
        aggregate = progressive_container(aggregation_bits=ProgressiveBitlist, **rest)
    return container(aggregator_index=uint64, aggregate=aggregate, selection_proof=Bytes96)


def contribution_and_proof(_: str, preset: Preset) -> Any:
    """What a sync committee's aggregator signs."""
    contribution = container(
        slot=uint64,
        beacon_block_root=Bytes32,
        subcommittee_index=uint64,
        aggregation_bits=Bitvector[preset.sync_committee_size // 4],
        signature=Bytes96,
    )
    return container(aggregator_index=uint64, contribution=contribution, selection_proof=Bytes96)


def bid(fork: str, _: Preset) -> Any:
    return BIDS[fork]


class Signed(NamedTuple):
    """What is signed of a type: its domain type, where it is in a request, and its SSZ type."""

    domain_type: int
    path: str
    kind: Any = None
    kind_of: Any = None  # a function of the fork and the preset, where these matter


SIGNED = {
    "AGGREGATION_SLOT": Signed(0x05000000, "aggregation_slot.slot", uint64),
    "AGGREGATE_AND_PROOF": Signed(0x06000000, "aggregate_and_proof", kind_of=aggregate_and_proof),
    "AGGREGATE_AND_PROOF_V2": Signed(
        0x06000000, "aggregate_and_proof.data", kind_of=aggregate_and_proof
    ),
    "ATTESTATION": Signed(0x01000000, "attestation", AttestationData),
    "BLOCK": Signed(0x00000000, "block", kind_of=block),
    "BLOCK_V2": Signed(0x00000000, "beacon_block.block_header", BeaconBlockHeader),
    "RANDAO_REVEAL": Signed(0x02000000, "randao_reveal.epoch", uint64),
    "SYNC_COMMITTEE_MESSAGE": Signed(
        0x07000000, "sync_committee_message.beacon_block_root", Bytes32
    ),
    "SYNC_COMMITTEE_SELECTION_PROOF": Signed(
        0x08000000, "sync_aggregator_selection_data", SyncAggregatorSelectionData
    ),
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": Signed(
        0x09000000, "contribution_and_proof", kind_of=contribution_and_proof
    ),
    "VOLUNTARY_EXIT": Signed(0x04000000, "voluntary_exit", VoluntaryExit),
    "VALIDATOR_REGISTRATION": Signed(0x00000001, "validator_registration", ValidatorRegistrationV1),
    "EXECUTION_PAYLOAD_BID": Signed(0x0B000000, "execution_payload_bid.data", kind_of=bid),
    "EXECUTION_PAYLOAD_ENVELOPE": Signed(
        0x0B000000, "execution_payload_envelope.data", ExecutionPayloadEnvelope
    ),
    "PAYLOAD_ATTESTATION_MESSAGE": Signed(
        0x0C000000, "payload_attestation_message.data", PayloadAttestationData
    ),
    "PROPOSER_PREFERENCES": Signed(0x0D000000, "proposer_preferences.data", ProposerPreferences),
    "INCLUSION_LIST": Signed(0x10000000, "inclusion_list.data", InclusionList),
    "BUILDER_REQUEST_AUTH": Signed(0x0B000001, "builder_request_auth.data", BuilderRequestAuth),
}
WHOLE_BLOCK = Signed(0x00000000, "beacon_block.block", kind_of=block)


def signed_of(request: Json, fork: str) -> Signed:
    """What is signed of a request; the first two forks' blocks are signed whole."""
    if request["type"] == "BLOCK_V2" and fork in {"PHASE0", "ALTAIR"}:
        return WHOLE_BLOCK
    return SIGNED[request["type"]]


def signing_root(request: Json, fork: str | None, preset: Preset, genesis_version: int) -> str:
    """The root to sign; the message is not older than its fork."""
    if request["type"] == "GENERIC":
        data = request.get("signing_data", request)
        object_root = data.get("object_root") or data["merkle_root"]
        return f"0x{hashlib.sha256(unhex(object_root) + unhex(data['domain'])).hexdigest()}"
    if request["type"] == "DEPOSIT":
        deposit = dict(request["deposit"])
        version = int(deposit.pop("genesis_fork_version"), 16)
        message = DepositMessage.from_obj(deposit)
        root = compute_signing_root(message, 0x03000000, version, NO_CHAIN)
        return f"0x{root.hex()}"
    signed = signed_of(request, fork or "")
    kind = signed.kind or signed.kind_of(fork, preset)
    value: Any = request
    for name in signed.path.split("."):
        value = value[name]
    version = genesis_version
    chain = NO_CHAIN
    if "fork_info" in request:
        version = int(request["fork_info"]["fork"]["current_version"], 16)
        chain = request["fork_info"]["genesis_validators_root"]
    if request["type"] == "VOLUNTARY_EXIT":
        version = preset.capella  # EIP-7044
    message = kind.from_obj(value)
    return f"0x{compute_signing_root(message, signed.domain_type, version, chain).hex()}"
