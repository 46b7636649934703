"""Pages of docs/, as their tests read them: blocks of code, and the values on them."""

import re
import textwrap
from pathlib import Path
from types import ModuleType

DOCS = Path(__file__).parents[2] / "docs"
IMAGES = DOCS / "images"

BLOCK = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
ROOT = re.compile(r"\b(?:0x)?([0-9a-f]{64})\b")
POINT = re.compile(r"\b(?:0x)?([0-9a-f]{96})\b")


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def blocks(name: str, language: str) -> list[str]:
    """The blocks of a language on a page, also those in folded answers."""
    found = BLOCK.findall(page(name))
    return [textwrap.dedent(code) for _, kind, code in found if kind == language]


def files(name: str) -> list[str]:
    """The Python blocks that are no session with a prompt: whole files."""
    return [code for code in blocks(name, "python") if ">>>" not in code]


def roots_on(text: str) -> set[str]:
    """All 32 bytes in a text, as 64 hex digits."""
    return set(ROOT.findall(text))


def points_on(text: str) -> set[str]:
    """All 48 bytes in a text: public keys, and halves of signatures."""
    return set(POINT.findall(text))


def roots_module() -> ModuleType:
    """The module `roots` that a reader saves from the page of a block."""
    [code] = files("learn/block.md")
    module = ModuleType("roots")
    exec(code, module.__dict__)
    return module
