"""Keys from seeds, indices and mnemonics, against EIP-2333 and the devnets' well-known keys."""

from typing import Any

import pytest

from signer._core import SecretKey, derive_child_sk, derive_master_sk
from signer.errors import BLSError
from signer.keys.derived import interop_key, interop_keys, mnemonic_keys
from support.vectors import unhex, vectors

EIP2333: list[Any] = vectors("eip2333/vectors.json")["cases"]
INTEROP: list[Any] = vectors("interop_keys/keys.json")

# BIP-39's first vector without a passphrase
ABANDON = "abandon " * 11 + "about"
ABANDON_SEED = unhex(
    "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1"
    "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"
)


def public_key_of(number: str) -> bytes:
    return SecretKey.from_bytes(int(number).to_bytes(32, "big")).public_key()


@pytest.mark.parametrize("case", EIP2333)
def test_a_seed_gives_the_expected_master_key(case: Any) -> None:
    seed = unhex(case["seed"])

    master = derive_master_sk(seed)

    assert public_key_of(case["master_sk"]) == master.public_key()


@pytest.mark.parametrize("case", EIP2333)
def test_a_master_key_gives_the_expected_child(case: Any) -> None:
    master = SecretKey.from_bytes(int(case["master_sk"]).to_bytes(32, "big"))

    child = derive_child_sk(master, int(case["child_index"]))

    assert public_key_of(case["child_sk"]) == child.public_key()


@pytest.mark.parametrize("length", [0, 16, 31])
def test_a_seed_that_is_too_short_is_refused_with_both_lengths(length: int) -> None:
    seed = bytes(length)

    with pytest.raises(BLSError, match=f"at least 32 bytes, found {length}$"):
        derive_master_sk(seed)


@pytest.mark.parametrize("case", INTEROP)
def test_an_index_gives_the_expected_interop_key(case: Any) -> None:
    expected = SecretKey.from_bytes(unhex(case["privkey"]))

    key = interop_key(case["index"])

    assert unhex(case["pubkey"]) == key.public_key()
    assert expected.sign(bytes(32)) == key.sign(bytes(32))


def test_interop_keys_come_in_the_order_of_their_indices() -> None:
    expected = [unhex(case["pubkey"]) for case in INTEROP]

    keys = interop_keys(len(INTEROP))

    assert expected == [key.pubkey for key in keys]


def test_the_devnet_mnemonic_gives_the_keys_that_devnets_know() -> None:
    first = unhex(
        "0xaaf6c1251e73fb600624937760fef218aace5b253bf068ed45398aeb29d821e4"
        "d2899343ddcbbe37cb3f6cf500dff26c"
    )

    keys = [key.pubkey for key in mnemonic_keys("devnet", 2)]

    assert first == keys[0]
    assert ("8aa5bbee", "e8e6") == (keys[1].hex()[:8], keys[1].hex()[-4:])


def test_a_mnemonic_gives_the_keys_of_its_seed_and_path() -> None:
    expected = derive_master_sk(ABANDON_SEED)
    for index in (12381, 3600, 7, 0, 0):
        expected = derive_child_sk(expected, index)

    [key] = mnemonic_keys(ABANDON, 1, start_index=7)

    assert expected.public_key() == key.pubkey


def test_a_start_gives_the_same_keys_as_counting_up_to_it() -> None:
    all_of_them = [key.pubkey for key in mnemonic_keys("devnet", 6)]

    some = [key.pubkey for key in mnemonic_keys("devnet", 3, start_index=2)]

    assert all_of_them[2:5] == some


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(f"  {ABANDON}\n", id="around"),
        pytest.param(ABANDON.replace(" ", "\t \r\n"), id="between"),
        pytest.param(ABANDON.replace(" ", "\u3000"), id="ideographic"),
    ],
)
def test_whitespace_in_a_mnemonic_does_not_matter(words: str) -> None:
    [expected] = mnemonic_keys(ABANDON, 1)

    [key] = mnemonic_keys(words, 1)

    assert expected.pubkey == key.pubkey


def test_another_mnemonic_gives_other_keys() -> None:
    names = ("devnet", "genesis-generator", ABANDON)

    keys = {key.pubkey for name in names for key in mnemonic_keys(name, 2)}

    assert 6 == len(keys)
