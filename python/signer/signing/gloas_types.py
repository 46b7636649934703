"""The signing types that Gloas and Heze brought: one class for each.

Their payloads are `{"version": ..., "data": ...}`; clients also send them bare, or under old names.
SIGNED_ONCE_FOR has the members that identify a message: those by which consensus-specs'
p2p-interface takes the first one and ignores or marks another (`slashing/equivocations.py`).

Sources: remote-signing-api v1.4.0; consensus-specs, specs/gloas and specs/heze.
"""

from operator import attrgetter
from typing import Any, ClassVar, Generic, TypeVar

from ..spec import domains, gloas, heze
from ..spec.networks import Network
from .request import ForkRequest, GenesisRequest
from .shapes import gloas_shape

T = TypeVar("T")


class ForkedPayload:
    """A mixin: the payload is named like the TYPE, in lower case, and its shape follows the fork.

    A type defines CONTAINERS by fork, and in OLD_MEMBERS what clients call the payload too.
    """

    __slots__ = ()  # without it, each request would get a __dict__

    TYPE: ClassVar[str]
    CONTAINERS: ClassVar[dict[str, Any]]
    OLD_MEMBERS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def shape(cls, body: bytes) -> Any:
        """The Struct to decode `body` into. Raises as `gloas_shape`."""
        return gloas_shape(cls, body, cls.TYPE.lower(), cls.CONTAINERS, cls.OLD_MEMBERS)


class ScheduledRequest(ForkRequest):
    """A request whose domain follows the fork schedule, not the state's fork.

    In the last epoch before a fork, `fork_info` of the state names the fork that ends.
    """

    def other_versions(self, network: Network) -> dict[bytes, str]:
        versions = super().other_versions(network)
        scheduled = network.scheduled_version(self.epoch_on(network))
        if scheduled:
            versions[scheduled] = "the schedule's"
        return versions


class ExecutionPayloadBid(ForkedPayload, ForkRequest, Generic[T]):
    TYPE = "EXECUTION_PAYLOAD_BID"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    MESSAGE = attrgetter("execution_payload_bid")
    CONTAINERS = {"GLOAS": gloas.ExecutionPayloadBid, "HEZE": heze.ExecutionPayloadBid}
    # A builder bids once on each parent. A bid that is paid outside of the chain is not gossiped,
    # so it may stand next to one that is.
    SIGNED_ONCE_FOR = (
        "slot",
        "message.builder_index",
        "message.parent_block_hash",
        "message.parent_block_root",
        "message.execution_payment",
    )

    execution_payload_bid: T


class ExecutionPayloadEnvelope(ForkedPayload, ForkRequest, Generic[T]):
    TYPE = "EXECUTION_PAYLOAD_ENVELOPE"
    DOMAIN_TYPE = domains.DOMAIN_BEACON_BUILDER
    MESSAGE = attrgetter("execution_payload_envelope")
    SLOT = attrgetter("message.payload.slot_number")
    MAX_BODY_SIZE = 32 << 20  # bytes; it carries a whole payload, 8 MiB and 16 MiB as hex
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.ExecutionPayloadEnvelope)
    SIGNED_ONCE_FOR = ("slot", "message.builder_index", "message.beacon_block_root")

    execution_payload_envelope: T


class PayloadAttestationMessage(ForkedPayload, ForkRequest, Generic[T]):
    TYPE = "PAYLOAD_ATTESTATION_MESSAGE"
    IN_BATCHES = True
    OLD_TYPES = ("PAYLOAD_ATTESTATION",)
    OLD_MEMBERS = ("payload_attestation", "payload_attestation_data")
    DOMAIN_TYPE = domains.DOMAIN_PTC_ATTESTER
    MESSAGE = attrgetter("payload_attestation_message")
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.PayloadAttestationData)
    SIGNED_ONCE_FOR = ("slot",)

    payload_attestation_message: T


class ProposerPreferences(ForkedPayload, ScheduledRequest, Generic[T]):
    TYPE = "PROPOSER_PREFERENCES"
    DOMAIN_TYPE = domains.DOMAIN_PROPOSER_PREFERENCES
    MESSAGE = attrgetter("proposer_preferences")
    SLOT = attrgetter("message.proposal_slot")
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.ProposerPreferences)

    proposer_preferences: T


class InclusionList(ForkedPayload, ScheduledRequest, Generic[T]):
    TYPE = "INCLUSION_LIST"
    DOMAIN_TYPE = domains.DOMAIN_INCLUSION_LIST_COMMITTEE
    MESSAGE = attrgetter("inclusion_list")
    CONTAINERS = {"HEZE": heze.InclusionList}
    SIGNED_ONCE_FOR = ("slot", "message.dependent_root", "message.validator_index")

    inclusion_list: T


class BuilderRequestAuth(ForkedPayload, GenesisRequest, Generic[T]):
    TYPE = "BUILDER_REQUEST_AUTH"
    OLD_TYPES = ("REQUEST_AUTH",)
    OLD_MEMBERS = ("request_auth",)
    DOMAIN_TYPE = domains.DOMAIN_BUILDER_REQUEST_AUTH
    MESSAGE = attrgetter("builder_request_auth")
    CONTAINERS = dict.fromkeys(["GLOAS", "HEZE"], gloas.BuilderRequestAuth)

    builder_request_auth: T

    def __post_init__(self) -> None:
        if not self.message.data:
            raise ValueError("expected builder_request_auth with data, found it empty")
