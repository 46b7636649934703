"""`signer slashing`: what it imports, exports and refuses."""

import json
import os
from pathlib import Path

import pytest
from click.testing import Result

from signer import Signer
from support.data_dir import keeping
from support.interchange import EACH_BAD, HOODI, METADATA, document, history
from support.served import CANNOT_SERVE, WRONG_FLAGS, serving_here
from support.slashable import KEY, attestation, block, statuses
from support.slashing_command import exported, imported, slashing


def test_an_import_tells_how_far_it_is_and_is_exported(tmp_path: Path) -> None:
    signed = [history(f"0x{key:096x}", 4, 5, slots=(7, 9)) for key in range(501)]

    result = imported(tmp_path, document(*signed))

    progress = "imported 500 of 501 keys\nimported 501 of 501 keys\n"
    assert (0, "", progress) == (result.exit_code, result.stdout, result.stderr)
    assert {"metadata": METADATA, "data": signed} == exported(tmp_path)


def test_what_was_imported_is_refused(tmp_path: Path) -> None:
    imported(tmp_path, document(history(KEY, 4, 5, slots=(7, 9))))

    with serving_here(*keeping(tmp_path), "--interop", "1", "--slashing", "enforce") as signer:
        for request in (attestation(5), attestation(6, source=3), block(6), block(9)):
            assert 412 == signer.sign(KEY, request).status


def told(result: Result, code: int = WRONG_FLAGS) -> str:
    """The one line of an error."""
    assert isinstance(result.exception, SystemExit)  # not another one, with a traceback
    assert (code, "", 1) == (result.exit_code, result.stdout, len(result.stderr.splitlines()))
    return result.stderr.removeprefix("Error: ")


def test_a_history_of_another_chain_is_imported_unless_a_network_was_asked_for(
    tmp_path: Path,
) -> None:
    text = document(history(KEY, 4), genesis_validators_root=HOODI)

    assert 0 == imported(tmp_path, f"\ufeff{text}").exit_code

    assert json.loads(text) == exported(tmp_path)
    file = tmp_path / "imported"
    refused = slashing("import", "--data-dir", tmp_path, "--network", "mainnet", file)
    assert f"found {HOODI}: give the --network " in told(refused)


@pytest.mark.parametrize("steps", [1, 500])
def test_a_key_that_stands_twice_keeps_its_older_messages(tmp_path: Path, steps: int) -> None:
    others = [history(f"0x{key:096x}", 4) for key in range(1, steps)]

    imported(tmp_path, document(history(KEY, 4), *others, history(KEY, 90)))

    [found] = [each for each in exported(tmp_path)["data"] if each["pubkey"] == KEY]
    assert history(KEY, 4, 90) == found


@EACH_BAD
def test_a_bad_file_changes_nothing(tmp_path: Path, text: str, expected: str) -> None:
    imported(tmp_path, document(history(KEY, 3)))
    before = exported(tmp_path)

    message = told(imported(tmp_path, text))

    assert (True, before) == (expected in message, exported(tmp_path))


@pytest.mark.parametrize("command", ["import", "export"])
def test_a_data_dir_in_use_is_refused(tmp_path: Path, command: str) -> None:
    (file := tmp_path / "file").write_text(text := document(history(KEY, 4)))

    with Signer(interop=1, slashing="enforce", data_dir=tmp_path) as signer:
        message = told(slashing(command, "--data-dir", tmp_path, file), CANNOT_SERVE)
        assert [200] == statuses(signer, attestation(4))

    assert f"{tmp_path} in use by process {os.getpid()}: stop it" in message
    assert text == file.read_text()


@pytest.mark.parametrize(
    ("command", "flags"),
    [
        ("import", []),
        ("import", ["--data-dir", __file__]),
        ("export", []),
        ("export", ["--data-dir", __file__]),
        ("export", ["--data-dir", "nowhere"]),
    ],
)
def test_a_data_dir_that_is_none_is_refused(tmp_path: Path, command: str, flags: list[str]) -> None:
    (file := tmp_path / "file").touch()

    assert "expected the --data-dir of a signer" in told(slashing(command, *flags, file))


def test_an_export_to_a_dash_is_written_to_standard_output(tmp_path: Path) -> None:
    imported(tmp_path, document(signed := history(KEY, 4, 5, slots=(7, 9))))

    result = slashing("export", "--data-dir", tmp_path, "-")

    assert (0, "") == (result.exit_code, result.stderr)
    assert {"metadata": METADATA, "data": [signed]} == json.loads(result.stdout)


def test_a_folder_without_histories_exports_nothing_and_says_so(tmp_path: Path) -> None:
    result = slashing("export", "--data-dir", tmp_path, "-")

    assert (0, []) == (result.exit_code, json.loads(result.stdout)["data"])
    assert f"exported nothing: {tmp_path} has no signing history" in result.stderr


def test_a_file_without_keys_imports_nothing_and_says_so(tmp_path: Path) -> None:
    result = imported(tmp_path, document())

    assert 0 == result.exit_code
    assert "imported nothing: the file has no keys" in result.stderr


def test_an_import_makes_the_data_directory_and_says_so(tmp_path: Path) -> None:
    (file := tmp_path / "file").write_text(document(signed := history(KEY, 4)))
    folder = tmp_path / "new" / "data"

    result = slashing("import", "--data-dir", folder, file)

    assert f"made the data directory {folder}\n" in result.stderr
    assert {"metadata": METADATA, "data": [signed]} == exported(folder)


def test_a_bad_file_leaves_no_folder_behind(tmp_path: Path) -> None:
    (file := tmp_path / "file").write_text("{")

    told(slashing("import", "--data-dir", tmp_path / "new", file))

    assert not (tmp_path / "new").exists()


def test_an_export_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    assert "none" in told(slashing("export", "--data-dir", tmp_path, tmp_path / "none" / "file"))
