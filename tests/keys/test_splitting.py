"""`signer keys --split`: what each participant gets, and that it is checked."""

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from signer import SecretKey
from signer._core import recover_public_key
from signer.cli import main
from signer.config.settings import Config
from signer.keys.derived import mnemonic_keys
from signer.keys.distributed import DistributedAccounts
from signer.keys.layouts import LAYOUTS
from signer.keys.splitting import NO_SHARE_LAYOUTS
from signer.threads import thread_pool
from support.distributed import KEY, OTHER, SECRETS, account_sets, split
from support.served import ended_here
from support.vectors import unhex

KEYS = [unhex(KEY), unhex(OTHER)]
DEVNET = ("--mnemonic", "devnet", "--count", "2")


def recovered(paths: list[Path], ids: list[int]) -> list[bytes]:
    """The keys that the shares of these participants recover, as they are read from disk."""
    accounts = {}
    for number in ids:
        accounts[number] = DistributedAccounts(Config(distributed=paths[number - 1]))
        with thread_pool() as pool:
            assert [] == accounts[number].load(pool)
    keys = [entry.composite_public_key for entry in accounts[ids[0]].entries]
    return [recover_public_key(ids, [accounts[i][key].pubkey for i in ids]) for key in keys]


@pytest.mark.parametrize("ids", [[1, 2], [1, 3], [2, 3]])
def test_any_two_of_three_folders_have_the_keys(tmp_path: Path, ids: list[int]) -> None:
    paths = account_sets(tmp_path / "out")

    assert KEYS == recovered(paths, ids)


@pytest.mark.parametrize("layout", sorted({*LAYOUTS} - {*NO_SHARE_LAYOUTS}))
def test_shares_are_found_in_a_layout(tmp_path: Path, layout: str) -> None:
    paths = account_sets(tmp_path / "out", "--layout", layout)

    assert KEYS == recovered(paths, [1, 3])


@pytest.mark.parametrize("layout", NO_SHARE_LAYOUTS)
def test_a_layout_without_a_keystore_for_each_share_is_refused(tmp_path: Path, layout: str) -> None:
    done = split(tmp_path / "out", "--layout", layout)

    assert 2 == done.exit_code
    assert "expected with --split another layout than" in done.output
    assert not (tmp_path / "out").exists()


def test_keys_of_a_mnemonic_are_split(tmp_path: Path) -> None:
    done = split(tmp_path / "out", source=DEVNET)

    assert 0 == done.exit_code, done.output
    paths = sorted((tmp_path / "out").glob("*/distributed.json"))
    assert [key.pubkey for key in mnemonic_keys("devnet", 2)] == recovered(paths, [2, 3])


def test_the_public_keys_of_the_validators_are_written(tmp_path: Path) -> None:
    split(tmp_path / "out", source=DEVNET)

    expected = [f"0x{key.pubkey.hex()}" for key in mnemonic_keys("devnet", 2)]
    assert expected == (tmp_path / "out" / "pubkeys.txt").read_text().splitlines()


def test_keys_of_keystores_are_split(tmp_path: Path) -> None:
    assert 0 == split(tmp_path / "whole", "--split", "1/1").exit_code
    source = ("--keystores-path", str(tmp_path / "whole"))

    done = split(tmp_path / "out", source=source)

    assert 0 == done.exit_code, done.output
    paths = sorted((tmp_path / "out").glob("*/distributed.json"))
    assert {*KEYS} == {*recovered(paths, [1, 2])}


def test_keystores_that_do_not_open_are_not_split(tmp_path: Path) -> None:
    [path] = account_sets(tmp_path / "whole", "--split", "1/1")
    for password in path.parent.glob("teku-secrets/*"):
        password.unlink()

    done = split(tmp_path / "out", source=("--keystores-path", str(path.parent)))

    assert 2 == done.exit_code
    assert "cannot find a password file" in done.output
    assert not (tmp_path / "out").exists()


def test_the_account_set_tells_all_participants(tmp_path: Path) -> None:
    urls = [f"https://signer-{number}.example.com" for number in (1, 2, 3)]
    flags = [text for url in urls for text in ("--endpoint", url)]

    paths = account_sets(tmp_path / "out", *flags)

    document = json.loads(paths[1].read_text())
    told = [{"id": str(number), "endpoint": url} for number, url in enumerate(urls, 1)]
    assert ("2", "2", told) == (
        document["participant_id"],
        document["signing_threshold"],
        document["participants"],
    )
    assert [KEY, OTHER] == [each["composite_public_key"] for each in document["accounts"]]


def test_the_commands_that_serve_are_printed(tmp_path: Path) -> None:
    done = split(tmp_path / "a folder")

    commands = [shlex.split(line) for line in done.stdout.splitlines()]
    assert 3 == len(commands)
    for number, (_, name, *flags) in enumerate(commands, 1):
        path = tmp_path / "a folder" / f"participant-{number}" / "distributed.json"
        assert ["--distributed", str(path), "--port", str(9100 + number)] == flags
        main.commands[name].make_context(name, flags)  # raises for an unknown flag


def test_the_files_to_edit_are_named_when_no_endpoint_was_given(tmp_path: Path) -> None:
    done = split(tmp_path / "out")

    assert "to change them, edit participants in" in done.stderr
    assert 3 == len(re.findall(r"participant-\d/distributed.json$", done.stderr, re.MULTILINE))


def test_no_share_is_the_key_and_no_file_has_a_secret_as_text(tmp_path: Path) -> None:
    account_sets(tmp_path / "out")

    texts = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    for secret in SECRETS:
        pubkey = SecretKey.from_bytes(secret).public_key().hex()
        assert not any(secret.hex().encode() in text for text in texts)
        assert not any(pubkey in path.name for path in (tmp_path / "out").rglob("*"))


def endpoints(*urls: str) -> list[str]:
    return [text for url in urls for text in ("--endpoint", url)]


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--split", ""], "expected --split to be THRESHOLD/PARTICIPANTS, such as 2/3"),
        (["--split", "2"], "expected --split to be THRESHOLD/PARTICIPANTS, such as 2/3"),
        (["--split", "two/3"], "expected --split to be THRESHOLD/PARTICIPANTS, such as 2/3"),
        (["--split", "2/300"], "expected --split to be THRESHOLD/PARTICIPANTS, such as 2/3"),
        (["--split", "0/3"], "expected the threshold of --split between 1 and the participants"),
        (["--split", "4/3"], "expected the threshold of --split between 1 and the participants"),
        (endpoints("https://a"), "expected --endpoint for each of 3 participants"),
        (endpoints("https://a", "https://b", "https://A:443"), "expected distinct --endpoint"),
        (endpoints("https://a", "https://b", "http://c"), "expected an https endpoint"),
        (endpoints("https://a", "https://b", "c"), "expected each endpoint to be an https origin"),
        (["--layout", "all"], "expected one --layout with --split"),
        (["--keystores-path", "."], "expected --interop N, or --mnemonic WORDS"),
    ],
)
def test_a_split_that_makes_no_sense_is_refused(
    tmp_path: Path,
    flags: list[str],
    told: str,
) -> None:
    done = split(tmp_path / "out", *flags)

    assert 2 == done.exit_code
    assert told in done.output
    assert not (tmp_path / "out").exists()


def test_endpoints_without_a_split_are_refused(tmp_path: Path) -> None:
    done = ended_here("keys", "--interop", "1", "--out", tmp_path, "--endpoint", "https://a")

    assert 2 == done.exit_code
    assert "expected --split with --endpoint" in done.output


def test_a_variable_of_serve_is_no_source_of_keys(tmp_path: Path) -> None:
    variables = {"SIGNER_KEYSTORES_PATH": str(tmp_path)}
    arguments = ["keys", "--interop", "1", "--out", str(tmp_path / "out")]

    done = CliRunner().invoke(main, arguments, env=variables)

    assert 0 == done.exit_code, done.output


def test_a_folder_with_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")

    done = split(tmp_path)

    assert 2 == done.exit_code
    assert [tmp_path / "mine"] == [*tmp_path.iterdir()]


def test_a_file_is_no_folder_to_write_into(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")

    done = split(tmp_path / "mine")

    assert 2 == done.exit_code
    assert f"cannot use {tmp_path / 'mine'}: Not a directory" in done.output
