"""Containers of consensus-specs, specs/heze/beacon-chain.md (EIP-7805), where they are not Gloas's.

The fork is on no network yet and its containers still move: signing vectors hold them in place.
"""

from ..ssz.composites import Container, ProgressiveList
from ..ssz.scalars import Bitvector, Bytes32, ProgressiveByteList, uint64
from . import gloas

INCLUSION_LIST_COMMITTEE_SIZE = 16  # presets/mainnet and presets/minimal


# a field more than Gloas's, at the end: msgspec keeps the order of the parent's fields
class ExecutionPayloadBid(gloas.ExecutionPayloadBid):
    inclusion_list_bits: Bitvector[INCLUSION_LIST_COMMITTEE_SIZE]


class InclusionList(Container):
    slot: uint64
    validator_index: uint64
    dependent_root: Bytes32
    transactions: ProgressiveList[ProgressiveByteList]
