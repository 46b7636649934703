"""The signing types that Gloas and Heze brought: one class for each.

Their payloads are `{"version": ..., "data": ...}`; clients also send them bare, or under old names.

Sources: remote-signing-api v1.4.0; consensus-specs, specs/gloas and specs/heze.
"""

from operator import attrgetter
from typing import Any, Generic, TypeVar

from ..hex import to_hex
from ..spec import domains, gloas, heze
from ..spec.networks import Network
from .request import ForkRequest, GenesisRequest
from .shapes import gloas_shape

T = TypeVar("T")


class ScheduledRequest(ForkRequest):
    """A request whose domain follows the fork schedule, not the state's fork.

    In the last epoch before a fork, `fork_info` of the state names the fork that ends.
    """

    def other_versions(self, network: Network) -> dict[bytes, str]:
        versions = super().other_versions(network)
        scheduled = network.scheduled_version((self.slot or 0) // network.slots_per_epoch)
        if scheduled not in {None, self.default_version(network)}:
            versions[scheduled] = f"fork version {to_hex(scheduled)}: the schedule's"
        return versions


class ExecutionPayloadBid(ForkRequest, Generic[T]):
    TYPE = "EXECUTION_PAYLOAD_BID"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    MESSAGE = attrgetter("execution_payload_bid")
    CONTAINERS = {"GLOAS": gloas.ExecutionPayloadBid, "HEZE": heze.ExecutionPayloadBid}

    execution_payload_bid: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        return gloas_shape(cls, body, "execution_payload_bid", cls.CONTAINERS)


class ExecutionPayloadEnvelope(ForkRequest, Generic[T]):
    TYPE = "EXECUTION_PAYLOAD_ENVELOPE"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    MESSAGE = attrgetter("execution_payload_envelope")
    SLOT = attrgetter("message.payload.slot_number")
    MAX_BODY_SIZE = 32 << 20  # bytes; it carries a whole payload, 8 MiB and 16 MiB as hex
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.ExecutionPayloadEnvelope)

    execution_payload_envelope: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        return gloas_shape(cls, body, "execution_payload_envelope", cls.CONTAINERS)


class PayloadAttestationMessage(ForkRequest, Generic[T]):
    TYPE = "PAYLOAD_ATTESTATION_MESSAGE"
    OLD_TYPES = ("PAYLOAD_ATTESTATION",)
    OLD_MEMBERS = ("payload_attestation", "payload_attestation_data")
    DOMAIN_TYPE = domains.DOMAIN_PTC_ATTESTER
    MESSAGE = attrgetter("payload_attestation_message")
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.PayloadAttestationData)

    payload_attestation_message: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        member = "payload_attestation_message"
        return gloas_shape(cls, body, member, cls.CONTAINERS, cls.OLD_MEMBERS)


class ProposerPreferences(ScheduledRequest, Generic[T]):
    TYPE = "PROPOSER_PREFERENCES"
    DOMAIN_TYPE = domains.DOMAIN_PROPOSER_PREFERENCES
    MESSAGE = attrgetter("proposer_preferences")
    SLOT = attrgetter("message.proposal_slot")
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.ProposerPreferences)

    proposer_preferences: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        return gloas_shape(cls, body, "proposer_preferences", cls.CONTAINERS)


class InclusionList(ScheduledRequest, Generic[T]):
    TYPE = "INCLUSION_LIST"
    DOMAIN_TYPE = domains.DOMAIN_INCLUSION_LIST_COMMITTEE
    MESSAGE = attrgetter("inclusion_list")
    CONTAINERS = {"HEZE": heze.InclusionList}

    inclusion_list: T

    @classmethod
    def shape(cls, body: bytes) -> Any:
        return gloas_shape(cls, body, "inclusion_list", cls.CONTAINERS)


class BuilderRequestAuth(GenesisRequest, Generic[T]):
    TYPE = "BUILDER_REQUEST_AUTH"
    OLD_TYPES = ("REQUEST_AUTH",)
    DOMAIN_TYPE = domains.DOMAIN_BUILDER_REQUEST_AUTH
    MESSAGE = attrgetter("builder_request_auth")
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.BuilderRequestAuth)

    builder_request_auth: T

    def __post_init__(self) -> None:
        if not self.message.data:
            raise ValueError("expected builder_request_auth with data, found it empty")

    @classmethod
    def shape(cls, body: bytes) -> Any:
        member = "builder_request_auth"
        return gloas_shape(cls, body, member, cls.CONTAINERS, ["request_auth"])
