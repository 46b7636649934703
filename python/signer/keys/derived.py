"""Deterministic keys: the interop keys, and the keys of a mnemonic."""

import hashlib
from collections.abc import Callable, Sequence
from functools import reduce

from .._core import SecretKey, derive_child_sk, derive_master_sk
from ..config.key_source import KeySource
from ..threads import thread_pool
from .keyring import Key
from .mnemonic import seed_of
from .progress import Progress

# r, the order of the groups of BLS12-381 (draft-irtf-cfrg-pairing-friendly-curves, 4.2.1)
CURVE_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
KEYS_PER_TASK = 64  # a task for each key would cost more memory


def derive_keys(source: KeySource) -> list[Key]:
    """The interop keys of a source, then those of its mnemonic."""
    keys = interop_keys(source.interop)
    if source.mnemonic:
        keys += mnemonic_keys(
            source.mnemonic,
            source.count,
            source.start_index,
            source.mnemonic_passphrase,
        )
    return keys


def interop_keys(count: int) -> list[Key]:
    """The first `count` interop keys: 0xa99a76ed... and so on."""
    return _derive_on_all_cores(lambda index: Key(interop_key(index)), range(count))


def interop_key(index: int) -> SecretKey:
    """The interop key with this index: SHA-256 of the index, modulo the order of the curve.

    The index is hashed as 32 bytes, little-endian, and the digest is a little-endian number.
    Everybody knows these keys. Source: ethereum/eth2.0-pm, interop/mocked_start.
    """
    digest = hashlib.sha256(index.to_bytes(32, "little")).digest()
    secret = int.from_bytes(digest, "little") % CURVE_ORDER
    return SecretKey.from_bytes(secret.to_bytes(32, "big"))


def mnemonic_keys(
    mnemonic: str,
    count: int,
    start_index: int = 0,
    passphrase: str = "",
) -> list[Key]:
    """The signing keys m/12381/3600/i/0/0 of a mnemonic: its words, or the name of a devnet's.

    Raises MnemonicError. Sources: BIP-39 (seed), EIP-2333 (derivation), EIP-2334 (path).
    """
    master = derive_master_sk(seed_of(mnemonic, passphrase))
    account = reduce(derive_child_sk, (12381, 3600), master)

    def validator_key(index: int) -> Key:
        secret_key = reduce(derive_child_sk, (index, 0, 0), account)
        return Key(secret_key, f"m/12381/3600/{index}/0/0")

    return _derive_on_all_cores(validator_key, range(start_index, start_index + count))


def _derive_on_all_cores(derive: Callable[[int], Key], indices: Sequence[int]) -> list[Key]:
    """Derives keys and computes their public keys. Logs a line a second meanwhile."""

    def derive_some(start: int) -> list[Key]:
        keys = []
        for index in indices[start : start + KEYS_PER_TASK]:
            key = derive(index)
            key.secret_key.public_key()  # it remembers its public key
            keys.append(key)
        return keys

    all_keys: list[Key] = []
    progress = Progress("deriving keys", len(indices))
    with thread_pool() as pool:
        for some in pool.map(derive_some, range(0, len(indices), KEYS_PER_TASK)):
            all_keys += some
            progress.note(len(all_keys))
    return all_keys
