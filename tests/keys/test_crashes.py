"""Signers that are killed, and disks that fail: some rounds of fuzz/, and what it has found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.answered import KINDS, Answered, BrokenError, Message
from support.covered import block, history, slashable
from support.data_dir import PUBKEYS, delete_keys, import_keys, keeping
from support.disk_faults import MISSING, FaultyDisk, Plan
from support.lasting import listed
from support.mixed_load import is_of_the_disk
from support.served import command, running, started

ROOT = Path(__file__).parent.parent.parent
ROUNDS = os.environ.get("PY3SIGNER_CRASH_ROUNDS", "2")
KEY = PUBKEYS[0]
SERVING = ["--port", "0", "--ready-json"]
on_a_faulty_disk = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def play(script: str, *flags: str) -> str:
    """The last line of a script in fuzz/, which must find nothing."""
    arguments = [sys.executable, "-W", "error", str(ROOT / "fuzz" / script), "--seed", "1", *flags]
    paths = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "benchmarks")])
    done = subprocess.run(
        arguments,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout.splitlines()[-1]


@pytest.mark.slow
@pytest.mark.timeout(60 + 5 * int(ROUNDS))
def test_a_killed_signer_keeps_to_its_answers() -> None:
    assert play("kills.py", "--rounds", ROUNDS).startswith(f"{ROUNDS} kills")


@pytest.mark.slow
@on_a_faulty_disk
def test_a_signer_on_a_faulty_disk_keeps_to_its_answers() -> None:
    assert " errors that tell of the disk" in play("disk_faults.py", "--faults", "30")


@pytest.mark.slow
@on_a_faulty_disk
def test_a_key_whose_deletion_failed_is_kept_by_its_next_import(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    disk = FaultyDisk(tmp_path, data_dir)

    with running(command(*SERVING, *keeping(data_dir)), disk.environment) as signer:
        import_keys(signer, KEY)
        disk.arm(Plan(kinds=("sync",)))
        [deleted] = delete_keys(signer, KEY)
        disk.disarm()
        [imported] = import_keys(signer, KEY)

    assert ("error", "duplicate") == (deleted["status"], imported["status"])
    with started(keeping(data_dir)) as signer:
        assert [KEY] == listed(signer)


@pytest.mark.slow
@on_a_faulty_disk
def test_a_key_whose_import_failed_half_way_can_be_deleted_for_good(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    disk = FaultyDisk(tmp_path, data_dir)

    with running(command(*SERVING, *keeping(data_dir)), disk.environment) as signer:
        disk.arm(Plan(kinds=("sync", "unlink"), skipped=1))  # after the file is in its place
        [imported] = import_keys(signer, KEY)
        disk.disarm()
        [deleted] = delete_keys(signer, KEY)

    assert ("error", "deleted") == (imported["status"], deleted["status"])
    with started(keeping(data_dir)) as signer:
        assert [] == listed(signer)


@pytest.mark.slow
@on_a_faulty_disk
def test_nothing_is_answered_before_it_is_flushed_to_the_disk(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    disk = FaultyDisk(tmp_path, data_dir)
    flags = [*SERVING, *keeping(data_dir), "--slashing", "enforce"]

    with running(command(*flags), disk.environment) as signer:
        import_keys(signer, KEY)
        disk.arm(Plan(kinds=("sync",)))
        answers = [signer.sign(KEY, slashable(kind, 7, 1)) for kind in KINDS]
        changes = [*import_keys(signer, PUBKEYS[1]), *delete_keys(signer, KEY)]
        disk.disarm()

    database = f"cannot write {data_dir / 'slashing.sqlite'}: disk I/O error"
    assert [(500, database)] * 2 == [(answer.status, answer.json["message"]) for answer in answers]
    files = [f"{data_dir}/keystores/{pubkey}.json" for pubkey in (PUBKEYS[1], KEY)]
    messages = [f"cannot write {files[0]}", f"cannot remove {files[1]}"]
    expected = [f"{message}: Input/output error" for message in messages]
    assert expected == [change["message"] for change in changes]


@pytest.mark.slow
@on_a_faulty_disk
def test_a_reset_that_fails_forgets_nothing(tmp_path: Path) -> None:
    disk = FaultyDisk(tmp_path, tmp_path / "data")
    flags = [*SERVING, *keeping(tmp_path / "data"), "--slashing", "enforce"]
    flags += ["--interop", "2", "--control"]

    with running(command(*flags), disk.environment) as signer:
        signer.sign(KEY, block(7, 1))
        disk.arm(Plan(kinds=("sync",)))
        reset = signer.ask("POST", "/_signer/reset")
        disk.disarm()
        signer.sign(PUBKEYS[1], block(7, 1))

    assert (500, True) == (reset.status, is_of_the_disk(reset.body.decode()))
    with started(flags[3:]) as signer:
        assert [412, 200] == [signer.sign(KEY, block(7, number)).status for number in (2, 1)]


@pytest.mark.parametrize(("status", "keys"), [("imported", []), ("deleted", [KEY])])
def test_a_key_that_is_not_as_answered_is_found(status: str, keys: list[str]) -> None:
    answered = Answered([KEY])
    answered.note_results([KEY], [{"status": status}])

    with pytest.raises(BrokenError, match=f"^{KEY} is .*, although it was answered: {status}$"):
        answered.check_keys(keys)


@pytest.mark.parametrize("recorded", [[], [history(KEY, 6)], [history(PUBKEYS[1], 7)]])
def test_a_signature_without_its_record_is_found(recorded: list[object]) -> None:
    answered = Answered([KEY])
    answered.note_signed(Message(KEY, "signed_blocks", 7, "0x01"))

    with pytest.raises(BrokenError, match=r"^signed, and not in the history: "):
        answered.check_history({"data": recorded})


def test_a_signature_over_another_root_than_the_recorded_one_is_found() -> None:
    answered = Answered([KEY])
    answered.note_signed(Message(KEY, "signed_blocks", 7, "0x" + "00" * 96))

    with pytest.raises(BrokenError, match=r"^recorded another root "):
        answered.verify_new({"data": [history(KEY, 7)]})
