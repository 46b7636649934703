"""Each block of code on a page is run or read by a test, or says why not."""

import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
OUTSIDE = ("README.md", "SECURITY.md", "benchmarks/README.md", "examples/README.md")
PAGES = [*(ROOT / name for name in OUTSIDE), *sorted((ROOT / "docs").rglob("*.md"))]
TESTS_OF_EXAMPLES = [*(ROOT / "tests" / "examples").glob("test_*.py")]

FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<content>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)
FRONT_MATTER = r"(?:---\n(?:.*\n)*?---\n)?"
RUN_BY = re.compile(FRONT_MATTER + r"<!-- run by (\S+): ([\w, ]+) -->")
NOT_RUN = re.compile(r"<!-- not run: \S.* -->\n(?:<!-- .* -->\n)*\Z")
SNIPPET = re.compile(r'\s*--8<-- "examples/(\w+)/[\w./]+"\s*')
READERS: dict[str, Callable[[str], Any]] = {
    "json": json.loads,
    "toml": tomllib.loads,
    "yaml": yaml.safe_load,
}


class Block(NamedTuple):
    language: str
    content: str
    is_declared_not_run: bool


def blocks(text: str) -> list[Block]:
    return [
        Block(fence["language"], fence["content"], bool(NOT_RUN.search(text[: fence.start()])))
        for fence in FENCE.finditer(text)
    ]


def has_commands_of_ours_only(content: str) -> bool:
    """Whether test_docs.py checks the flags of each line."""
    lines = content.replace("\\\n", " ").splitlines()
    return all(line.startswith(("signer ", "#")) or not line for line in lines)


def is_readable(block: Block) -> bool:
    try:
        READERS[block.language](block.content)
    except (KeyError, ValueError, yaml.YAMLError):
        return False
    return True


def is_an_example_that_runs(content: str) -> bool:
    """Whether it is a file of a folder of examples/ whose tests run."""
    snippet = SNIPPET.fullmatch(content)
    if not snippet:
        return False
    return any(f'"{snippet[1]}"' in path.read_text("utf-8") for path in TESTS_OF_EXAMPLES)


def is_checked(block: Block, languages: set[str]) -> bool:
    if block.is_declared_not_run or block.language in languages:
        return True
    if block.language == "python" and block.content.startswith(">>> "):
        return True  # test_docs.py runs all doctests
    if block.language == "sh" and has_commands_of_ours_only(block.content):
        return True
    return is_readable(block) or is_an_example_that_runs(block.content)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_block_of_code_is_checked_or_says_why_not(page: Path) -> None:
    text = page.read_text("utf-8")
    run_by = RUN_BY.match(text)
    languages = set(run_by[2].split(", ")) if run_by else set[str]()

    assert [] == [block for block in blocks(text) if not is_checked(block, languages)]


DECLARING = [page for page in PAGES if RUN_BY.match(page.read_text("utf-8"))]


@pytest.mark.parametrize("page", DECLARING, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_test_that_a_page_declares_names_it(page: Path) -> None:
    run_by = RUN_BY.match(page.read_text("utf-8"))
    assert run_by
    test = (ROOT / run_by[1]).read_text("utf-8")

    assert page.name in test or f'"{page.parent.name}"' in test


def test_a_block_that_nothing_runs_is_seen() -> None:
    text = "```sh\ncurl localhost\n```\n\n<!-- not run: so it is -->\n```sh\ncurl localhost\n```\n"

    assert [False, True] == [is_checked(block, set()) for block in blocks(text)]
