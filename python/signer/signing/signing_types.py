"""The signing types of Web3Signer: one class for each. Those of Gloas have a file of their own.

A new type is one class: wire name, domain, payload, signed object, and the slot or epoch that
decides the fork. It goes into the list in `registry.py`. Knows neither HTTP nor keys.

Sources: Web3Signer's eth2 API, remote-signing-api v1.4.0 (Gloas), consensus-specs.
"""

from operator import attrgetter
from typing import Any, Generic, TypeVar

from msgspec import Struct

from ..spec import altair, bellatrix, domains, electra, phase0
from ..spec.networks import Network, is_at_least
from ..ssz.scalars import Bytes4, Bytes32, uint64
from .candidates import Candidate
from .request import ForkRequest, GenesisRequest, SignRequest, Versioned
from .shapes import aggregate_payload, block_payload, progressive_aggregate

T = TypeVar("T")

ELECTRA_AGGREGATES = (electra.AggregateAndProof, electra.MinimalAggregateAndProof)


class AggregationSlot(ForkRequest):
    TYPE = "AGGREGATION_SLOT"
    IN_BATCHES = True
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

    # A bare aggregate has the same members in Electra and in Gloas, and another root.

    @property
    def _may_be_progressive(self) -> bool:
        is_bare = not isinstance(self.aggregate_and_proof, Versioned)
        return is_bare and isinstance(self.message, ELECTRA_AGGREGATES)

    def default_message(self, network: Network, version: bytes) -> Any:
        if self._may_be_progressive and is_at_least(network.fork_of(version), "GLOAS"):
            return progressive_aggregate(self.message)
        return self.message

    def other_messages(self, network: Network, version: bytes) -> dict[str, Any]:
        is_open = network.is_default or network.fork_of(version) is None
        if not is_open or not self._may_be_progressive:
            return {}
        return {
            "aggregate read as Electra's": self.message,
            "aggregate read as Gloas's": progressive_aggregate(self.message),
        }


class AggregateAndProofV2(AggregateAndProof[T], Generic[T]):
    TYPE = "AGGREGATE_AND_PROOF_V2"


class Attestation(ForkRequest):
    TYPE = "ATTESTATION"
    IN_BATCHES = True
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

    def default(self, configured: Network) -> Candidate:  # noqa: ARG002
        return Candidate(self.message, self.deposit.genesis_fork_version, bytes(32))


class RandaoReveal(ForkRequest):
    TYPE = "RANDAO_REVEAL"
    IN_BATCHES = True
    DOMAIN_TYPE = domains.DOMAIN_RANDAO
    MESSAGE = attrgetter("randao_reveal.epoch")
    EPOCH = MESSAGE

    class Payload(Struct, frozen=True):
        epoch: uint64

    randao_reveal: Payload


class SyncCommitteeMessage(ForkRequest):
    TYPE = "SYNC_COMMITTEE_MESSAGE"
    IN_BATCHES = True
    DOMAIN_TYPE = domains.DOMAIN_SYNC_COMMITTEE
    MESSAGE = attrgetter("sync_committee_message.beacon_block_root")
    SLOT = attrgetter("sync_committee_message.slot")

    class Payload(Struct, frozen=True):
        beacon_block_root: Bytes32
        slot: uint64

    sync_committee_message: Payload


class SyncCommitteeSelectionProof(ForkRequest):
    TYPE = "SYNC_COMMITTEE_SELECTION_PROOF"
    IN_BATCHES = True
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

    # EIP-7044: from Deneb on, exits are signed for Capella for ever

    def _capella(self, network: Network) -> bytes:
        return network.fork_versions.get("CAPELLA", self.fork_info.fork.current_version)

    def _is_open(self, network: Network) -> bool:
        # A known chain lists its forks, so that an unlisted one is still to come.
        is_known = self.fork_info.genesis_validators_root == network.genesis_validators_root
        return not is_known and network.fork_of(self.fork_info.fork.current_version) is None

    def default_version(self, network: Network) -> bytes:
        fork = network.fork_of(self.fork_info.fork.current_version)
        if self._is_open(network) or (fork is not None and not is_at_least(fork, "DENEB")):
            return super().default_version(network)
        return self._capella(network)

    def other_versions(self, network: Network) -> dict[bytes, str]:
        if not network.is_default and not self._is_open(network):
            return {}
        fork = self.fork_info.fork
        versions = [fork.current_version, fork.previous_version, self._capella(network)]
        return dict.fromkeys(versions, "an exit of an unknown chain")
