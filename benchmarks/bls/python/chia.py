"""blspy: Chia's C++ library, over blst. Its scheme with proofs of possession is Ethereum's."""

from blspy import G1Element, G2Element, PopSchemeMPL, PrivateKey

from answering import Operation, answer


def sign(secret: bytes, message: bytes) -> Operation:
    """The key is read once."""
    key = PrivateKey.from_bytes(secret)
    return lambda: bytes(PopSchemeMPL.sign(key, message))


def verify(pubkey: bytes, message: bytes, signature: bytes) -> Operation:
    """One signature."""
    return lambda: bool(
        PopSchemeMPL.verify(G1Element.from_bytes(pubkey), message, G2Element.from_bytes(signature))
    )


def aggregate(signatures: list[bytes]) -> Operation:
    """The sum of signatures."""
    return lambda: bytes(PopSchemeMPL.aggregate(list(map(G2Element.from_bytes, signatures))))


def fast_aggregate_verify(pubkeys: list[bytes], message: bytes, signature: bytes) -> Operation:
    """One signature of many keys."""
    return lambda: bool(
        PopSchemeMPL.fast_aggregate_verify(
            list(map(G1Element.from_bytes, pubkeys)), message, G2Element.from_bytes(signature)
        )
    )


def hash_to_curve(message: bytes) -> Operation:
    """A message as a point of G2."""
    return lambda: bytes(PopSchemeMPL.g2_from_message(message))


def read_pubkey(pubkey: bytes) -> Operation:
    """A point of G1, in the group."""
    return lambda: G1Element.from_bytes(pubkey) is not None


def read_signature(signature: bytes) -> Operation:
    """A point of G2, in the group."""
    return lambda: G2Element.from_bytes(signature) is not None


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
