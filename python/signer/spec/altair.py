"""Containers of consensus-specs, specs/altair/beacon-chain.md and validator.md."""

from ..ssz.composites import Container
from ..ssz.scalars import Bitvector, Bytes32, Bytes96, uint64
from . import phase0

# SYNC_COMMITTEE_SIZE of presets/mainnet and presets/minimal; Gnosis has mainnet's
SYNC_COMMITTEE_SIZE = 512
MINIMAL_SYNC_COMMITTEE_SIZE = 32
SYNC_COMMITTEE_SUBNET_COUNT = 4


class SyncAggregate(Container):
    sync_committee_bits: Bitvector[SYNC_COMMITTEE_SIZE, MINIMAL_SYNC_COMMITTEE_SIZE]
    sync_committee_signature: Bytes96


# a field more than phase0's, at the end: msgspec keeps the order of the parent's fields
class BeaconBlockBody(phase0.BeaconBlockBody):
    sync_aggregate: SyncAggregate


class BeaconBlock(phase0.BeaconBlock):
    body: BeaconBlockBody  # the last one, so the order stays


class SyncAggregatorSelectionData(Container):
    slot: uint64
    subcommittee_index: uint64


class SyncCommitteeContribution(Container):
    slot: uint64
    beacon_block_root: Bytes32
    subcommittee_index: uint64
    aggregation_bits: Bitvector[
        SYNC_COMMITTEE_SIZE // SYNC_COMMITTEE_SUBNET_COUNT,
        MINIMAL_SYNC_COMMITTEE_SIZE // SYNC_COMMITTEE_SUBNET_COUNT,
    ]
    signature: Bytes96


class ContributionAndProof(Container):
    aggregator_index: uint64
    contribution: SyncCommitteeContribution
    selection_proof: Bytes96
