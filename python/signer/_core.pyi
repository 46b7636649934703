"""The interface of the Rust core: bytes go in, bytes come out, secrets never come out.

A byte string of another length than stated raises BLSError; `verify` and `fast_aggregate_verify`
return False instead. "Without the GIL" means that other Python threads run meanwhile.
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
    "recover_public_key",
    "recover_signature",
    "split_json",
    "split_secret_key",
    "verify",
]

__version__: str

@final
class SecretKey:
    """A BLS12-381 secret key that never shows its bytes.

    It cannot be pickled or copied. Its memory is zeroized with the last reference. Its repr shows
    the public key.
    """

    @staticmethod
    def from_bytes(secret: bytes) -> SecretKey:
        """Reads a key from 32 bytes, big-endian, and computes its public key.

        Raises BLSError for 0 and for the order of the curve and above: nothing is reduced.
        Takes about 90 µs without the GIL.
        """

    def public_key(self) -> bytes:
        """The public key: 48 bytes, compressed G1.

        A derived key computes it in the first call, in about 70 µs without the GIL.
        """

    def sign(self, signing_root: bytes) -> bytes:
        """Signs a root of 32 bytes; the signature has 96 bytes, compressed G2.

        Takes 0.3 ms without the GIL, or half of that for a root in the cache (`points_remembered`).
        """

    def sign_message(self, message: bytes) -> bytes:
        """Signs any number of bytes; the signature has 96 bytes, compressed G2.

        Takes 0.3 ms without the GIL, because no point is cached.
        """

def verify(pubkey: bytes, message: bytes, signature: bytes) -> bool:
    """Tells whether a signature over a message is by a public key.

    `pubkey` has 48 bytes, `signature` 96, `message` any number. False also for bytes that are not
    a valid key or signature. Takes 0.6 ms without the GIL.
    """

def fast_aggregate_verify(pubkeys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
    """Tells whether an aggregated signature over one message is by all these public keys.

    Lengths are as in `verify`. False also for an empty list and for bytes that are not a valid key
    or signature. Runs without the GIL.
    Source: draft-irtf-cfrg-bls-signature-04, FastAggregateVerify.
    """

def aggregate(signatures: Sequence[bytes]) -> bytes:
    """Adds up signatures of 96 bytes each; the sum has 96 bytes, compressed G2.

    Raises BLSError for an empty list and for bytes that are not a point of G2. Runs without the
    GIL.
    """

def points_remembered() -> tuple[int, int]:
    """Counts the hashes to the curve of this process: all, and those found in the cache.

    Each signature hashes its root to a point of the curve, which is half of the work. The cache
    keeps the last 256 points.
    """

def derive_master_sk(seed: bytes) -> SecretKey:
    """Derives the master key of a seed of 32 bytes or more, without the GIL.

    Raises BLSError for a shorter seed. Source: EIP-2333, derive_master_SK.
    """

def derive_child_sk(parent: SecretKey, index: int) -> SecretKey:
    """Derives the child key of a key, in about 0.1 ms without the GIL.

    `index` is below 2^32; OverflowError otherwise. Source: EIP-2333, derive_child_SK.
    """

def split_secret_key(secret_key: SecretKey, threshold: int, ids: Sequence[int]) -> list[SecretKey]:
    """Splits a key into shares, one for each id, of which any `threshold` recover.

    A share is f(id) for a random polynomial f of degree threshold - 1 with f(0) = the key
    (Shamir). Raises BLSError for ids that are 0 or equal, and for a threshold above their number.
    Takes microseconds for each share and threshold, without the GIL.
    """

def recover_signature(ids: Sequence[int], signatures: Sequence[bytes]) -> bytes:
    """Recovers the signature of a split key from those of shares, each with its id.

    The result has 96 bytes. It is wrong when a share signed something else, or when there are
    fewer shares than the threshold: verify it. Raises BLSError for bytes that are not a point of
    the group, for the point at infinity, and as `split_secret_key` for ids. Takes about 0.2 ms for
    each signature, without the GIL.
    """

def recover_public_key(ids: Sequence[int], public_keys: Sequence[bytes]) -> bytes:
    """Recovers the public key of a split key, 48 bytes, from those of shares.

    The rest is as for `recover_signature`.
    """

@final
class Kdf:
    """A key derivation function of EIP-2335 with its salt; its parameters are inside our bounds.

    Weak parameters are accepted, because tests want cheap keystores. Other parameters raise
    KeystoreError; numbers below 0 or above 2^64 - 1 raise OverflowError.
    """

    @staticmethod
    def scrypt(n: int, r: int, p: int, dklen: int, salt: bytes) -> Kdf:
        """Makes a scrypt function (RFC 7914); computes nothing yet.

        `n` is a power of two above 1, and `dklen` is 32. 128 n r is at most 256 MiB of memory, and
        n r p is at most 2^23, about 4 seconds.
        """

    @staticmethod
    def pbkdf2(c: int, dklen: int, salt: bytes) -> Kdf:
        """Makes a PBKDF2 function with HMAC-SHA-256; computes nothing yet.

        `c` is between 1 and 2^24, about 2 seconds, and `dklen` is 32.
        """

@final
class Encrypted:
    """EIP-2335's crypto module: a ciphertext, and everything but the password that decrypts it.

    Its methods derive a key from the password, without the GIL. That takes up to seconds and
    256 MiB, depending on the Kdf. Passwords are normalised already (EIP-2335, "Password
    requirements"), and `iv` has 16 bytes.
    """

    def __new__(cls, kdf: Kdf, iv: bytes, ciphertext: bytes, checksum: bytes) -> Encrypted:
        """Takes a ciphertext of any length and a checksum of 32 bytes; decrypts nothing yet."""

    @staticmethod
    def encrypt(kdf: Kdf, password: bytes, iv: bytes, secret_key: SecretKey) -> Encrypted:
        """Encrypts one key; the ciphertext has 32 bytes."""

    @staticmethod
    def encrypt_prysm(
        kdf: Kdf, password: bytes, iv: bytes, secret_keys: Sequence[SecretKey]
    ) -> Encrypted:
        """Encrypts any number of keys as Prysm's wallet does (Prysm, accountStore)."""

    @property
    def ciphertext(self) -> bytes:
        """The keystore's `crypto.cipher.message`."""

    @property
    def checksum(self) -> bytes:
        """The keystore's `crypto.checksum.message`: 32 bytes."""

    def decrypt(self, password: bytes) -> SecretKey:
        """Decrypts one key and computes its public key.

        Raises BLSError for a ciphertext of another length than 32, before it derives a key. Raises
        WrongPasswordError when the checksum differs, BLSError when the plaintext is no secret key.
        """

    def decrypt_trusting(self, password: bytes, pubkey: bytes) -> SecretKey:
        """Decrypts one key and takes `pubkey`, 48 bytes, for its public key.

        This saves 70 µs, but nothing notices a wrong public key. Raises as `decrypt` does, and
        BLSError for another length of `pubkey`.
        """

    def decrypt_prysm(self, password: bytes) -> list[SecretKey]:
        """Decrypts all keys of a Prysm wallet and computes their public keys.

        Raises WrongPasswordError when the checksum differs. Raises KeystoreError when the plaintext
        is not Prysm's JSON, BLSError when one of its private keys is no secret key.
        """

def merkleize(chunks: bytes, depth: int | None) -> bytes:
    """Computes the SSZ root, 32 bytes, of chunks of 32 bytes; from 256 chunks on without the GIL.

    Zero chunks fill the tree up to 2^depth leaves. Without a depth the tree is a progressive one,
    which grows with the chunks (EIP-7916). Raises BLSError for more than 2^depth chunks, a part of
    a chunk, or a depth above 64. Source: consensus-specs, ssz/simple-serialize.md, Merkleization.
    """

def split_json(document: bytes, size: int) -> tuple[int, bytes, list[tuple[str, bytes]]]:
    """Counts the values of a JSON document, and cuts the long members of its object.

    Returns the number of values, in which escapes count for a sixth; the document with the start of
    each long list and text; and the rest as pairs of a member's name and a JSON array or string, in
    order. Pieces have at least `size` bytes. No element, character or escape is cut. Where white
    space between tokens is long, one space replaces each run of it. Does not validate the document.
    Takes up to 3 ms for each MiB, without the GIL.
    """

@final
class SigningThreads:
    """Threads that sign without the GIL and hand signatures back in batches.

    No method but `help` and `close` takes long. An object that is dropped before `close` finishes
    its queue, and then its threads end.
    """

    def __new__(cls, threads: int, set_up: Callable[[], object] | None = None) -> SigningThreads:
        """Starts the threads; each calls `set_up` first, and holds the GIL for this call only.

        An exception of `set_up` is printed and ignored. Raises OSError when the system refuses a
        pipe or a thread.
        """

    def fileno(self) -> int:
        """A file descriptor that is readable when `finished` has something new.

        It is for an event loop's add_reader, and stays open as long as the object lives.
        """

    def submit(self, secret_key: SecretKey, signing_root: bytes, waiter: Any) -> bool:
        """Queues the signature over a root of 32 bytes; `finished` or `help` returns the waiter.

        Returns True when more jobs are queued than there are threads, and `help` would do one.
        Raises BLSError once closed.
        """

    def help(self) -> tuple[Any, bytes] | None:
        """Does the next job on the calling thread; returns its waiter and signature (96 bytes).

        Takes as long as a signature, without the GIL. Returns None at once when each queued job
        has a thread: no more are queued than there are threads.
        """

    def finished(self) -> list[tuple[Any, bytes]]:
        """The waiters of the jobs done since the last call, each with its signature (96 bytes)."""

    def close(self) -> None:
        """Lets the threads finish the queue, and waits for their end without the GIL."""
