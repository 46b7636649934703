"""What all signing types share: from a request to its signing root.

Knows neither HTTP nor keys, and no signing type by name.
"""

from collections.abc import Iterator
from typing import Any, ClassVar, Generic, Self, TypeVar, dataclass_transform

from msgspec import Struct, field

from .. import decoding
from ..hex import to_hex
from ..spec import phase0
from ..spec.networks import NETWORKS, Network, network_of
from ..ssz.scalars import Bytes32
from .candidates import Candidate, Chosen
from .mismatch import differing_root

T = TypeVar("T")

EXPECTED = "a sign request"


class Versioned(Struct, Generic[T], frozen=True):
    """The wrapper of a payload whose shape follows the fork."""

    version: str
    data: T


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class SignRequest(Struct, frozen=True, kw_only=True):
    """A request for a signature, perhaps with the signing root that the client computed.

    A signing type is a subclass with a TYPE, a DOMAIN_TYPE, a payload, and a MESSAGE: an attrgetter
    for the signed object.
    """

    TYPE: ClassVar[str]  # as it stands in the request
    OLD_TYPES: ClassVar[tuple[str, ...]] = ()  # what clients call it too
    DOMAIN_TYPE: ClassVar[bytes]  # 4 bytes
    MESSAGE: ClassVar[Any]  # an attrgetter
    NOTE: ClassVar[str] = ""  # what is unusual about the shape of a request, for log and record
    IN_BATCHES: ClassVar[bool] = False  # whether many validators sign the same message
    MAX_BODY_SIZE: ClassVar[int] = 4 << 20  # bytes; an ALTAIR block, the largest, stays below 1 MiB

    signing_root: Bytes32 | None = None  # SSV's spelling; the other clients use the next one
    signing_root_alias: Bytes32 | None = field(default=None, name="signingRoot")

    @classmethod
    def shape(cls, body: bytes) -> Any:  # noqa: ARG003 - only types with several shapes look
        """The Struct to decode `body` into; it may depend on the fork in the body."""
        return cls

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Reads the JSON body of a request of this type; ignores members that it does not know.

        Raises BadRequestError, which names the member that is missing or not as expected.
        """
        request: Self = decoding.decode(cls.shape(body), body, EXPECTED)
        return request

    @property
    def message(self) -> Any:
        """The signed object: a container, or a bare slot, epoch or root."""
        message = self.MESSAGE(self)
        if isinstance(message, Versioned):
            return message.data
        return message

    @property
    def slot(self) -> int | None:
        """The slot of the message; None for types without one."""
        return None

    @property
    def epoch(self) -> int | None:
        """The epoch of the message; None for types without one."""
        return None

    def default(self, configured: Network) -> Candidate:
        """The reading of the request that is signed when no root decides."""
        raise NotImplementedError

    def others(self, configured: Network) -> Iterator[Candidate]:  # noqa: ARG002
        """Readings that the network leaves open. One is used only if the client sent its root."""
        return iter(())

    def choose(self, configured: Network) -> Chosen:
        """The root to sign: the default's, or that of the reading whose root the client sent.

        Raises SigningRootError when the client sent the root of none.
        """
        default = self.default(configured)
        signing_root = default.signing_root(self.DOMAIN_TYPE)
        if self.is_sent(signing_root):
            return Chosen(signing_root, self.NOTE)
        for candidate in self.others(configured):
            other_root = candidate.signing_root(self.DOMAIN_TYPE)
            if self.is_sent(other_root):
                return Chosen(other_root, candidate.reading)
        domain = to_hex(default.domain(self.DOMAIN_TYPE))
        source = f"domain {domain} and fork version {to_hex(default.fork_version)}"
        raise differing_root(self, signing_root, source)

    def is_sent(self, signing_root: bytes) -> bool:
        """Whether the client sent this root, or none."""
        return self.signing_root in (None, signing_root) and (
            self.signing_root_alias in (None, signing_root)
        )

    def slashable_message(self, *, must_exist: bool) -> Any:  # noqa: ARG002
        """The block or attestation to check; None when the request hides it.

        Raises BadRequestError when it hides one that must exist, because it is to be checked.
        """
        return self.message


class ForkRequest(SignRequest):
    """A request whose domain follows its fork_info, used as given.

    A type defines EPOCH, or SLOT when its message has no `slot`.
    """

    SLOT: ClassVar[Any] = None  # an attrgetter
    EPOCH: ClassVar[Any] = None  # an attrgetter

    class ForkInfo(Struct, frozen=True):
        """The fork and the chain of a request, as clients send them."""

        fork: phase0.Fork
        genesis_validators_root: Bytes32

    fork_info: ForkInfo

    @property
    def slot(self) -> int | None:
        if self.SLOT:
            slot: int = self.SLOT(self)
            return slot
        return getattr(self.message, "slot", None)

    @property
    def epoch(self) -> int | None:
        if self.EPOCH:
            epoch: int = self.EPOCH(self)
            return epoch
        return None

    def default(self, configured: Network) -> Candidate:
        genesis_validators_root = self.fork_info.genesis_validators_root
        network = network_of(genesis_validators_root, configured)
        version = self.default_version(network)
        message = self.default_message(network, version)
        return Candidate(message, version, genesis_validators_root)

    def others(self, configured: Network) -> Iterator[Candidate]:
        genesis_validators_root = self.fork_info.genesis_validators_root
        network = network_of(genesis_validators_root, configured)
        versions = {
            version: f"fork version {to_hex(version)}: {difference}"
            for version, difference in self.other_versions(network).items()
        }
        versions[self.default_version(network)] = ""
        for version, of_version in versions.items():
            message = self.default_message(network, version)
            messages = {"": message, **self.other_messages(network, version)}
            for of_message, other_message in messages.items():
                reading = of_version or of_message
                yield Candidate(other_message, version, genesis_validators_root, reading)

    def default_version(self, network: Network) -> bytes:
        """The fork version of the domain (consensus-specs, get_domain)."""
        fork = self.fork_info.fork
        if self.epoch_on(network) < fork.epoch:
            return fork.previous_version
        return fork.current_version

    def epoch_on(self, network: Network) -> int:
        """The epoch of the message, by the network's slots per epoch if it has only a slot."""
        if self.epoch is None:
            return (self.slot or 0) // network.slots_per_epoch
        return self.epoch

    def other_versions(self, network: Network) -> dict[bytes, str]:
        """Fork versions that may be meant, each with its difference. The default may be one."""
        if not network.is_default:
            return {}
        fork = self.fork_info.fork
        return dict.fromkeys([fork.previous_version, fork.current_version], "other slots per epoch")

    def default_message(self, network: Network, version: bytes) -> Any:  # noqa: ARG002
        """The message of the fork with this version."""
        return self.message

    def other_messages(self, network: Network, version: bytes) -> dict[str, Any]:  # noqa: ARG002
        """Other messages that may be meant, each under its difference from the default."""
        return {}


class GenesisRequest(SignRequest):
    """A request outside any fork: the network's genesis version and a zero root."""

    def default(self, configured: Network) -> Candidate:
        return Candidate(self.message, configured.genesis_fork_version, bytes(32))

    def others(self, configured: Network) -> Iterator[Candidate]:
        if configured.is_default:
            for network in NETWORKS.values():
                version = network.genesis_fork_version
                reading = f"genesis fork version {to_hex(version)}: {network.name}'s"
                yield Candidate(self.message, version, bytes(32), reading)
