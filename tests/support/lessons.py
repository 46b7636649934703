"""What the pages of docs/learn must say: each hash by remerkleable, each point by arkworks."""
# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

import json
from dataclasses import dataclass
from typing import Any

from py_arkworks_bls12381 import G1Point, G2Point, Scalar
from remerkleable.tree import Node

from support.consensus_specs import (
    AttestationData,
    BeaconBlockHeader,
    ForkData,
    Json,
    SigningData,
    ValidatorRegistrationV1,
    VoluntaryExit,
    unhex,
)
from support.pages import blocks
from support.remerkleable_types import parsed
from support.vectors import vectors

CIPHERSUITE = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
SECRET = int(vectors("interop_keys/keys.json")[0]["privkey"], 16)
PUBKEY = bytes((G1Point() * Scalar(SECRET)).to_compressed_bytes()).hex()
CURVE_ORDER = f"{int(-Scalar(1)) + 1:064x}"
MAINNET = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"
HOODI = "0x212f13fc4df078b6cb7db228f1c8307566dcecf900867401a92023d7ba99cb5f"
NO_CHAIN = "00" * 32


def nodes_of(value: Any) -> set[str]:
    """Every chunk and hash in the tree of a value, the root as well."""
    found = set()
    waiting: list[Node] = [value.get_backing()]
    while waiting:
        node = waiting.pop()
        found.add(bytes(node.merkle_root()).hex())
        if not node.is_leaf():
            waiting += [node.get_left(), node.get_right()]
    return found


def signature_of(signing_root: bytes) -> str:
    """The signature by the first interop key."""
    point = G2Point.hash_to_curve(signing_root, CIPHERSUITE) * Scalar(SECRET)
    return bytes(point.to_compressed_bytes()).hex()


@dataclass(frozen=True)
class InDomain:
    """The fork data of a domain, and where it leads to."""

    domain_type: str
    version: str
    chain: str = MAINNET

    @property
    def fork_data(self) -> Any:
        return ForkData(
            current_version=unhex(self.version), genesis_validators_root=unhex(self.chain)
        )

    @property
    def domain(self) -> bytes:
        return unhex(self.domain_type) + bytes(self.fork_data.hash_tree_root())[:28]

    def signing_root(self, message: Any) -> bytes:
        data = SigningData(object_root=message.hash_tree_root(), domain=self.domain)
        return bytes(data.hash_tree_root())

    def roots(self, message: Any) -> set[str]:
        """The domain and the signing root."""
        return {self.domain.hex(), self.signing_root(message).hex()}


@dataclass(frozen=True)
class Lesson:
    """A page that works out one signing root from the first JSON on it."""

    page: str
    kind: Any
    members: tuple[str, ...]  # that lead to the message
    right: InDomain
    wrong: tuple[InDomain, ...] = ()  # which the page shows as well

    @property
    def request(self) -> Json:
        request: Json = json.loads(blocks(self.page, "json")[0])
        return request

    @property
    def message(self) -> Any:
        message: Any = self.request
        for member in self.members:
            message = message[member]
        return parsed(self.kind, message)

    def steps(self) -> set[str]:
        """Every value that must be on the page."""
        steps = nodes_of(self.message) - {NO_CHAIN}
        for in_domain in (self.right, *self.wrong):
            steps |= in_domain.roots(self.message)
        return steps

    def further(self) -> set[str]:
        """Values that may be on the page."""
        further = {f"{SECRET:064x}", CURVE_ORDER, NO_CHAIN}
        for in_domain in (self.right, *self.wrong):
            further |= nodes_of(in_domain.fork_data)
        return further


ATTESTATION = Lesson(
    "learn/signing-root.md",
    AttestationData,
    ("attestation",),
    InDomain("0x01000000", "0x06000000"),
)
BLOCK = Lesson(
    "learn/block.md",
    BeaconBlockHeader,
    ("beacon_block", "block_header"),
    InDomain("0x00000000", "0x06000000"),
)
EXIT = Lesson(
    "learn/exit.md",
    VoluntaryExit,
    ("voluntary_exit",),
    InDomain("0x04000000", "0x03000000"),
    (InDomain("0x04000000", "0x06000000"),),
)
REGISTRATION = Lesson(
    "learn/registration.md",
    ValidatorRegistrationV1,
    ("validator_registration",),
    InDomain("0x00000001", "0x00000000", NO_CHAIN),
    (InDomain("0x00000001", "0x10000910", NO_CHAIN),),
)
LESSONS = [ATTESTATION, BLOCK, EXIT, REGISTRATION]
