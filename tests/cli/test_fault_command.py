"""`signer fault`: sets, lists and removes the faults of a signer that runs."""

import json
from collections.abc import Iterator
from typing import get_args

import pytest
from click.testing import CliRunner, Result

from signer import Fault, Signer
from signer.cli import main
from signer.control.faults import WrongSignature
from support.served import CANNOT_SERVE, WRONG_FLAGS, free_port, serving_here


@pytest.fixture(scope="module")
def running() -> Iterator[Signer]:
    with Signer(interop=1) as running:
        yield running


@pytest.fixture
def signer(running: Signer) -> Signer:
    """A signer without faults."""
    running.reset()
    return running


def run(*arguments: str, url: str) -> Result:
    return CliRunner().invoke(main, ["fault", *arguments, "--url", url])


def printed(*arguments: str, signer: Signer) -> str:
    result = run(*arguments, url=signer.url)
    assert 0 == result.exit_code, result.stderr
    return result.stdout


def refusal(*arguments: str, url: str, code: int = WRONG_FLAGS) -> str:
    """What it says of a mistake, on one line and without a traceback."""
    result = run(*arguments, url=url)
    assert isinstance(result.exception, SystemExit)
    assert (code, "", 1) == (result.exit_code, result.stdout, len(result.stderr.splitlines()))
    return result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["type=ATTESTATION", "status=412", "times=1"],
        ['{"type": "ATTESTATION", "status": 412, "times": 1}'],
        ["type=attestation", "status=412", "times=1"],
    ],
)
def test_a_fault_is_set_and_printed(signer: Signer, words: list[str]) -> None:
    line = printed("add", *words, signer=signer)

    [fault] = signer.faults
    assert {"type": "ATTESTATION", "status": 412, "times": 1} == {
        name: value for name, value in fault.items() if name not in {"id", "hits"}
    }
    number, hits, what = line.split("  ")
    assert (str(fault["id"]), "0 hits") == (number, hits)
    assert {"type": "ATTESTATION", "status": 412, "times": 1} == json.loads(what)


def test_a_switch_and_a_fraction_are_read_as_text(signer: Signer) -> None:
    printed("add", "hang=true", "chance=0.5", signer=signer)

    [fault] = signer.faults
    assert (True, 0.5) == (fault["hang"], fault["chance"])


def test_faults_are_listed_oldest_first(signer: Signer) -> None:
    first = signer.fault(status=500)
    second = signer.fault(delay=0.5)
    first.remove()

    assert [str(second.id)] == numbers(printed("list", signer=signer))
    assert [str(first.id), str(second.id)] == numbers(printed("list", "--all", signer=signer))[-2:]


def numbers(lines: str) -> list[str]:
    return [line.split()[0] for line in lines.splitlines()]


def test_faults_are_removed_by_their_ids(signer: Signer) -> None:
    first, second, third = (signer.fault(status=500) for _ in range(3))

    printed("remove", str(first.id), str(third.id), signer=signer)

    assert [second.id] == [fault["id"] for fault in signer.faults]


def test_all_faults_are_removed(signer: Signer) -> None:
    signer.fault(status=500)

    printed("remove", "--all", signer=signer)

    assert [] == signer.faults


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["add", "stauts=412"], "did you mean status?"),
        (["add", "status"], "expected NAME=VALUE, such as status=412, found 'status'"),
        (["add", "type=ATESTATION", "status=412"], "did you mean ATTESTATION?"),
        (["add", "signature=good"], f"(one of {', '.join(get_args(WrongSignature))})"),
        (["add", "type=ATTESTATION"], "expected a fault that does something"),
        (["add", '{"status": 412}', "times=1"], "expected one JSON object, or NAME=VALUE words"),
        (["add", "{"], "expected a fault"),
        (["remove"], "expected ids of faults, or --all"),
        (["remove", "1", "--all"], "expected ids of faults, or --all"),
        (["remove", "first"], "expected the id of a fault, found 'first'"),
        (["remove", "9999"], "expected the id of a fault, found 9999"),
    ],
)
def test_a_mistake_is_told(signer: Signer, arguments: list[str], expected: str) -> None:
    assert expected in refusal(*arguments, url=signer.url)
    assert [] == signer.faults


def test_the_help_names_every_member_of_a_fault() -> None:
    help_text = CliRunner().invoke(main, ["fault", "add", "--help"]).stdout

    assert [] == [name for name in Fault.__struct_fields__ if name not in help_text]


def test_the_help_names_every_wrong_signature() -> None:
    help_text = CliRunner().invoke(main, ["fault", "add", "--help"]).stdout

    assert [] == [name for name in get_args(WrongSignature) if name not in help_text]


def test_a_signer_without_control_is_told() -> None:
    with serving_here("--no-metrics") as without:
        result = run("list", url=without.url)

    expected = "no route /_signer/faults: start the signer with --control"
    assert WRONG_FLAGS == result.exit_code
    assert f"Error: the signer at {without.url} refused: {expected}" in result.stderr


def test_a_signer_that_is_not_there_is_told() -> None:
    message = refusal("list", url=f"http://127.0.0.1:{free_port()}", code=CANNOT_SERVE)

    assert "start one with `signer serve --control`, or give its --url" in message


@pytest.mark.parametrize("url", ["127.0.0.1:9000", "ftp://127.0.0.1", ""])
def test_a_url_of_another_kind_is_told(url: str) -> None:
    assert "expected --url such as http://127.0.0.1:9000" in refusal("list", url=url)
