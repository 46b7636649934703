"""The pages that teach, and the recipes, run as they stand."""

import ast
import doctest
import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from signer import Signer
from signer.api import diagnoses
from signer.signing import diagnosis
from support.asking import ask
from support.consensus_specs import progressive_container
from support.hashing import electra_aggregate_root, signing_root
from support.lessons import ATTESTATION, BLOCK
from support.pages import DOCS, IMAGES, blocks, files, page, roots_module
from support.remerkleable_types import BID, parsed
from support.requests import BY_NAME
from support.slashable import statuses
from support.slashing_command import imported
from support.vectors import VECTORS, unhex, vectors

ENOUGH = 10  # seconds; a busy machine must not end the search for a cause


@pytest.fixture(autouse=True)
def enough_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "MAX_SEARCH", ENOUGH)
    monkeypatch.setattr(diagnoses, "MAX_WAIT", ENOUGH)


LESSONS = [f"learn/{path.name}" for path in sorted((DOCS / "learn").glob("*.md"))]


@pytest.mark.parametrize("name", LESSONS)
def test_the_sessions_of_a_page_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "roots", roots_module())

    results = doctest.testfile(str(DOCS / name), module_relative=False)

    assert (0, True) == (results.failed, results.attempted > 0)


def test_the_file_of_the_first_page_prints_what_the_page_says(tmp_path: Path) -> None:
    [code] = files("learn/signing-root.md")
    (tmp_path / "signing_root.py").write_text(code, "utf-8")

    # without site-packages: the file needs nothing that is installed
    command = [sys.executable, "-I", "-S", "signing_root.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)

    assert blocks("learn/signing-root.md", "text")[-1] == done.stdout


def imports_of(code: str) -> list[str | None]:
    tree = ast.walk(ast.parse(code))
    return [node.module for node in tree if isinstance(node, ast.ImportFrom)]


@pytest.mark.parametrize("name", ["learn/signing-root.md", "learn/block.md"])
def test_the_files_of_the_pages_use_hashlib_alone(name: str) -> None:
    [code] = files(name)

    assert ["hashlib"] == imports_of(code)
    assert "import " not in code.replace("from hashlib import", "")


def test_there_are_eight_exercises_each_with_an_answer() -> None:
    exercises = page("learn/exercises.md").split("\n## ")[1:]

    assert [str(number) for number in range(1, 9)] == [text.split(".")[0] for text in exercises]
    assert [1] * 8 == [text.count('??? success "Answer"') for text in exercises]


def of_electra_in(case: Any, limit: int) -> bytes:
    message = case["request"]["aggregate_and_proof"]["data"]
    return electra_aggregate_root(message, limit)


def bid_of_gloas(case: Any) -> bytes:
    message = case["request"]["execution_payload_bid"]["data"]
    return bytes(parsed(progressive_container(**BID), message).hash_tree_root())


HEZE_BID = next(
    case
    for case in vectors("signing/signing_live.json")["cases"]
    if case["name"] == "EXECUTION_PAYLOAD_BID/heze-0/none"
)
# the rows of the table: a request, the object root of the client, and the network
OTHER_CONTAINERS: list[tuple[Any, Callable[[Any], bytes], str]] = [
    (
        BY_NAME["mainnet", "AGGREGATE_AND_PROOF_V2/ELECTRA/257-bits"],
        partial(of_electra_in, limit=4 * 2048),
        "mainnet",
    ),
    (
        BY_NAME["plataberget", "AGGREGATE_AND_PROOF_V2/GLOAS/random-0"],
        partial(of_electra_in, limit=64 * 2048),
        "plataberget",
    ),
    (HEZE_BID, bid_of_gloas, "mainnet"),
]


@pytest.mark.parametrize("row", range(len(OTHER_CONTAINERS)))
def test_a_row_of_other_containers_is_what_the_signer_says(row: int) -> None:
    case, object_root, network = OTHER_CONTAINERS[row]
    root = signing_root(object_root(case), unhex(case["domain"]))
    with Signer(interop=1, network=network) as signer:
        path = f"/api/v1/eth2/sign/{signer.pubkeys[0]}"
        answer = ask(signer, "POST", path, case["request"] | {"signingRoot": root})

    table = page("learn/what-goes-wrong.md").split("| the client used |")[1].split("\n\n")[0]
    rows = table.splitlines()[2:]
    assert len(OTHER_CONTAINERS) == len(rows)
    phrase = rows[row].split("`")[1]
    assert f"this is the root with {phrase}; " in answer.body.decode()


def test_the_keystore_of_the_page_is_the_example_of_eip_2335_and_loads(tmp_path: Path) -> None:
    keystore = blocks("learn/remote-signer.md", "json")[0]
    (tmp_path / "keystore.json").write_text(keystore, "utf-8")
    (tmp_path / "keystore.txt").write_text("testpassword🔑", "utf-8")

    example = (VECTORS / "eip2335" / "pbkdf2.json").read_text("utf-8")
    with Signer(keystores=tmp_path, keystores_passwords_path=tmp_path) as signer:
        [pubkey] = signer.pubkeys

    assert json.loads(example) == json.loads(keystore)
    assert f'"pubkey": "{pubkey[2:]}"' in keystore


def test_the_history_of_the_page_refuses_what_contradicts_it(tmp_path: Path) -> None:
    history = blocks("learn/remote-signer.md", "json")[1]
    vote = ATTESTATION.request
    other_vote = vote | {"attestation": vote["attestation"] | {"beacon_block_root": f"0x{1:064x}"}}
    header = BLOCK.request["beacon_block"]["block_header"] | {"body_root": f"0x{1:064x}"}
    other_block = BLOCK.request | {"beacon_block": {"version": "FULU", "block_header": header}}

    assert 0 == imported(tmp_path, history).exit_code

    with Signer(interop=1, slashing="enforce", data_dir=tmp_path) as signer:
        assert [412, 412] == statuses(signer, other_vote, other_block)


PICTURES = sorted(path.name for path in IMAGES.glob("*.svg"))


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_has_a_title_and_brings_all_it_needs(name: str) -> None:
    text = (IMAGES / name).read_text("utf-8")
    title, description, *_ = ET.fromstring(text)

    assert title.text
    assert description.text
    assert "currentColor" not in text
    assert ["xmlns="] == re.findall(r"(\S*)\"http", text)


def test_the_pages_use_every_picture() -> None:
    text = "".join(page(name) for name in [*LESSONS, "bench.md"])

    assert 6 == len(PICTURES)
    assert [] == [name for name in PICTURES if f"images/{name}" not in text]


@pytest.mark.slow
def test_the_recipes_run(tmp_path: Path) -> None:
    code = "\n".join(blocks("recipes.md", "python"))
    (tmp_path / "test_recipes.py").write_text(code, "utf-8")

    options = ["-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-p", "no:hypothesispytest"]
    command = [sys.executable, "-W", "error", "-m", "pytest", *options, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    assert 0 == done.returncode, done.stdout
    assert " passed" in done.stdout
