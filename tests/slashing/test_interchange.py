"""EIP-3076's documents of what keys signed: which are read, and what an export has."""

import json
from pathlib import Path

import pytest

from signer.errors import BadRequestError
from signer.slashing.interchange import decode
from signer.spec.network_files import load_network
from signer.spec.networks import NETWORKS, Network
from support.protection import (
    CHAIN,
    KEYS,
    MAINNET,
    MAX,
    OTHER_CHAIN,
    OTHER_ROOT,
    OURS,
    PRIVATE,
    PUBKEY,
    ROOT,
    SECOND,
    THIRD,
    Message,
    document,
    hexed,
    importing,
    opened,
    protecting,
    rules,
    sent,
)

EPOCH = "data[0].signed_attestations[0].source_epoch: expected an integer"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"5"', '"4"', "metadata.interchange_format_version: "),
        ('"5"', "4", "metadata.interchange_format_version: "),
        ('"genesis_validators_root"', '"root"', "metadata.genesis_validators_root: expected this"),
        ('"metadata"', '"meta"', "metadata: expected this member"),
        ('"3"', "-3", EPOCH),
        ('"3"', '"-3"', EPOCH),
        ('"3"', "3.5", EPOCH),
        ('"3"', '"3.5"', EPOCH),
        ('"3"', '"1e3"', EPOCH),
        ('"3"', f'"{MAX + 1}"', EPOCH),
        ('"7"', '""', "data[0].signed_blocks[0].slot: expected an integer"),
        (hexed(PUBKEY), hexed(PUBKEY[1:]), "data[0].pubkey: expected 48 bytes, found 47"),
        (hexed(ROOT), "0xa1", "data[0].signed_blocks[0].signing_root: expected 32 bytes"),
        ("{", "milk", "expected slashing protection data as a JSON object"),
    ],
)
def test_a_document_with_something_wrong_is_refused(old: str, new: str, message: str) -> None:
    text = document((7,), (3, 4), root=ROOT).replace(old, new)

    with pytest.raises(BadRequestError) as caught:
        decode(text, PRIVATE)

    assert str(caught.value).startswith(message)


def test_a_document_of_another_network_is_refused() -> None:
    with pytest.raises(BadRequestError, match=r"^metadata.genesis_validators_root: .+ of mainnet"):
        decode(document(), MAINNET)


@pytest.mark.parametrize("network", [PRIVATE, NETWORKS["minimal"], load_network(None)])
def test_a_network_without_a_root_takes_a_document_of_any(network: Network) -> None:
    interchange = decode(document(), network)

    assert CHAIN == interchange.genesis_validators_root


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"5"', "5"),
        ("{", "\ufeff{"),
        (f'"{hexed(ROOT)}"', '""'),
        (f'"{hexed(ROOT)}"', '"0x"'),
        (f'"{hexed(ROOT)}"', "null"),
    ],
    ids=["version", "byte-order-mark", "no-root", "0x-as-root", "null-as-root"],
)
def test_a_document_may_be_written_in_another_way(old: str, new: str) -> None:
    text = document((7,), (3, 4), root=ROOT).replace(old, new, 1 if old == "{" else -1)

    for each in (text, text.encode()):
        assert ["double_block_proposal", "double_vote"] == rules(
            importing(each), (7,), (3, 4), root=OTHER_ROOT
        )


@pytest.mark.parametrize("member", ["signed_blocks", "signed_attestations"])
@pytest.mark.parametrize("null", [True, False], ids=["null", "missing"])
def test_an_array_may_be_null_or_missing(member: str, *, null: bool) -> None:
    fields = json.loads(document((7,), (3, 4)))
    del fields["data"][0][member]
    if null:
        fields["data"][0][member] = None

    found = rules(importing(json.dumps(fields)), (7,), (3, 4))

    expected = {"signed_blocks": ["", "double_vote"]}
    assert expected.get(member, ["double_block_proposal", ""]) == found


def test_an_error_names_the_message_of_a_long_history() -> None:
    fields = json.loads(document((5,)))
    blocks = [{"slot": str(slot)} for slot in range(20_000)]
    blocks[15_000] = {"slot": "x"}
    fields["data"] = [{**fields["data"][0], "signed_blocks": blocks}]

    with pytest.raises(BadRequestError, match=r"^data\[0\].signed_blocks\[15000\].slot: expected"):
        decode(json.dumps(fields), PRIVATE)


@pytest.mark.parametrize("entry", [1, None, "x", [], [{}]])
def test_an_entry_that_is_no_object_is_refused(entry: object) -> None:
    fields = json.loads(document((5,)))
    fields["data"].append(entry)

    with pytest.raises(BadRequestError, match=r"^data\[1\]: expected an object"):
        decode(json.dumps(fields), PRIVATE)


@pytest.mark.parametrize("data", [{}, {"data": None}, {"data": []}])
@pytest.mark.parametrize("root", ["", hexed(CHAIN), None])
def test_a_document_about_no_key_is_read_whatever_its_chain(
    root: str | None, data: dict[str, None]
) -> None:
    metadata = {"interchange_format_version": "5", "genesis_validators_root": root}
    text = json.dumps({"metadata": metadata, **data})

    assert [] == decode(text, MAINNET).data


def test_a_key_that_stands_twice_has_one_history() -> None:
    fields = json.loads(document((5,), (9,), (5, 6)))
    fields["data"] += json.loads(document((50,), (60,), (40, 50)))["data"]
    fields["data"][1]["pubkey"] = hexed(PUBKEY).upper().replace("0X", "0x")

    exported = json.loads(importing(json.dumps(fields)).export([PUBKEY], PRIVATE))

    [history] = exported["data"]
    assert ["5", "9", "50", "60"] == [block["slot"] for block in history["signed_blocks"]]
    assert ["6", "50"] == [vote["target_epoch"] for vote in history["signed_attestations"]]


@pytest.mark.parametrize(
    "documents",
    [
        [document((9,), (5,), (8, 9), (5, 6))],
        [document((9,), (5,), (8, 9), (5, 6), root=ROOT)],
        [document((2,), (1, 2)), document((9,), (8, 9))],
        [document((8, 9)), document((2, 10), (3, 11))],
    ],
    ids=["without-roots", "with-roots", "two-imports", "votes-below-the-minimum"],
)
def test_what_is_exported_refuses_the_same_elsewhere(documents: list[str]) -> None:
    epochs = range(12)
    messages = [(slot,) for slot in epochs] + [(a, b) for a in epochs for b in epochs]
    exported = importing(*documents).export([PUBKEY], PRIVATE)

    here, there = (
        [rules(importing(*texts), message) != [""] for message in messages]
        for texts in (documents, [exported])
    )

    assert here == there


def test_a_vote_that_is_left_out_of_an_export_is_surrounded_by_none_elsewhere() -> None:
    reporting = protecting("report")
    reporting.admit(PUBKEY, sent((8, 9)), ROOT)
    reporting.merge(decode(document((2, 10), (3, 12)), PRIVATE))

    elsewhere = importing(reporting.export([PUBKEY], PRIVATE))

    assert ["surrounding_vote"] == rules(elsewhere, (7, 13))
    assert [""] == rules(elsewhere, (8, 13))


def test_identical_histories_are_exported_as_identical_text(tmp_path: Path) -> None:
    text = document((5,), (9,), (5, 6), (8, 9), keys=KEYS)
    with opened(tmp_path / "file") as protection:
        protection.merge(decode(text, PRIVATE))
        expected = protection.export(KEYS, PRIVATE)

    with opened(tmp_path / "file") as restarted:
        others = [restarted, restarted, importing(text)]
        found = {each.export(KEYS, PRIVATE) for each in others}

    assert {expected} == found


def export_of(network: Network, *signed: tuple[bytes, Message, bytes]) -> tuple[str, list[str]]:
    """The chain and the keys that are exported, of keys that signed a message on a chain each."""
    protection = protecting()
    for key, message, chain in signed:
        protection.admit(key, sent(message, chain), ROOT)
    exported = json.loads(protection.export(KEYS, network))
    keys = [history["pubkey"] for history in exported["data"]]
    return exported["metadata"]["genesis_validators_root"], keys


@pytest.mark.parametrize(
    ("network", "chain", "keys"),
    [(OURS, CHAIN, [PUBKEY]), (MAINNET, OTHER_CHAIN, KEYS[1:]), (PRIVATE, OTHER_CHAIN, KEYS[1:])],
    ids=["the-network", "another-network", "no-root"],
)
def test_an_export_is_about_the_network_or_the_chain_where_most_keys_signed(
    network: Network, chain: bytes, keys: list[bytes]
) -> None:
    signed = (PUBKEY, (7,), CHAIN), (SECOND, (7,), OTHER_CHAIN), (THIRD, (3, 4), OTHER_CHAIN)

    assert (hexed(chain), list(map(hexed, keys))) == export_of(network, *signed)


def test_an_export_counts_a_key_with_blocks_and_attestations_once() -> None:
    twice = (PUBKEY, (7,), CHAIN), (PUBKEY, (3, 4), CHAIN)
    once = (SECOND, (7,), OTHER_CHAIN), (THIRD, (7,), OTHER_CHAIN)

    chain, _ = export_of(PRIVATE, *twice, *once)

    assert hexed(OTHER_CHAIN) == chain


@pytest.mark.parametrize(
    ("network", "root"), [(OURS, CHAIN), (PRIVATE, bytes(32))], ids=["root", "no-root"]
)
def test_without_a_history_an_export_has_no_data(network: Network, root: bytes) -> None:
    exported = json.loads(protecting().export(KEYS, network))

    metadata = {"interchange_format_version": "5", "genesis_validators_root": hexed(root)}
    assert {"metadata": metadata, "data": []} == exported
