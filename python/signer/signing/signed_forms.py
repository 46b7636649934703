"""How Beacon APIs print signed messages: the members of each, and which forks have it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..spec import altair, bellatrix, gloas, heze, phase0
from ..spec.networks import FORKS

GLOAS_AND_LATER = ("GLOAS", "HEZE")
HEADER = "block_header"


class Form(NamedTuple):
    """How a message of a signing type stands in its request, and which forks have it."""

    type: str
    member: str
    fields: Sequence[str]
    wrapped_as: str = ""  # the member next to `version`; without one the message stands bare
    forks: Sequence[str] = FORKS


def _fields(container: Any) -> Sequence[str]:
    names: Sequence[str] = container.__struct_fields__
    return names


SYNC_COMMITTEE_MESSAGE = ("slot", "beacon_block_root", "validator_index")

FORMS = (
    Form("ATTESTATION", "attestation", _fields(phase0.AttestationData)),
    Form("BLOCK_V2", "beacon_block", _fields(phase0.BeaconBlockHeader), HEADER),
    Form("BLOCK_V2", "beacon_block", _fields(phase0.BeaconBlock), "block", ("PHASE0", "ALTAIR")),
    Form(
        "AGGREGATE_AND_PROOF_V2",
        "aggregate_and_proof",
        _fields(phase0.AggregateAndProof),
        "data",
    ),
    Form("VOLUNTARY_EXIT", "voluntary_exit", _fields(phase0.VoluntaryExit)),
    Form(
        "SYNC_COMMITTEE_MESSAGE",
        "sync_committee_message",
        SYNC_COMMITTEE_MESSAGE,
        forks=FORKS[1:],
    ),
    Form(
        "SYNC_COMMITTEE_SELECTION_PROOF",
        "sync_aggregator_selection_data",
        _fields(altair.SyncAggregatorSelectionData),
        forks=FORKS[1:],
    ),
    Form(
        "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF",
        "contribution_and_proof",
        _fields(altair.ContributionAndProof),
        forks=FORKS[1:],
    ),
    Form(
        "VALIDATOR_REGISTRATION",
        "validator_registration",
        _fields(bellatrix.ValidatorRegistrationV1),
        forks=(),
    ),
    Form(
        "EXECUTION_PAYLOAD_BID",
        "execution_payload_bid",
        _fields(gloas.ExecutionPayloadBid),
        "data",
        ("GLOAS",),
    ),
    Form(
        "EXECUTION_PAYLOAD_BID",
        "execution_payload_bid",
        _fields(heze.ExecutionPayloadBid),
        "data",
        ("HEZE",),
    ),
    Form(
        "EXECUTION_PAYLOAD_ENVELOPE",
        "execution_payload_envelope",
        _fields(gloas.ExecutionPayloadEnvelope),
        "data",
        GLOAS_AND_LATER,
    ),
    Form(
        "PAYLOAD_ATTESTATION_MESSAGE",
        "payload_attestation_message",
        _fields(gloas.PayloadAttestationData),
        "data",
        GLOAS_AND_LATER,
    ),
    Form(
        "PROPOSER_PREFERENCES",
        "proposer_preferences",
        _fields(gloas.ProposerPreferences),
        "data",
        GLOAS_AND_LATER,
    ),
    Form("INCLUSION_LIST", "inclusion_list", _fields(heze.InclusionList), "data", ("HEZE",)),
    Form(
        "BUILDER_REQUEST_AUTH", "builder_request_auth", _fields(gloas.BuilderRequestAuth), forks=()
    ),
)
