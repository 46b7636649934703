"""A key, a password, and cheap keystores of them."""

import json
from typing import Any

from signer._core import SecretKey
from signer.keys.keyring import Key
from signer.keys.keystore import KdfFunction, Keystore, encrypt, parse
from support.vectors import unhex

MIB = 1 << 20  # bytes

PASSWORD = "correct horse battery staple"
SECRET = unhex("0x000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f")
KEY = SecretKey.from_bytes(SECRET)
OTHER = SecretKey.from_bytes(bytes(31) + b"\x02")


def document(kdf: KdfFunction = "pbkdf2", **params: object) -> Any:
    """A cheap keystore of KEY, some parameters of its key derivation replaced."""
    sealed = json.loads(encrypt(Key(KEY), PASSWORD, kdf=kdf, cost=2))
    sealed["crypto"]["kdf"]["params"] |= params
    return sealed


def parsed(fields: Any) -> Keystore:
    """What the signer reads in a document that is a keystore."""
    return parse(json.dumps(fields).encode())
