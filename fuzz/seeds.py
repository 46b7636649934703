"""Writes the seeds of the corpus: examples of what each target reads, made by the signer.

Run: PYTHONPATH=tests:benchmarks python fuzz/seeds.py
"""

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from signer.keys.derived import interop_keys
from signer.keys.keystore import encrypt, encrypt_prysm
from signer.signing.examples import examples
from signer.signing.registry import BUILT_IN
from signer.spec.networks import DEFAULT_NETWORK
from support.protection import document

CORPUS = Path(__file__).parent / "corpus"
PASSWORD = "correct horse battery staple"
MAX_SIZE = 6_000  # bytes; a whole block is cut by no fuzzer into something new
FAULTS = [
    {"type": "ATTESTATION", "status": 412, "times": 1},
    {"pubkey": "0x" + "00" * 48, "delay": 0.5, "after": 3},
    {"path": "/upcheck", "body": "no", "content_type": "text/html"},
    {"signature": "other_key"},
    {"slots": [3, 9], "hang": True},
]
NETWORK = b"""\
PRESET_BASE: minimal
CONFIG_NAME: devnet
GENESIS_FORK_VERSION: 0x10000038
ALTAIR_FORK_VERSION: 0x20000038
ALTAIR_FORK_EPOCH: 0
FULU_FORK_VERSION: 0x70000038
FULU_FORK_EPOCH: 18446744073709551615
MIN_GENESIS_TIME: 1606824000
SECONDS_PER_SLOT: 12
"""
CONFIG = b'interop = 4\nslashing = "enforce"\nfault = [{ status = 500 }]\n'
ARGUMENTS = [
    "--http-listen-port=9000 eth2 --keystores-path=/keys --network mainnet",
    "--metrics-enabled=true eth2 --slashing-protection-enabled=false --key-manager-api-enabled",
    "--tls-keystore-file=a --tls-keystore-password-file=b --tls-allow-any-client=true eth2",
]


def seeds() -> Iterator[tuple[str, bytes]]:
    """The target of each seed, and its bytes."""
    for values in ("ordinary", "extreme"):
        for example in examples(BUILT_IN, DEFAULT_NETWORK, 1, values, with_root=True):
            content = json.dumps(example.request).encode()
            if len(content) <= MAX_SIZE:
                yield "request", content
                yield "explanation", content
    keys = [*interop_keys(2)]
    keystore = encrypt(keys[0], PASSWORD, cost=1)
    yield "keystore", keystore
    yield "keystore", encrypt_prysm(keys, PASSWORD, kdf="pbkdf2", cost=1)
    yield "keystore", encrypt(keys[0], PASSWORD, kdf="scrypt", cost=2)
    yield "folder", b"\0".join([b"a.json", keystore, b"a.txt", PASSWORD.encode()])
    yield "folder", b"\0".join([b"key.yaml", b"type: file-raw\nprivateKey: 0x" + b"01" * 32])
    yield "history", document((3,), (2, 4), root=b"\xa1" * 32).encode()
    yield "history", document((1, 2), (2, 3)).encode()
    yield "network", NETWORK
    yield "config", CONFIG
    yield "config", b"interop: 4\nnetwork: hoodi\n"
    for fault in FAULTS:
        yield "fault", json.dumps(fault).encode()
    for arguments in ARGUMENTS:
        yield "web3signer", "\0".join(arguments.split()).encode()


def main() -> None:
    """Writes each seed below `corpus`, under the start of its hash."""
    for target, content in seeds():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / sha256(content).hexdigest()[:16]).write_bytes(content)


if __name__ == "__main__":
    main()
