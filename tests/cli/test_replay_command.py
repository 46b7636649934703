"""`signer replay`: recorded requests are sent to a signer again, and the answers compared."""

import json
import re
import subprocess
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from signer import Signer
from signer.cli import main
from support.asking import ask, sign
from support.duties import ATTESTATION, KEYS, OTHER, RANDAO
from support.served import free_port, request
from support.slashable import KEY, block
from support.upstreams import response, scripted

SAME, SIGNATURES_DIFFER, NOTHING_TO_COMPARE, MANNERS_DIFFER = range(4)


@pytest.fixture
def signer() -> Iterator[Signer]:
    with Signer(keys=KEYS) as signer:
        yield signer


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "requests.jsonl"


def run(*arguments: str | Path | float) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def export(signer: Signer, file: Path) -> None:
    assert 0 == run("requests", "--export", file, "--url", signer.url).exit_code


def replay(file: Path, url: str, *flags: str | float | Path) -> Result:
    return run("replay", file, url, *flags)


def curl_lines(text: str) -> list[str]:
    return re.findall(r"^  (.*curl .*)$", text, re.MULTILINE)


def test_the_same_answers_are_told_and_end_with_0(signer: Signer, file: Path) -> None:
    for vector in (ATTESTATION, OTHER, RANDAO):
        sign(signer, vector, Accept="application/json")
    sign(signer, RANDAO | {"request": {"type": "NONSENSE"}})
    ask(signer, "GET", "/upcheck")
    export(signer, file)

    result = replay(file, signer.url)

    assert SAME == result.exit_code, result.output
    assert "5 sent to http://127.0.0.1:" in result.stdout
    assert "5 have the same answer" in result.stdout
    assert 10 == len(signer.requests)


def test_a_request_is_sent_as_it_was_recorded(signer: Signer, file: Path) -> None:
    body = json.dumps(RANDAO["request"], indent=2).encode()
    headers = {"User-Agent": "Teku/1", "Accept": "text/plain"}
    request(signer.url, "POST", f"/api/v1/eth2/sign/{RANDAO['pubkey']}", body, headers)
    request(signer.url, "POST", "/reload?wait=true")
    request(signer.url, "GET", "/api/v1/eth2/sign/%C3%A9%20%3F")
    export(signer, file)

    replay(file, signer.url)

    fields = ("method", "path", "query", "user_agent", "accept", "body", "status", "signature")
    records = [[getattr(record, name) for name in fields] for record in signer.requests]
    assert sorted(map(repr, records[:3])) == sorted(map(repr, records[3:]))


def test_a_wrong_signature_is_told_with_a_curl_line_and_ends_with_1(
    signer: Signer, file: Path
) -> None:
    right = sign(signer, RANDAO).body.decode()
    export(signer, file)
    signer.fault(signature="wrong_key")

    result = replay(file, signer.url)

    assert SIGNATURES_DIFFER == result.exit_code
    assert f"line 1: RANDAO_REVEAL by {RANDAO['pubkey'][:10]}.." in result.stdout
    assert f"expected signature {right}, found 0x" in result.stdout
    assert "1 have another signature" in result.stdout
    [line] = curl_lines(result.stdout)
    shown = subprocess.run(line, shell=True, capture_output=True, text=True, check=True).stdout
    assert shown == sign(signer, RANDAO).body.decode()


def test_another_status_is_told_and_ends_with_3(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO)
    sign(signer, ATTESTATION)
    export(signer, file)
    signer.remove_keys(ATTESTATION["pubkey"])

    result = replay(file, signer.url)

    assert MANNERS_DIFFER == result.exit_code
    assert "expected status 200, found 404: expected one of the 2 loaded" in result.stdout
    assert "line 2: ATTESTATION by" in result.stdout


def test_a_missing_answer_is_told_and_ends_with_3(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO)
    export(signer, file)
    signer.fault(hang=True)

    result = replay(file, signer.url, "--timeout", 0.2)

    assert MANNERS_DIFFER == result.exit_code
    assert "expected status 200, found no answer: timed out" in result.stdout


def test_nobody_at_the_url_ends_with_2(file: Path) -> None:
    file.write_text("")

    result = replay(file, f"http://127.0.0.1:{free_port()}")

    assert NOTHING_TO_COMPARE == result.exit_code
    assert "cannot reach a signer at http://127.0.0.1:" in result.stderr


@pytest.mark.parametrize("url", ["localhost", "ftp://a", "http://a:s3cret@b?c"])
def test_no_url_ends_with_2(file: Path, url: str) -> None:
    file.write_text("")

    result = replay(file, url)

    assert NOTHING_TO_COMPARE == result.exit_code
    assert "s3cret" not in result.output


def test_malformed_lines_are_named_by_their_number(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO)
    export(signer, file)
    record = file.read_text()
    torn = record[:-40]
    file.write_text(f"{record}\nnonsense\n{record}[]\n{{}}\n{torn}")  # 4 of 6 are damaged

    result = replay(file, signer.url)

    told = re.findall(r"line (\d+): (expected a record as JSON|no record: )", result.stderr)
    assert ["3", "5", "6", "7"] == [number for number, _ in told]
    assert "line 6: no record: Object missing required field" in result.stderr
    assert SAME == result.exit_code
    assert "2 have the same answer" in result.stdout
    assert "4 lines left out" in result.stdout


def test_the_first_malformed_lines_are_named(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO)
    export(signer, file)
    record = file.read_text()
    file.write_text(record + "nonsense\n" * 1000)

    many = replay(file, signer.url)
    file.write_text(f"{record}nonsense\n")
    one = replay(file, signer.url)

    assert 5 == many.stderr.count("; left out\n")
    assert "1,000 lines left out: they are no records; the first 5 are named" in many.stdout
    assert "1 line left out: it is no record" in one.stdout


def test_the_first_differences_of_each_type_are_printed(signer: Signer, file: Path) -> None:
    for vector in (RANDAO, ATTESTATION):
        for _ in range(8):
            sign(signer, vector)
    export(signer, file)

    with signer.fault(signature="infinity"):
        first = replay(file, signer.url)
        every = replay(file, signer.url, "--all")

    assert (SIGNATURES_DIFFER, 10) == (first.exit_code, len(curl_lines(first.stdout)))
    assert "RANDAO_REVEAL, another signature: and 3 more like these (--all)" in first.stdout
    assert "ATTESTATION, another signature: and 3 more like these (--all)" in first.stdout
    assert "16 have another signature" in first.stdout
    assert 16 == len(curl_lines(every.stdout))
    assert "more like these" not in every.stdout


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_of_another_kind_ends_with_2(signer: Signer, file: Path, status: int) -> None:
    sign(signer, RANDAO)
    sign(signer, ATTESTATION)
    export(signer, file)

    with signer.fault(path="*", status=status, body="Not Found", content_type="text/plain"):
        result = replay(file, signer.url)

    assert NOTHING_TO_COMPARE == result.exit_code
    assert f"is this a signer? all 2 sign requests to {signer.url}" in result.stderr


def test_a_signer_without_the_keys_is_a_signer(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO)
    export(signer, file)

    with signer.fault(path="/api/v1/eth2/sign/*", status=404, body="Not Found"):
        result = replay(file, signer.url)

    assert MANNERS_DIFFER == result.exit_code


def test_a_file_that_is_not_there_ends_with_2(signer: Signer, file: Path) -> None:
    result = replay(file, signer.url)

    assert NOTHING_TO_COMPARE == result.exit_code
    assert f"cannot read {file}: No such file or directory" in result.stderr


def test_a_file_of_something_else_ends_with_2(signer: Signer, file: Path) -> None:
    file.write_text("notes\n")

    assert NOTHING_TO_COMPARE == replay(file, signer.url).exit_code


def test_a_batch_is_sent_key_by_key(signer: Signer, file: Path) -> None:
    keys = [ATTESTATION["pubkey"], RANDAO["pubkey"]]
    sent = {"identifiers": keys, "signing_request": RANDAO["request"]}
    ask(signer, "POST", "/api/v1/eth2/sign", sent)
    export(signer, file)

    result = replay(file, signer.url)

    assert SAME == result.exit_code, result.output
    assert "2 have the same answer" in result.stdout
    assert "1 not sent: they are batches, whose keys are sent one by one" in result.stdout


def test_changes_of_keys_are_not_sent(signer: Signer, file: Path) -> None:
    ask(signer, "DELETE", "/eth/v1/keystores", {"pubkeys": [RANDAO["pubkey"]]})
    export(signer, file)

    result = replay(file, signer.url)

    assert "1 not sent: they would change keys" in result.stdout
    assert 1 == len(signer.requests)


def test_what_a_fault_answered_is_not_compared(signer: Signer, file: Path) -> None:
    with signer.fault(status=500):
        sign(signer, RANDAO)
    export(signer, file)

    result = replay(file, signer.url)

    assert SAME == result.exit_code
    assert "1 not compared: a fault answered them" in result.stdout


def test_text_that_is_no_json_is_not_sent(signer: Signer, file: Path) -> None:
    request(signer.url, "POST", f"/api/v1/eth2/sign/{RANDAO['pubkey']}", b"{nonsense")
    export(signer, file)

    result = replay(file, signer.url)

    assert "1 not sent: they have no body in the file" in result.stdout


def test_requests_for_a_key_stay_in_their_order(file: Path) -> None:
    blocks = [block(slot, root) for slot in range(100) for root in (1, 2)]
    with Signer(interop=1, slashing="enforce") as signer:
        for each in blocks:
            ask(signer, "POST", f"/api/v1/eth2/sign/{KEY}", each)
        export(signer, file)
        signer.reset()

        result = replay(file, signer.url, "--connections", 16)

    assert SAME == result.exit_code, result.output
    assert "200 have the same answer" in result.stdout


@pytest.mark.parametrize(("speed", "shortest"), [(1, 0.4), (2, 0.2)])
def test_requests_keep_their_time(
    signer: Signer, file: Path, speed: float, shortest: float
) -> None:
    sign(signer, RANDAO)
    export(signer, file)
    first = json.loads(file.read_text())
    later = first | {"time": first["time"] + 0.4}
    file.write_text(f"{json.dumps(first)}\n{json.dumps(later)}\n")

    started = time.monotonic()
    result = replay(file, signer.url, "--speed", speed)

    assert SAME == result.exit_code
    assert time.monotonic() - started >= shortest


def test_a_large_body_is_shown_by_its_line(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO | {"request": RANDAO["request"] | {"more": "x" * 5000}})
    export(signer, file)
    signer.fault(status=500)

    result = replay(file, signer.url)

    [line] = curl_lines(result.stdout)
    assert line.startswith(f"sed -n 1p {file} | jq -c .body | curl -s -X POST http://")
    assert len(line) < 600


def test_a_user_is_sent_and_not_shown(file: Path) -> None:
    with Signer(keys=KEYS, auth="harness:s3cret") as guarded, Signer(keys=KEYS) as signer:
        sign(signer, RANDAO)
        export(signer, file)
        url = guarded.url.replace("://", "://harness:s3cret@")

        same = replay(file, url)
        guarded.fault(signature="wrong_key")
        different = replay(file, url)

    assert (SAME, SIGNATURES_DIFFER) == (same.exit_code, different.exit_code)
    assert "s3cret" not in same.output + different.output


def test_a_signer_with_tls_is_trusted_by_its_authority(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO)
    export(signer, file)

    with Signer(keys=KEYS, tls="mtls") as other:
        files: Any = ["--ca-file", other.tls.ca, "--cert", other.tls.client]

        assert SAME == replay(file, other.url, *files).exit_code
        assert NOTHING_TO_COMPARE == replay(file, other.url).exit_code


def test_a_long_file_takes_little_memory(signer: Signer, file: Path) -> None:
    sign(signer, RANDAO | {"request": RANDAO["request"] | {"more": "x" * 100_000}})
    export(signer, file)
    with file.open("ab") as lines:
        lines.write(file.read_bytes() * 300)
    size = file.stat().st_size
    with scripted(*[response(b"no", "400 Bad Request")] * 301) as server:
        server.keeps_requests = False
        tracemalloc.start()
        try:
            replay(file, server.url, "--connections", 2)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert 30_000_000 < size
    assert peak < size / 2
