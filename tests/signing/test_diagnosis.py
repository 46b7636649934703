"""Why a root differs: mistakes of made-up clients, whose roots SHA-256 alone computes."""

# remerkleable has no types:
# mypy: disable-error-code="import-untyped"

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from remerkleable.basic import uint64 as number
from remerkleable.byte_arrays import Bytes32, Bytes48
from remerkleable.progressive import ProgressiveList

from signer.signing import diagnosis
from signer.signing.diagnosis import REMEMBERED, Causes, Memory, diagnose
from signer.signing.registry import SigningTypes
from signer.spec.network_files import load_network
from support.consensus_specs import Bytes20, progressive_container
from support.hashing import (
    checkpoint_root,
    container,
    domain,
    electra_aggregate_root,
    packed,
    sha256,
    signing_root,
    tree,
    uint64,
)
from support.requests import (
    BY_NAME,
    EVERY_SHAPE,
    FIRST_OF_EACH_TYPE,
    each,
    everywhere,
    private_fork,
)
from support.vectors import unhex, vectors

Case = dict[str, Any]
Mistake = Callable[[Case], str]

LIVE = {case["name"]: case for case in vectors("signing/signing_live.json")["cases"]}
NETWORKS = vectors("signing/signing.json")["networks"]
MAINNET = NETWORKS["mainnet"]["genesis_validators_root"]
SEPOLIA = NETWORKS["sepolia"]["genesis_validators_root"]
ZERO = "0x" + "00" * 32

ATTESTATION = BY_NAME["mainnet", "ATTESTATION/FULU/random-0"]
SLOT = BY_NAME["mainnet", "AGGREGATION_SLOT/FULU/random-0"]
SYNC = BY_NAME["mainnet", "SYNC_COMMITTEE_MESSAGE/FULU/random-0"]
EXIT = next(
    c
    for (n, _), c in BY_NAME.items()
    if (n, c["type"], c["fork"]) == ("mainnet", "VOLUNTARY_EXIT", "FULU")
)
REGISTRATION = next(
    c for (n, _), c in BY_NAME.items() if (n, c["type"]) == ("mainnet", "VALIDATOR_REGISTRATION")
)
HEADER = BY_NAME["mainnet", "BLOCK_V2/FULU/random-0"]
ELECTRA = BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/ELECTRA/257-bits"]
GLOAS = BY_NAME["plataberget", "AGGREGATE_AND_PROOF_V2/GLOAS/random-0"]
ENVELOPE = BY_NAME["plataberget", "EXECUTION_PAYLOAD_ENVELOPE/GLOAS/every-list-6-items"]
GENERIC = LIVE["GENERIC/pr29-05000000/none"]
GENERIC_ATTESTATION = LIVE["GENERIC/pr30-attestation/none"]


@pytest.fixture(autouse=True)
def enough_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has each search come to its end, also on a busy machine."""
    monkeypatch.setattr(diagnosis, "MAX_SEARCH", 10)


def diagnosed(case: Case, root: str, network: str | None = None) -> str | None:
    """What is said of a root that a client sent."""
    request = SigningTypes().decode(json.dumps(case["request"] | {"signingRoot": root}).encode())
    name = network or case["network"]
    configured = load_network(name if name in NETWORKS else None)
    return diagnose(request, configured, {unhex(root)})


def of_domain(domain_type: str, version: str, genesis_validators_root: str) -> Mistake:
    """The root of the same message in another domain."""
    other = domain(domain_type, version, genesis_validators_root)
    return lambda case: signing_root(unhex(case["object_root"]), other)


def of_message(change: Callable[[Any], bytes]) -> Mistake:
    """The root of another message in the same domain."""

    def root(case: Case) -> str:
        payload = next(v for k, v in case["request"].items() if k not in {"type", "fork_info"})
        return signing_root(change(payload.get("data", payload)), unhex(case["domain"]))

    return root


def attestation_root(data: Any, **changed: bytes) -> bytes:
    """The root of an AttestationData with other roots of fields."""
    fields = {
        "slot": uint64(data["slot"]),
        "index": uint64(data["index"]),
        "beacon_block_root": unhex(data["beacon_block_root"]),
        "source": checkpoint_root(data["source"]),
        "target": checkpoint_root(data["target"]),
    }
    return container(*(fields | changed).values())


def with_epochs_and_blocks_exchanged(data: Any) -> bytes:
    source = checkpoint_root(data["target"])
    target = checkpoint_root(data["source"])
    return attestation_root(data, source=source, target=target)


def with_the_head_as_target(data: Any) -> bytes:
    target = data["target"] | {"root": data["beacon_block_root"]}
    head = unhex(data["target"]["root"])
    return attestation_root(data, beacon_block_root=head, target=checkpoint_root(target))


def with_reverse_head(data: Any) -> bytes:
    return attestation_root(data, beacon_block_root=unhex(data["beacon_block_root"])[::-1])


def with_big_endian_slot(data: Any) -> bytes:
    slot = int(data["slot"]).to_bytes(8, "big").ljust(32, b"\0")
    return attestation_root(data, slot=slot)


def with_parent_and_state_exchanged(beacon_block: Any) -> bytes:
    header = beacon_block["block_header"]
    roots = [header["state_root"], header["parent_root"], header["body_root"]]
    numbers = [uint64(header["slot"]), uint64(header["proposer_index"])]
    return container(*numbers, *map(unhex, roots))


MISTAKES: list[tuple[Case, str, Mistake]] = [
    (
        ATTESTATION,
        "the previous fork version 0x05000000 of fork_info; use fork version 0x06000000",
        of_domain("0x01000000", "0x05000000", MAINNET),
    ),
    (
        ATTESTATION,
        "fork version 0x04000000, mainnet's DENEB",
        of_domain("0x01000000", "0x04000000", MAINNET),
    ),
    (
        ATTESTATION,
        "fork version 0x90000075, sepolia's FULU",
        of_domain("0x01000000", "0x90000075", MAINNET),
    ),
    (
        ATTESTATION,
        "fork version 0x00000006, which is in reverse byte order",
        of_domain("0x01000000", "0x00000006", MAINNET),
    ),
    (
        ATTESTATION,
        "sepolia's FULU and sepolia's genesis_validators_root",
        of_domain("0x01000000", "0x90000075", SEPOLIA),
    ),
    (
        ATTESTATION,
        "domain type 0x02000000, DOMAIN_RANDAO; use 0x01000000, DOMAIN_BEACON_ATTESTER",
        of_domain("0x02000000", "0x06000000", MAINNET),
    ),
    (
        ATTESTATION,
        "a genesis_validators_root of zeros; use genesis_validators_root 0x4b363db9",
        of_domain("0x01000000", "0x06000000", ZERO),
    ),
    (
        ATTESTATION,
        "sepolia's genesis_validators_root; use",
        of_domain("0x01000000", "0x06000000", SEPOLIA),
    ),
    (
        ATTESTATION,
        "the previous fork version 0x05000000 of fork_info and a genesis_validators_root of zeros",
        of_domain("0x01000000", "0x05000000", ZERO),
    ),
    (
        ATTESTATION,
        "DOMAIN_RANDAO and the previous fork version 0x05000000 of fork_info",
        of_domain("0x02000000", "0x05000000", MAINNET),
    ),
    (ATTESTATION, "no domain, so it is the object root", lambda case: str(case["object_root"])),
    (ATTESTATION, "zeros instead of a hash", lambda _: ZERO),
    (
        ATTESTATION,
        "all bytes in reverse order",
        lambda case: f"0x{unhex(case['signing_root'])[::-1].hex()}",
    ),
    (
        ATTESTATION,
        "the domain in front of the object root",
        lambda case: f"0x{sha256(unhex(case['domain']) + unhex(case['object_root'])).hex()}",
    ),
    (ATTESTATION, "source and target exchanged", of_message(with_epochs_and_blocks_exchanged)),
    (
        ATTESTATION,
        "beacon_block_root and target.root exchanged",
        of_message(with_the_head_as_target),
    ),
    (ATTESTATION, "beacon_block_root in reverse byte order", of_message(with_reverse_head)),
    (ATTESTATION, "slot as a big-endian number", of_message(with_big_endian_slot)),
    (
        ATTESTATION,
        "target alone as the message",
        of_message(lambda data: checkpoint_root(data["target"])),
    ),
    (
        ATTESTATION,
        "61 as index instead of",
        of_message(lambda data: attestation_root(data, index=uint64("61"))),
    ),
    (
        ATTESTATION,
        "source and target exchanged and the previous fork version 0x05000000 of fork_info",
        lambda case: signing_root(
            with_epochs_and_blocks_exchanged(case["request"]["attestation"]),
            domain("0x01000000", "0x05000000", MAINNET),
        ),
    ),
    (
        HEADER,
        "parent_root and state_root exchanged; give",
        of_message(with_parent_and_state_exchanged),
    ),
    (
        SLOT,
        "instead of slot 14266630; hash 14266630 itself",
        of_message(lambda payload: uint64(str(int(payload["slot"]) // 32))),
    ),
    (
        SYNC,
        "a container of the slot and the root; hash the root alone",
        of_message(lambda p: container(uint64(p["slot"]), unhex(p["beacon_block_root"]))),
    ),
    (
        EXIT,
        "fork version 0x06000000 of fork_info; use fork version 0x03000000, mainnet's CAPELLA",
        of_domain("0x04000000", "0x06000000", MAINNET),
    ),
    (
        REGISTRATION,
        "hoodi's PHASE0; use fork version 0x00000000, mainnet's PHASE0, or start the signer with",
        of_domain("0x00000001", "0x10000910", ZERO),
    ),
    (
        REGISTRATION,
        "mainnet's genesis_validators_root; use a genesis_validators_root of zeros",
        of_domain("0x00000001", "0x00000000", MAINNET),
    ),
    (
        ELECTRA,
        "ELECTRA's minimal AggregateAndProof instead of ELECTRA's",
        of_message(lambda message: electra_aggregate_root(message, 4 * 2048)),
    ),
    (
        GLOAS,
        "ELECTRA's AggregateAndProof instead of GLOAS's",
        of_message(lambda message: electra_aggregate_root(message, 64 * 2048)),
    ),
    (GENERIC, "no domain", lambda case: str(case["object_root"])),
    (
        GENERIC,
        "domain type 0x07000000, DOMAIN_SYNC_COMMITTEE; use the domain of the request",
        lambda case: signing_root(
            unhex(case["object_root"]), unhex("0x07000000") + unhex(case["domain"])[4:]
        ),
    ),
    (
        GENERIC,
        "the domain of sepolia's FULU",
        of_domain("0x05000000", "0x90000075", SEPOLIA),
    ),
]


@pytest.mark.parametrize(
    ("case", "cause", "mistake"), MISTAKES, ids=[cause for _, cause, _ in MISTAKES]
)
def test_a_mistake_is_named(case: Case, cause: str, mistake: Mistake) -> None:
    said = diagnosed(case, mistake(case))

    assert cause in str(said)
    assert str(said).startswith("this is the root with ")


@each(FIRST_OF_EACH_TYPE)
def test_the_domain_of_another_type_is_named_for_every_type(case: Case) -> None:
    root = signing_root(unhex(case["object_root"]), b"\x0a\0\0\0" + unhex(case["domain"])[4:])

    said = diagnosed(case, root)

    assert "domain type 0x0a000000, DOMAIN_BLS_TO_EXECUTION_CHANGE" in str(said)


@each(EVERY_SHAPE)
def test_a_root_without_a_domain_is_named_for_every_shape(case: Case) -> None:
    assert "no domain, so it is the object root" in str(diagnosed(case, case["object_root"]))


@each(EVERY_SHAPE)
def test_no_cause_is_named_for_a_random_root(case: Case) -> None:
    assert diagnosed(case, f"0x{os.urandom(32).hex()}") is None


@pytest.mark.parametrize("value", ["0", str(2**64 - 1)])
@each(EVERY_SHAPE)
def test_numbers_at_both_ends_lead_to_no_wrong_cause(case: Case, value: str) -> None:
    request = everywhere(
        case["request"],
        lambda member: value if isinstance(member, str) and member.isdecimal() else member,
    )

    assert diagnosed(case | {"request": request}, f"0x{os.urandom(32).hex()}") is None


@pytest.mark.parametrize("name", [name for name in LIVE if name.endswith("/sent")])
def test_no_cause_is_named_for_a_random_root_on_a_live_network(name: str) -> None:
    assert diagnosed(LIVE[name], f"0x{os.urandom(32).hex()}") is None


def test_another_preset_is_named_where_its_slots_per_epoch_lead_to_the_root() -> None:
    fork = {"previous_version": "0x05000000", "current_version": "0x06000000", "epoch": "100"}
    fork_info = {"fork": fork, "genesis_validators_root": MAINNET}
    request = SLOT["request"] | {"fork_info": fork_info, "aggregation_slot": {"slot": "1000"}}
    root = signing_root(uint64("1000"), domain("0x05000000", "0x06000000", MAINNET))

    said = diagnosed(SLOT | {"request": request}, root)

    assert (
        "the current fork version 0x06000000 of fork_info, as with 8 slots per epoch (minimal); "
        "use fork version 0x05000000, mainnet's ELECTRA, because epoch 31 is before fork.epoch 100"
    ) in str(said)


def test_the_block_of_an_earlier_fork_is_named() -> None:
    no_list = dict.fromkeys(
        (
            "proposer_slashings",
            "attester_slashings",
            "attestations",
            "deposits",
            "voluntary_exits",
        ),
        (),
    )
    case = BY_NAME["mainnet", "BLOCK_V2/ALTAIR/every-operation"]
    request = json.loads(json.dumps(case["request"]))
    block = request["beacon_block"]["block"]
    block["body"] |= no_list
    body = block["body"]
    eth1_data = body["eth1_data"]
    body_root = tree(
        [
            tree(packed(unhex(body["randao_reveal"])), 4),
            container(
                unhex(eth1_data["deposit_root"]),
                uint64(eth1_data["deposit_count"]),
                unhex(eth1_data["block_hash"]),
            ),
            unhex(body["graffiti"]),
            *(container(tree([], limit), uint64("0")) for limit in (16, 2, 128, 16, 16)),
        ],
        8,
    )
    object_root = container(
        uint64(block["slot"]),
        uint64(block["proposer_index"]),
        unhex(block["parent_root"]),
        unhex(block["state_root"]),
        body_root,
    )

    said = diagnosed(case | {"request": request}, signing_root(object_root, unhex(case["domain"])))

    assert "PHASE0's BeaconBlock instead of ALTAIR's" in str(said)


BID_OF_GLOAS = progressive_container(
    parent_block_hash=Bytes32,
    parent_block_root=Bytes32,
    block_hash=Bytes32,
    prev_randao=Bytes32,
    fee_recipient=Bytes20,
    gas_limit=number,
    builder_index=number,
    slot=number,
    value=number,
    execution_payment=number,
    blob_kzg_commitments=ProgressiveList[Bytes48],
    execution_requests_root=Bytes32,
)


def test_the_bid_of_an_earlier_fork_is_named() -> None:
    case = LIVE["EXECUTION_PAYLOAD_BID/heze-0/sent"]
    message = dict(case["request"]["execution_payload_bid"]["data"])
    message.pop("inclusion_list_bits")
    object_root = bytes(BID_OF_GLOAS.from_obj(message).hash_tree_root())

    said = diagnosed(case, signing_root(object_root, unhex(case["domain"])))

    assert "GLOAS's ExecutionPayloadBid" in str(said)


def test_the_container_of_a_generic_message_alone_is_named() -> None:
    request = json.loads(json.dumps(GENERIC_ATTESTATION["request"]))
    object_root = unhex(request["merkle_root"])
    sibling = bytes(range(32))
    request["merkle_root"] = f"0x{sha256(object_root + sibling).hex()}"
    proof = {"generalized_index": "2", "merkle_proof": [f"0x{sibling.hex()}"]}
    request["attestation"]["proof"] = proof

    root = signing_root(object_root, unhex(request["domain"]))

    said = diagnosed(GENERIC_ATTESTATION | {"request": request}, root)
    assert "the root of attestation alone" in str(said)


def test_a_generic_message_in_the_domain_of_its_fork_info_is_named() -> None:
    fork_info = private_fork("0x60000042", "0x70000042", epoch=1)
    case = LIVE["GENERIC/pr30-05000000/none"]
    case = case | {"request": case["request"] | {"fork_info": fork_info}}
    mistake = of_domain("0x05000000", "0x60000042", fork_info["genesis_validators_root"])

    said = diagnosed(case, mistake(case))

    assert "a domain of the previous fork version 0x60000042 of fork_info" in str(said)


def test_a_cause_is_tried_first_the_next_time() -> None:
    causes = Causes()
    root = of_domain("0x02000000", "0x05000000", MAINNET)(ATTESTATION)
    body = json.dumps(ATTESTATION["request"] | {"signingRoot": root}).encode()
    request = SigningTypes().decode(body)

    diagnose(request, load_network(None), {unhex(root)}, causes)

    key = (request.TYPE, getattr(request, "fork_info", None))
    step = causes.get(key)
    assert step in diagnosis.STEPS[1:]


def test_a_memory_forgets_the_oldest() -> None:
    memory = Memory[int, int]()

    for item in range(REMEMBERED + 1):
        memory.keep(item, item)

    assert [None, 1, REMEMBERED] == [memory.get(item) for item in (0, 1, REMEMBERED)]


def test_a_search_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "MAX_SEARCH", 0)

    with pytest.raises(TimeoutError):
        diagnosed(ENVELOPE, f"0x{os.urandom(32).hex()}")
