"""EIP-2335 documents: parse, open, seal. No files.

A keystore is foreign input: everything that is not as expected ends in a KeystoreError that says
so. The bounds on time and memory are `rust/src/keystore.rs`'s.
"""

import json
import re
import secrets
import unicodedata
import uuid
from binascii import unhexlify
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from .._core import Encrypted, Kdf
from ..decoding import convert
from ..errors import KeystoreError
from .keyring import Key

ONE_KEY = 64  # hex digits of the cipher's message
PATH = re.compile(r"m(/[0-9]{1,10}){0,10}")

# wider than any bound, so that Rust gets numbers it can hold and says which bound was missed
Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class Params(Struct):
    """Of either function; the bounds of `Kdf` refuse the 0 of one that is missing."""

    dklen: Count
    salt: str
    n: Count = 0
    r: Count = 0
    p: Count = 0
    c: Count = 0
    prf: Literal["hmac-sha256"] = "hmac-sha256"


class KdfModule(Struct):
    function: Literal["scrypt", "pbkdf2"]
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


class Keystore(Struct):
    """What the signer reads of an EIP-2335 document; its other members are ignored."""

    version: Literal[4]
    crypto: Crypto
    pubkey: str | None = None
    path: Any = ""

    @property
    def declared_pubkey(self) -> bytes | None:
        """48 bytes, or None: EIP-2335 lets a keystore keep quiet about its key."""
        if not self.pubkey:
            return None
        pubkey = _unhex("pubkey", self.pubkey)
        if len(pubkey) != 48:  # noqa: PLR2004 - compressed G1
            raise KeystoreError(f"expected a pubkey of 48 bytes, found {len(pubkey)}")
        return pubkey

    @property
    def derivation_path(self) -> str:
        """EIP-2334's, such as m/12381/3600/0/0/0; empty where `path` is anything else."""
        return self.path if PATH.fullmatch(str(self.path)) else ""

    def open(self, password: str, *, vouched: bool = False) -> Key:
        """The key inside. Takes as long as the KDF, without the GIL.

        The declared pubkey is compared with the secret key's, unless the password vouches for it.
        Raises WrongPasswordError when the checksum differs, KeystoreError or BLSError when the
        document or what it holds is not as expected, or is another key than it declares.
        """
        declared = self.declared_pubkey
        encrypted = self._encrypted()
        normalised = normalise_password(password)
        if vouched and declared:
            secret_key = encrypted.decrypt_trusting(normalised, declared)
        else:
            secret_key = encrypted.decrypt(normalised)
        pubkey = secret_key.public_key().hex()
        if declared and declared.hex() != pubkey:
            raise KeystoreError(f"expected the key of pubkey 0x{declared.hex()}, found 0x{pubkey}")
        return Key(secret_key, self.derivation_path)

    def open_accounts(self, password: str) -> list[Key]:
        """The key inside, or all of Prysm's: theirs has no pubkey, and more than a key in it.

        Blocks and raises as `open` does.
        """
        if self.pubkey or len(self.crypto.cipher.message.removeprefix("0x")) <= ONE_KEY:
            return [self.open(password)]
        secret_keys = self._encrypted().decrypt_prysm(normalise_password(password))
        return [Key(secret_key) for secret_key in secret_keys]

    def _encrypted(self) -> Encrypted:
        """The crypto module in bytes. Raises KeystoreError or BLSError when it is malformed."""
        return Encrypted(
            self.crypto.kdf.checked(),
            _unhex("crypto.cipher.params.iv", self.crypto.cipher.params.iv),
            _unhex("crypto.cipher.message", self.crypto.cipher.message),
            _unhex("crypto.checksum.message", self.crypto.checksum.message),
        )


def parse(document: bytes) -> Keystore | None:
    """Reads a document; None when it is JSON but no keystore at all: it has no `crypto`.

    Raises KeystoreError, saying what is not as expected.
    """
    try:
        fields = json.loads(document.decode("utf-8-sig"), object_pairs_hook=_no_duplicates)
        if not isinstance(fields, dict) or "crypto" not in fields:
            return None
        return convert(Keystore, fields)
    except msgspec.ValidationError as error:
        raise KeystoreError(f"expected an EIP-2335 keystore, version 4: {error}") from None
    except UnicodeError:  # it would show a part of the document
        raise KeystoreError("expected a keystore, found broken UTF-8 or half a surrogate") from None
    except (ValueError, RecursionError) as error:
        raise KeystoreError(f"expected a keystore as JSON: {error}") from None


def seal(key: Key, password: str, *, kdf: str = "pbkdf2", cost: int = 1 << 18) -> bytes:
    """An EIP-2335 document with the key, as JSON.

    `kdf` is scrypt or pbkdf2, `cost` its n or c: EIP-2335's own by default, 2 for cheap tests.
    """
    members = {"description": "", "pubkey": key.pubkey.hex(), "path": key.derivation_path}
    document = _document(Encrypted.encrypt, key.secret_key, password, kdf, cost)
    return msgspec.json.encode(document | members)


def seal_accounts(keys: Sequence[Key], password: str, *, kdf: str, cost: int) -> bytes:
    """Prysm's document with all the keys, as JSON; the rest as `seal`."""
    secret_keys = [key.secret_key for key in keys]
    document = _document(Encrypted.encrypt_prysm, secret_keys, password, kdf, cost)
    return msgspec.json.encode(document | {"name": "keystore"})


def _document(
    encrypt_all: Callable[..., Encrypted], secret: Any, password: str, kdf: str, cost: int
) -> dict[str, Any]:
    """The members that both kinds of document have."""
    work = {"n": cost, "r": 8, "p": 1} if kdf == "scrypt" else {"c": cost, "prf": "hmac-sha256"}
    params = {"dklen": 32, "salt": secrets.token_hex(32), **work}
    module = {"function": kdf, "params": params, "message": ""}
    function = convert(KdfModule, module).checked()
    iv = secrets.token_bytes(16)
    encrypted = encrypt_all(function, normalise_password(password), iv, secret)
    crypto = {
        "kdf": module,
        "checksum": {"function": "sha256", "params": {}, "message": encrypted.checksum.hex()},
        "cipher": {
            "function": "aes-128-ctr",
            "params": {"iv": iv.hex()},
            "message": encrypted.ciphertext.hex(),
        },
    }
    return {"crypto": crypto, "uuid": uuid.uuid4(), "version": 4}


def normalise_password(password: str) -> bytes:
    """EIP-2335, "Password requirements": NFKD, without C0, C1 and DEL control codes, in UTF-8."""
    if password.isascii() and password.isprintable():  # as most are: there is nothing to change
        return password.encode()
    text = unicodedata.normalize("NFKD", password)
    return "".join(char for char in text if unicodedata.category(char) != "Cc").encode()


def _unhex(name: str, value: str) -> bytes:
    try:
        return unhexlify(value.removeprefix("0x"))
    except ValueError:
        raise KeystoreError(f"expected hex digits as {name}, found other characters") from None


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member stands twice")
    return members
