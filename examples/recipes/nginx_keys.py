"""Writes which signer has which key, for nginx.conf: keys.map and public_keys.json.

Run by this project's tests where nginx is. For example:

    python nginx_keys.py one=http://127.0.0.1:9101 two=http://127.0.0.1:9102
    python nginx_keys.py --hash one=http://127.0.0.1:9101 two=http://127.0.0.1:9102

With --hash every signer must have all keys, and nginx chooses by the key's hash. Reload nginx after
a change of keys.
"""

import json
import sys
import urllib.request
from pathlib import Path


def public_keys(url: str) -> list[str]:
    """The keys that a signer lists."""
    with urllib.request.urlopen(f"{url}/api/v1/eth2/publicKeys") as response:
        return list(json.load(response))


def main(arguments: list[str]) -> None:
    """Writes both files into the working folder; ends with an error for a key in two signers."""
    by_hash = "--hash" in arguments
    names = [argument for argument in arguments if argument != "--hash"]
    signers: dict[str, str] = {}
    for name, _, url in (argument.partition("=") for argument in names):
        for key in public_keys(url):
            other = signers.setdefault(key, name)
            if other != name and not by_hash:
                sys.exit(f"expected {key} in one signer, found it in {other} and {name}")
    lines = [f"{key.removeprefix('0x')} {name};\n" for key, name in signers.items()]
    Path("keys.map").write_text("" if by_hash else "".join(lines))
    Path("public_keys.json").write_text(json.dumps([*signers]))
    print(f"{len(signers)} keys")


if __name__ == "__main__":
    main(sys.argv[1:])
