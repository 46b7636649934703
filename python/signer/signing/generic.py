"""GENERIC: a message of which the signer sees no more than its root. Two drafts, told by members.

Sources: ethereum/remote-signing-api, pull requests 29 (`signing_data`) and 30 (`merkle_root`).
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Raw, Struct

from .. import decoding
from .._core import merkleize
from ..errors import BadRequestError
from ..spec import domains, phase0
from ..spec.networks import Network
from ..ssz.scalars import Bytes32, uint64
from .candidates import Chosen
from .mismatch import differing_root
from .request import EXPECTED, ForkRequest, SignRequest


class _Generic(SignRequest):
    TYPE = "GENERIC"

    @property
    def object_root(self) -> bytes:
        """The root of the message, 32 bytes."""
        raise NotImplementedError

    @property
    def signing_domain(self) -> bytes:
        """The domain, 32 bytes."""
        raise NotImplementedError

    @property
    def DOMAIN_TYPE(self) -> bytes:  # type: ignore[override] # noqa: N802 - other types have one
        return self.signing_domain[:4]

    def choose(self, configured: Network) -> Chosen:  # noqa: ARG002
        signing_root = domains.compute_signing_root(self.object_root, self.signing_domain)
        if not self.is_sent(signing_root):
            raise differing_root(self, signing_root, "the root and the domain of the request")
        return Chosen(signing_root, "")


class GenericSigningData(_Generic):
    """The draft of pull request 29."""

    class SigningData(Struct, frozen=True, forbid_unknown_fields=True):
        object_root: Bytes32
        domain: Bytes32

    signing_data: SigningData

    @property
    def object_root(self) -> bytes:
        return self.signing_data.object_root

    @property
    def signing_domain(self) -> bytes:
        return self.signing_data.domain

    def slashable_message(self, *, must_exist: bool) -> Any:
        if must_exist:
            raise BadRequestError(
                "signing_data.domain: expected no proposer's or attester's domain with --slashing "
                "enforce, found one: send BLOCK_V2 or ATTESTATION"
            )


class Proof(Struct, frozen=True):
    """The branch from a container to the root of the message, the lowest sibling first."""

    generalized_index: uint64
    merkle_proof: list[Bytes32]

    def leads_to(self, root: bytes, leaf: bytes) -> bool:
        """Whether `leaf` is at the index below `root`; both have 32 bytes."""
        if self.generalized_index.bit_length() != len(self.merkle_proof) + 1:
            return False
        return root == _branch_root(leaf, self.generalized_index, self.merkle_proof)


def _branch_root(leaf: bytes, generalized_index: int, siblings: Sequence[bytes]) -> bytes:
    node = leaf
    for sibling in siblings:
        pair = node + sibling
        if generalized_index & 1:
            pair = sibling + node
        node = merkleize(pair, 1)
        generalized_index >>= 1
    return node


class ProvenAttestation(phase0.AttestationData):
    proof: Proof

    @property
    def container(self) -> phase0.AttestationData:
        """The signed object, without the proof."""
        root = self.beacon_block_root
        return phase0.AttestationData(self.slot, self.index, root, self.source, self.target)


class ProvenHeader(phase0.BeaconBlockHeader):
    proof: Proof

    @property
    def container(self) -> phase0.BeaconBlockHeader:
        """The signed object, without the proof."""
        return phase0.BeaconBlockHeader(
            self.slot,
            self.proposer_index,
            self.parent_root,
            self.state_root,
            self.body_root,
        )


class GenericMerkleRoot(_Generic):
    """The draft of pull request 30: slashable messages come with their container and a proof."""

    merkle_root: Bytes32
    domain: Bytes32
    fork_info: ForkRequest.ForkInfo | None = None
    attestation: ProvenAttestation | None = None
    block_header: ProvenHeader | None = None

    @property
    def object_root(self) -> bytes:
        return self.merkle_root

    @property
    def signing_domain(self) -> bytes:
        return self.domain

    @property
    def slot(self) -> int | None:
        proven = self.attestation or self.block_header
        return proven.slot if proven else None

    def slashable_message(self, *, must_exist: bool) -> Any:
        member = "block_header"
        proven: ProvenHeader | ProvenAttestation | None = self.block_header
        if self.DOMAIN_TYPE == domains.DOMAIN_BEACON_ATTESTER:
            member = "attestation"
            proven = self.attestation
        if proven is None:
            if must_exist:
                expected = "expected this member with its domain and --slashing enforce"
                raise BadRequestError(f"{member}: {expected}, found none")
            return None
        container = proven.container
        if proven.proof.leads_to(self.merkle_root, container.hash_tree_root()):
            return container
        if must_exist:
            raise BadRequestError(
                f"{member}.proof: expected a branch from this container to merkle_root, found one "
                "that leads elsewhere"
            )
        return None


class Generic(SignRequest):
    """Either draft: the one that the members of the request are of."""

    TYPE = "GENERIC"
    IN_BATCHES = True
    SHAPES = (GenericSigningData, GenericMerkleRoot)

    @classmethod
    def shape(cls, body: bytes) -> Any:
        if "signing_data" in decoding.decode(dict[str, Raw], body, EXPECTED):
            return GenericSigningData
        return GenericMerkleRoot
