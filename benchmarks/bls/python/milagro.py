"""milagro_bls_binding: Rust over Apache Milagro, long the library of consensus-specs' tests."""

from functools import partial

import milagro_bls_binding as bls

from answering import Operation, answer


def sign(secret: bytes, message: bytes) -> Operation:
    """It reads the secret key each time: it has no key as an object."""
    return partial(bls.Sign, secret, message)


def verify(pubkey: bytes, message: bytes, signature: bytes) -> Operation:
    """One signature."""
    return partial(bls.Verify, pubkey, message, signature)


def aggregate(signatures: list[bytes]) -> Operation:
    """The sum of signatures."""
    return partial(bls.Aggregate, signatures)


def fast_aggregate_verify(pubkeys: list[bytes], message: bytes, signature: bytes) -> Operation:
    """One signature of many keys."""
    return partial(bls.FastAggregateVerify, pubkeys, message, signature)


if __name__ == "__main__":
    answer(
        {
            "sign": sign,
            "verify": verify,
            "aggregate": aggregate,
            "fast_aggregate_verify": fast_aggregate_verify,
        }
    )
