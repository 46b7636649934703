"""The border to the Rust core: bytes in, bytes out, secrets never.

Lengths stated here are the only ones; another raises BLSError, except where a function only says
whether. "Without the GIL" means that other Python threads run meanwhile.
"""

from collections.abc import Callable, Sequence
from typing import Any, final

__all__ = [
    "Encrypted",
    "Kdf",
    "SecretKey",
    "SigningThreads",
    "__version__",
    "aggregate",
    "derive_child_sk",
    "derive_master_sk",
    "fast_aggregate_verify",
    "merkleize",
    "points_remembered",
    "verify",
]

__version__: str

@final
class SecretKey:
    """A BLS12-381 secret key that never shows its bytes.

    It cannot be pickled or copied, is zeroized when the last reference goes, and its repr is its
    public key.
    """

    @staticmethod
    def from_bytes(secret: bytes) -> SecretKey:
        """The key of 32 bytes, big-endian.

        Raises BLSError for 0 and for the order of the curve and above: nothing is reduced.
        Computes the public key, about 90 µs, without the GIL.
        """

    def public_key(self) -> bytes:
        """48 bytes, compressed G1. Computed once."""

    def sign(self, signing_root: bytes) -> bytes:
        """96 bytes, compressed G2: the signature over a 32-byte root. 0.3 ms without the GIL."""

def verify(pubkey: bytes, message: bytes, signature: bytes) -> bool:
    """Whether a signature (96 bytes) over a message is of a public key (48 bytes).

    False also for bytes that are no valid key or signature. 0.6 ms without the GIL.
    """

def fast_aggregate_verify(pubkeys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
    """Whether an aggregated signature over one message is of all these public keys.

    False for an empty list and for bytes that are no valid key or signature. Without the GIL.
    """

def aggregate(signatures: Sequence[bytes]) -> bytes:
    """96 bytes: the sum of signatures of 96 bytes each.

    Raises BLSError for an empty list and for bytes that are no point of G2. Without the GIL.
    """

def points_remembered() -> tuple[int, int]:
    """How many roots this process was asked to sign, and how many of their points it still had.

    Hashing a root to the curve is half of a signature; the last 256 points are kept.
    """

def derive_master_sk(seed: bytes) -> SecretKey:
    """EIP-2333, derive_master_SK. Raises BLSError for a seed below 32 bytes. Without the GIL."""

def derive_child_sk(parent: SecretKey, index: int) -> SecretKey:
    """EIP-2333, derive_child_SK, for an index below 2^32. About 0.1 ms without the GIL."""

@final
class Kdf:
    """EIP-2335's key derivation with its parameters inside the signer's bounds, and its salt.

    Raises KeystoreError for parameters outside; weak ones are welcome in tests.
    """

    @staticmethod
    def scrypt(n: int, r: int, p: int, dklen: int, salt: bytes) -> Kdf:
        """n a power of two above 1; 128 n r at most 256 MiB; n r p at most 2^23; dklen 32."""

    @staticmethod
    def pbkdf2(c: int, dklen: int, salt: bytes) -> Kdf:
        """HMAC-SHA-256, c from 1 to 2^24; dklen 32."""

@final
class Encrypted:
    """EIP-2335's crypto module: a ciphertext, and everything but the password that decrypts it.

    Passwords are bytes, normalised already. A key derivation takes milliseconds to seconds and up
    to 256 MiB, by the parameters of its Kdf; it runs without the GIL.
    """

    def __new__(cls, kdf: Kdf, iv: bytes, ciphertext: bytes, checksum: bytes) -> Encrypted:
        """`iv` has 16 bytes, `checksum` 32, and `ciphertext` any number. Decrypts nothing yet."""

    @staticmethod
    def encrypt(kdf: Kdf, password: bytes, iv: bytes, secret_key: SecretKey) -> Encrypted:
        """Encrypts one key: a ciphertext of 32 bytes. `iv` has 16 bytes."""

    @staticmethod
    def encrypt_prysm(
        kdf: Kdf, password: bytes, iv: bytes, secret_keys: Sequence[SecretKey]
    ) -> Encrypted:
        """Encrypts any number of keys as Prysm's wallet does. `iv` has 16 bytes."""

    @property
    def ciphertext(self) -> bytes:
        """EIP-2335's crypto.cipher.message."""

    @property
    def checksum(self) -> bytes:
        """EIP-2335's crypto.checksum.message, 32 bytes."""

    def decrypt(self, password: bytes) -> SecretKey:
        """Decrypts one key, and computes its public key.

        Raises BLSError for a ciphertext that has not 32 bytes, before the key derivation;
        WrongPasswordError when the checksum differs; BLSError when the plaintext is no secret key.
        """

    def decrypt_trusting(self, password: bytes, pubkey: bytes) -> SecretKey:
        """Decrypts one key, and believes that `pubkey`, 48 bytes, is its public key.

        That saves 70 µs; a wrong one stays unnoticed. Raises as `decrypt` does, and BLSError for
        another length of `pubkey`.
        """

    def decrypt_prysm(self, password: bytes) -> list[SecretKey]:
        """Decrypts all keys of a Prysm wallet, and computes their public keys.

        Raises WrongPasswordError when the checksum differs; KeystoreError when the plaintext is
        not Prysm's JSON; BLSError when one of its private keys is no secret key.
        """

def merkleize(chunks: bytes, depth: int | None) -> bytes:
    """32 bytes: the SSZ root of chunks of 32 bytes, filled up with zero chunks to 2^depth.

    Without a depth the tree is a progressive one, which grows with the chunks (EIP-7916). Raises
    BLSError for more than 2^depth chunks, part of a chunk, or a depth above 64.
    """

@final
class SigningThreads:
    """Threads that sign without the GIL and hand signatures back in batches.

    `fileno()` is readable when `finished()` has something new.
    """

    def __new__(cls, threads: int, set_up: Callable[[], object] | None = None) -> SigningThreads:
        """Starts so many threads; each calls `set_up` first, and only then has the GIL."""

    def fileno(self) -> int:
        """The descriptor for an event loop's add_reader; it lives as long as the object."""

    def submit(self, secret_key: SecretKey, signing_root: bytes, waiter: Any) -> bool:
        """Queues the signature over a 32-byte root; `waiter` comes back with it.

        Whether there is so much to do that `help` would. Raises BLSError once closed. Does not
        block.
        """

    def help(self) -> tuple[Any, bytes] | None:
        """Makes the next signature on the calling thread, without the GIL, and hands it back.

        None, at once, unless more are queued than there are threads: each has one to go on with.
        """

    def finished(self) -> list[tuple[Any, bytes]]:
        """The waiters that are served, each with its signature of 96 bytes. Does not block."""

    def close(self) -> None:
        """Ends the threads once the queue is empty, and waits for them without the GIL."""
