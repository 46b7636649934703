"""`signer bench`: signers side by side over real sockets. Tests judge no figure."""

import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from signer import Signer
from signer.cli import main
from support.served import CANNOT_SERVE, WRONG_FLAGS, free_port

QUICK = ["--seconds", "0.05", "--rounds", "1", "--connections", "2"]
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Signer, Signer]]:
    with Signer(interop=4) as one, Signer(interop=4, slashing="enforce") as other:
        yield one, other


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


def name_of(signer: Signer) -> str:
    return signer.url.removeprefix("http://")


@pytest.fixture(scope="module")
def measured(
    pair: tuple[Signer, Signer], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Result, Path]:
    """One comparison of two signers, with its files."""
    folder = tmp_path_factory.mktemp("bench")
    files = ["--json", folder / "figures.json", "--svg", folder / "chart.svg"]
    # A rate, so that the open loop has figures on a busy machine too
    quick = ["--seconds", "0.1", "--rounds", "1", "--connections", "1,2", "--rate", "200"]
    return run(*[signer.url for signer in pair], *quick, *files), folder


LOADS = [
    "new roots, c=1",
    "new roots, c=2",
    "one root, c=1",
    "one root, c=2",
    "batches of 4 keys",
    "open loop, new roots",
]


@pytest.mark.parametrize("load", LOADS)
def test_the_tables_have_a_row_for_each_load_and_signer(
    load: str, pair: tuple[Signer, Signer], measured: tuple[Result, Path]
) -> None:
    result, _ = measured
    rows = [line.split("|")[1:3] for line in result.stdout.splitlines() if line.startswith("| ")]
    cells = [(name.strip(), target.strip()) for name, target in rows]

    assert 0 == result.exit_code, result.stdout
    for signer in pair:
        assert (load, name_of(signer)) in cells


def test_equal_signatures_are_told(
    pair: tuple[Signer, Signer], measured: tuple[Result, Path]
) -> None:
    result, _ = measured

    for signer in pair:
        line = next(
            line
            for line in result.stdout.splitlines()
            if line.startswith(f"Signatures of {name_of(signer)}")
        )
        assert line.endswith("; all are equal.")
        assert "we compared 0 " not in line
        assert ", and 0 with those of other targets" not in line


def test_the_command_says_at_the_start_how_long_it_takes(measured: tuple[Result, Path]) -> None:
    result, _ = measured

    assert "6 loads, rounds: 1, keys: 4, about 2 seconds" in result.stderr


def test_no_version_of_ours_is_told(measured: tuple[Result, Path]) -> None:
    result, folder = measured
    machine = json.loads((folder / "figures.json").read_text("utf-8"))["machine"]

    assert {"cpu", "cores", "python", "kernel", "load average"} == set(machine)
    assert "budget" not in result.output


def test_the_json_has_all_figures(
    pair: tuple[Signer, Signer], measured: tuple[Result, Path]
) -> None:
    _, folder = measured
    figures = json.loads((folder / "figures.json").read_text("utf-8"))
    names = [name_of(signer) for signer in pair]

    assert names == figures["targets"]
    loads = {(row["load"], row["target"]) for row in figures["loads"]}
    assert {(load, name) for load in LOADS for name in names} == loads
    for row in figures["loads"]:
        assert (1, 0, 0) == (len(row["rounds"]), row["errors"], row["lost"])
        assert 0 < row["median"].get("p50 ms", 1e-9) <= row["median"]["max ms"]
    assert {"new roots, c=1", "new roots, c=2", LOADS[-1]} == set(figures["ceiling"])


def test_fewer_than_three_rounds_have_no_winner(measured: tuple[Result, Path]) -> None:
    _, folder = measured
    verdicts = json.loads((folder / "figures.json").read_text("utf-8"))["verdicts"]

    assert LOADS == [*dict.fromkeys(verdict["load"] for verdict in verdicts)]
    assert {None} == {verdict["winner"] for verdict in verdicts}


def test_the_chart_is_xml_with_a_line_and_a_name_for_each_signer(
    pair: tuple[Signer, Signer], measured: tuple[Result, Path]
) -> None:
    _, folder = measured
    root = ET.parse(folder / "chart.svg").getroot()
    texts = [element.text or "" for element in root.iter(f"{SVG}text")]
    lines = [path for path in root.iter(f"{SVG}path") if path.get("stroke-dasharray") is not None]

    assert f"{SVG}svg" == root.tag
    assert [*(name_of(signer) for signer in pair), "nothing signed"] == texts[-3:]
    assert 3 == len(lines)
    assert {"50", "90", "max", "latency, ms (log scale)"} <= {*texts}
    assert "200 requests due per second, new roots, medians of the rounds: 1" in texts
    assert "prefers-color-scheme:dark" in (root.findtext(f"{SVG}style") or "")


def test_the_chart_has_the_figures_of_the_table(
    measured: tuple[Result, Path],
) -> None:
    """The scale is logarithmic, so equal ratios of latencies have equal heights."""
    _, folder = measured
    figures = json.loads((folder / "figures.json").read_text("utf-8"))
    medians = [row["median"] for row in figures["loads"] if row["load"] == LOADS[-1]]
    root = ET.parse(folder / "chart.svg").getroot()
    lines = [path for path in root.iter(f"{SVG}path") if path.get("stroke-dasharray") is not None]
    tops = [float(path.attrib["d"].split()[-1]) for path in lines]
    marks = {
        text.text: float(text.attrib["y"]) - 4
        for text in root.iter(f"{SVG}text")
        if text.get("text-anchor") == "end"
    }
    (low, low_y), *_, (high, high_y) = [(float(name or 0), y) for name, y in marks.items()]

    for median, top in zip(medians, tops, strict=False):
        part = math.log(median["max ms"] / low) / math.log(high / low)
        assert pytest.approx(low_y + (high_y - low_y) * part, abs=0.3) == top


WRONG = ["wrong_root", "wrong_key", "short"]


@pytest.mark.parametrize("kind", WRONG)
def test_a_signer_that_signs_something_else_is_named(kind: Any, tmp_path: Path) -> None:
    files = ["--json", tmp_path / "figures.json", "--svg", tmp_path / "chart.svg"]
    with Signer(interop=4) as honest, Signer(interop=4) as liar:
        liar.fault(signature=kind)

        result = run(honest.url, liar.url, *QUICK, "--rate", 200, *files)

    assert 1 == result.exit_code
    reason = f"no winner, because {name_of(liar)} signed something else"
    assert f"Verdict: {reason}. See below." in result.stdout
    verdicts = json.loads((tmp_path / "figures.json").read_text("utf-8"))["verdicts"]
    for verdict in verdicts:
        assert (None, None, reason) == (verdict["winner"], verdict["loser"], verdict["text"])
    texts = [text.text for text in ET.parse(tmp_path / "chart.svg").iter(f"{SVG}text")]
    assert [name_of(liar), "wrong signatures"] == texts[texts.index(name_of(liar)) :][:2]
    assert 1 == texts.count("wrong signatures")
    assert f"WRONG SIGNATURES of {name_of(liar)}" in result.stdout
    assert f"Signatures of {name_of(honest)}" in result.stdout


@pytest.mark.slow
def test_one_wrong_signature_among_many_is_found_by_the_other_signer() -> None:
    with Signer(interop=1) as honest, Signer(interop=1) as liar:
        liar.fault(type="ATTESTATION", signature="wrong_root", after=3, times=1)
        flags = ["--seconds", "0.2", "--rounds", "1", "--connections", "16", "--interop", "1"]

        result = run(honest.url, liar.url, *flags)

    assert 1 == result.exit_code
    assert f"WRONG SIGNATURES of {name_of(liar)}" in result.stdout


def test_errors_are_counted_and_told() -> None:
    with Signer(interop=4) as signer:
        signer.fault(status=503, body="out of order", path="*/sign*")

        result = run(signer.url, *QUICK)

    assert 1 == result.exit_code
    assert "no signature" in result.stdout
    assert f"Signatures of {name_of(signer)}: it gave out none" in result.stdout
    assert f"ERRORS of {name_of(signer)}" in result.stdout
    assert "the first: 503 out of order" in result.stdout


def test_an_unreachable_signer_is_told_at_the_start() -> None:
    url = f"http://127.0.0.1:{free_port()}"

    result = run(url, *QUICK)

    assert CANNOT_SERVE == result.exit_code
    assert f"cannot reach a signer at {url}: Connection refused; start it" in result.stderr
    assert "" == result.stdout


def test_https_at_a_signer_of_http_is_told(pair: tuple[Signer, Signer]) -> None:
    result = run(pair[0].url.replace("http:", "https:"), *QUICK)

    assert CANNOT_SERVE == result.exit_code
    assert "it does not speak TLS, so it may speak http; start it" in result.stderr


def test_the_help_names_each_exit_code() -> None:
    text = " ".join(run("--help").stdout.split())

    assert "Exits with 0, with 1 when" in text
    assert "and with 2 for a wrong flag" in text
    assert "the exit code is 130 then" in text


def test_a_server_without_our_keys_is_told() -> None:
    with Signer(interop=1, start_index=0) as signer:
        result = run(signer.url, "--mnemonic", "devnet", "--count", "2", *QUICK)

    assert 1 == result.exit_code
    assert f"expected keys that we know at {signer.url}, found 1 others" in result.stderr
    assert "start it with the keys 0 to 1 of your --mnemonic, or" in result.stderr


def test_a_server_without_the_keys_of_a_file_is_told(
    pair: tuple[Signer, Signer], tmp_path: Path
) -> None:
    file = tmp_path / "keys"
    file.write_text(f"0x{7:064x}\n")

    result = run(pair[0].url, "--secret-keys-file", file, *QUICK)

    assert f"found 4 others: start it with the keys in {file}, or" in result.stderr


def test_another_server_is_told(pair: tuple[Signer, Signer]) -> None:
    result = run(f"{pair[0].url}/elsewhere", *QUICK)

    assert 1 == result.exit_code
    assert "found status 404: is another server there?" in result.stderr


OTHER_WORDS = ["127.0.0.1:9000", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999"]


@pytest.mark.parametrize("url", OTHER_WORDS)
def test_another_word_than_a_url_is_refused(url: str) -> None:
    result = run(url, *QUICK)

    assert WRONG_FLAGS == result.exit_code
    assert "expected a URL such as http://127.0.0.1:9000" in result.stderr


def test_a_password_in_a_url_is_refused_and_not_shown() -> None:
    result = run("http://alice:secret@127.0.0.1:9000", *QUICK)

    assert WRONG_FLAGS == result.exit_code
    assert "put them in --auth-file" in result.stderr
    assert "secret" not in result.output


WRONG_ARGUMENTS = {
    "no numbers": (["--connections", "few"], "expected --connections such as 1,16,64"),
    "no connection": (["--connections", "0"], "expected --connections such as 1,16,64"),
    "too few processes": (["--pid", "-", "--pid", "-"], "expected a --pid for each of 1 URLs"),
    "no process": (["--pid", "first"], "expected --pid as a number or -, found 'first'"),
    "a file in no folder": (["--svg", "/nowhere/a.svg"], "expected a folder for /nowhere/a.svg"),
    "a process that is gone": (["--pid", "4194305"], "found no process 4194305 on this machine"),
}


@pytest.mark.parametrize("case", WRONG_ARGUMENTS)
def test_a_wrong_flag_is_explained(case: str) -> None:
    arguments, message = WRONG_ARGUMENTS[case]

    result = run("http://127.0.0.1:9", *arguments)

    assert WRONG_FLAGS == result.exit_code
    assert message in result.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells CPU time exactly")
def test_cpu_is_told_for_a_process_of_this_machine(pair: tuple[Signer, Signer]) -> None:
    one, other = (signer.url for signer in pair)

    result = run(one, other, *QUICK, "--pid", str(os.getpid()), "--pid", "-")

    rows = [
        line.split("|")
        for line in result.stdout.splitlines()
        if line.startswith("| new roots, c=2")
    ]
    head = next(line for line in result.stdout.splitlines() if "CPU µs" in line).split("|")
    column = [name.strip() for name in head].index("CPU µs")
    assert [True, False] == [bool(row[column].strip()) for row in rows[:2]]


def test_a_signing_history_that_is_kept_refuses_no_later_run(tmp_path: Path) -> None:
    for _ in range(2):
        with Signer(interop=1, slashing="enforce", data_dir=tmp_path / "data") as signer:
            result = run(signer.url, "--interop", "1", *QUICK)

        assert 0 == result.exit_code, result.stdout


@pytest.mark.slow
def test_a_signer_that_goes_away_is_left_out(tmp_path: Path) -> None:
    chart = tmp_path / "chart.svg"
    with Signer(interop=4) as steady, Signer(interop=4) as other:
        leaving = threading.Timer(0, stop_after_a_round, [other])
        leaving.start()
        flags = ["--seconds", "0.3", "--rounds", "3", "--connections", "2", "--rate", "100"]

        result = run(steady.url, other.url, *flags, "--svg", chart)
        leaving.join()

    assert 1 == result.exit_code
    assert f"GONE: {name_of(other)} stopped answering" in result.stdout
    assert "0 errors, 0 requests" not in result.stdout
    assert "[Errno" not in result.stdout
    rows = [line for line in result.stdout.splitlines() if line.startswith("| open loop")]
    assert [False, True] == ["1 of 3 rounds" in row for row in rows[:2]]
    texts = [text.text or "" for text in ET.parse(chart).iter(f"{SVG}text")]
    assert "gone after 1 of 3 rounds" == texts[texts.index(name_of(other)) + 1]
    assert f"Signatures of {name_of(steady)}" in result.stdout


@pytest.mark.slow
def test_a_signer_that_hangs_is_left_out() -> None:
    with Signer(interop=4) as signer:
        signer.fault(type="RANDAO_REVEAL", hang=True)

        result = run(signer.url, *QUICK)

    assert 1 == result.exit_code
    assert f"GONE: {name_of(signer)} stopped answering" in result.stdout
    assert "no answer within 10 seconds" in result.stdout


def stop_after_a_round(signer: Signer) -> None:
    """Stops a signer in the second round: in each one reveals come first, and batches later."""
    reveal: Any = {"type": "RANDAO_REVEAL"}
    batch: Any = {"path": "/api/v1/eth2/sign"}
    seen = 0
    for load in [reveal, batch, reveal]:
        [first, *_] = signer.wait_for(1, since=seen, timeout=60, **load)
        seen = first.seq
    signer.stop()


@pytest.mark.slow
def test_ctrl_c_prints_what_was_measured_so_far() -> None:
    with Signer(interop=4) as signer:
        command = [sys.executable, "-m", "signer", "bench", signer.url, "--rounds", "100"]
        with subprocess.Popen(
            [*command, "--seconds", "0.1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            signer.wait_for(500, timeout=30)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=30)

    assert 130 == process.returncode, errors
    assert "of 100 rounds are whole" in output
    assert "| new roots, c=1" in output
    assert "Traceback" not in errors


def test_tls_and_a_user_are_shown_the_signer(tmp_path: Path) -> None:
    user = tmp_path / "user"
    user.write_text("alice:secret\n")
    with Signer(interop=4, tls="mtls", auth="alice:secret") as signer:
        files = ["--tls-ca", signer.tls.ca, "--tls-client-cert", signer.tls.client]

        accepted = run(signer.url, *files, "--auth-file", user, *QUICK)
        refused = run(signer.url, *files, *QUICK)

    assert 0 == accepted.exit_code, accepted.output
    assert "all are equal" in accepted.stdout
    assert "found status 401" in refused.stderr
    assert "secret" not in accepted.output


def test_an_untrusted_certificate_is_told() -> None:
    with Signer(interop=4, tls=True) as signer:
        result = run(signer.url, *QUICK)

    assert 1 == result.exit_code
    assert "certificate verify failed" in result.stderr
