"""Unusual, broken and hostile keystores: the cases of vectors/keystores_bad."""

import hashlib
import json
from collections.abc import Callable
from functools import cache
from typing import Any

from support.vectors import VECTORS, vectors

MANIFEST: list[Any] = vectors("keystores_bad/manifest.json")["cases"]
ACCEPTED = [case for case in MANIFEST if case["expect"] == "accept"]
REJECTED = [case for case in MANIFEST if case["expect"] == "reject"]
EITHER = [case for case in MANIFEST if case["expect"] == "either"]


def name(case: Any) -> str:
    """That of its file, where it has one."""
    return str(case["file"] or case["name"])


def counted_hashes(seed: str, size: int) -> bytes:
    """So many bytes that look random."""
    blocks = -(-size // 32)
    digests = [hashlib.sha256(f"{seed}{count}".encode()).digest() for count in range(blocks)]
    return b"".join(digests)[:size]


def described_at_length(field: str, size: int) -> bytes:
    """A good keystore but for a member of so many letters."""
    fields = vectors("keystores_bad/ok_pbkdf2.json") | {field: "x" * size}
    return json.dumps(fields).encode()


BUILDERS: dict[str, Callable[[Any], bytes]] = {
    "sha256-counter": lambda build: counted_hashes(build["seed"], build["bytes"]),
    "json-long-string": lambda build: described_at_length(build["field"], build["bytes"]),
}


@cache
def content(case_name: str) -> bytes:
    """The bytes of a case: a file, or what its recipe gives, as it is too large for one."""
    case = next(case for case in MANIFEST if name(case) == case_name)
    if case["file"]:
        return (VECTORS / "keystores_bad" / case_name).read_bytes()
    return BUILDERS[case["build"]["kind"]](case["build"])
