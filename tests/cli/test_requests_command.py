"""`signer requests`: prints and exports the records of a signer that runs."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from signer import Signer
from signer.cli import main
from support.asking import ask, sign
from support.duties import ATTESTATION, KEYS, RANDAO
from support.served import CANNOT_SERVE, WRONG_FLAGS, free_port, serving_here

Json = dict[str, Any]


@pytest.fixture
def signer() -> Iterator[Signer]:
    with Signer(keys=KEYS) as signer:
        yield signer


def run(*arguments: str | Path, url: str) -> Result:
    return CliRunner().invoke(main, ["requests", *map(str, arguments), "--url", url])


def printed(*arguments: str | Path, signer: Signer) -> str:
    result = run(*arguments, url=signer.url)
    assert 0 == result.exit_code, result.stderr
    return result.stdout


def records(text: str) -> list[Json]:
    assert "" == text or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_each_record_is_a_line(signer: Signer) -> None:
    sign(signer, ATTESTATION)
    ask(signer, "GET", "/upcheck")

    lines = printed(signer=signer).splitlines()

    assert [record.line() for record in signer.requests] == lines


def test_records_are_selected(signer: Signer) -> None:
    sign(signer, ATTESTATION)
    sign(signer, RANDAO)

    lines = printed("type=ATTESTATION", "status=200", signer=signer).splitlines()

    assert [True] == ["ATTESTATION" in line for line in lines]


def test_json_has_the_whole_record_on_a_line() -> None:
    body = json.dumps(ATTESTATION["request"], indent=2).encode()  # with line breaks
    path = f"/api/v1/eth2/sign/{ATTESTATION['pubkey']}"
    with serving_here("--control", "--no-metrics") as served:
        served.ask("POST", path, body)

        [record] = records(run("--json", url=served.url).stdout)

    assert ATTESTATION["request"] == record["body"]


def test_an_export_is_continued(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    sign(signer, ATTESTATION)
    printed("--export", file, signer=signer)
    sign(signer, RANDAO)

    printed("--export", file, signer=signer)
    printed("--export", file, signer=signer)

    assert ["ATTESTATION", "RANDAO_REVEAL"] == [r["type"] for r in records(file.read_text())]


def test_a_torn_line_is_written_again(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    for vector in (ATTESTATION, RANDAO):
        sign(signer, vector)
    printed("--export", file, signer=signer)
    whole = file.read_text()
    file.write_text(whole[:-40])

    printed("--export", file, signer=signer)

    assert whole == file.read_text()


def test_a_file_of_another_signer_is_left_alone(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    sign(signer, ATTESTATION)
    printed("--export", file, signer=signer)

    content = f"{file.read_text()}torn"
    file.write_text(content)

    with Signer(keys=KEYS) as other:
        before = run("--export", file, url=other.url)
        for _ in range(2):
            sign(other, RANDAO)
        after = run("--export", file, url=other.url)

    assert [WRONG_FLAGS, WRONG_FLAGS] == [before.exit_code, after.exit_code]
    assert f"expected records of the signer at {other.url} in {file}" in after.stderr
    assert "give another file to --export" in after.stderr
    assert content == file.read_text()


def test_a_file_of_something_else_is_left_alone(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "notes"
    file.write_text("notes\n")

    result = run("--export", file, url=signer.url)

    assert (WRONG_FLAGS, "notes\n") == (result.exit_code, file.read_text())
    assert "give another file to --export" in result.stderr


@contextmanager
def following(signer: Signer, *arguments: str | Path) -> Iterator["subprocess.Popen[str]"]:
    """`signer requests --follow` as a process of its own, killed on the way out."""
    command = [sys.executable, "-m", "signer", "requests", "--follow", "--url", signer.url]
    with subprocess.Popen(
        [*command, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def next_record(process: "subprocess.Popen[str]") -> Json:
    assert process.stdout
    record: Json = json.loads(process.stdout.readline())
    return record


def test_following_prints_each_record_when_it_comes(signer: Signer) -> None:
    sign(signer, ATTESTATION)
    with following(signer, "--json") as process:
        assert "ATTESTATION" == next_record(process)["type"]

        sign(signer, RANDAO)

        assert "RANDAO_REVEAL" == next_record(process)["type"]
        process.send_signal(signal.SIGINT)
        assert 0 == process.wait(10)


def test_following_prints_a_request_that_hung_again_when_it_ends(signer: Signer) -> None:
    hanging = signer.fault(hang=True)
    with following(signer, "--json", "type=RANDAO_REVEAL") as process:
        with pytest.raises(TimeoutError):
            sign(signer, RANDAO, timeout=0.2)
        assert "status" not in next_record(process)

        hanging.remove()

        assert 200 == next_record(process)["status"]


def test_an_export_is_completed_by_the_response_to_a_request_that_hung(
    signer: Signer, tmp_path: Path
) -> None:
    file = tmp_path / "requests.jsonl"
    hanging = signer.fault(hang=True)
    with pytest.raises(TimeoutError):
        sign(signer, RANDAO, timeout=0.2)
    printed("--export", file, signer=signer)
    hanging.remove()
    signer.wait_for(1, status=200)

    printed("--export", file, signer=signer)
    printed("--export", file, signer=signer)

    assert [(1, None), (1, 200)] == [(r["seq"], r.get("status")) for r in records(file.read_text())]


def test_a_killed_export_has_lost_no_record(signer: Signer, tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    file.touch()
    with following(signer, "--export", file) as process:
        for _ in range(200):
            sign(signer, RANDAO)
            if file.stat().st_size:
                break
        process.kill()
        process.wait(10)
    sign(signer, ATTESTATION)

    printed("--export", file, signer=signer)

    exported = [record["seq"] for record in records(file.read_text())]
    assert [record.seq for record in signer.requests] == exported


def test_following_ends_with_an_error_when_the_signer_stops(signer: Signer) -> None:
    sign(signer, ATTESTATION)
    with following(signer, "--json") as process:
        next_record(process)

        signer.stop()

        assert CANNOT_SERVE == process.wait(20)
        assert process.stderr
        assert signer.url in process.stderr.read()


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("ATTESTATION", "expected NAME=VALUE, such as type=ATTESTATION, found 'ATTESTATION'"),
        ("tpye=ATTESTATION", "did you mean type?"),
        ("type=ATESTATION", "did you mean ATTESTATION?"),
        ("status=good", 'status: expected `int | null`, found "good"'),
    ],
)
def test_a_mistake_is_told(signer: Signer, word: str, expected: str) -> None:
    result = run(word, url=signer.url)

    assert (WRONG_FLAGS, "") == (result.exit_code, result.stdout)
    assert expected in result.stderr


def test_a_server_of_another_kind_is_told() -> None:
    with serving_here("--fault", '{"path": "*", "body": "hello"}') as other:
        result = run(url=other.url)

    assert CANNOT_SERVE == result.exit_code
    assert "another server is there" in result.stderr


def test_a_signer_that_is_not_there_is_told() -> None:
    result = run(url=f"http://127.0.0.1:{free_port()}")

    assert CANNOT_SERVE == result.exit_code
    assert "or give its --url" in result.stderr
