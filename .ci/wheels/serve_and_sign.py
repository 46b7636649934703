#!/usr/bin/env python3
"""Starts a signer by a command, and asks it for a signature that another library has made.

`serve_and_sign.py COMMAND...`: the words of the command `signer`, such as `python -m signer`. What
comes back is compared with Lodestar's signature, so this needs nothing but the standard library.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).parent.parent.parent
VECTORS = ROOT / "tests" / "vectors" / "signing" / "signing.json"
PLUGINS = sorted((ROOT / "docs" / "plugins").glob("*.py"))
PROOF = {"proof_data": "0x0102", "proof_type": "1", "beacon_block_root": "0x" + 64 * "1"}
SIGNATURE_DIGITS = 2 + 2 * 96


def main() -> None:
    """Serves the key of the first vector, asks, and stops the signer."""
    case = json.loads(VECTORS.read_text("utf-8"))["cases"][0]
    with tempfile.TemporaryDirectory() as folder:
        secret_keys = Path(folder) / "secret_keys"
        secret_keys.write_text(case["secret_key"] + "\n", "utf-8")
        flags = ["--secret-keys-file", str(secret_keys), "--control", "--no-metrics"]
        flags += [f"--plugin={plugin}" for plugin in PLUGINS]
        serve = [*sys.argv[1:], "serve", "--port", "0", "--ready-json", *flags]
        with subprocess.Popen(serve, stdout=subprocess.PIPE) as signer:
            try:
                assert signer.stdout is not None
                ask(json.loads(signer.stdout.readline()), case)
            finally:
                signer.terminate()
    assert 0 == signer.returncode, f"expected the exit code 0, found {signer.returncode}"
    print("served with plugins, signed as Lodestar does, recorded, and stopped")


def ask(ready: dict[str, Any], case: dict[str, Any]) -> None:
    """Asks for two signatures, one of them of a plugin's type, and for their records."""
    pubkey = case["pubkey"]
    sign = f"{ready['url']}/api/v1/eth2/sign/{pubkey}"
    envelope = case["request"] | {"type": "EXECUTION_PROOF_ENVELOPE", "slot": "7"}
    envelope["execution_proof_envelope"] = PROOF

    assert case["signature"] == fetch(sign, case["request"])
    assert SIGNATURE_DIGITS == len(fetch(sign, envelope))

    assert {pubkey: 2} == json.loads(fetch(f"{ready['url']}/signatures"))
    records = json.loads(fetch(f"{ready['control']}/requests?pubkey={pubkey}"))
    types = [record["type"] for record in records]
    assert [case["type"], envelope["type"]] == types, records


def fetch(url: str, document: dict[str, Any] | None = None) -> str:
    """The body of a response; with a document, to a POST of it."""
    body = None if document is None else json.dumps(document).encode()
    with urlopen(Request(url, body)) as response:
        return response.read().decode()


if __name__ == "__main__":
    main()
