"""EIP-2335 documents: parse, decrypt, encrypt. No files.

A keystore is foreign input: everything that is not as expected ends in a KeystoreError that says
so. `rust/src/keystore.rs` bounds the time and memory that decrypting takes.
"""

import json
import re
import secrets
import uuid
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from .._core import Encrypted, Kdf, SecretKey
from ..decoding import convert
from ..errors import KeystoreError, OtherFormatError, WrongPasswordError
from ..hex import from_hex, to_hex
from ..ssz.scalars import shown
from .keyring import Key
from .normalisation import normalise_password, password_forms

KdfFunction = Literal["scrypt", "pbkdf2"]

CRYPTO = b'"crypto"'  # every keystore contains it
PUBKEY_SIZE = 48  # bytes; compressed G1
ONE_KEY_DIGITS = 64  # hex digits of the cipher's message
EIP_2335_COST = 1 << 18  # scrypt's n, pbkdf2's c
MAX_REASON_LENGTH = 200  # characters of what msgspec tells
DERIVATION_PATH = re.compile(r"m(/[0-9]{1,10}){0,10}")
# Members of documents that have `crypto` too: Lighthouse's cache of keys, and wallets that keep a
# seed (EIP-2386's, Prysm's, Rocket Pool's)
OTHER_FORMATS = ("uuids", "nextaccount", "next_account", "nextAccount")

T = TypeVar("T")

# Wider than any bound, so that Rust gets numbers it can hold and names the bound that was missed.
Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class Params(Struct):
    """Parameters of either function. A missing one is 0, which the bounds of `Kdf` refuse."""

    dklen: Count
    salt: str
    n: Count = 0
    r: Count = 0
    p: Count = 0
    c: Count = 0
    prf: Literal["hmac-sha256"] = "hmac-sha256"


class KdfModule(Struct):
    function: KdfFunction
    params: Params

    def checked(self) -> Kdf:
        """The function itself. Raises KeystoreError for parameters outside the bounds."""
        params = self.params
        salt = _unhex("crypto.kdf.params.salt", params.salt)
        if self.function == "scrypt":
            return Kdf.scrypt(params.n, params.r, params.p, params.dklen, salt)
        return Kdf.pbkdf2(params.c, params.dklen, salt)


class ChecksumModule(Struct):
    function: Literal["sha256"]
    message: str


class CipherParams(Struct):
    iv: str


class CipherModule(Struct):
    function: Literal["aes-128-ctr"]
    params: CipherParams
    message: str


class Crypto(Struct):
    kdf: KdfModule
    checksum: ChecksumModule
    cipher: CipherModule

    def checked(self) -> Encrypted:
        """The same as bytes. Raises KeystoreError or BLSError for an unexpected part."""
        return Encrypted(
            self.kdf.checked(),
            _unhex("crypto.cipher.params.iv", self.cipher.params.iv),
            _unhex("crypto.cipher.message", self.cipher.message),
            _unhex("crypto.checksum.message", self.checksum.message),
        )


class Keystore(Struct):
    """The members of an EIP-2335 document that the signer reads; it ignores all others."""

    version: Literal[4]
    crypto: Crypto
    pubkey: str | None = None
    path: Any = ""

    @property
    def declared_pubkey(self) -> bytes | None:
        """48 bytes, or None, because EIP-2335 makes it optional."""
        if not self.pubkey:
            return None
        pubkey = _unhex("pubkey", self.pubkey)
        if len(pubkey) != PUBKEY_SIZE:
            raise KeystoreError(f"expected a pubkey of 48 bytes, found {len(pubkey)}")
        return pubkey

    @property
    def derivation_path(self) -> str:
        """EIP-2334's, such as m/12381/3600/0/0/0; empty where `path` is anything else."""
        path = str(self.path)
        if DERIVATION_PATH.fullmatch(path):
            return path
        return ""

    def decrypt(self, password: str) -> Key:
        """Decrypts the key and compares it with the declared pubkey.

        Takes as long as the KDF, without the GIL. Raises WrongPasswordError when the checksum
        differs, and KeystoreError or BLSError for any other defect or for another key.
        """
        declared = self.declared_pubkey
        secret_key: SecretKey = self._decrypt(Encrypted.decrypt, password)
        pubkey = secret_key.public_key()
        if declared not in {None, pubkey}:
            expected = f"expected the key of pubkey {to_hex(declared)}"
            raise KeystoreError(f"{expected}, found {to_hex(pubkey)}")
        return Key(secret_key, self.derivation_path)

    def decrypt_trusting(self, password: str, pubkey: bytes) -> Key:
        """Decrypts the key and trusts `pubkey`, which saves computing it.

        Only for a password that belongs to this pubkey alone. Raises as `decrypt`.
        """
        encrypted = self.crypto.checked()
        secret_key = encrypted.decrypt_trusting(normalise_password(password), pubkey)
        return Key(secret_key, self.derivation_path)

    def decrypt_all(self, password: str) -> list[Key]:
        """The key inside, or all keys of Prysm's wallet. Blocks and raises as `decrypt`.

        The wallet declares no pubkey, and its ciphertext is longer than one key.
        """
        ciphertext = self.crypto.cipher.message.removeprefix("0x")
        if self.pubkey or len(ciphertext) <= ONE_KEY_DIGITS:
            return [self.decrypt(password)]
        secret_keys = self._decrypt(Encrypted.decrypt_prysm, password)
        return [Key(secret_key) for secret_key in secret_keys]

    def _decrypt(self, method: Callable[[Encrypted, bytes], T], password: str) -> T:
        """Decrypts with the first form of the password that fits; each takes as long as the KDF."""
        encrypted = self.crypto.checked()
        *forms, last = password_forms(password)
        for form in forms:
            with suppress(WrongPasswordError):
                return method(encrypted, form)
        return method(encrypted, last)


def parse(document: bytes) -> Keystore:
    """Reads a document.

    Raises OtherFormatError for JSON that is not meant to be an EIP-2335 keystore, version 4.
    Raises KeystoreError, which says what is not as expected, for everything else.
    """
    if document.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        raise KeystoreError("expected a keystore in UTF-8, found UTF-16: save it as UTF-8")
    text = document.removeprefix(BOM_UTF8)
    try:
        if CRYPTO in text:
            fields = json.loads(text.decode(), object_pairs_hook=_no_duplicates)
        else:  # such as deposit data: of any size, and with members that occur twice
            fields = msgspec.json.decode(text, type=msgspec.Raw)
        _check_format(fields)
        return convert(Keystore, fields)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")  # which may show a long value
        problem = f"{reason[:MAX_REASON_LENGTH]} - at {place[:MAX_REASON_LENGTH]}"
        raise KeystoreError(f"expected an EIP-2335 keystore, version 4: {problem}") from None
    except UnicodeError:  # its text would show a part of the document
        raise KeystoreError(
            "expected a keystore in UTF-8, found invalid bytes or a lone surrogate"
        ) from None
    except (ValueError, RecursionError) as error:
        raise KeystoreError(f"expected a keystore as JSON: {error}") from None


def _check_format(fields: Any) -> None:
    """Raises OtherFormatError for a document that says itself that it is something else."""
    if not isinstance(fields, dict) or "crypto" not in fields:
        raise OtherFormatError("expected a keystore, found JSON without crypto")
    for member in OTHER_FORMATS:
        if member in fields:
            raise OtherFormatError(f"expected a keystore, found a cache or wallet with {member}")
    version = fields.get("version")
    if isinstance(version, int | str) and str(version) != "4":
        raise OtherFormatError(
            f"expected an EIP-2335 keystore, version 4, found version {shown(version)}"
        )


def encrypt(
    key: Key,
    password: str,
    *,
    kdf: KdfFunction = "pbkdf2",
    cost: int = EIP_2335_COST,
) -> bytes:
    """An EIP-2335 document with the key, as JSON.

    `cost` is the n of scrypt or the c of pbkdf2. Takes as long as the KDF, without the GIL.
    """
    module, function = _new_kdf(kdf, cost)
    iv = secrets.token_bytes(16)
    encrypted = Encrypted.encrypt(function, normalise_password(password), iv, key.secret_key)
    members = {"description": "", "pubkey": key.pubkey.hex(), "path": key.derivation_path}
    return msgspec.json.encode(_document(module, iv, encrypted) | members)


def encrypt_prysm(
    keys: Sequence[Key],
    password: str,
    *,
    kdf: KdfFunction,
    cost: int,
) -> bytes:
    """Prysm's wallet: one document with all the keys, as JSON. The rest is as for `encrypt`."""
    module, function = _new_kdf(kdf, cost)
    iv = secrets.token_bytes(16)
    secret_keys = [key.secret_key for key in keys]
    encrypted = Encrypted.encrypt_prysm(function, normalise_password(password), iv, secret_keys)
    return msgspec.json.encode(_document(module, iv, encrypted) | {"name": "keystore"})


def _new_kdf(kdf: KdfFunction, cost: int) -> tuple[dict[str, Any], Kdf]:
    """A KDF with a new salt: its module in the document, and the function itself."""
    params: dict[str, Any] = {"dklen": 32, "salt": secrets.token_hex(32)}
    if kdf == "scrypt":
        params |= {"n": cost, "r": 8, "p": 1}
    else:
        params |= {"c": cost, "prf": "hmac-sha256"}
    module = {"function": kdf, "params": params, "message": ""}
    return module, convert(KdfModule, module).checked()


def _document(kdf_module: dict[str, Any], iv: bytes, encrypted: Encrypted) -> dict[str, Any]:
    """The members that both kinds of document have."""
    crypto = {
        "kdf": kdf_module,
        "checksum": {"function": "sha256", "params": {}, "message": encrypted.checksum.hex()},
        "cipher": {
            "function": "aes-128-ctr",
            "params": {"iv": iv.hex()},
            "message": encrypted.ciphertext.hex(),
        },
    }
    return {"crypto": crypto, "uuid": uuid.uuid4(), "version": 4}


def _unhex(name: str, value: str) -> bytes:
    try:
        return from_hex(value)
    except ValueError:
        raise KeystoreError(f"expected hex digits for {name}, found other characters") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member occurs twice")
    return members
