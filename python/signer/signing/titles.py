"""A request in one plain sentence."""

from typing import Any

from .request import SignRequest

NOUNS = {
    "AGGREGATION_SLOT": "A selection proof of an aggregator",
    "AGGREGATE_AND_PROOF": "An aggregate of attestations with the proof of its aggregator",
    "AGGREGATE_AND_PROOF_V2": "An aggregate of attestations with the proof of its aggregator",
    "ATTESTATION": "An attestation",
    "BLOCK": "A beacon block",
    "BLOCK_V2": "A beacon block",
    "DEPOSIT": "A deposit",
    "RANDAO_REVEAL": "A RANDAO reveal",
    "SYNC_COMMITTEE_MESSAGE": "A vote of a sync committee's member for a block",
    "SYNC_COMMITTEE_SELECTION_PROOF": "A selection proof of a sync committee's aggregator",
    "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF": "A contribution of a sync committee with its proof",
    "VALIDATOR_REGISTRATION": "A registration of a validator with builders",
    "VOLUNTARY_EXIT": "A voluntary exit",
    "EXECUTION_PAYLOAD_BID": "A bid of a builder for an execution payload",
    "EXECUTION_PAYLOAD_ENVELOPE": "An execution payload of a builder",
    "PAYLOAD_ATTESTATION_MESSAGE": "An attestation to a payload's presence",
    "PROPOSER_PREFERENCES": "The preferences of a proposer",
    "INCLUSION_LIST": "An inclusion list",
    "BUILDER_REQUEST_AUTH": "An authentication of a request to a builder",
    "GENERIC": "A message by its root and its domain",
}


def title_of(request: SignRequest, fork: Any, network: str | None) -> str:
    """The sentence: what is signed, for when, and on which network."""
    title = NOUNS.get(request.TYPE, f"A message of the type {request.TYPE}")
    details = []
    slot = getattr(request, "slot", None)
    if slot is not None:
        details.append(f"slot {slot}")
    if fork and fork.epoch is not None:
        details.append(f"epoch {fork.epoch}")
    if network:
        details.append(f"on {network}")
    if details:
        title += f": {', '.join(details)}"
    return f"{title}."
