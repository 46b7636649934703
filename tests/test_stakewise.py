"""Requests of StakeWise's operator by httpx: exits and a deposit."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from signer import Signer
from support.consensus_specs import (
    GENESIS_VALIDATORS_ROOT,
    DepositMessage,
    Json,
    VoluntaryExit,
    compute_signing_root,
    genesis_message,
    unhex,
    verify,
)


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


@pytest.fixture
def signer() -> Iterator[Signer]:
    with Signer(interop=100, network="mainnet") as signer:
        yield signer


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
