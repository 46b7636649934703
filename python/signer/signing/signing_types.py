"""The signing types: one class for each.

A new type is one class: wire name, domain, payload, signed object, and the slot or epoch that
decides the fork. It goes into the list in `registry.py`. Knows neither HTTP nor keys.

Sources: Web3Signer's eth2 API, remote-signing-api v1.4.0 (Gloas), consensus-specs.
"""

from operator import attrgetter
from typing import Any, Generic, TypeVar

from msgspec import Struct

from ..spec import altair, bellatrix, domains, gloas, phase0
from ..spec.networks import Network, network_of
from ..ssz.scalars import Bytes4, Bytes32, shown, uint64
from .request import ForkRequest, GenesisRequest, SignRequest, Versioned
from .shapes import aggregate_payload, block_payload

T = TypeVar("T")


class AggregationSlot(ForkRequest):
    TYPE = "AGGREGATION_SLOT"
    DOMAIN_TYPE = domains.DOMAIN_SELECTION_PROOF
    MESSAGE = attrgetter("aggregation_slot.slot")
    SLOT = MESSAGE

    class Payload(Struct, frozen=True):
        slot: uint64

    aggregation_slot: Payload


class AggregateAndProof(ForkRequest, Generic[T]):
    """Takes the bare payload (deprecated) and the wrapped one of V2, under both names."""

    TYPE = "AGGREGATE_AND_PROOF"
    DOMAIN_TYPE = domains.DOMAIN_AGGREGATE_AND_PROOF
    MESSAGE = attrgetter("aggregate_and_proof")
    SLOT = attrgetter("message.aggregate.data.slot")

    aggregate_and_proof: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        return cls[aggregate_payload(body)]  # type: ignore[index]


class AggregateAndProofV2(AggregateAndProof[T], Generic[T]):
    TYPE = "AGGREGATE_AND_PROOF_V2"


class Attestation(ForkRequest):
    TYPE = "ATTESTATION"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_ATTESTER
    MESSAGE = attrgetter("attestation")
    EPOCH = attrgetter("attestation.target.epoch")

    attestation: phase0.AttestationData


class Block(ForkRequest):
    TYPE = "BLOCK"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_PROPOSER
    MESSAGE = attrgetter("block")

    block: phase0.BeaconBlock


class BlockV2(ForkRequest, Generic[T]):
    """A whole block of the first two forks; a header of every later one, known or not."""

    TYPE = "BLOCK_V2"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_PROPOSER
    MESSAGE = attrgetter("beacon_block")

    beacon_block: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        return cls[block_payload(body)]  # type: ignore[index]


class Deposit(SignRequest):
    TYPE = "DEPOSIT"
    DOMAIN_TYPE = domains.DOMAIN_DEPOSIT

    class Payload(phase0.DepositMessage):
        genesis_fork_version: Bytes4

    deposit: Payload

    @property
    def message(self) -> phase0.DepositMessage:
        deposit = self.deposit
        return phase0.DepositMessage(deposit.pubkey, deposit.withdrawal_credentials, deposit.amount)

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:  # noqa: ARG002
        return [self.deposit.genesis_fork_version], bytes(32)


class RandaoReveal(ForkRequest):
    TYPE = "RANDAO_REVEAL"
    DOMAIN_TYPE = domains.DOMAIN_RANDAO
    MESSAGE = attrgetter("randao_reveal.epoch")
    EPOCH = MESSAGE

    class Payload(Struct, frozen=True):
        epoch: uint64

    randao_reveal: Payload


class SyncCommitteeMessage(ForkRequest):
    TYPE = "SYNC_COMMITTEE_MESSAGE"
    DOMAIN_TYPE = domains.DOMAIN_SYNC_COMMITTEE
    MESSAGE = attrgetter("sync_committee_message.beacon_block_root")
    SLOT = attrgetter("sync_committee_message.slot")

    class Payload(Struct, frozen=True):
        beacon_block_root: Bytes32
        slot: uint64

    sync_committee_message: Payload


class SyncCommitteeSelectionProof(ForkRequest):
    TYPE = "SYNC_COMMITTEE_SELECTION_PROOF"
    DOMAIN_TYPE = domains.DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF
    MESSAGE = attrgetter("sync_aggregator_selection_data")

    sync_aggregator_selection_data: altair.SyncAggregatorSelectionData


class SyncCommitteeContributionAndProof(ForkRequest):
    TYPE = "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF"
    DOMAIN_TYPE = domains.DOMAIN_CONTRIBUTION_AND_PROOF
    MESSAGE = attrgetter("contribution_and_proof")
    SLOT = attrgetter("contribution_and_proof.contribution.slot")

    contribution_and_proof: altair.ContributionAndProof


class ValidatorRegistration(GenesisRequest):
    TYPE = "VALIDATOR_REGISTRATION"
    DOMAIN_TYPE = domains.DOMAIN_APPLICATION_BUILDER
    MESSAGE = attrgetter("validator_registration")

    validator_registration: bellatrix.ValidatorRegistrationV1


class VoluntaryExit(ForkRequest):
    TYPE = "VOLUNTARY_EXIT"
    DOMAIN_TYPE = domains.DOMAIN_VOLUNTARY_EXIT
    MESSAGE = attrgetter("voluntary_exit")
    EPOCH = attrgetter("voluntary_exit.epoch")

    voluntary_exit: phase0.VoluntaryExit

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        # EIP-7044: from Deneb on, exits are signed for Capella for ever
        versions, genesis_validators_root = super().fork(configured)
        fork = self.fork_info.fork
        network = network_of(genesis_validators_root, configured)
        capella = network.fork_versions.get("CAPELLA", fork.current_version)
        is_deneb_or_later = network.is_deneb_or_later(fork.current_version)
        is_known = genesis_validators_root == network.genesis_validators_root
        if is_deneb_or_later is None and not is_known:
            # An unknown chain: a root that the client sent may tell.
            versions = [*versions, fork.current_version, fork.previous_version, capella]
        elif is_deneb_or_later is not False:
            # A known chain lists its forks, so that an unlisted one is still to come.
            versions = [capella]
        return versions, genesis_validators_root


class Gloas(Versioned[T], Generic[T], frozen=True):
    """A payload that Gloas brought; another fork's may have other fields, and another root."""

    def __post_init__(self) -> None:
        if self.version.upper() != "GLOAS":
            raise ValueError(f"expected GLOAS as version, found {shown(self.version)}")


class ExecutionPayloadBid(ForkRequest):
    TYPE = "EXECUTION_PAYLOAD_BID"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    MESSAGE = attrgetter("execution_payload_bid")

    execution_payload_bid: Gloas[gloas.ExecutionPayloadBid]


class ExecutionPayloadEnvelope(ForkRequest):
    TYPE = "EXECUTION_PAYLOAD_ENVELOPE"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    MESSAGE = attrgetter("execution_payload_envelope")
    SLOT = attrgetter("message.payload.slot_number")
    MAX_BODY_SIZE = 32 << 20  # bytes; it carries a whole payload, 8 MiB and 16 MiB as hex

    execution_payload_envelope: Gloas[gloas.ExecutionPayloadEnvelope]


class PayloadAttestationMessage(ForkRequest):
    TYPE = "PAYLOAD_ATTESTATION_MESSAGE"
    DOMAIN_TYPE = domains.DOMAIN_PTC_ATTESTER
    MESSAGE = attrgetter("payload_attestation_message")

    payload_attestation_message: Gloas[gloas.PayloadAttestationData]


class ProposerPreferences(ForkRequest):
    TYPE = "PROPOSER_PREFERENCES"
    DOMAIN_TYPE = domains.DOMAIN_PROPOSER_PREFERENCES
    MESSAGE = attrgetter("proposer_preferences")
    SLOT = attrgetter("message.proposal_slot")

    proposer_preferences: Gloas[gloas.ProposerPreferences]


class BuilderRequestAuth(GenesisRequest):
    TYPE = "BUILDER_REQUEST_AUTH"
    DOMAIN_TYPE = domains.DOMAIN_BUILDER_REQUEST_AUTH
    MESSAGE = attrgetter("builder_request_auth")

    builder_request_auth: Gloas[gloas.BuilderRequestAuth]
