"""Containers of consensus-specs, specs/electra/beacon-chain.md (EIP-7549).

The limit of an aggregate's bits follows the preset's committees per slot, and the limit is part
of the root: so the minimal preset has containers of its own.
"""

from ..ssz.composites import Container
from ..ssz.scalars import Bitlist, Bitvector, Bytes96, uint64
from .phase0 import MAX_VALIDATORS_PER_COMMITTEE, AttestationData

# MAX_COMMITTEES_PER_SLOT of presets/mainnet and presets/minimal; Gnosis has mainnet's
MAX_COMMITTEES_PER_SLOT = 64
MINIMAL_MAX_COMMITTEES_PER_SLOT = 4


class Attestation(Container):
    aggregation_bits: Bitlist[MAX_VALIDATORS_PER_COMMITTEE * MAX_COMMITTEES_PER_SLOT]
    data: AttestationData
    signature: Bytes96
    committee_bits: Bitvector[MAX_COMMITTEES_PER_SLOT]


class AggregateAndProof(Container):
    aggregator_index: uint64
    aggregate: Attestation
    selection_proof: Bytes96


class MinimalAttestation(Container):
    aggregation_bits: Bitlist[MAX_VALIDATORS_PER_COMMITTEE * MINIMAL_MAX_COMMITTEES_PER_SLOT]
    data: AttestationData
    signature: Bytes96
    committee_bits: Bitvector[MINIMAL_MAX_COMMITTEES_PER_SLOT]


class MinimalAggregateAndProof(Container):
    aggregator_index: uint64
    aggregate: MinimalAttestation
    selection_proof: Bytes96
