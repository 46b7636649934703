"""What is kept in --data-dir between two runs: none of it is lost, shown, or another's."""

import hmac
import signal
from contextlib import closing
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit
from subprocess import run

import pytest

from signer.keys.data_dir import DataDir
from signer.keys.keystore import parse
from support.data_dir import (
    KEYSTORES,
    PASSWORD,
    PUBKEYS,
    contents,
    delete_keys,
    file_of,
    import_keys,
    keep,
    keeping,
    put,
    reading,
)
from support.loading import logged
from support.randao import RANDAO
from support.served import CANNOT_SERVE, Served, command, refused, serving, serving_here, started
from support.vectors import unhex, vectors

SECRETS = [unhex(key["privkey"]) for key in vectors("interop_keys/keys.json")]

# runs a command where no file can have more than that many blocks (of 512 bytes): a disk is full
FULL_DISK = ["sh", "-c", 'ulimit -f "$0" && exec "$@"']


def listed(signer: Served) -> list[str]:
    keys = signer.ask("GET", "/eth/v1/keystores").json["data"]
    return [key["validating_pubkey"] for key in keys]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data directory of a signer that three keys were imported into, and that read another."""
    path = tmp_path_factory.mktemp("kept")
    put(path / "keys", PUBKEYS[3])
    with serving_here(*keeping(path / "data"), *reading(path / "keys")) as signer:
        assert [{"status": "imported"}] * 3 == import_keys(signer, *PUBKEYS[:3])
    return path / "data"


@pytest.mark.parametrize("pubkey", PUBKEYS[:3])
def test_a_kept_key_is_in_a_keystore_that_opens_at_no_cost(kept: Path, pubkey: str) -> None:
    password = hmac.digest((kept / "password").read_bytes(), unhex(pubkey), "sha256").hex()

    keystore = parse(file_of(kept, pubkey).read_bytes())

    assert keystore
    assert (unhex(pubkey), "m/1/2") == (keystore.decrypt(password).pubkey, keystore.path)
    assert ("pbkdf2", 1) == (keystore.crypto.kdf.function, keystore.crypto.kdf.params.c)


def test_nobody_else_may_look_into_a_data_dir(kept: Path) -> None:
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in [kept, *kept.rglob("*")]}

    assert {(True, 0o700), (False, 0o600)} == modes


@pytest.mark.parametrize("secret", [PASSWORD.encode(), *SECRETS[:4]])
def test_a_data_dir_shows_no_secret_of_the_user(kept: Path, secret: bytes) -> None:
    shown = b"".join(contents(kept).values())

    assert (False, False) == (secret in shown, secret.hex().encode() in shown)


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_next_signer_has_the_imported_keys(tmp_path: Path, end: signal.Signals) -> None:
    with started(keeping(tmp_path)) as signer:
        import_keys(signer, *PUBKEYS[:2])
        delete_keys(signer, PUBKEYS[1])
        signer.process.send_signal(end)
        signer.process.wait(timeout=20)

    with serving(*keeping(tmp_path)) as signer:
        assert [PUBKEYS[0]] == listed(signer)
        assert [200, 404] == [signer.sign(pubkey, RANDAO).status for pubkey in PUBKEYS[:2]]


def test_a_second_signer_is_refused_and_told_whose_the_folder_is(tmp_path: Path) -> None:
    with serving(*keeping(tmp_path)) as first:
        message = refused("--port", "0", *keeping(tmp_path), code=CANNOT_SERVE)

    assert f"{tmp_path} in use by process {first.process.pid}: stop it" in message


@pytest.mark.parametrize(
    "content",
    [KEYSTORES[PUBKEYS[0]][:300], b"\xff\0\x17", b"", b"{}", KEYSTORES[PUBKEYS[0]]],
    ids=["truncated", "garbage", "empty", "no-keystore", "another-password"],
)
def test_a_damaged_file_is_reported_and_stays(tmp_path: Path, content: bytes) -> None:
    keep(tmp_path, *PUBKEYS[:2])
    damaged = file_of(tmp_path, PUBKEYS[0])
    damaged.write_bytes(content)

    with logged() as lines, serving_here(*keeping(tmp_path)) as signer:
        health, pubkeys = signer.ask("GET", "/healthcheck"), listed(signer)

    assert (503, "DOWN") == (health.status, health.json["status"])
    assert "loaded 1 imported keys, 1 failed" in lines
    assert any(f"failed: {damaged}: " in line for line in lines)
    assert (content, [PUBKEYS[1]]) == (damaged.read_bytes(), pubkeys)


def test_a_damaged_file_is_in_the_way_of_its_key_and_stays(tmp_path: Path) -> None:
    keep(tmp_path, PUBKEYS[0])
    damaged = file_of(tmp_path, PUBKEYS[0])
    damaged.write_bytes(b"{")

    with serving_here(*keeping(tmp_path)) as signer:
        [result] = import_keys(signer, PUBKEYS[0])

    assert ("error", b"{") == (result["status"], damaged.read_bytes())
    assert f"{damaged} exists and was not loaded" in result["message"]


def test_foreign_files_are_reported_and_stay(tmp_path: Path) -> None:
    keep(tmp_path, *PUBKEYS[:2])
    other, note = file_of(tmp_path, PUBKEYS[2]), file_of(tmp_path, "notes").with_suffix(".txt.tmp")
    file_of(tmp_path, PUBKEYS[1]).replace(other)
    note.write_text("milk, bread")
    before = contents(tmp_path / "keystores")

    with logged() as lines, serving_here(*keeping(tmp_path)) as signer:
        pubkeys = listed(signer)

    reason = f"failed: {other}: expected its name to be {PUBKEYS[1]}.json"
    assert any(line.endswith(reason) for line in lines)
    assert any(f"failed: {note}: " in line for line in lines)
    assert ([PUBKEYS[0]], before) == (pubkeys, contents(tmp_path / "keystores"))


def test_a_file_whose_writing_was_cut_short_goes_and_is_no_failure(tmp_path: Path) -> None:
    keep(tmp_path, PUBKEYS[0])
    file_of(tmp_path, PUBKEYS[1]).with_suffix(".json.tmp").write_bytes(b'{"crypto":')

    with closing(DataDir(tmp_path)) as opened:
        opened.remove_unfinished()

        assert [file_of(tmp_path, PUBKEYS[0])] == opened.unknown_files()

    assert [file_of(tmp_path, PUBKEYS[0])] == list(contents(tmp_path / "keystores"))


def test_keystores_without_their_password_are_refused_and_stay(tmp_path: Path) -> None:
    keep(tmp_path, PUBKEYS[0])
    (tmp_path / "password").unlink()
    before = contents(tmp_path / "keystores")

    message = refused("--port", "0", *keeping(tmp_path))

    assert (
        f"cannot find {tmp_path / 'password'}, which decrypts the keystores next to it" in message
    )
    assert (before, False) == (contents(tmp_path / "keystores"), (tmp_path / "password").exists())


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_data_dir_that_cannot_be_one_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").write_text("milk, bread")

    message = refused("--port", "0", *keeping(tmp_path / path))

    assert f"Error: cannot use {tmp_path / path} for --data-dir: " in message


@pytest.mark.slow
def test_a_full_disk_is_told_at_the_start(tmp_path: Path) -> None:
    arguments = [*FULL_DISK, "0", *command("--port", "0", *keeping(tmp_path))]

    done = run(arguments, capture_output=True, text=True, check=False, timeout=20)

    assert done.stderr.startswith(f"Error: cannot use {tmp_path}")


@pytest.mark.slow
def test_a_key_that_finds_no_room_is_not_imported_and_leaves_no_file(tmp_path: Path) -> None:
    keep(tmp_path, PUBKEYS[0])
    file = file_of(tmp_path, PUBKEYS[1])

    with serving(*keeping(tmp_path)) as signer:
        prlimit(signer.process.pid, RLIMIT_FSIZE, (100, 100))
        results = import_keys(signer, PUBKEYS[1])
        statuses = [signer.sign(pubkey, RANDAO).status for pubkey in PUBKEYS[:2]]

    assert [{"status": "error", "message": f"cannot write {file}: File too large"}] == results
    assert [200, 404] == statuses
    assert [file_of(tmp_path, PUBKEYS[0])] == list((tmp_path / "keystores").iterdir())
    with serving_here(*keeping(tmp_path)) as signer:
        assert [PUBKEYS[0]] == listed(signer)


def test_a_key_that_a_test_removed_can_be_imported_again(tmp_path: Path) -> None:
    with serving_here(*keeping(tmp_path), "--control") as signer:
        import_keys(signer, PUBKEYS[0])
        removed = signer.ask("DELETE", "/_signer/keys", {"pubkeys": [PUBKEYS[0]]}).status

        assert 200 == removed
        assert [{"status": "imported"}] == import_keys(signer, PUBKEYS[0])
        assert [PUBKEYS[0]] == listed(signer)
