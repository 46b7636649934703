"""What a sign request may look like beyond the vectors, and what root it has then.

The expected roots are the vectors', or are hashed here with nothing but SHA-256.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any

import pytest

from signer.errors import BadRequestError, SigningRootError
from signer.signing import signing_types
from signer.signing.request import ForkRequest, SignRequest
from signer.spec import phase0
from signer.spec.networks import Network, load_network
from support.vectors import unhex, vectors

Case = dict[str, Any]

CASES: list[Case] = vectors("signing/signing.json")["cases"]
BY_NAME = {(case["network"], case["name"]): case for case in CASES}
FIRST_OF_EACH_TYPE = list({case["type"]: case for case in reversed(CASES)}.values())
MORE_SHAPES = [
    BY_NAME["mainnet", "AGGREGATE_AND_PROOF/ELECTRA/legacy-type-electra-shape"],
    BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/FULU/random-0"],
    BY_NAME["mainnet", "BLOCK_V2/ALTAIR/every-operation"],
    BY_NAME["mainnet", "BLOCK_V2/FULU/random-0"],
    BY_NAME["plataberget", "AGGREGATE_AND_PROOF_V2/GLOAS/random-0"],
    BY_NAME["plataberget", "EXECUTION_PAYLOAD_ENVELOPE/GLOAS/every-list-6-items"],
]
EVERY_SHAPE = FIRST_OF_EACH_TYPE + MORE_SHAPES
WITH_A_VERSION = [case for case in EVERY_SHAPE if '"version"' in json.dumps(case["request"])]
OF_GLOAS = [
    case for case in FIRST_OF_EACH_TYPE if '"version": "GLOAS"' in json.dumps(case["request"])
]

MAINNET = load_network("mainnet")
PRIVATE = Network(
    name="private",
    slots_per_epoch=8,
    fork_versions={
        "PHASE0": unhex("0x10000042"),
        "ALTAIR": unhex("0x20000042"),
        "BELLATRIX": unhex("0x30000042"),
        "CAPELLA": unhex("0x40000042"),
        "DENEB": unhex("0x50000042"),
        "ELECTRA": unhex("0x60000042"),
        "FULU": unhex("0x70000042"),
    },
)
PRIVATE_ROOT = "0x" + "5e" * 32


def name(case: Case) -> str:
    return f"{case['network']}:{case['name']}"


def each(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=name)


def root_of(request: Any, network: Network = MAINNET) -> str:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return f"0x{signing_types.decode(body).compute_signing_root(network).hex()}"


def everywhere(value: Any, change: Callable[[Any], Any]) -> Any:
    """The JSON value with each of its strings and objects changed, the innermost first."""
    if isinstance(value, dict):
        return change({key: everywhere(member, change) for key, member in value.items()})
    if isinstance(value, list):
        return [everywhere(item, change) for item in value]
    return change(value)


def is_hex(value: object) -> bool:
    return isinstance(value, str) and value.startswith("0x")


def with_integers(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def in_upper_case(value: Any) -> Any:
    return "0x" + value[2:].upper() if is_hex(value) else value


def without_prefix(value: Any) -> Any:
    return value[2:] if is_hex(value) else value


def in_upper_case_without_prefix(value: Any) -> Any:
    return without_prefix(in_upper_case(value))


def with_unknown_members(value: Any) -> Any:
    strange: dict[str, Any] = {
        "unheard_of": {"type": "BLOCK", "slot": [None, -1.5, {}]},
        "nothing": None,
    }
    return {**strange, **value, "": "later"} if isinstance(value, dict) else value


def with_version(change: Callable[[str], str]) -> Callable[[Any], Any]:
    def changed(value: Any) -> Any:
        if isinstance(value, dict) and "version" in value:
            return value | {"version": change(value["version"])}
        return value

    return changed


# SSZ as small as it can be: enough to hash what the vectors do not have


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tree(chunks: list[bytes], leaves: int) -> bytes:
    if leaves == 1:
        return chunks[0] if chunks else bytes(32)
    half = leaves // 2
    return sha256(tree(chunks[:half], half) + tree(chunks[half:], half))


def container(*fields: bytes) -> bytes:
    return tree(list(fields), {2: 2, 3: 4, 4: 4, 5: 8}[len(fields)])


def uint64(text: str) -> bytes:
    return int(text).to_bytes(32, "little")


def packed(data: bytes) -> list[bytes]:
    return [data[start : start + 32].ljust(32, b"\0") for start in range(0, len(data), 32)]


def bits_root(text: str, limit: int) -> bytes:
    number = int.from_bytes(unhex(text), "little")
    length = number.bit_length() - 1
    bits = (number - (1 << length)).to_bytes((length + 7) // 8, "little")
    return container(tree(packed(bits), limit // 256), uint64(str(length)))


def checkpoint_root(checkpoint: dict[str, str]) -> bytes:
    return container(uint64(checkpoint["epoch"]), unhex(checkpoint["root"]))


def electra_aggregate_root(message: dict[str, Any], limit: int) -> bytes:
    aggregate, data = message["aggregate"], message["aggregate"]["data"]
    return container(
        uint64(message["aggregator_index"]),
        container(
            bits_root(aggregate["aggregation_bits"], limit),
            container(
                uint64(data["slot"]),
                uint64(data["index"]),
                unhex(data["beacon_block_root"]),
                checkpoint_root(data["source"]),
                checkpoint_root(data["target"]),
            ),
            tree(packed(unhex(aggregate["signature"])), 4),
            tree(packed(unhex(aggregate["committee_bits"])), 1),
        ),
        tree(packed(unhex(message["selection_proof"])), 4),
    )


def contribution_and_proof_root(message: dict[str, Any]) -> bytes:
    contribution = message["contribution"]
    return container(
        uint64(message["aggregator_index"]),
        container(
            uint64(contribution["slot"]),
            unhex(contribution["beacon_block_root"]),
            uint64(contribution["subcommittee_index"]),
            tree(packed(unhex(contribution["aggregation_bits"])), 1),
            tree(packed(unhex(contribution["signature"])), 4),
        ),
        tree(packed(unhex(message["selection_proof"])), 4),
    )


def domain(domain_type: str, version: str, genesis_validators_root: str) -> bytes:
    fork_data = container(unhex(version).ljust(32, b"\0"), unhex(genesis_validators_root))
    return unhex(domain_type) + fork_data[:28]


def signing_root(object_root: bytes, in_domain: bytes) -> str:
    return f"0x{container(object_root, in_domain).hex()}"


# What is written in another way


@pytest.mark.parametrize("change", [str.lower, str.capitalize, str.title])
@each(FIRST_OF_EACH_TYPE)
def test_the_type_is_read_in_any_case(case: Case, change: Callable[[str], str]) -> None:
    request = case["request"] | {"type": change(case["type"])}

    root = root_of(request, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize("change", [str.lower, str.capitalize])
@each(WITH_A_VERSION)
def test_the_version_is_read_in_any_case(case: Case, change: Callable[[str], str]) -> None:
    request = everywhere(case["request"], with_version(change))

    root = root_of(request, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    "change",
    [
        with_integers,
        in_upper_case,
        without_prefix,
        in_upper_case_without_prefix,
        with_unknown_members,
    ],
)
@each(EVERY_SHAPE)
def test_another_way_to_write_a_request_has_the_same_root(
    case: Case, change: Callable[[Any], Any]
) -> None:
    request = everywhere(case["request"], change)

    root = root_of(request, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    "garbage", [None, True, 7, "fork", [], [[]], {}, {"fork": 1}, {"fork": {"epoch": "x"}}], ids=str
)
@pytest.mark.parametrize("kind", ["DEPOSIT", "VALIDATOR_REGISTRATION", "BUILDER_REQUEST_AUTH"])
def test_fork_info_is_not_looked_at_outside_forks(kind: str, garbage: object) -> None:
    case = next(case for case in CASES if case["type"] == kind)

    root = root_of(case["request"] | {"fork_info": garbage}, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize("version", ["HEZE", "heze", "FORK_OF_2040", "7", ""])
def test_a_header_of_a_fork_nobody_has_heard_of_has_a_root(version: str) -> None:
    case = BY_NAME["mainnet", "BLOCK_V2/FULU/random-0"]
    block = case["request"]["beacon_block"] | {"version": version}

    root = root_of(case["request"] | {"beacon_block": block})

    assert case["signing_root"] == root


@pytest.mark.parametrize("shape", ["bare", "wrapped"])
@pytest.mark.parametrize("kind", ["AGGREGATE_AND_PROOF", "AGGREGATE_AND_PROOF_V2"])
@pytest.mark.parametrize("fork", ["PHASE0", "ALTAIR", "DENEB", "ELECTRA", "FULU"])
def test_both_types_of_aggregate_take_both_shapes(fork: str, kind: str, shape: str) -> None:
    case = BY_NAME["mainnet", f"AGGREGATE_AND_PROOF_V2/{fork}/random-0"]
    versioned = case["request"]["aggregate_and_proof"]
    payload = {"bare": versioned["data"], "wrapped": versioned}[shape]

    root = root_of(case["request"] | {"type": kind, "aggregate_and_proof": payload})

    assert case["signing_root"] == root


# The minimal preset


def test_the_electra_aggregate_hashed_here_has_the_root_of_the_vector() -> None:
    case = BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/FULU/random-0"]

    root = electra_aggregate_root(case["request"]["aggregate_and_proof"]["data"], limit=131072)

    assert case["object_root"] == f"0x{root.hex()}"


@pytest.mark.parametrize("kind", ["AGGREGATE_AND_PROOF", "AGGREGATE_AND_PROOF_V2"])
@pytest.mark.parametrize("prefix", ["0x", ""])
def test_one_byte_of_committee_bits_is_the_minimal_preset(kind: str, prefix: str) -> None:
    case = BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/ELECTRA/255-bits"]
    message = case["request"]["aggregate_and_proof"]["data"]
    message = message | {"aggregate": message["aggregate"] | {"committee_bits": f"{prefix}0d"}}
    payload = {
        "AGGREGATE_AND_PROOF": message,
        "AGGREGATE_AND_PROOF_V2": {"version": "FULU", "data": message},
    }[kind]

    root = root_of(case["request"] | {"type": kind, "aggregate_and_proof": payload})

    of_minimal = signing_root(electra_aggregate_root(message, limit=8192), unhex(case["domain"]))
    of_mainnet = signing_root(electra_aggregate_root(message, limit=131072), unhex(case["domain"]))
    assert of_minimal == root
    assert of_mainnet != root


def test_an_aggregate_of_the_minimal_preset_has_at_most_8192_bits() -> None:
    case = BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/FULU/random-0"]
    data = case["request"]["aggregate_and_proof"]["data"]
    aggregate = data["aggregate"] | {
        "committee_bits": "0x01",
        "aggregation_bits": "0x" + "00" * 1024 + "02",
    }
    payload = {"version": "FULU", "data": data | {"aggregate": aggregate}}

    with pytest.raises(BadRequestError, match=r"aggregate\.aggregation_bits: .* 8192 .* 8193"):
        root_of(case["request"] | {"aggregate_and_proof": payload})


@pytest.mark.parametrize("bits", ["0x00", "0x24", "0xff"])
def test_one_byte_of_contribution_bits_is_the_minimal_preset(bits: str) -> None:
    case = BY_NAME["mainnet", "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF/FULU/random-0"]
    message = case["request"]["contribution_and_proof"]
    contribution = message["contribution"] | {"aggregation_bits": bits}
    message = message | {"contribution": contribution}

    root = root_of(case["request"] | {"contribution_and_proof": message})

    expected = signing_root(contribution_and_proof_root(message), unhex(case["domain"]))
    assert expected == root


# The fork


SIGNED_AT = [
    ("AGGREGATION_SLOT/FULU/random-0", ["aggregation_slot", "slot"], 32),
    ("ATTESTATION/FULU/random-0", ["attestation", "target", "epoch"], 1),
    ("RANDAO_REVEAL/FULU/random-0", ["randao_reveal", "epoch"], 1),
    ("BLOCK_V2/FULU/random-0", ["beacon_block", "block_header", "slot"], 32),
    ("SYNC_COMMITTEE_MESSAGE/FULU/random-0", ["sync_committee_message", "slot"], 32),
    (
        "SYNC_COMMITTEE_SELECTION_PROOF/FULU/random-0",
        ["sync_aggregator_selection_data", "slot"],
        32,
    ),
    (
        "SYNC_COMMITTEE_CONTRIBUTION_AND_PROOF/FULU/random-0",
        ["contribution_and_proof", "contribution", "slot"],
        32,
    ),
    (
        "AGGREGATE_AND_PROOF_V2/FULU/random-0",
        ["aggregate_and_proof", "data", "aggregate", "data", "slot"],
        32,
    ),
]


def private_fork(previous: str, current: str, epoch: int) -> dict[str, Any]:
    fork = {"previous_version": previous, "current_version": current, "epoch": str(epoch)}
    return {"fork": fork, "genesis_validators_root": PRIVATE_ROOT}


def with_fork(request: Any, **members: str) -> Any:
    fork_info = request["fork_info"]
    return request | {"fork_info": fork_info | {"fork": fork_info["fork"] | members}}


@pytest.mark.parametrize(("duty", "path", "per_epoch"), SIGNED_AT)
def test_the_epoch_of_the_fork_may_be_that_of_the_duty(
    duty: str, path: list[str], per_epoch: int
) -> None:
    case = BY_NAME["mainnet", duty]
    moment = case["request"]
    for member in path:
        moment = moment[member]

    root = root_of(with_fork(case["request"], epoch=str(int(moment) // per_epoch)))

    assert case["signing_root"] == root


@pytest.mark.parametrize("edge", ["FULU/at-fork", "ELECTRA/before-fork"])
@pytest.mark.parametrize(
    "kind", ["AGGREGATION_SLOT", "BLOCK_V2", "SYNC_COMMITTEE_MESSAGE", "AGGREGATE_AND_PROOF_V2"]
)
def test_an_epoch_of_gnosis_has_16_slots_whatever_network_is_configured(
    kind: str, edge: str
) -> None:
    case = BY_NAME["gnosis", f"{kind}/{edge}"]

    root = root_of(case["request"], MAINNET)

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    ("slots_per_epoch", "slot", "version"),
    [
        (8, 799, "0x60000042"),
        (8, 800, "0x70000042"),
        (16, 1599, "0x60000042"),
        (16, 1600, "0x70000042"),
        (32, 3199, "0x60000042"),
        (32, 3200, "0x70000042"),
    ],
)
def test_the_slots_of_an_epoch_decide_the_fork_at_its_edge(
    slots_per_epoch: int, slot: int, version: str
) -> None:
    network = Network("private", slots_per_epoch, PRIVATE.fork_versions)
    request = {
        "type": "AGGREGATION_SLOT",
        "fork_info": private_fork("0x60000042", "0x70000042", epoch=100),
        "aggregation_slot": {"slot": str(slot)},
    }

    root = root_of(request, network)

    assert signing_root(uint64(str(slot)), domain("05000000", version, PRIVATE_ROOT)) == root


# The root that a client sends along


@each(FIRST_OF_EACH_TYPE)
def test_the_right_root_may_come_under_both_names(case: Case) -> None:
    both = {"signing_root": case["signing_root"], "signingRoot": case["signing_root"]}

    root = root_of(case["request"] | both, load_network(case["network"]))

    assert case["signing_root"] == root


@pytest.mark.parametrize(
    "wrong", [["signing_root"], ["signingRoot"], ["signing_root", "signingRoot"]]
)
@each(FIRST_OF_EACH_TYPE)
def test_a_wrong_root_is_refused_whatever_the_other_one_is(case: Case, wrong: list[str]) -> None:
    roots = {"signing_root": case["signing_root"], "signingRoot": case["signing_root"]}
    request = case["request"] | roots | dict.fromkeys(wrong, "0x" + "ab" * 32)

    with pytest.raises(SigningRootError, match=rf"^signing_root: expected {case['signing_root']}"):
        root_of(request, load_network(case["network"]))


# Voluntary exits (EIP-7044)


EXIT_DOMAIN = "0x04000000"


def exit_request(previous: str, current: str, exit_epoch: int, **root: str) -> dict[str, Any]:
    """An exit on a chain whose genesis validators root nobody knows; its fork is of epoch 100."""
    return {
        "type": "VOLUNTARY_EXIT",
        "fork_info": private_fork(previous, current, epoch=100),
        "voluntary_exit": {"epoch": str(exit_epoch), "validator_index": "7"},
        **root,
    }


def exit_root(version: str, exit_epoch: int) -> str:
    object_root = container(uint64(str(exit_epoch)), uint64("7"))
    return signing_root(object_root, domain(EXIT_DOMAIN, version, PRIVATE_ROOT))


@pytest.mark.parametrize("configured", ["mainnet", "hoodi", "gnosis", "minimal"])
@pytest.mark.parametrize("network", ["mainnet", "sepolia", "hoodi", "gnosis", "chiado"])
def test_an_exit_on_a_known_network_is_for_its_capella_whatever_is_configured(
    network: str, configured: str
) -> None:
    of_network = [
        case for case in CASES if (case["network"], case["type"]) == (network, "VOLUNTARY_EXIT")
    ]

    roots = {
        case["name"]: root_of(case["request"], load_network(configured)) for case in of_network
    }

    assert {case["name"]: case["signing_root"] for case in of_network} == roots


@pytest.mark.parametrize("exit_epoch", [0, 99, 100, 101])
@pytest.mark.parametrize(
    ("previous", "current"),
    [
        ("0x40000042", "0x50000042"),
        ("0x50000042", "0x60000042"),
        ("0x60000042", "0x70000042"),
        ("0x40000042", "0x40000042"),
    ],
)
def test_an_exit_on_the_configured_network_is_for_its_capella_from_deneb_on(
    previous: str, current: str, exit_epoch: int
) -> None:
    request = exit_request(previous, current, exit_epoch)

    root = root_of(request, PRIVATE)

    assert exit_root("0x40000042", exit_epoch) == root


@pytest.mark.parametrize(
    ("exit_epoch", "version"), [(99, "0x30000042"), (100, "0x40000042"), (101, "0x40000042")]
)
def test_an_exit_on_the_configured_network_follows_the_fork_before_deneb(
    exit_epoch: int, version: str
) -> None:
    request = exit_request("0x30000042", "0x40000042", exit_epoch)

    root = root_of(request, PRIVATE)

    assert exit_root(version, exit_epoch) == root


@pytest.mark.parametrize("exit_epoch", [99, 100])
def test_an_exit_is_for_capella_on_a_network_that_does_not_list_every_fork(exit_epoch: int) -> None:
    listed = ["PHASE0", "CAPELLA", "DENEB"]
    network = Network("few forks", 8, {fork: PRIVATE.fork_versions[fork] for fork in listed})
    request = exit_request("0x40000042", "0x50000042", exit_epoch)

    root = root_of(request, network)

    assert exit_root("0x40000042", exit_epoch) == root


# of the configured networks, the second has no genesis validators root of its own
CONFIGURED = [("mainnet", "0x03000000"), ("minimal", "0x03000001")]


@pytest.mark.parametrize("member", ["signing_root", "signingRoot"])
@pytest.mark.parametrize("exit_epoch", [99, 100])
@pytest.mark.parametrize("version", ["0x60000042", "0x70000042"], ids=["previous", "current"])
@pytest.mark.parametrize("configured", [configured for configured, _ in CONFIGURED])
def test_an_exit_on_an_unknown_network_is_for_the_fork_of_the_root_sent(
    configured: str, version: str, exit_epoch: int, member: str
) -> None:
    sent = exit_root(version, exit_epoch)
    request = exit_request("0x60000042", "0x70000042", exit_epoch, **{member: sent})

    root = root_of(request, load_network(configured))

    assert sent == root


@pytest.mark.parametrize("exit_epoch", [99, 100])
@pytest.mark.parametrize(("configured", "capella"), CONFIGURED)
def test_an_exit_on_an_unknown_network_may_be_for_the_configured_capella_by_its_root(
    configured: str, capella: str, exit_epoch: int
) -> None:
    sent = exit_root(capella, exit_epoch)
    request = exit_request("0x60000042", "0x70000042", exit_epoch, signingRoot=sent)

    root = root_of(request, load_network(configured))

    assert sent == root


@pytest.mark.parametrize("configured", [configured for configured, _ in CONFIGURED])
def test_an_exit_on_an_unknown_network_is_refused_for_any_other_fork(configured: str) -> None:
    sent = exit_root("0x50000042", 100)
    request = exit_request("0x60000042", "0x70000042", 100, signingRoot=sent)

    with pytest.raises(SigningRootError, match=rf"found {sent}.*--network"):
        root_of(request, load_network(configured))


@pytest.mark.parametrize(
    ("exit_epoch", "version"), [(99, "0x60000042"), (100, "0x70000042"), (101, "0x70000042")]
)
@pytest.mark.parametrize("configured", [configured for configured, _ in CONFIGURED])
def test_an_exit_on_an_unknown_network_follows_the_fork_if_no_root_is_sent(
    configured: str, exit_epoch: int, version: str
) -> None:
    request = exit_request("0x60000042", "0x70000042", exit_epoch)

    root = root_of(request, load_network(configured))

    assert exit_root(version, exit_epoch) == root


# What is refused


@pytest.mark.parametrize("version", ["FULU", "HEZE", "", "GLOAS "])
@each(OF_GLOAS)
def test_a_payload_of_gloas_is_of_no_other_version(case: Case, version: str) -> None:
    request = everywhere(case["request"], with_version(lambda _: version))

    with pytest.raises(BadRequestError, match=rf"^{payload(case)}: expected GLOAS as version"):
        root_of(request, load_network(case["network"]))


def payload(case: Case) -> str:
    (member,) = case["request"].keys() - {"type", "fork_info"}
    return str(member)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"[]",
        b"null",
        b"true",
        b"7",
        b'"x"',
        b"{}",
        b"{",
        b"{}{}",
        b'{"type":"ATTESTATION"',
        b'{"type":null}',
        b'{"type":7}',
        b'{"type":["ATTESTATION"]}',
        b"{'type':'ATTESTATION'}",
        b'{"type":"ATTESTATION",}',
        b'{"type":NaN}',
        b'{"type":"ATTESTATION","attestation":NaN}',
        b'{"type":"ATTESTATION","attestation":Infinity}',
        b'{"type":"\xff"}',
        b'{"type":"ATTESTATION","\xff":1}',
        b'{"type":"\\ud800"}',
        b"\xff\xfe{\x00}\x00",
        b"\xef\xbb\xbf{}",
        b"\x00",
        b"type=ATTESTATION",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"type":"ATTESTATION","a":' + b"[" * 100_000,
        b'{"type":"BLOCK_V2","beacon_block":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError) as refusal:
        signing_types.decode(body)

    assert len(str(refusal.value)) > len("expected")


@each(FIRST_OF_EACH_TYPE)
def test_a_body_cut_short_is_refused(case: Case) -> None:
    body = json.dumps(case["request"]).encode()
    lengths = random.Random(7).sample(range(len(body)), 50)

    outcomes = {outcome(body[:length], load_network(case["network"])) for length in lengths}

    assert {"BadRequestError"} == outcomes


SUBSTITUTES = [
    "null",
    "true",
    "-1",
    "1.5",
    "1e999",
    "18446744073709551616",
    "1" * 5000,
    '""',
    '"0x"',
    '"0xzz"',
    '"\\ud800"',
    '"\N{SUPERSCRIPT TWO}"',
    "[]",
    "[[]]",
    "{}",
    json.dumps("a" * 5000),
    json.dumps("0x" + "ab" * 2500),
    "NaN",
    "[" * 5000 + "]" * 5000,
]
HOLE = "@hole@"


def members(value: Any) -> Iterator[list[Any]]:
    """The way to every member and item of a JSON value, at any depth."""
    steps: Any = []
    if isinstance(value, dict):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    for step, inner in steps:
        yield [step]
        yield from ([step, *rest] for rest in members(inner))


def with_hole(value: Any, way: list[Any]) -> Any:
    if not way:
        return HOLE
    copy = value.copy()
    copy[way[0]] = with_hole(value[way[0]], way[1:])
    return copy


def outcome(body: bytes, network: Network) -> str:
    """A root, a refusal, or what else came of a body: that, with the body."""
    try:
        signing_types.decode(body).compute_signing_root(network)
    except BadRequestError as error:
        return type(error).__name__
    except Exception as error:  # noqa: BLE001 - any other exception is what these tests look for
        return f"{error!r} from {body[:400]!r}"
    return "a root"


SIGNED_OR_REFUSED = {"a root", "BadRequestError", "SigningRootError"}


@pytest.mark.parametrize("root", [{}, {"signing_root": "0x" + "ab" * 32}], ids=["", "with a root"])
@each(EVERY_SHAPE)
def test_any_json_in_place_of_a_member_is_signed_or_refused(
    case: Case, root: dict[str, str]
) -> None:
    request = case["request"] | root
    network = load_network(case["network"])
    ways = list(members(request))
    some_ways = random.Random(7).sample(ways, min(len(ways), 100))
    templates = [json.dumps(with_hole(request, way)) for way in some_ways]

    outcomes = {
        outcome(template.replace(json.dumps(HOLE), substitute).encode(), network)
        for template in templates
        for substitute in SUBSTITUTES
    }

    assert set() == outcomes - SIGNED_OR_REFUSED


@each(EVERY_SHAPE)
def test_any_byte_in_place_of_another_is_signed_or_refused(case: Case) -> None:
    body = json.dumps(case["request"]).encode()
    network = load_network(case["network"])
    chance = random.Random(7)
    changes = [(chance.randrange(len(body)), chance.randbytes(1)) for _ in range(200)]

    outcomes = {
        outcome(body[:place] + byte + body[place + 1 :], network) for place, byte in changes
    }

    assert set() == outcomes - SIGNED_OR_REFUSED


# A new type


@pytest.fixture
def types_of_today() -> Iterator[None]:
    """The signing types, which are again what they were when the test is over."""
    before = dict(SignRequest.types)
    yield
    SignRequest.types.clear()
    SignRequest.types.update(before)


@pytest.mark.usefixtures("types_of_today")
def test_a_class_is_all_that_a_new_type_needs() -> None:
    class Greeting(ForkRequest):
        DOMAIN_TYPE = unhex("0x0f00000f")
        MESSAGE = attrgetter("greeting")
        EPOCH = attrgetter("greeting.epoch")
        greeting: phase0.Checkpoint

    request = {
        "type": "greeting",
        "fork_info": private_fork("0x60000042", "0x70000042", epoch=100),
        "greeting": {"epoch": "99", "root": "0x" + "11" * 32},
    }

    decoded = signing_types.decode(json.dumps(request).encode())

    in_domain = domain("0x0f00000f", "0x60000042", PRIVATE_ROOT)
    expected = signing_root(container(uint64("99"), unhex("0x" + "11" * 32)), in_domain)
    assert isinstance(decoded, Greeting)
    assert expected == f"0x{decoded.compute_signing_root(PRIVATE).hex()}"
    assert "GREETING" in SignRequest.types


def test_a_type_that_no_class_has_is_refused_with_those_there_are() -> None:
    request = {"type": "GREETING"}

    with pytest.raises(BadRequestError, match=r"^type: expected one of ") as refusal:
        root_of(request)

    assert all(case["type"] in str(refusal.value) for case in FIRST_OF_EACH_TYPE)
