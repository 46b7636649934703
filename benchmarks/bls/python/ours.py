"""blst through signer._core: what the signer itself calls."""

from functools import partial

from answering import Operation, answer
from signer._core import SecretKey, aggregate, fast_aggregate_verify, verify


def sign(secret: bytes, message: bytes) -> Operation:
    """`sign` would find the point of the same root in the cache; `sign_message` has none."""
    return partial(SecretKey.from_bytes(secret).sign_message, message)


def verified(pubkey: bytes, message: bytes, signature: bytes) -> Operation:
    """One signature."""
    return partial(verify, pubkey, message, signature)


def aggregated(signatures: list[bytes]) -> Operation:
    """The sum of signatures."""
    return partial(aggregate, signatures)


def fast_aggregate_verified(pubkeys: list[bytes], message: bytes, signature: bytes) -> Operation:
    """One signature of many keys."""
    return partial(fast_aggregate_verify, pubkeys, message, signature)


if __name__ == "__main__":
    answer(
        {
            "sign": sign,
            "verify": verified,
            "aggregate": aggregated,
            "fast_aggregate_verify": fast_aggregate_verified,
        }
    )
