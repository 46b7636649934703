"""py_ecc: the scheme and the curve in Python alone, close to the specification."""

from functools import partial
from hashlib import sha256

from py_ecc.bls import G2ProofOfPossession
from py_ecc.bls.g2_primitives import (
    G2_to_signature,
    pubkey_to_G1,
    signature_to_G2,
    subgroup_check,
)
from py_ecc.bls.hash_to_curve import hash_to_G2

from answering import DST, Operation, answer


def sign(secret: bytes, message: bytes) -> Operation:
    """A secret key is a number."""
    return partial(G2ProofOfPossession.Sign, int.from_bytes(secret, "big"), message)


def verify(pubkey: bytes, message: bytes, signature: bytes) -> Operation:
    """One signature."""
    return partial(G2ProofOfPossession.Verify, pubkey, message, signature)


def aggregate(signatures: list[bytes]) -> Operation:
    """The sum of signatures."""
    return partial(G2ProofOfPossession.Aggregate, signatures)


def fast_aggregate_verify(pubkeys: list[bytes], message: bytes, signature: bytes) -> Operation:
    """One signature of many keys."""
    return partial(G2ProofOfPossession.FastAggregateVerify, pubkeys, message, signature)


def hash_to_curve(message: bytes) -> Operation:
    """A message as a point of G2."""
    return lambda: bytes(G2_to_signature(hash_to_G2(message, DST, sha256)))


def read_pubkey(pubkey: bytes) -> Operation:
    """A point of G1, in the group."""
    return lambda: _in_group(pubkey_to_G1(pubkey))


def read_signature(signature: bytes) -> Operation:
    """A point of G2, in the group."""
    return lambda: _in_group(signature_to_G2(signature))


def _in_group(point: object) -> bool:
    if not subgroup_check(point):
        raise ValueError("not in the group")
    return True


if __name__ == "__main__":
    answer(
        {
            "sign": sign,
            "verify": verify,
            "aggregate": aggregate,
            "fast_aggregate_verify": fast_aggregate_verify,
            "hash_to_curve": hash_to_curve,
            "read_pubkey": read_pubkey,
            "read_signature": read_signature,
        }
    )
