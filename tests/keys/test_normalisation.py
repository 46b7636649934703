"""Passwords that are not ASCII, in the forms that tools gave them."""

from typing import Any

import pytest

from signer.errors import WrongPasswordError
from signer.keys.normalisation import password_forms
from support.keystores import parsed
from support.known_keys import INTEROP
from support.vectors import vectors

WRITTEN: list[Any] = vectors("wealdtech/keystores.json")["cases"]


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: ascii(case["password"]))
def test_a_keystore_that_wealdtechs_1_1_3_wrote_opens(case: Any) -> None:
    key = parsed(case["keystore"]).decrypt(case["password"])

    assert INTEROP[0] == f"0x{key.pubkey.hex()}"


def test_a_wrong_password_that_is_not_ascii_is_refused() -> None:
    with pytest.raises(WrongPasswordError):
        parsed(WRITTEN[0]["keystore"]).decrypt("contrase\u00f1e")


@pytest.mark.parametrize(
    ("password", "forms"),
    [
        ("plain ASCII", [b"plain ASCII"]),
        ("line\r\n", [b"line"]),
        ("\u65e5\u672c", ["\u65e5\u672c".encode()]),
        ("\u00f1", [b"n\xcc\x83", b"n"]),
        ("a\u0085b\n", [b"ab", b"a\xc2\x85b"]),
        ("\u00f1\u0085", [b"n\xcc\x83", b"n\xc2\x85", b"n\xcc\x83\xc2\x85"]),
    ],
    ids=ascii,
)
def test_only_forms_that_differ_are_tried(password: str, forms: list[bytes]) -> None:
    assert forms == password_forms(password)
