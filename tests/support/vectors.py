"""Vectors that others computed, and the hex that they are written in."""

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent.parent / "vectors"


def vectors(path: str) -> Any:
    """A file of tests/vectors, by its path there."""
    return json.loads((VECTORS / path).read_text("utf-8"))


def unhex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
