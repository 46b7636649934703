"""py-arkworks-bls12381: Rust's arkworks, a curve without a scheme. The scheme is written here."""

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

from answering import DST, Operation, answer

GENERATOR = G1Point()


def sign(secret: bytes, message: bytes) -> Operation:
    """The key is read once."""
    key = Scalar.from_be_bytes(secret)

    def run() -> bytes:
        point = G2Point.hash_to_curve(message, DST) * key
        return point.to_compressed_bytes()

    return run


def verify(pubkey: bytes, message: bytes, signature: bytes) -> Operation:
    """One signature."""
    return lambda: _verified(
        G1Point.from_compressed_bytes(pubkey), message, G2Point.from_compressed_bytes(signature)
    )


def aggregate(signatures: list[bytes]) -> Operation:
    """The sum of signatures."""

    def run() -> bytes:
        points = map(G2Point.from_compressed_bytes, signatures)
        return sum(points, start=G2Point.identity()).to_compressed_bytes()

    return run


def fast_aggregate_verify(pubkeys: list[bytes], message: bytes, signature: bytes) -> Operation:
    """One signature of many keys."""

    def run() -> bool:
        key = sum(map(G1Point.from_compressed_bytes, pubkeys), start=G1Point.identity())
        return _verified(key, message, G2Point.from_compressed_bytes(signature))

    return run


def hash_to_curve(message: bytes) -> Operation:
    """A message as a point of G2."""
    return lambda: G2Point.hash_to_curve(message, DST).to_compressed_bytes()


def read_pubkey(pubkey: bytes) -> Operation:
    """A point of G1, in the group."""
    return lambda: G1Point.from_compressed_bytes(pubkey) is not None


def read_signature(signature: bytes) -> Operation:
    """A point of G2, in the group."""
    return lambda: G2Point.from_compressed_bytes(signature) is not None


def _verified(key: G1Point, message: bytes, signature: G2Point) -> bool:
    point = G2Point.hash_to_curve(message, DST)
    return GT.pairing_check([key, -GENERATOR], [point, signature])


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
