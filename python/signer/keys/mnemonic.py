"""Mnemonics: BIP-39's words are checked before they become a seed, and devnets' have a name.

A seed can be computed from any text. So a mistyped word would give other keys without an error.
"""

from collections.abc import Sequence
from typing import Any

from ..errors import ConfigError, MnemonicError, did_you_mean

# Public mnemonics of devnet tools: ethereum-package's default, and ethereum-genesis-generator's
NAMED = {
    "devnet": "giant issue aisle success illegal bike spike question tent bar rely arctic "
    "volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete",
    "genesis-generator": "sleep moment list remain like wall lake industry canvas wonder ecology "
    "elite duck salad naive syrup frame brass utility club odor country obey pudding",
}
COUNTS = (12, 15, 18, 21, 24)  # words; BIP-39, Generating the mnemonic
QUOTES = "\"'`\u201c\u201d\u2018\u2019\u00ab\u00bb"


def seed_of(text: str, passphrase: str = "") -> bytes:
    """The seed of a mnemonic (64 bytes; BIP-39), given by its words or by a name in NAMED.

    Raises MnemonicError, which shows no word.
    """
    library = _library()
    words = library.normalize_string(text).split()
    if len(words) == 1 and words[0][0] not in QUOTES:
        words = _named(words[0])
    _check(words)
    seed: bytes = library.to_seed(" ".join(words), passphrase)
    return seed


def _library() -> Any:
    """The class of the package `mnemonic`. Only a start with a mnemonic waits for its import."""
    try:
        from mnemonic import Mnemonic  # noqa: PLC0415
    except ImportError:  # also where a module of the project has the same name
        raise ConfigError(
            "cannot import the package mnemonic, which has BIP-39's words: install it, and "
            "rename a module of your own that has this name"
        ) from None
    return Mnemonic


def _named(name: str) -> list[str]:
    words = NAMED.get(name.lower())
    if words is None:
        expected = f"expected the words of a mnemonic, or one of the names {', '.join(NAMED)}"
        raise MnemonicError(f"{expected}, found one other word{did_you_mean(name, NAMED)}")
    return words.split()


def _check(words: Sequence[str]) -> None:
    """Raises MnemonicError for words that are no mnemonic in any language."""
    if words and (words[0][0] in QUOTES or words[-1][-1] in QUOTES):
        raise MnemonicError(
            "expected the words of a mnemonic, found quotation marks around them: remove these"
        )
    if len(words) not in COUNTS:
        counts = f"{', '.join(map(str, COUNTS[:-1]))} or {COUNTS[-1]}"
        raise MnemonicError(f"expected a mnemonic of {counts} words, found {len(words)}")
    languages = _languages()
    nearest = max(languages, key=lambda language: _known(words, language))
    if _known(words, nearest) < len(words):
        raise MnemonicError(_wrong_word(words, nearest))
    text = " ".join(words)
    # A few words stand in two lists, and the checksum may be right in one of them only.
    if not any(language.check(text) for language in languages):
        raise MnemonicError(
            "the checksum of the mnemonic is wrong: a word is another one of the list, or two "
            "changed places; compare them with where they are written down"
        )


def _languages() -> list[Any]:
    """The languages of the package, English first. Each has `language`, `wordlist` and `check`."""
    library = _library()
    languages = []
    for name in sorted(library.list_languages(), key=lambda name: (name != "english", name)):
        language = library(name)
        language.wordlist = [library.normalize_string(word) for word in language.wordlist]
        languages.append(language)
    return languages


def _known(words: Sequence[str], language: Any) -> int:
    """How many of the words are in the list of a language."""
    known = set(language.wordlist)
    return sum(word in known for word in words)


def _wrong_word(words: Sequence[str], language: Any) -> str:
    """The message for the first word that the list of a language does not have."""
    known = set(language.wordlist)
    position = 1
    while words[position - 1] in known:
        position += 1
    if position == 1 and not _known(words, language):
        return "word 1 of the mnemonic is in no list of BIP-39: give the words, in lower case"
    return (
        f"word {position} of the mnemonic is not in BIP-39's {language.language} list: "
        "look for a typing mistake; words are in lower case"
    )
