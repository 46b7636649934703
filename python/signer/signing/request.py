"""What all signing types share: from a request to its signing root.

Knows neither HTTP nor keys, and no signing type by name.
"""

from typing import Any, ClassVar, Generic, Self, TypeVar, dataclass_transform

from msgspec import Struct, field

from .. import decoding
from ..errors import SigningRootError
from ..hex import to_hex
from ..spec import domains, phase0
from ..spec.networks import Network, network_of
from ..ssz.scalars import Bytes32

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
    DOMAIN_TYPE: ClassVar[bytes]  # 4 bytes
    MESSAGE: ClassVar[Any]  # an attrgetter
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

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        """The fork version of the domain, and the genesis validators root.

        When the request leaves the version open, the alternatives follow. One of them is used only
        if it leads to the root that the client sent.
        """
        raise NotImplementedError

    def compute_signing_root(self, configured: Network) -> bytes:
        """The root to sign, 32 bytes. Raises SigningRootError when the client sent another one."""
        object_root = self.message.hash_tree_root()
        versions, genesis_validators_root = self.fork(configured)
        roots_sent = {self.signing_root, self.signing_root_alias} - {None}
        for version in versions:
            domain = domains.compute_domain(self.DOMAIN_TYPE, version, genesis_validators_root)
            signing_root = domains.compute_signing_root(object_root, domain)
            if roots_sent <= {signing_root}:
                return signing_root
        raise self._differing_root(object_root, versions[0], genesis_validators_root)

    def _differing_root(
        self,
        object_root: bytes,
        version: bytes,
        genesis_validators_root: bytes,
    ) -> SigningRootError:
        domain = domains.compute_domain(self.DOMAIN_TYPE, version, genesis_validators_root)
        expected = domains.compute_signing_root(object_root, domain)
        roots_sent = {self.signing_root, self.signing_root_alias}
        found = " and ".join(to_hex(root) for root in roots_sent if root is not None)
        message = (
            f"signing_root: expected {to_hex(expected)}, computed with domain {to_hex(domain)} "
            f"and fork version {to_hex(version)}, found {found}: check fork_info and the message, "
            "or send no root; on a private chain start the signer with --network config.yaml"
        )
        return SigningRootError(message, expected)


class ForkRequest(SignRequest):
    """A request whose domain follows its fork_info, used as given.

    A type defines EPOCH, or SLOT when its message has no `slot`.
    """

    SLOT: ClassVar[Any] = None  # an attrgetter
    EPOCH: ClassVar[Any] = None  # an attrgetter

    class ForkInfo(Struct, frozen=True):
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

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        # consensus-specs, get_domain
        fork = self.fork_info.fork
        genesis_validators_root = self.fork_info.genesis_validators_root
        epoch = self.epoch
        if epoch is None:
            network = network_of(genesis_validators_root, configured)
            epoch = (self.slot or 0) // network.slots_per_epoch
        if epoch < fork.epoch:
            return [fork.previous_version], genesis_validators_root
        return [fork.current_version], genesis_validators_root


class GenesisRequest(SignRequest):
    """A request outside any fork: the network's genesis version and a zero root."""

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        return [configured.genesis_fork_version], bytes(32)
