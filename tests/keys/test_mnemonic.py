"""Mnemonics: BIP-39's own vectors, every language, and what is refused without a word of it."""

import unicodedata

import pytest
from mnemonic import Mnemonic

from signer.errors import MnemonicError
from signer.keys.mnemonic import NAMED, seed_of
from support.vectors import unhex, vectors

# BIP-39's first vector, without a passphrase and with its TREZOR
ABANDON = "abandon " * 11 + "about"
ABANDON_SEED = unhex(
    "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc1"
    "9a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4"
)
TREZOR_SEED = unhex(vectors("eip2333/vectors.json")["cases"][0]["seed"])

# The first vector of bip32JP, which BIP-39 links to, with its passphrase
JAPANESE = "あいこくしん\u3000" * 11 + "あおぞら"
JAPANESE_PASSPHRASE = "㍍ガバヴァぱばぐゞちぢ十人十色"
JAPANESE_SEED = unhex(
    "a262d6fb6122ecf45be09c50492b31f92e9beb7d9a845987a02cefda57a15f9c"
    "467a17872029a9e92299b5cbdf306e3a0ee620245cbd508959b6cb7ca637bd55"
)

DEVNET = NAMED["devnet"]
MISTYPED = DEVNET.replace("question", "qestion")


@pytest.mark.parametrize(
    ("words", "passphrase", "expected"),
    [
        (ABANDON, "", ABANDON_SEED),
        (ABANDON, "TREZOR", TREZOR_SEED),
        (JAPANESE, JAPANESE_PASSPHRASE, JAPANESE_SEED),
    ],
    ids=["english", "passphrase", "japanese"],
)
def test_words_give_the_seed_of_the_vectors(words: str, passphrase: str, expected: bytes) -> None:
    assert expected == seed_of(words, passphrase)


@pytest.mark.parametrize("language", Mnemonic.list_languages())
@pytest.mark.parametrize("form", ["NFC", "NFKD"])
def test_every_language_is_read_composed_and_decomposed(language: str, form: str) -> None:
    words = Mnemonic(language).to_mnemonic(bytes(range(7, 39)))
    expected = Mnemonic.to_seed(words)

    assert expected == seed_of(unicodedata.normalize(form, words))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["devnet", "DEVNET", " devnet\n"])
def test_a_name_stands_for_its_words(name: str) -> None:
    assert seed_of(DEVNET) == seed_of(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'"{DEVNET}"', "found quotation marks around them"),
        (f"'{DEVNET}", "found quotation marks around them"),
        (f"\u201c{ABANDON}\u201d", "found quotation marks around them"),
        ('"devnet"', "found quotation marks around them"),
        (MISTYPED, "word 8 of the mnemonic is not in BIP-39's english list"),
        (DEVNET.upper(), "word 1 of the mnemonic is in no list of BIP-39: give the words, in"),
        (DEVNET.replace(" ", ", "), "word 1 of the mnemonic is not in"),
        (DEVNET.replace("athlete", "abeille"), "word 24 of the mnemonic is not in"),
        (DEVNET.removesuffix(" athlete"), "12, 15, 18, 21 or 24 words, found 23"),
        (f"{DEVNET} athlete", "found 25"),
        (" ", "found 0"),
        (DEVNET.replace("giant issue", "issue giant"), "the checksum of the mnemonic is wrong"),
        (DEVNET.replace("athlete", "about"), "the checksum of the mnemonic is wrong"),
        ("dvnet", "devnet, genesis-generator, found one other word; did you mean devnet?"),
        ("secret", "devnet, genesis-generator, found one other word"),
    ],
)
def test_text_that_is_no_mnemonic_is_refused_without_its_words(text: str, expected: str) -> None:
    with pytest.raises(MnemonicError) as refusal:
        seed_of(text)

    message = str(refusal.value)
    assert expected in message
    assert set() == {*text.lower().split()} & {*message.replace(",", "").split()}
