"""What the cryptography costs by itself: blst as the signer calls it, and the KDFs of keystores."""

import hashlib
from collections.abc import Callable
from functools import partial
from itertools import count

from run import KEY, Row, Run, cpu_of
from signer import SecretKey, verify
from signer._core import Encrypted, Kdf

NEW, ONE = "sign, new root", "sign, one root"
PASSWORD, SALT, IV = b"benchmark", bytes(32), bytes(16)


def measure(run: Run) -> None:
    """Two tables: BLS in multiples of a raw signature, KDFs in multiples of OpenSSL's."""
    root, secrets = bytes(32), count(1)
    signature, pubkey = KEY.sign(root), KEY.public_key()
    operations: dict[str, Callable[[], object]] = {
        NEW: lambda: KEY.sign(run.new_root()),
        ONE: lambda: KEY.sign(root),
        "verify": lambda: verify(pubkey, root, signature),
        # of a new key each time: a key computes it once
        "public key": lambda: SecretKey.from_bytes(next(secrets).to_bytes(32, "big")),
    }
    rows = run.alternate({name: partial(_bls, run, op) for name, op in operations.items()})
    hashing = {column: rows[NEW][column] - rows[ONE][column] for column in rows[NEW]}
    run.table(
        "core",
        "CPU of one thread. The first row is the raw signature again: how far it is from 1 is "
        "noise. The last is the difference of the first two.",
        rows | {"hash to curve": hashing},
    )
    scrypt_n, pbkdf2_c = run.size(1 << 18, 1 << 10), run.size(1 << 18, 1 << 10)
    kdfs: dict[str, tuple[Kdf, Callable[[], bytes]]] = {
        "scrypt": (
            Kdf.scrypt(scrypt_n, 8, 1, 32, SALT),
            partial(
                hashlib.scrypt, PASSWORD, salt=SALT, n=scrypt_n, r=8, p=1, maxmem=1 << 29, dklen=32
            ),
        ),
        "pbkdf2": (
            Kdf.pbkdf2(pbkdf2_c, 32, SALT),
            partial(hashlib.pbkdf2_hmac, "sha256", PASSWORD, SALT, pbkdf2_c, 32),
        ),
    }
    run.table(
        "kdf",
        f"Opening a keystore, scrypt n={scrypt_n} or pbkdf2 c={pbkdf2_c}, beside OpenSSL's KDF.",
        run.alternate({name: partial(_kdf, run, *pair) for name, pair in kdfs.items()}),
    )


def _bls(run: Run, operation: Callable[[], object], raw: float) -> Row:
    each = cpu_of(operation, run.seconds / 6)
    return {"µs": each * 1e6, "x raw": each / raw}


def _kdf(run: Run, kdf: Kdf, openssl: Callable[[], bytes], raw: float) -> Row:
    del raw
    pubkey = KEY.public_key()
    encrypted = Encrypted.encrypt(kdf, PASSWORD, IV, KEY)
    ours = cpu_of(lambda: encrypted.decrypt_trusting(PASSWORD, pubkey), run.seconds / 6)
    theirs = cpu_of(openssl, run.seconds / 6)
    return {"ms": ours * 1e3, "OpenSSL ms": theirs * 1e3, "x OpenSSL": ours / theirs}
