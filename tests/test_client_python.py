"""Vero's requests by aiohttp, and those of StakeWise's operator by httpx: Python's HTTP clients.

Signing roots are computed by remerkleable and signatures checked by arkworks, as consensus-specs
does; the signer has neither. Containers are those that these clients sign, from Electra to Gloas.
"""

# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
import msgspec
import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector, TraceConfig
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

from signer import Signer

T = TypeVar("T")
Json = dict[str, Any]
GENESIS_FORK_VERSION = 0x00000000  # mainnet's
GENESIS_VALIDATORS_ROOT = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"


def container(base: Any = Container, /, **fields: Any) -> Any:
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
    name: str
    request: Json  # without a signing root
    signing_root: bytes


def compute_signing_root(signed: Any, domain_type: int, version: int, root: str) -> bytes:
    fork_data = ForkData(
        current_version=version.to_bytes(4, "big"), genesis_validators_root=unhex(root)
    )
    domain = domain_type.to_bytes(4, "big") + fork_data.hash_tree_root()[:28]
    return bytes(SigningData(object_root=signed.hash_tree_root(), domain=domain).hash_tree_root())


@dataclass(frozen=True)
class Fork:
    """A fork of mainnet."""

    name: str
    epoch: int
    version: int
    previous_version: int

    @property
    def slot(self) -> int:
        return self.epoch * 32 + 37

    def message(self, kind: str, domain_type: int, signed: Any, **payload: Any) -> Message:
        root = compute_signing_root(signed, domain_type, self.version, GENESIS_VALIDATORS_ROOT)
        fork = {
            "previous_version": f"0x{self.previous_version:08x}",
            "current_version": f"0x{self.version:08x}",
            "epoch": str(self.epoch),
        }
        fork_info = {"fork": fork, "genesis_validators_root": GENESIS_VALIDATORS_ROOT}
        request = {"type": kind, "fork_info": fork_info, **written(payload)}
        return Message(f"{kind}/{self.name}", request, root)

    def versioned(self, kind: Any) -> Json:
        return {"version": self.name, "data": self.made_up(kind)}

    def made_up(self, kind: Any) -> Any:
        epochs = {"epoch": self.epoch + 1}
        slots = dict.fromkeys(["slot", "slot_number", "proposal_slot"], self.slot)
        return made_up(kind, epochs | slots, random.Random(self.epoch))


def genesis_message(kind: str, domain_type: int, signed: Any, **payload: Any) -> Message:
    """A message outside of any fork: its chain has no validators yet, and a root of zeros."""
    root = compute_signing_root(signed, domain_type, GENESIS_FORK_VERSION, "00" * 32)
    return Message(kind, {"type": kind, **written(payload)}, root)


CAPELLA = Fork("CAPELLA", 194048, 0x03000000, 0x02000000)
ELECTRA = Fork("ELECTRA", 364032, 0x05000000, 0x04000000)
FULU = Fork("FULU", 411392, 0x06000000, 0x05000000)
GLOAS = Fork("GLOAS", 500000, 0x07000000, 0x06000000)  # not scheduled yet: an epoch of our own


def attester(fork: Fork) -> Iterator[Message]:
    data = fork.made_up(AttestationData)
    yield fork.message("ATTESTATION", 0x01000000, data, attestation=data)
    slot = uint64(fork.slot)
    yield fork.message("AGGREGATION_SLOT", 0x05000000, slot, aggregation_slot={"slot": slot})
    sent = fork.versioned(GloasAggregateAndProof if fork is GLOAS else ElectraAggregateAndProof)
    kind = "AGGREGATE_AND_PROOF_V2"
    yield fork.message(kind, 0x06000000, sent["data"], aggregate_and_proof=sent)


def proposer(fork: Fork) -> Iterator[Message]:
    epoch = uint64(fork.epoch + 1)
    yield fork.message("RANDAO_REVEAL", 0x02000000, epoch, randao_reveal={"epoch": epoch})
    header = fork.made_up(BeaconBlockHeader)
    block = {"version": fork.name, "block_header": header}
    yield fork.message("BLOCK_V2", 0x00000000, header, beacon_block=block)


def sync_committee(fork: Fork) -> Iterator[Message]:
    root = Bytes32(bytes(range(32)))
    sent = {"beacon_block_root": root, "slot": fork.slot}
    yield fork.message("SYNC_COMMITTEE_MESSAGE", 0x07000000, root, sync_committee_message=sent)
    data = fork.made_up(SyncAggregatorSelectionData)
    kind = "SYNC_COMMITTEE_SELECTION_PROOF"
    yield fork.message(kind, 0x08000000, data, sync_aggregator_selection_data=data)
    contribution = fork.made_up(ContributionAndProof)
    kind = "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF"
    yield fork.message(kind, 0x09000000, contribution, contribution_and_proof=contribution)


def gloas() -> Iterator[Message]:
    sent = GLOAS.versioned(ExecutionPayloadEnvelope)
    kind = "EXECUTION_PAYLOAD_ENVELOPE"
    yield GLOAS.message(kind, 0x0B000000, sent["data"], execution_payload_envelope=sent)
    sent = GLOAS.versioned(ProposerPreferences)
    yield GLOAS.message("PROPOSER_PREFERENCES", 0x0D000000, sent["data"], proposer_preferences=sent)
    sent = GLOAS.versioned(BuilderRequestAuth)
    kind = "BUILDER_REQUEST_AUTH"
    yield genesis_message(kind, 0x0B000001, sent["data"], builder_request_auth=sent)


def messages() -> Iterator[Message]:
    for fork in [ELECTRA, FULU, GLOAS]:
        yield from attester(fork)
        yield from proposer(fork)
        yield from sync_committee(fork)
    yield from gloas()
    leaving = FULU.made_up(VoluntaryExit)  # EIP-7044: by Capella, and so does Vero's fork_info
    yield CAPELLA.message("VOLUNTARY_EXIT", 0x04000000, leaving, voluntary_exit=leaving)
    sent = FULU.made_up(ValidatorRegistrationV1)
    yield genesis_message("VALIDATOR_REGISTRATION", 0x00000001, sent, validator_registration=sent)


MESSAGES = {message.name: message for message in messages()}
ATTESTATION = MESSAGES["ATTESTATION/FULU"]
SELECTION_PROOF = MESSAGES["SYNC_COMMITTEE_SELECTION_PROOF/FULU"]
URGENT = {"ATTESTATION", "BLOCK_V2", "RANDAO_REVEAL", "SYNC_COMMITTEE_MESSAGE"}


@dataclass(frozen=True)
class Vero:
    """As its remote_signer.py: two sessions, and 10 connections for what is less urgent."""

    urgent: ClientSession
    other: ClientSession
    connections: Counter[str]  # made, and used again

    async def sign(self, message: Message, pubkey: str) -> bytes:
        kind, body = message.request["type"], msgspec.json.encode(message.request)
        session = self.urgent if kind in URGENT else self.other
        path, headers = f"/api/v1/eth2/sign/{pubkey}", {"Accept": "text/plain"}
        async with session.post(path, headers=headers, data=body) as response:
            text = await response.text()
            if not response.ok:
                raise ValueError(f"NOK status code received ({response.status}): {text}")
            return unhex(text)

    async def sign_all(self, message: Message, pubkeys: list[str]) -> list[bytes]:
        return await asyncio.gather(*(self.sign(message, pubkey) for pubkey in pubkeys))

    async def get_public_keys(self) -> list[str]:
        async with self.other.get("/api/v1/eth2/publicKeys") as response:
            return list(await response.json())

    async def health(self) -> tuple[str, str]:
        timeout = ClientTimeout(total=1.0)
        async with self.other.get("/healthcheck", timeout=timeout) as response:
            response.raise_for_status()
            found = msgspec.json.decode(await response.read())
            return found["status"], found["outcome"]


@asynccontextmanager
async def opened(signer: Signer) -> AsyncIterator[Vero]:
    connections: Counter[str] = Counter()
    headers = dict.fromkeys(["Accept", "Content-Type"], "application/json")

    async def made(*_: object) -> None:
        connections["made"] += 1

    async def used_again(*_: object) -> None:
        connections["used again"] += 1

    def session(limit: int, seconds: float) -> ClientSession:
        tracing = TraceConfig()
        tracing.on_connection_create_end.append(made)
        tracing.on_connection_reuseconn.append(used_again)
        return ClientSession(
            signer.url,
            connector=TCPConnector(limit=limit),
            headers=headers,
            timeout=ClientTimeout(total=seconds),
            trace_configs=[tracing],
        )

    # 100 is aiohttp's own limit
    async with session(100, 5.0) as urgent, session(10, 10.0) as other:
        yield Vero(urgent, other, connections)


def as_vero(signer: Signer, act: Callable[[Vero], Awaitable[T]]) -> T:
    async def session() -> T:
        async with opened(signer) as vero:
            return await act(vero)

    return asyncio.run(session())


def verify(pubkey: str, signing_root: bytes, signature: bytes) -> bool:
    """consensus-specs, bls.Verify."""
    ciphersuite = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
    points = [G1Point.from_compressed_bytes(unhex(pubkey)), -G1Point()]
    hashed = G2Point.hash_to_curve(signing_root, ciphersuite)
    return GT.pairing_check(points, [hashed, G2Point.from_compressed_bytes(signature)])


@pytest.fixture
def signer() -> Iterator[Signer]:
    with Signer(interop=100, network="mainnet") as signer:
        yield signer


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_vero_reads_a_signature_of_the_root_that_it_does_not_send(
    signer: Signer, message: Message
) -> None:
    pubkey = signer.pubkeys[0]

    signature = as_vero(signer, lambda vero: vero.sign(message, pubkey))

    [record] = signer.requests
    assert (message.request["type"], None) == (record.type, record.root_given)
    assert message.signing_root == unhex(record.signing_root)
    assert verify(pubkey, message.signing_root, signature)


def test_vero_signs_messages_of_all_types_that_it_knows() -> None:
    assert {
        "AGGREGATE_AND_PROOF_V2",
        "AGGREGATION_SLOT",
        "ATTESTATION",
        "BLOCK_V2",
        "BUILDER_REQUEST_AUTH",
        "EXECUTION_PAYLOAD_ENVELOPE",
        "PROPOSER_PREFERENCES",
        "RANDAO_REVEAL",
        "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF",
        "SYNC_COMMITTEE_MESSAGE",
        "SYNC_COMMITTEE_SELECTION_PROOF",
        "VALIDATOR_REGISTRATION",
        "VOLUNTARY_EXIT",
    } == {message.request["type"] for message in MESSAGES.values()}


def test_vero_attests_in_bursts_of_a_hundred_on_connections_that_it_keeps(signer: Signer) -> None:
    async def two_bursts(vero: Vero) -> tuple[list[bytes], Counter[str]]:
        first = await vero.sign_all(ATTESTATION, signer.pubkeys)
        second = await vero.sign_all(ATTESTATION, signer.pubkeys)
        return first + second, vero.connections

    signatures, connections = as_vero(signer, two_bursts)

    for pubkey, signature in zip(signer.pubkeys * 2, signatures, strict=True):
        assert verify(pubkey, ATTESTATION.signing_root, signature)
    assert 200 == connections.total()
    assert 100 >= connections["made"]


def test_vero_waits_for_one_of_ten_connections_with_what_is_less_urgent(signer: Signer) -> None:
    async def burst(vero: Vero) -> tuple[list[bytes], Counter[str]]:
        return await vero.sign_all(SELECTION_PROOF, signer.pubkeys), vero.connections

    signatures, connections = as_vero(signer, burst)

    assert 100 == len(set(signatures))
    assert 10 >= connections["made"]


def test_vero_finds_the_signer_healthy_during_a_burst(signer: Signer) -> None:
    async def polls(vero: Vero) -> list[tuple[str, str]]:
        burst = asyncio.create_task(vero.sign_all(ATTESTATION, signer.pubkeys))
        found = [await vero.health() for _ in range(3)]
        await burst
        return found

    assert [("UP", "UP")] * 3 == as_vero(signer, polls)


def test_vero_finds_the_keys(signer: Signer) -> None:
    assert signer.pubkeys == as_vero(signer, Vero.get_public_keys)


def test_vero_shows_why_it_was_refused(signer: Signer) -> None:
    stranger = "0x" + "ab" * 48

    with pytest.raises(ValueError, match=r"\(404\): .*key"):
        as_vero(signer, lambda vero: vero.sign(ATTESTATION, stranger))


def test_a_signature_of_another_root_does_not_verify(signer: Signer) -> None:
    pubkey = signer.pubkeys[0]

    with signer.fault(signature="wrong_root"):
        signature = as_vero(signer, lambda vero: vero.sign(ATTESTATION, pubkey))

    assert not verify(pubkey, ATTESTATION.signing_root, signature)


@dataclass(frozen=True)
class Chain:
    """Where StakeWise runs: its first Capella epoch and version, by which all its exits are."""

    genesis_validators_root: str
    capella_epoch: int
    capella_version: int


MAINNET = Chain(GENESIS_VALIDATORS_ROOT, 194048, 0x03000000)
GNOSIS = Chain(
    "0xf5dcb5564e829aab27264b9becd5dfaa017085611224cb3036f573368dbb9d47", 648704, 0x03000064
)


def as_stakewise(signer: Signer, pubkey: str, request: Json) -> bytes:
    """A new client for each request, with default headers: */* is accepted, JSON expected."""

    async def session() -> bytes:
        async with httpx.AsyncClient(base_url=signer.url, trust_env=False) as client:
            response = await client.post(f"/api/v1/eth2/sign/{pubkey}", json=request)
            response.raise_for_status()
            return unhex(response.json()["signature"])

    return asyncio.run(session())


def exit_of(chain: Chain, prefix: str = "0x") -> Json:
    """Numbers are numbers here; `prefix` is that of hex."""
    message = VoluntaryExit(epoch=chain.capella_epoch, validator_index=1234)
    root = compute_signing_root(
        message, 0x04000000, chain.capella_version, chain.genesis_validators_root
    )
    version = f"{prefix}{chain.capella_version:08x}"
    return {
        "fork_info": {
            "fork": {
                "previous_version": version,
                "current_version": version,
                "epoch": chain.capella_epoch,
            },
            "genesis_validators_root": prefix + chain.genesis_validators_root[2:],
        },
        "signing_root": prefix + root.hex(),
        "type": "VOLUNTARY_EXIT",
        "voluntary_exit": message.to_obj(),
    }


@pytest.mark.parametrize(
    "request_of_an_exit",
    [
        pytest.param(exit_of(MAINNET), id="mainnet"),
        pytest.param(exit_of(GNOSIS), id="gnosis"),
        pytest.param(exit_of(MAINNET, prefix=""), id="before its hex had 0x"),
    ],
)
def test_stakewise_reads_the_signature_of_an_exit(signer: Signer, request_of_an_exit: Json) -> None:
    pubkey = signer.pubkeys[0]

    signature = as_stakewise(signer, pubkey, request_of_an_exit)

    [record] = signer.requests
    assert record.root_given == record.signing_root
    assert verify(pubkey, unhex(request_of_an_exit["signing_root"]), signature)


def test_stakewise_reads_the_signature_of_a_deposit(signer: Signer) -> None:
    pubkey = signer.pubkeys[0]
    credentials = "0x01" + "00" * 11 + "5a" * 20
    message = DepositMessage(
        pubkey=unhex(pubkey), withdrawal_credentials=unhex(credentials), amount=32_000_000_000
    )
    sent = {**message.to_obj(), "genesis_fork_version": "0x00000000"}
    deposit = genesis_message("DEPOSIT", 0x03000000, message, deposit=sent)
    signing_root = "0x" + deposit.signing_root.hex()

    signature = as_stakewise(signer, pubkey, {**deposit.request, "signing_root": signing_root})

    [record] = signer.requests
    assert signing_root == record.root_given == record.signing_root
    assert verify(pubkey, deposit.signing_root, signature)


def test_stakewise_learns_that_a_key_is_not_there(signer: Signer) -> None:
    stranger = "0x" + "ab" * 48

    with pytest.raises(httpx.HTTPStatusError, match="404"):
        as_stakewise(signer, stranger, exit_of(MAINNET))
