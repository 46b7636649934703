"""Vero's requests by aiohttp, of every type that it knows, from Electra to Gloas."""

# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
import pytest
from aiohttp import ClientSession, ClientTimeout, TCPConnector, TraceConfig
from remerkleable.basic import uint64
from remerkleable.byte_arrays import Bytes32

from signer import Signer
from support.consensus_specs import (
    GENESIS_VALIDATORS_ROOT,
    AttestationData,
    BeaconBlockHeader,
    BuilderRequestAuth,
    ContributionAndProof,
    ElectraAggregateAndProof,
    ExecutionPayloadEnvelope,
    GloasAggregateAndProof,
    Json,
    Message,
    ProposerPreferences,
    SyncAggregatorSelectionData,
    ValidatorRegistrationV1,
    VoluntaryExit,
    compute_signing_root,
    genesis_message,
    made_up,
    unhex,
    verify,
    written,
)

T = TypeVar("T")


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


@pytest.mark.slow
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
