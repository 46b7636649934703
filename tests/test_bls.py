"""Signatures and keys against ethereum/bls12-381-tests, and what a secret key keeps to itself."""

import copy
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from signer._core import SecretKey, aggregate, fast_aggregate_verify, verify
from signer.errors import BLSError
from support.vectors import unhex, vectors

ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
SECRET = unhex("0x263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3")
INFINITY_SIGNATURE = b"\xc0" + bytes(95)


def cases(handler: str, *outputs: object) -> list[Any]:
    """The cases of one handler with one of these outputs; of every output when none is given."""
    return [
        pytest.param(case["input"], case["output"], id=name)
        for name, case in vectors(f"bls/{handler}.json").items()
        if not outputs or case["output"] in outputs
    ]


def failing(handler: str) -> list[Any]:
    return [
        pytest.param(*case.values[:1], id=case.id)
        for case in cases(handler, None, False)  # noqa: FBT003
    ]


SIGNED = [case for case in cases("sign") if case.values[1]]
AGGREGATED = [case for case in cases("aggregate") if case.values[1]]
POINTS_OF_G2 = [case for case in cases("deserialization_G2") if case.values[1]]


@pytest.mark.parametrize(("given", "signature"), SIGNED)
def test_a_message_is_signed_with_the_expected_signature(given: Any, signature: str) -> None:
    key = SecretKey.from_bytes(unhex(given["privkey"]))

    signed = key.sign(unhex(given["message"]))

    assert unhex(signature) == signed


@pytest.mark.parametrize(("given", "signature"), SIGNED)
def test_any_bytes_are_signed_as_a_root_is(given: Any, signature: str) -> None:
    key = SecretKey.from_bytes(unhex(given["privkey"]))

    assert unhex(signature) == key.sign_message(unhex(given["message"]))


@pytest.mark.parametrize("given", failing("sign"))
def test_a_secret_that_cannot_sign_is_refused(given: Any) -> None:
    secret = unhex(given["privkey"])

    with pytest.raises(BLSError):
        SecretKey.from_bytes(secret)


@pytest.mark.parametrize(("given", "valid"), cases("verify"))
def test_a_signature_verifies_as_expected(given: Any, valid: object) -> None:
    pubkey, message, signature = map(unhex, (given["pubkey"], given["message"], given["signature"]))

    verified = verify(pubkey, message, signature)

    assert valid is verified


@pytest.mark.parametrize(("given", "signature"), AGGREGATED)
def test_signatures_aggregate_to_the_expected_one(given: Any, signature: str) -> None:
    signatures = [unhex(one) for one in given]

    aggregated = aggregate(signatures)

    assert unhex(signature) == aggregated


@pytest.mark.parametrize("given", failing("aggregate"))
def test_what_cannot_be_aggregated_is_refused(given: Any) -> None:
    signatures = [unhex(one) for one in given]

    with pytest.raises(BLSError):
        aggregate(signatures)


@pytest.mark.parametrize(("given", "valid"), cases("fast_aggregate_verify"))
def test_an_aggregated_signature_verifies_as_expected(given: Any, valid: object) -> None:
    pubkeys = [unhex(pubkey) for pubkey in given["pubkeys"]]

    verified = fast_aggregate_verify(pubkeys, unhex(given["message"]), unhex(given["signature"]))

    assert valid is verified


@pytest.mark.parametrize("given", failing("deserialization_G1"))
def test_nothing_verifies_with_a_public_key_that_is_no_point(given: Any) -> None:
    pubkey = unhex(given["pubkey"])

    # to whoever reads the key as infinity, this signature is valid
    verified = verify(pubkey, bytes(32), INFINITY_SIGNATURE)

    assert verified is False


@pytest.mark.parametrize(("given", "_valid"), POINTS_OF_G2)
def test_a_point_of_g2_aggregates_to_itself(given: Any, _valid: object) -> None:
    signature = unhex(given["signature"])

    aggregated = aggregate([signature])

    assert signature == aggregated


@pytest.mark.parametrize("given", failing("deserialization_G2"))
def test_a_signature_that_is_no_point_is_not_aggregated(given: Any) -> None:
    signature = unhex(given["signature"])

    with pytest.raises(BLSError):
        aggregate([signature])


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_secret_of_another_length_is_refused_with_both_lengths(length: int) -> None:
    secret = bytes([1]) * length

    with pytest.raises(BLSError, match=f"expected 32 bytes for a secret key, found {length}$"):
        SecretKey.from_bytes(secret)


@pytest.mark.parametrize("length", [0, 31, 33, 96])
def test_a_root_of_another_length_is_refused_with_both_lengths(length: int) -> None:
    key = SecretKey.from_bytes(SECRET)

    with pytest.raises(BLSError, match=f"expected 32 bytes for signing_root, found {length}$"):
        key.sign(bytes(length))


@pytest.mark.parametrize("length", [0, 95, 97])
def test_a_signature_of_another_length_is_not_aggregated(length: int) -> None:
    signatures = [INFINITY_SIGNATURE, bytes(length)]

    with pytest.raises(BLSError):
        aggregate(signatures)


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(0, id="zero"),
        pytest.param(ORDER, id="order"),
        pytest.param(ORDER + 1, id="order-plus-1"),
        pytest.param((1 << 256) - 1, id="all-ff"),
    ],
)
def test_a_number_that_is_no_secret_key_is_refused_and_not_repeated(number: int) -> None:
    secret = number.to_bytes(32, "big")

    with pytest.raises(BLSError) as refusal:
        SecretKey.from_bytes(secret)

    assert secret.hex() not in str(refusal.value)


@pytest.mark.parametrize(
    ("number", "pubkey"),
    [
        pytest.param(
            1,
            "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
            "6c55e83ff97a1aeffb3af00adb22c6bb",
            id="the-generator",
        ),
        pytest.param(
            ORDER - 1,
            "b7f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
            "6c55e83ff97a1aeffb3af00adb22c6bb",
            id="its-inverse",
        ),
    ],
)
def test_the_smallest_and_the_largest_secret_are_keys(number: int, pubkey: str) -> None:
    secret = number.to_bytes(32, "big")

    key = SecretKey.from_bytes(secret)

    assert unhex(pubkey) == key.public_key()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_key_does_not_survive_pickle(protocol: int) -> None:
    key = SecretKey.from_bytes(SECRET)

    with pytest.raises(TypeError):
        pickle.loads(pickle.dumps(key, protocol))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_secret_key_cannot_be_copied(duplicate: Callable[[SecretKey], SecretKey]) -> None:
    key = SecretKey.from_bytes(SECRET)

    with pytest.raises(TypeError):
        duplicate(key)


@pytest.mark.parametrize("show", [repr, str, format, ascii])
def test_a_secret_key_shows_only_its_public_key(show: Callable[[SecretKey], str]) -> None:
    key = SecretKey.from_bytes(SECRET)

    shown = show(key)

    assert f"<SecretKey of 0x{key.public_key().hex()}>" == shown
    assert SECRET.hex() not in shown


def test_several_threads_sign_as_one_does() -> None:
    key = SecretKey.from_bytes(SECRET)
    roots = [number.to_bytes(32, "big") for number in range(64)]

    with ThreadPoolExecutor(8) as pool:
        signatures = list(pool.map(key.sign, roots))

    assert [key.sign(root) for root in roots] == signatures
