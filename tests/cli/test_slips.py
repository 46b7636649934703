"""Slips on the command line: each ends with one line that says what came, and with code 2."""

from pathlib import Path

import pytest

from support.logs import messages
from support.served import CANNOT_SERVE, WRONG_FLAGS, ended_here, refused, serving_here

DEVNET = "giant issue aisle success illegal bike spike question tent bar rely arctic volcano long "
DEVNET += "crawl hungry vocal artwork sniff fantasy very lucky have athlete"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--port", "70000"], "expected --port to be at most 65535, found 70000"),
        (["--metrics-port", "70000"], "expected --metrics-port to be at most 65535, found 70000"),
        (["--idle-timeout", "nan"], "expected --idle-timeout to be 0 or more, found nan"),
        (["--idle-timeout", "inf"], "expected --idle-timeout to be at most 86400, found inf"),
        (["--idle-timeout=-1"], "expected --idle-timeout to be 0 or more, found -1.0"),
        (["--count=-3", "--mnemonic", "devnet"], "expected --count to be 0 or more, found -3"),
        (["--high-watermark-slot=-1"], "expected --high-watermark-slot to be 0 or more"),
        (["--data-dir", ""], "expected --data-dir to be a path"),
        (["--host", ""], "expected --host to be text that is not empty"),
        (["--host", "a..b"], "expected --host to be an address or the name of a host"),
        (["--fault", '{"type": "ATESTATION", "status": 500}'], "--fault: unknown type"),
        (
            ["--cors-origins", "http://a.example:80"],
            "http://a.example:80: browsers leave the usual port",
        ),
        (["--cors-origins", "https://*.example"], "https://*.example: a * stands alone"),
        (["--cors-origins", "http://b\u00fccher.example"], "browsers send its ASCII form"),
        (["--cors-origins", "a.example"], "expected --cors-origins to be an origin"),
        (["--cors-origins", "http://a.example/app"], "expected --cors-origins to be an origin"),
        (["--cors-origins", "http://a.example http://b.example"], "--cors-origins to be an origin"),
        (["--host-allowlist", "http://signer"], "the name of a host without scheme"),
        (
            ["--host-allowlist", "signer:9000"],
            "without scheme, port and path, or *, found signer:9000",
        ),
        (["--host-allowlist", "signer other"], "found signer other"),
        (["--host-allowlist", "*.example"], "found *.example"),
        (["--host", "http://127.0.0.1"], "without scheme, port and brackets, found 'http://127"),
        (["--host", "127.0.0.1:9000"], "without scheme, port and brackets, found '127.0.0.1:9000'"),
        (["--host", "[::1]"], "without scheme, port and brackets, found '[::1]'"),
        (["--host", "256.0.0.1"], "expected --host to be an address or the name of a host"),
        (["--host", "0.0.0.0 "], "expected --host to be an address or the name of a host"),
        (
            ["--data-dir", "~/data"],
            "without ~ and variables, which only a shell expands, found '~/data'",
        ),
        (["--keystores-path", "$HOME/keys"], "without ~ and variables"),
        (["--keystores-path", "${KEYS}"], "without ~ and variables"),
        (["--secret-keys-file", "/dev/null"], "expected a file, found none at /dev/null"),
        (["--fault", '{"status": 500, "status": 404}'], 'expected "status" once, found it twice'),
        (["--network", "hodi"], "did you mean hoodi?"),
        (["--mnemonic", "devnet", "--count", "1", "--start-index", str(2**32)], "at most 42949672"),
    ],
)
def test_a_wrong_value_ends_the_start(flags: list[str], expected: str) -> None:
    assert expected in refused("--no-metrics", "--port", "0", *flags)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--slashing", "enfroce"], "did you mean enforce?"),
        (["--log-level", "warn"], "did you mean warning?"),
        (["--interopp", "1"], "'--interop'"),
    ],
)
def test_a_wrong_name_ends_the_start_with_the_nearest(flags: list[str], expected: str) -> None:
    done = ended_here("serve", *flags)

    assert (WRONG_FLAGS, "") == (done.exit_code, done.stdout)
    assert expected in done.stderr


@pytest.mark.parametrize("command", [["serve"], ["keys", "--out", "keys"]])
def test_words_without_quotation_marks_are_told_without_the_words(command: list[str]) -> None:
    done = ended_here(*command, "--count", "1", "--mnemonic", *DEVNET.split())

    assert WRONG_FLAGS == done.exit_code
    assert "--mnemonic in quotation marks, found 23 words after it" in done.stderr
    assert "issue" not in done.stderr


def test_a_word_without_a_flag_is_told() -> None:
    assert "expected flags only, found keys/" in refused("--interop", "1", "keys/")


@pytest.mark.parametrize("host", ["LOCALHOST", "localhost.", "LocalHost."])
def test_this_machine_may_be_written_in_any_case(host: str) -> None:
    with serving_here("--no-metrics", "--control", "--host", host) as signer:
        assert signer.url.startswith("http://127.0.0.1:") or "[::1]" in signer.url


def test_a_host_of_the_metrics_that_does_not_exist_is_told() -> None:
    told = refused("--port", "0", "--metrics-host", "nowhere.invalid", code=CANNOT_SERVE)

    assert "cannot serve metrics on nowhere.invalid" in told


def test_a_file_without_secret_keys_is_told(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("\n")

    told = refused("--no-metrics", "--secret-keys-file", tmp_path / "keys")

    assert f"expected secret keys as hex in {tmp_path}/keys, found none" in told


def test_a_flag_in_front_of_its_command_is_told_where_it_belongs() -> None:
    done = ended_here("--interop", "4")

    assert WRONG_FLAGS == done.exit_code
    assert "expected a command, found --interop: a flag comes after its command" in done.stderr


@pytest.mark.parametrize("mode", ["report", "off"])
def test_a_high_watermark_that_ends_nothing_is_warned_of(
    caplog: pytest.LogCaptureFixture, mode: str
) -> None:
    flags = ["--no-metrics", "--slashing", mode, "--high-watermark-epoch", "9"]

    with serving_here(*flags):
        pass

    expected = "--high-watermark-epoch and -slot end nothing without --slashing enforce"
    assert [expected] == messages(caplog)


def test_choices_and_networks_are_read_in_any_case() -> None:
    flags = ["--log-level", "INFO", "--network", "MAINNET", "--slashing", "Report"]

    with serving_here("--interop", "1", *flags) as signer:
        assert 200 == signer.ask("GET", "/upcheck").status


@pytest.mark.parametrize(
    ("mnemonic", "expected"),
    [
        (f'"{DEVNET}"', "found quotation marks around them"),
        (DEVNET.replace("giant", "gaint"), "word 1 of the mnemonic"),
        (DEVNET.removesuffix(" athlete"), "found 23"),
        ("dvnet", "did you mean devnet?"),
    ],
)
def test_text_that_is_no_mnemonic_writes_no_keys(
    tmp_path: Path, mnemonic: str, expected: str
) -> None:
    out = tmp_path / "keys"

    done = ended_here("keys", "--mnemonic", mnemonic, "--count", "1", "--out", out)

    assert (WRONG_FLAGS, "", False) == (done.exit_code, done.stdout, out.exists())
    assert expected in done.stderr


def test_a_passphrase_gives_other_keys() -> None:
    flags = ["--mnemonic", "devnet", "--count", "1"]
    listed = []
    for more in ([], ["--mnemonic-passphrase", "TREZOR"]):
        with serving_here(*flags, *more) as signer:
            listed += signer.ask("GET", "/api/v1/eth2/publicKeys").json

    assert 2 == len({*listed})
