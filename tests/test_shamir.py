"""Splitting keys and recovering signatures, against the vector of remote-signing-api's draft."""

from itertools import combinations
from typing import Any

import pytest

from signer._core import (
    SecretKey,
    recover_public_key,
    recover_signature,
    split_secret_key,
)
from signer.errors import BLSError
from signer.keys.derived import interop_key
from support.vectors import unhex, vectors

VECTOR: Any = vectors("distributed/threshold-signing.json")
PARTICIPANTS = VECTOR["participants"]
ROOT = unhex(VECTOR["signing_root"])
PAIRS = pytest.mark.parametrize("pair", [*combinations(PARTICIPANTS, 2)])
SPLITS = [(1, [1]), (1, [1, 2, 3]), (2, [1, 2, 3]), (3, [7, 5, 2**64 - 1]), (5, [*range(1, 9)])]
KEY = interop_key(0)
INFINITE_SIGNATURE = b"\xc0" + bytes(95)
INFINITE_KEY = b"\xc0" + bytes(47)


def ids_of(participants: Any) -> list[int]:
    return [int(participant["id"]) for participant in participants]


def column(participants: Any, member: str) -> list[bytes]:
    return [unhex(participant[member]) for participant in participants]


@PAIRS
def test_any_two_signatures_of_the_vector_recover_its_signature(pair: Any) -> None:
    recovered = recover_signature(ids_of(pair), column(pair, "signature"))

    assert unhex(VECTOR["recovered_signature"]) == recovered


@PAIRS
def test_any_two_public_keys_of_the_vector_recover_its_key(pair: Any) -> None:
    recovered = recover_public_key(ids_of(pair), column(pair, "public_key"))

    assert unhex(VECTOR["composite_public_key"]) == recovered


def test_more_than_the_threshold_recover_too() -> None:
    recovered = recover_signature(ids_of(PARTICIPANTS), column(PARTICIPANTS, "signature"))

    assert unhex(VECTOR["recovered_signature"]) == recovered


@pytest.mark.parametrize("participant", PARTICIPANTS, ids=lambda each: each["id"])
def test_a_share_of_the_vector_signs_as_it_says(participant: Any) -> None:
    share = SecretKey.from_bytes(unhex(participant["secret_key"]))

    assert unhex(participant["public_key"]) == share.public_key()
    assert unhex(participant["signature"]) == share.sign(ROOT)


@pytest.mark.parametrize(("threshold", "ids"), SPLITS)
def test_any_shares_up_to_the_threshold_sign_as_the_key(threshold: int, ids: list[int]) -> None:
    shares = dict(zip(ids, split_secret_key(KEY, threshold, ids), strict=True))

    for some in combinations(ids, threshold):
        partials = [shares[number].sign(ROOT) for number in some]
        assert KEY.sign(ROOT) == recover_signature(some, partials)


@pytest.mark.parametrize(("threshold", "ids"), SPLITS)
def test_the_public_keys_of_shares_recover_that_of_the_key(threshold: int, ids: list[int]) -> None:
    shares = split_secret_key(KEY, threshold, ids)

    public_keys = [share.public_key() for share in shares]
    assert KEY.public_key() == recover_public_key(ids[-threshold:], public_keys[-threshold:])


def test_fewer_shares_than_the_threshold_sign_something_else() -> None:
    shares = split_secret_key(KEY, 3, [1, 2, 3])

    partials = [share.sign(ROOT) for share in shares[:2]]
    assert KEY.sign(ROOT) != recover_signature([1, 2], partials)


def test_two_splits_of_a_key_have_no_share_in_common() -> None:
    splits = [split_secret_key(KEY, 2, [1, 2, 3]) for _ in range(2)]

    assert 6 == len({share.public_key() for shares in splits for share in shares})


def test_with_threshold_1_each_share_is_the_key() -> None:
    shares = split_secret_key(KEY, 1, [1, 2])

    assert [KEY.public_key()] * 2 == [share.public_key() for share in shares]


@pytest.mark.parametrize(
    ("threshold", "ids", "told"),
    [
        (0, [1], "expected a threshold between 1 and the number of ids, 1, found 0"),
        (3, [1, 2], "expected a threshold between 1 and the number of ids, 2, found 3"),
        (1, [], "expected distinct ids above 0, found []"),
        (1, [0, 1], "expected distinct ids above 0, found [0, 1]"),
        (2, [1, 2, 1], "expected distinct ids above 0, found [1, 2, 1]"),
    ],
)
def test_a_key_is_not_split_for_wrong_ids_or_thresholds(
    threshold: int,
    ids: list[int],
    told: str,
) -> None:
    with pytest.raises(BLSError) as error:
        split_secret_key(KEY, threshold, ids)

    assert told == str(error.value)


@pytest.mark.parametrize("ids", [[], [0, 1], [1, 1], [1], [1, 2, 3]])
def test_nothing_is_recovered_with_wrong_ids(ids: list[int]) -> None:
    pair = PARTICIPANTS[:2]

    with pytest.raises(BLSError):
        recover_signature(ids, column(pair, "signature"))
    with pytest.raises(BLSError):
        recover_public_key(ids, column(pair, "public_key"))


def test_an_infinite_or_broken_partial_signature_is_refused() -> None:
    signature = KEY.sign(ROOT)

    for bad in (INFINITE_SIGNATURE, signature[:-1], bytes(96)):
        with pytest.raises(BLSError, match="every partial signature"):
            recover_signature([1, 2], [signature, bad])


def test_an_infinite_or_broken_public_key_is_refused() -> None:
    for bad in (INFINITE_KEY, KEY.public_key()[:-1], bytes(48)):
        with pytest.raises(BLSError, match="every public key"):
            recover_public_key([1, 2], [KEY.public_key(), bad])


def test_points_that_recover_infinity_are_refused() -> None:
    # f(x) = x, so f(0) = 0: the signature of 0 is the point at infinity
    one, two = (SecretKey.from_bytes(number.to_bytes(32)) for number in (1, 2))

    with pytest.raises(BLSError, match="the recovered signature"):
        recover_signature([1, 2], [one.sign(ROOT), two.sign(ROOT)])
    with pytest.raises(BLSError, match="the recovered public key"):
        recover_public_key([1, 2], [one.public_key(), two.public_key()])
