"""What a client signs, as consensus-specs has it: nothing of this is the signer's own.

Containers and signing roots are remerkleable's, and arkworks checks signatures. The containers are
those that Vero and StakeWise sign, from Electra to Gloas.
"""
# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

import random
from dataclasses import dataclass
from typing import Any

from py_arkworks_bls12381 import GT, G1Point, G2Point
from remerkleable.basic import uint64, uint256
from remerkleable.bitfields import Bitlist, BitsView, Bitvector
from remerkleable.byte_arrays import ByteList, Bytes4, Bytes32, Bytes48, Bytes96, ByteVector
from remerkleable.complex import Container
from remerkleable.core import View
from remerkleable.progressive import (
    ProgressiveBitlist,
    ProgressiveByteList,
    ProgressiveContainer,
    ProgressiveList,
)

Json = dict[str, Any]
GENESIS_FORK_VERSION = 0x00000000  # mainnet's
GENESIS_VALIDATORS_ROOT = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"


def container(base: Any = Container, /, **fields: Any) -> Any:
    """A container without a name."""
    return type(base)("", (base,), {"__annotations__": fields})


def progressive_container(**fields: Any) -> Any:
    return container(ProgressiveContainer(active_fields=[1] * len(fields)), **fields)


Decimal = type("Decimal", (uint256,), {"to_obj": int.__int__})  # in JSON a number, as uint64
Bytes20 = ByteVector[20]
ForkData = container(current_version=Bytes4, genesis_validators_root=Bytes32)
SigningData = container(object_root=Bytes32, domain=Bytes32)
Checkpoint = container(epoch=uint64, root=Bytes32)
AttestationData = container(
    slot=uint64, index=uint64, beacon_block_root=Bytes32, source=Checkpoint, target=Checkpoint
)
ElectraAttestation = container(
    aggregation_bits=Bitlist[2048 * 64],
    data=AttestationData,
    signature=Bytes96,
    committee_bits=Bitvector[64],
)
GloasAttestation = progressive_container(
    aggregation_bits=ProgressiveBitlist,
    data=AttestationData,
    signature=Bytes96,
    committee_bits=Bitvector[64],
)
ElectraAggregateAndProof = container(
    aggregator_index=uint64, aggregate=ElectraAttestation, selection_proof=Bytes96
)
GloasAggregateAndProof = container(
    aggregator_index=uint64, aggregate=GloasAttestation, selection_proof=Bytes96
)
BeaconBlockHeader = container(
    slot=uint64, proposer_index=uint64, parent_root=Bytes32, state_root=Bytes32, body_root=Bytes32
)
SyncAggregatorSelectionData = container(slot=uint64, subcommittee_index=uint64)
SyncCommitteeContribution = container(
    slot=uint64,
    beacon_block_root=Bytes32,
    subcommittee_index=uint64,
    aggregation_bits=Bitvector[512 // 4],
    signature=Bytes96,
)
ContributionAndProof = container(
    aggregator_index=uint64, contribution=SyncCommitteeContribution, selection_proof=Bytes96
)
ValidatorRegistrationV1 = container(
    fee_recipient=Bytes20, gas_limit=uint64, timestamp=uint64, pubkey=Bytes48
)
VoluntaryExit = container(epoch=uint64, validator_index=uint64)
DepositMessage = container(pubkey=Bytes48, withdrawal_credentials=Bytes32, amount=uint64)
ProposerPreferences = container(
    dependent_root=Bytes32,
    proposal_slot=uint64,
    validator_index=uint64,
    fee_recipient=Bytes20,
    target_gas_limit=uint64,
)
BuilderRequestAuth = container(data=ByteList[4096], slot=uint64)
Withdrawal = container(index=uint64, validator_index=uint64, address=Bytes20, amount=uint64)
ExecutionPayload = progressive_container(
    parent_hash=Bytes32,
    fee_recipient=Bytes20,
    state_root=Bytes32,
    receipts_root=Bytes32,
    logs_bloom=ByteVector[256],
    prev_randao=Bytes32,
    block_number=uint64,
    gas_limit=uint64,
    gas_used=uint64,
    timestamp=uint64,
    extra_data=ByteList[32],
    base_fee_per_gas=Decimal,
    block_hash=Bytes32,
    transactions=ProgressiveList[ProgressiveByteList],
    withdrawals=ProgressiveList[Withdrawal],
    blob_gas_used=uint64,
    excess_blob_gas=uint64,
    block_access_list=ProgressiveByteList,
    slot_number=uint64,
)
DepositData = {
    "pubkey": Bytes48,
    "withdrawal_credentials": Bytes32,
    "amount": uint64,
    "signature": Bytes96,
}
WithdrawalRequest = container(source_address=Bytes20, validator_pubkey=Bytes48, amount=uint64)
ConsolidationRequest = container(
    source_address=Bytes20, source_pubkey=Bytes48, target_pubkey=Bytes48
)
ExecutionRequests = progressive_container(
    deposits=ProgressiveList[container(**DepositData, index=uint64)],
    withdrawals=ProgressiveList[WithdrawalRequest],
    consolidations=ProgressiveList[ConsolidationRequest],
    builder_deposits=ProgressiveList[container(**DepositData)],
    builder_exits=ProgressiveList[container(source_address=Bytes20, pubkey=Bytes48)],
)
ExecutionPayloadEnvelope = progressive_container(
    payload=ExecutionPayload,
    execution_requests=ExecutionRequests,
    builder_index=uint64,
    beacon_block_root=Bytes32,
    parent_beacon_block_root=Bytes32,
)


def unhex(digits: str | None) -> bytes:
    """What hex says, where there is some."""
    assert digits
    return bytes.fromhex(digits.removeprefix("0x"))


def written(sent: Any) -> Any:
    """As JSON has it: numbers as text."""
    match sent:
        case View():
            return written(sent.to_obj())
        case dict():
            return {name: written(value) for name, value in sent.items()}
        case list():
            return [written(value) for value in sent]
        case bool() | str():
            return sent
        case _:
            return str(sent)


def made_up(kind: Any, chosen: Json, dice: random.Random) -> Any:
    """A value of a type, random but for the fields that are chosen by name."""
    if issubclass(kind, Container):
        fields = kind.fields().items()
        return kind(
            **{name: chosen.get(name, made_up(field, chosen, dice)) for name, field in fields}
        )
    if issubclass(kind, BitsView):
        length = kind.vector_length() if issubclass(kind, Bitvector) else 300
        return kind([bool(dice.getrandbits(1)) for _ in range(length)])
    if issubclass(kind, ProgressiveByteList | ByteList):
        return kind(dice.randbytes(30))
    if issubclass(kind, ProgressiveList):
        return kind([made_up(kind.element_cls(), chosen, dice) for _ in range(6)])
    return kind.decode_bytes(dice.randbytes(kind.type_byte_length()))


@dataclass(frozen=True)
class Message:
    """A sign request, and the root that its signature must be of."""

    name: str
    request: Json  # without a signing root
    signing_root: bytes


def compute_signing_root(signed: Any, domain_type: int, version: int, root: str) -> bytes:
    """consensus-specs, compute_signing_root, on the chain of a genesis validators root."""
    fork_data = ForkData(
        current_version=version.to_bytes(4, "big"), genesis_validators_root=unhex(root)
    )
    domain = domain_type.to_bytes(4, "big") + fork_data.hash_tree_root()[:28]
    return bytes(SigningData(object_root=signed.hash_tree_root(), domain=domain).hash_tree_root())


def genesis_message(kind: str, domain_type: int, signed: Any, **payload: Any) -> Message:
    """A message outside of any fork: its chain has no validators yet, and a root of zeros."""
    root = compute_signing_root(signed, domain_type, GENESIS_FORK_VERSION, "00" * 32)
    return Message(kind, {"type": kind, **written(payload)}, root)


def verify(pubkey: str, signing_root: bytes, signature: bytes) -> bool:
    """consensus-specs, bls.Verify."""
    ciphersuite = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
    points = [G1Point.from_compressed_bytes(unhex(pubkey)), -G1Point()]
    hashed = G2Point.hash_to_curve(signing_root, ciphersuite)
    return GT.pairing_check(points, [hashed, G2Point.from_compressed_bytes(signature)])
