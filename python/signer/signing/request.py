"""From what a request asks to the signing root: what all signing types share.

Knows neither HTTP nor keys, and no signing type by name.
"""

import re
from operator import attrgetter
from typing import Any, ClassVar, Generic, TypeVar, dataclass_transform

from msgspec import Struct, field

from ..errors import SigningRootError
from ..spec import domains, phase0
from ..spec.networks import Network, network_of
from ..ssz.scalars import Bytes32

T = TypeVar("T")


class Versioned(Struct, Generic[T], frozen=True):
    """The wrapper of a payload whose shape follows the fork."""

    version: str
    data: T


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
class SignRequest(Struct, frozen=True, kw_only=True):
    """What all requests share: perhaps a signing root, and how to compute the true one.

    A class with a DOMAIN_TYPE is a signing type, by its name: RandaoReveal is RANDAO_REVEAL. What
    it signs is its one member, unless MESSAGE tells where else.
    """

    TYPE: ClassVar[str]
    DOMAIN_TYPE: ClassVar[bytes]
    MESSAGE: ClassVar[Any]  # an attrgetter
    types: ClassVar[dict[str, type["SignRequest"]]] = {}  # by TYPE; fills itself

    signing_root: Bytes32 | None = None  # SSV's spelling; the other clients use the next one
    signing_root_alias: Bytes32 | None = field(default=None, name="signingRoot")

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "DOMAIN_TYPE" in cls.__dict__:
            cls.TYPE = re.sub("(?<=[a-z])(?=[A-Z])", "_", cls.__name__).upper()
            cls.MESSAGE = cls.__dict__.get("MESSAGE") or attrgetter(*cls.__annotations__)
            SignRequest.types[cls.TYPE] = cls

    @classmethod
    def shape(cls, body: bytes) -> Any:  # noqa: ARG003 - only types with several shapes look
        """The type to read `body` as; a type whose payload follows the fork looks into it."""
        return cls

    @property
    def message(self) -> Any:
        """What is signed: a container, or a bare slot, epoch or root."""
        sent = self.MESSAGE(self)
        return sent.data if isinstance(sent, Versioned) else sent

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        """The fork version of the domain, and the genesis validators root.

        Where the request does not decide the version, the others that it may be follow the
        first; they count only when a signing root was sent and is theirs.
        """
        raise NotImplementedError

    def compute_signing_root(self, configured: Network) -> bytes:
        """32 bytes. Raises SigningRootError when a root was sent and is another one."""
        object_root = self.message.hash_tree_root()
        versions, genesis_validators_root = self.fork(configured)
        given = {self.signing_root, self.signing_root_alias} - {None}
        roots = []
        for version in versions:
            domain = domains.compute_domain(self.DOMAIN_TYPE, version, genesis_validators_root)
            roots.append(domains.compute_signing_root(object_root, domain))
            if given <= {roots[-1]}:
                return roots[-1]
        domain = domains.compute_domain(self.DOMAIN_TYPE, versions[0], genesis_validators_root)
        found = " and ".join(f"0x{other.hex()}" for other in given if other)
        raise SigningRootError(
            f"signing_root: expected 0x{roots[0].hex()}, computed with domain 0x{domain.hex()} and "
            f"fork version 0x{versions[0].hex()}, found {found}: check fork_info and the message, "
            "or send no root; on a private chain start the signer with --network config.yaml"
        )


class ForkRequest(SignRequest):
    """A request whose domain follows its fork_info, used as given.

    A type names the EPOCH of its message, or the SLOT where it is not the message's own.
    """

    SLOT: ClassVar[Any] = None  # an attrgetter
    EPOCH: ClassVar[Any] = None  # an attrgetter

    class ForkInfo(Struct, frozen=True):
        fork: phase0.Fork
        genesis_validators_root: Bytes32

    fork_info: ForkInfo

    @property
    def slot(self) -> int | None:
        """The slot of the message; None for the types that have an epoch only."""
        return self.SLOT(self) if self.SLOT else getattr(self.message, "slot", None)

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        # consensus-specs, get_domain
        fork, root = self.fork_info.fork, self.fork_info.genesis_validators_root
        slots_per_epoch = network_of(root, configured).slots_per_epoch
        epoch = self.EPOCH(self) if self.EPOCH else (self.slot or 0) // slots_per_epoch
        return [fork.previous_version if epoch < fork.epoch else fork.current_version], root


class GenesisRequest(SignRequest):
    """A request outside any fork: the network's genesis version and a zero root."""

    def fork(self, configured: Network) -> tuple[list[bytes], bytes]:
        return [configured.genesis_fork_version], bytes(32)
