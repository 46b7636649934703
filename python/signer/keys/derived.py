"""Keys that everybody can derive: the interop keys, and those of a mnemonic."""

import hashlib
import unicodedata
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import chain

from .. import threads
from .._core import SecretKey, derive_child_sk, derive_master_sk
from .keyring import Key

# r of BLS12-381: the number of points in its groups (draft-irtf-cfrg-pairing-friendly-curves)
CURVE_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001

CHUNK = 64  # keys that a thread derives at a time: a task for each would cost more memory

# Public mnemonics of devnet tools: ethereum-package's default, and ethereum-genesis-generator's
MNEMONICS = {
    "devnet": "giant issue aisle success illegal bike spike question tent bar rely arctic "
    "volcano long crawl hungry vocal artwork sniff fantasy very lucky have athlete",
    "genesis-generator": "sleep moment list remain like wall lake industry canvas wonder ecology "
    "elite duck salad naive syrup frame brass utility club odor country obey pudding",
}


def deterministic_keys(
    interop: int = 0, mnemonic: str = "", count: int = 0, start: int = 0
) -> list[Key]:
    """The interop keys, then those of the mnemonic, as the flags of these names ask for them."""
    derived = mnemonic_keys(mnemonic, count, start) if mnemonic else []
    return [*interop_keys(interop), *derived]


def interop_key(index: int) -> SecretKey:
    """The secret key of interop validator `index`, 0 or more; everybody knows these keys.

    SHA-256 of the index in 32 bytes, read as a number, modulo the order of the curve; all of it is
    little-endian. Computes the public key, about 90 µs, without the GIL.
    Source: ethereum/eth2.0-pm, interop/mocked_start.
    """
    digest = hashlib.sha256(index.to_bytes(32, "little")).digest()
    secret = int.from_bytes(digest, "little") % CURVE_ORDER
    return SecretKey.from_bytes(secret.to_bytes(32, "big"))


def interop_keys(count: int) -> list[Key]:
    """The first `count` interop keys: 0xa99a76ed... and so on."""
    return _derived(lambda index: Key(interop_key(index)), range(count))


def mnemonic_keys(words: str, count: int, start: int = 0) -> list[Key]:
    """The signing keys m/12381/3600/i/0/0 of a mnemonic, or of a name in MNEMONICS.

    The words are not checked: BIP-39's seed does not depend on its word list.
    Sources: BIP-39 (seed), EIP-2333 (derivation), EIP-2334 (path).
    """
    text = unicodedata.normalize("NFKD", " ".join(MNEMONICS.get(words, words).split()))
    seed = hashlib.pbkdf2_hmac("sha512", text.encode(), b"mnemonic", 2048)
    account = reduce(derive_child_sk, (12381, 3600), derive_master_sk(seed))

    def validator(index: int) -> Key:
        secret_key = reduce(derive_child_sk, (index, 0, 0), account)
        return Key(secret_key, f"m/12381/3600/{index}/0/0")

    return _derived(validator, range(start, start + count))


def _derived(derive: Callable[[int], Key], indices: Sequence[int]) -> list[Key]:
    """The keys of indices and their public keys, computed on all cores."""

    def some(start: int) -> list[Key]:
        keys = [derive(index) for index in indices[start : start + CHUNK]]
        for key in keys:
            key.secret_key.public_key()  # remembers it
        return keys

    with threads.pool() as pool:
        return [*chain.from_iterable(pool.map(some, range(0, len(indices), CHUNK)))]
