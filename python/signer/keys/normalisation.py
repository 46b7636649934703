"""A password as the bytes for a KDF: as defined by EIP-2335, and as tools have written it."""

import unicodedata

DEL = "\x7f"

# Characters that are no mark, but may join the one before them (Unicode's composites).
JOINING = frozenset(
    "\u09be\u09d7\u0b3e\u0b56\u0b57\u0bbe\u0bd7\u0cc2\u0cd5\u0cd6\u0d3e\u0d57\u0dcf\u0ddf\u102e"
    "\u1b35\U00011127\U0001133e\U00011357\U000114b0\U000114ba\U000114bd\U000115af\U00011930"
)


def normalise_password(password: str) -> bytes:
    """EIP-2335, "Password requirements": NFKD, without C0, C1 and DEL control codes, in UTF-8."""
    if password.isascii() and password.isprintable():  # most passwords: there is nothing to change
        return password.encode()
    text = unicodedata.normalize("NFKD", password)
    return "".join(char for char in text if unicodedata.category(char) != "Cc").encode()


def password_forms(password: str) -> list[bytes]:
    """The password as EIP-2335 defines it, then the other forms that keystores were written with.

    ASCII has one form. github.com/wealdtech/go-eth2-wallet-encryptor-keystorev4 never removed C1
    control codes. Its version 1.1.3, which Prysm uses, also lost what follows a character's first
    part, such as the tilde of an n.
    """
    forms = [normalise_password(password)]
    if not password.isascii():
        text = unicodedata.normalize("NFKD", password)
        forms.append(_without_c0(_first_parts(text)))
        forms.append(_without_c0(text))
    return [*dict.fromkeys(forms)]


def _first_parts(text: str) -> str:
    """The first code point of each character: its marks, vowel signs and later jamo are lost."""
    kept = text[:1]
    for char in text[1:]:
        is_later_jamo = "\u1161" <= char <= "\u1175" or "\u11a8" <= char <= "\u11c2"
        if not (unicodedata.combining(char) or is_later_jamo or char in JOINING):
            kept += char
    return kept


def _without_c0(text: str) -> bytes:
    return "".join(char for char in text if char >= " " and char != DEL).encode()
