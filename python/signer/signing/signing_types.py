"""Sign requests: one class for each signing type, and `decode`, from the JSON body to one of them.

A new type is one more class: its name, its domain, its payload, what of it is signed, and the
slot or epoch that decides the fork. There is nowhere to register it. Knows neither HTTP nor keys.

Sources: Web3Signer's eth2 API, remote-signing-api v1.4.0 (Gloas), consensus-specs.
"""

from operator import attrgetter
from typing import Any, Generic, TypeVar

from msgspec import Struct, field

from .. import decoding
from ..errors import BadRequestError
from ..spec import altair, bellatrix, domains, electra, gloas, phase0
from ..spec.networks import Network, network_of
from ..ssz.scalars import Bytes4, Bytes32, shown, uint64
from .request import ForkRequest, GenesisRequest, SignRequest, Versioned

T = TypeVar("T")

EXPECTED = "a sign request"

# by fork: where its AggregateAndProof is defined
AGGREGATES = {
    **dict.fromkeys(["PHASE0", "ALTAIR", "BELLATRIX", "CAPELLA", "DENEB"], phase0),
    **dict.fromkeys(["ELECTRA", "FULU"], electra),
    "GLOAS": gloas,
}


class AggregationSlot(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_SELECTION_PROOF
    MESSAGE = SLOT = attrgetter("aggregation_slot.slot")

    class Payload(Struct, frozen=True):
        slot: uint64

    aggregation_slot: Payload


class AggregateAndProof(ForkRequest, Generic[T]):
    """The bare shape of the deprecated type and the wrapped one of V2, under either name."""

    DOMAIN_TYPE = domains.DOMAIN_AGGREGATE_AND_PROOF
    SLOT = attrgetter("message.aggregate.data.slot")

    aggregate_and_proof: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        sent = _in(decoding.decode(Any, body, EXPECTED), "aggregate_and_proof")
        data = _in(sent, "data")
        bits = _in(_in(sent if data is None else data, "aggregate"), "committee_bits")
        # a bare aggregate with committee_bits is Electra's: Teku, Lighthouse and Grandine send it
        version = _in(sent, "version") or ("PHASE0" if bits is None else "ELECTRA")
        defined = AGGREGATES.get(str(version).upper())
        if defined is None:
            expected = f"expected one of {', '.join(AGGREGATES)}, found {shown(version)}"
            raise BadRequestError(f"aggregate_and_proof.version: {expected}")
        container: Any = defined.AggregateAndProof
        if defined is electra and len(str(bits).removeprefix("0x")) == len("ff"):
            container = electra.MinimalAggregateAndProof
        return cls[container if data is None else Versioned[container]]  # type: ignore[index]


class AggregateAndProofV2(AggregateAndProof[T], Generic[T]):
    DOMAIN_TYPE = domains.DOMAIN_AGGREGATE_AND_PROOF
    MESSAGE = attrgetter("aggregate_and_proof")


class Attestation(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_BEACON_ATTESTER
    EPOCH = attrgetter("attestation.target.epoch")
    attestation: phase0.AttestationData


class Block(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_BEACON_PROPOSER
    block: phase0.BeaconBlock


class WholeBlock(Versioned[T], Generic[T], frozen=True):
    data: T = field(name="block")


class BlockHeader(Versioned[phase0.BeaconBlockHeader], frozen=True):
    data: phase0.BeaconBlockHeader = field(name="block_header")


class BlockV2(ForkRequest, Generic[T]):
    """A whole block of the first two forks; a header of every later one, known or not."""

    DOMAIN_TYPE = domains.DOMAIN_BEACON_PROPOSER
    beacon_block: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        sent = _in(decoding.decode(Any, body, EXPECTED), "beacon_block")
        whole: dict[str, Any] = {"PHASE0": phase0.BeaconBlock, "ALTAIR": altair.BeaconBlock}
        block = whole.get(str(_in(sent, "version")).upper())
        return cls[WholeBlock[block] if block else BlockHeader]  # type: ignore[index, valid-type]


class Deposit(SignRequest):
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
    DOMAIN_TYPE = domains.DOMAIN_RANDAO
    MESSAGE = EPOCH = attrgetter("randao_reveal.epoch")

    class Payload(Struct, frozen=True):
        epoch: uint64

    randao_reveal: Payload


class SyncCommitteeMessage(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_SYNC_COMMITTEE
    MESSAGE = attrgetter("sync_committee_message.beacon_block_root")
    SLOT = attrgetter("sync_committee_message.slot")

    class Payload(Struct, frozen=True):
        beacon_block_root: Bytes32
        slot: uint64

    sync_committee_message: Payload


class SyncCommitteeSelectionProof(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_SYNC_COMMITTEE_SELECTION_PROOF
    sync_aggregator_selection_data: altair.SyncAggregatorSelectionData


class SyncCommitteeContributionAndProof(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_CONTRIBUTION_AND_PROOF
    SLOT = attrgetter("contribution_and_proof.contribution.slot")
    contribution_and_proof: altair.ContributionAndProof


class ValidatorRegistration(GenesisRequest):
    DOMAIN_TYPE = domains.DOMAIN_APPLICATION_BUILDER
    validator_registration: bellatrix.ValidatorRegistrationV1


class VoluntaryExit(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_VOLUNTARY_EXIT
    EPOCH = attrgetter("voluntary_exit.epoch")
    voluntary_exit: phase0.VoluntaryExit

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        # EIP-7044: from Deneb on, exits are signed for Capella for ever
        versions, root = super().fork(configured)
        network, fork = network_of(root, configured), self.fork_info.fork
        capella = network.fork_versions.get("CAPELLA", fork.current_version)
        is_deneb_or_later = network.is_deneb_or_later(fork.current_version)
        if is_deneb_or_later is None and root != network.genesis_validators_root:
            # a chain we do not know: a root that was sent may tell
            return [*versions, fork.current_version, fork.previous_version, capella], root
        # a chain we know lists its forks: one that it does not list is to come
        return versions if is_deneb_or_later is False else [capella], root


class Gloas(Versioned[T], Generic[T], frozen=True):
    """A payload that Gloas brought; another fork's may have other fields, and another root."""

    def __post_init__(self) -> None:
        if self.version.upper() != "GLOAS":
            raise ValueError(f"expected GLOAS as version, found {shown(self.version)}")


class ExecutionPayloadBid(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    execution_payload_bid: Gloas[gloas.ExecutionPayloadBid]


class ExecutionPayloadEnvelope(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    SLOT = attrgetter("message.payload.slot_number")
    execution_payload_envelope: Gloas[gloas.ExecutionPayloadEnvelope]


class PayloadAttestationMessage(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_PTC_ATTESTER
    payload_attestation_message: Gloas[gloas.PayloadAttestationData]


class ProposerPreferences(ForkRequest):
    DOMAIN_TYPE = domains.DOMAIN_PROPOSER_PREFERENCES
    SLOT = attrgetter("message.proposal_slot")
    proposer_preferences: Gloas[gloas.ProposerPreferences]


class BuilderRequestAuth(GenesisRequest):
    DOMAIN_TYPE = domains.DOMAIN_BUILDER_REQUEST_AUTH
    builder_request_auth: Gloas[gloas.BuilderRequestAuth]


class _Type(Struct):
    type: str


def decode(body: bytes) -> SignRequest:
    """Reads the JSON body of a sign request; members that it does not know are ignored.

    Raises BadRequestError, naming the member that is missing or not as expected.
    """
    signing_type = decoding.decode(_Type, body, EXPECTED).type.upper()
    kind = SignRequest.types.get(signing_type)
    if kind is None:
        known = ", ".join(SignRequest.types)
        raise BadRequestError(f"type: expected one of {known}, found another")
    request: SignRequest = decoding.decode(kind.shape(body), body, EXPECTED)
    return request


def _in(value: Any, name: str) -> Any:
    """A member, or None where it or the object is missing; decoding says later what is wrong."""
    return value.get(name) if isinstance(value, dict) else None
