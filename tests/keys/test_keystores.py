"""Keystores: EIP-2335's own, what is sealed and opened again, and what none is."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from signer._core import Encrypted, Kdf, SecretKey
from signer.errors import KeystoreError, OtherFormatError, SignerError, WrongPasswordError
from signer.keys.finder import Finder
from signer.keys.keyring import Key, LoadFailure
from signer.keys.keystore import KdfFunction, encrypt, parse
from signer.keys.normalisation import normalise_password
from support.keystores import KEY, MIB, OTHER, PASSWORD, SECRET, document, parsed
from support.loading import load
from support.vectors import unhex, vectors

EIP2335: Any = vectors("eip2335/manifest.json")


SLOW = pytest.param("scrypt.json", marks=pytest.mark.slow)


@pytest.mark.parametrize("file", ["pbkdf2.json", SLOW])
def test_the_keystores_of_eip_2335_open_to_its_secret(file: str) -> None:
    keystore = parsed(vectors(f"eip2335/{file}"))

    key = keystore.decrypt(EIP2335["password"])

    assert SecretKey.from_bytes(unhex(EIP2335["secret"])).public_key() == key.pubkey


def test_the_password_of_eip_2335_is_encoded_as_published() -> None:
    password = EIP2335["password"]

    encoded = normalise_password(password)

    assert unhex(EIP2335["encoded_password"]) == encoded


@pytest.mark.parametrize(
    ("password", "encoded"),
    [
        pytest.param("a\x00b\x1fc\x7fd", b"abcd", id="c0-and-del"),
        pytest.param("a\x80b\x85c\x9fd", b"abcd", id="c1"),
        pytest.param("pass\r\n", b"pass", id="line-ending"),
        pytest.param(" pass word ", b" pass word ", id="spaces-stay"),
        pytest.param("\u00e9", b"e\xcc\x81", id="decomposed"),
        pytest.param("\u00a0", b" ", id="no-break-space"),
        pytest.param("\U0001f511", b"\xf0\x9f\x94\x91", id="emoji"),
    ],
)
def test_a_password_is_decomposed_and_has_no_control_codes(password: str, encoded: bytes) -> None:
    normalised = normalise_password(password)

    assert encoded == normalised


def test_a_file_of_three_mebibytes_is_read(tmp_path: Path) -> None:
    sealed = encrypt(Key(KEY), PASSWORD, cost=1)
    (tmp_path / "large.json").write_bytes(sealed.ljust(3 * MIB))
    (tmp_path / "password").write_text(PASSWORD)

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys


def test_a_larger_file_is_refused_and_named(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_bytes(encrypt(Key(KEY), PASSWORD, cost=1))
    os.truncate(path, 100 * MIB + 1)  # sparse: takes no room

    [found] = Finder(tmp_path).find()

    assert isinstance(found, LoadFailure)
    assert str(path) == found[0]
    assert f"expected at most {100 * MIB} bytes in {path}, found more" == str(found[1])


@pytest.mark.parametrize(
    ("kdf", "params", "named"),
    [
        pytest.param("scrypt", {"n": 1 << 40}, ["256 MiB", f"n={1 << 40}"], id="n-2^40"),
        pytest.param("scrypt", {"n": 1 << 19}, ["256 MiB", f"n={1 << 19}"], id="n-2^19"),
        pytest.param("scrypt", {"n": 3}, ["power of two", "found 3"], id="n-3"),
        pytest.param("scrypt", {"n": 1}, ["power of two", "found 1"], id="n-1"),
        pytest.param("scrypt", {"n": 0}, ["power of two", "found 0"], id="n-0"),
        pytest.param("scrypt", {"dklen": 16}, ["dklen of 32", "found 16"], id="dklen-16"),
        pytest.param("pbkdf2", {"dklen": 16}, ["dklen of 32", "found 16"], id="pbkdf2-dklen-16"),
        pytest.param(
            "scrypt",
            {"r": 1 << 15, "p": 1 << 15},
            ["n r p <= 2^23", "r=32768 p=32768"],
            id="r-p-2^30",
        ),
        pytest.param(
            "scrypt",
            {"r": 1 << 62, "p": 1 << 62},
            ["n r p <= 2^23", f"r={1 << 62} p={1 << 62}"],
            id="r-p-2^124",
        ),
        pytest.param("scrypt", {"p": 1 << 30}, ["n r p <= 2^23", f"p={1 << 30}"], id="p-2^30"),
        pytest.param("scrypt", {"p": 0}, ["p=0"], id="p-0"),
        pytest.param("scrypt", {"r": 0}, ["r=0"], id="r-0"),
        pytest.param("scrypt", {"n": 1 << 63}, ["n"], id="n-2^63"),
        pytest.param("pbkdf2", {"c": 0}, ["between 1 and 2^24", "found 0"], id="c-0"),
        pytest.param(
            "pbkdf2",
            {"c": (1 << 24) + 1},
            ["between 1 and 2^24", "found 16777217"],
            id="c-2^24-plus-1",
        ),
        pytest.param("pbkdf2", {"c": 1 << 64}, ["c"], id="c-2^64"),
        pytest.param("pbkdf2", {"c": -1}, ["c"], id="c-minus-1"),
        pytest.param("pbkdf2", {"prf": "hmac-sha512"}, ["hmac-sha512"], id="prf"),
    ],
)
def test_parameters_outside_the_bounds_are_refused_and_named(
    kdf: KdfFunction, params: Any, named: list[str]
) -> None:
    refused = document(kdf, **params)

    with pytest.raises(KeystoreError) as refusal:
        parsed(refused).crypto.kdf.checked()

    assert named == [part for part in named if part in str(refusal.value)]


@pytest.mark.parametrize(
    "kdf",
    [
        pytest.param(Kdf.scrypt(2, 1, 1, 32, b"salt"), id="scrypt-n-2"),
        pytest.param(Kdf.pbkdf2(1, 32, b"salt"), id="pbkdf2-c-1"),
        pytest.param(Kdf.pbkdf2(1, 32, b""), id="no-salt"),
    ],
)
def test_weak_parameters_are_welcome(kdf: Kdf) -> None:
    encrypted = Encrypted.encrypt(kdf, b"password", bytes(16), KEY)

    key = encrypted.decrypt(b"password")

    assert KEY.public_key() == key.public_key()


@pytest.mark.parametrize(("kdf", "cost"), [("scrypt", 2), ("pbkdf2", 1)])
@pytest.mark.parametrize("password", ["testpassword", "", "p\u00e4ss \U0001f511"])
def test_what_is_sealed_opens_again(kdf: KdfFunction, cost: int, password: str) -> None:
    keystore = parsed(json.loads(encrypt(Key(KEY), password, kdf=kdf, cost=cost)))

    key = keystore.decrypt(password)

    assert KEY.public_key() == keystore.declared_pubkey
    assert KEY.sign(bytes(32)) == key.secret_key.sign(bytes(32))


def test_no_two_seals_are_alike() -> None:
    first, second = (json.loads(encrypt(Key(KEY), PASSWORD, cost=1)) for _ in range(2))

    first_crypto, second_crypto = first["crypto"], second["crypto"]

    assert first_crypto["kdf"]["params"]["salt"] != second_crypto["kdf"]["params"]["salt"]
    assert first_crypto["cipher"]["params"]["iv"] != second_crypto["cipher"]["params"]["iv"]
    assert first["uuid"] != second["uuid"]


@pytest.mark.parametrize("kdf", ["scrypt", "pbkdf2"])
def test_a_wrong_password_is_refused_without_repeating_it(kdf: KdfFunction) -> None:
    keystore = parsed(document(kdf))

    with pytest.raises(WrongPasswordError) as refusal:
        keystore.decrypt("incorrect donkey")

    assert "donkey" not in str(refusal.value)


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        pytest.param("checksum", {"message": "ab" * 31}, id="short-checksum"),
        pytest.param("checksum", {"message": "ab" * 32}, id="other-checksum"),
        pytest.param("checksum", {"message": PASSWORD}, id="password-as-checksum"),
        pytest.param("cipher", {"message": SECRET.hex()}, id="secret-as-ciphertext"),
        pytest.param("cipher", {"message": SECRET.hex() + "00"}, id="33-bytes-of-ciphertext"),
        pytest.param("cipher", {"params": {"iv": SECRET.hex()}}, id="secret-as-iv"),
    ],
)
def test_a_refusal_tells_neither_password_nor_secret(part: str, broken: Any) -> None:
    fields = document()
    crypto = fields["crypto"] | {part: fields["crypto"][part] | broken}
    keystore = parsed(fields | {"crypto": crypto})

    with pytest.raises(SignerError) as refusal:
        keystore.decrypt(PASSWORD)

    assert SECRET.hex() not in str(refusal.value)
    assert PASSWORD not in str(refusal.value)


def test_a_keystore_whose_pubkey_differs_is_refused() -> None:
    keystore = parsed(document() | {"pubkey": OTHER.public_key().hex()})

    with pytest.raises(KeystoreError) as refusal:
        keystore.decrypt(PASSWORD)

    assert f"0x{OTHER.public_key().hex()}" in str(refusal.value)
    assert f"0x{KEY.public_key().hex()}" in str(refusal.value)


@pytest.mark.parametrize("pubkey", [None, ""])
def test_a_keystore_may_keep_quiet_about_its_pubkey(pubkey: str | None) -> None:
    keystore = parsed(document() | {"pubkey": pubkey})

    key = keystore.decrypt(PASSWORD)

    assert keystore.declared_pubkey is None
    assert KEY.public_key() == key.pubkey


def test_a_keystore_may_have_no_pubkey() -> None:
    fields = document()
    del fields["pubkey"]

    key = parsed(fields).decrypt(PASSWORD)

    assert KEY.public_key() == key.pubkey


@pytest.mark.parametrize("prefix", ["", "0x"])
def test_a_pubkey_may_have_a_prefix(prefix: str) -> None:
    keystore = parsed(document() | {"pubkey": prefix + KEY.public_key().hex().upper()})

    declared = keystore.declared_pubkey

    assert KEY.public_key() == declared


@pytest.mark.parametrize("content", [b"[]", b"{}", b"null", b"1", b'{"pubkey": "00"}'])
def test_json_without_crypto_is_no_keystore_at_all(content: bytes) -> None:
    with pytest.raises(OtherFormatError, match="found JSON without crypto"):
        parse(content)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="unclosed"),
        pytest.param(b"\xff", id="no-utf-8"),
        pytest.param(b"[" * 100_000, id="nested-arrays"),
        pytest.param(b'{"a":' * 100_000, id="nested-objects"),
        pytest.param(b'{"crypto": {}, "version": 4}', id="empty-crypto"),
        pytest.param(b'{"crypto": {}, "crypto": {}}', id="two-cryptos"),
        pytest.param(b'{"crypto": ' + b"1" * 5000 + b"}", id="5000-digits"),
        pytest.param(b'{"crypto": {"kdf": {"function": "\\ud800"}}}', id="lone-surrogate"),
        pytest.param(b'{"\\ud800": 1, "crypto": {}}', id="lone-surrogate-as-name"),
    ],
)
def test_what_is_no_keystore_document_is_refused(content: bytes) -> None:
    with pytest.raises(KeystoreError, match=r"^expected (a|an EIP-2335) keystore"):
        parse(content)


FIRST_OF_ALL = f"""
import sys, threading
from signer.keys.keystore import KdfFunction, parse
sys.setswitchinterval(1e-6)
together = threading.Barrier(8)
def read():
    together.wait()
    parse({encrypt(Key(KEY), PASSWORD, cost=2)!r})
threads = [threading.Thread(target=read) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.mark.parametrize("attempt", range(4))
def test_threads_may_be_the_first_to_read_a_keystore_together(attempt: int) -> None:
    done = subprocess.run([sys.executable, "-c", FIRST_OF_ALL], capture_output=True, check=False)

    assert (0, b"") == (done.returncode, done.stderr), attempt
