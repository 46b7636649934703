"""A folder of the user's: reading it again, what is remembered of it, and that it is only read."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from time import process_time
from typing import Any
from urllib.parse import urlsplit

import pytest

from signer.keys.data_dir import DataDir
from signer.keys.keyring import LoadFailure
from signer.keys.keystore import encrypt, parse
from signer.keys.keystore_folder import KeystoreFolder
from signer.threads import cores, thread_pool
from support.data_dir import (
    KEYS,
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
from support.randao import RANDAO
from support.served import Running, Served, serving_here, started
from support.vectors import VECTORS, vectors

FIRST, SECOND, THIRD = PUBKEYS[:3]
EIP2335 = vectors("eip2335/manifest.json")


def put_slow(folder: Path) -> None:
    """A keystore as tools make them: its scrypt takes most of a second."""
    put(folder, "slow", (VECTORS / "eip2335/scrypt.json").read_bytes(), EIP2335["password"])


def reload(signer: Served) -> Any:
    return signer.ask("POST", "/reload?wait=true").json


def status(signer: Served) -> Any:
    return signer.ask("GET", "/reload").json["status"]


def statuses(signer: Served, *pubkeys: str) -> list[int]:
    return [signer.sign(pubkey, RANDAO).status for pubkey in pubkeys]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return put(tmp_path / "keys", FIRST).parent


@pytest.fixture
def signer(folder: Path) -> Iterator[Served]:
    with serving_here(*reading(folder)) as signer:
        yield signer


@pytest.fixture
def reloading(folder: Path) -> Iterator[Running]:
    with started(reading(folder)) as signer:
        put_slow(folder)
        signer.ask("POST", "/reload")
        yield signer


def test_before_the_first_reload_there_is_nothing_to_tell(signer: Served) -> None:
    assert {"status": "idle"} == signer.ask("GET", "/reload").json


def test_a_reload_is_accepted_in_web3signers_words(signer: Served) -> None:
    answer = signer.ask("POST", "/reload")

    message = "Reload operation accepted and is running in the background. "
    message += "Use GET /reload to check status."
    assert (202, "application/json") == (answer.status, answer.headers["content-type"])
    assert {"code": 202, "status": "accepted", "message": message} == answer.json


def test_a_reload_that_is_waited_for_tells_how_it_went_and_when(signer: Served) -> None:
    before = datetime.now(UTC)

    answer = signer.ask("POST", "/reload?wait=true")

    time = answer.json["lastOperationTime"]
    assert (200, {"status": "completed", "lastOperationTime": time}) == (answer.status, answer.json)
    assert time.endswith("Z")
    assert before <= datetime.fromisoformat(time) <= datetime.now(UTC)
    assert answer.json == signer.ask("GET", "/reload").json


def test_each_reload_that_is_waited_for_tells_its_own_end(signer: Served) -> None:
    with ThreadPoolExecutor(4) as clients:
        answers = [*clients.map(lambda _: signer.ask("POST", "/reload?wait=true"), range(100))]

    ended = {answer.json["status"] for answer in answers if answer.status != 409}
    assert {"completed"} == ended


def test_a_reload_during_a_reload_is_refused(reloading: Served) -> None:
    answer = reloading.ask("POST", "/reload?wait=true")

    assert (409, "error") == (answer.status, answer.json["status"])
    assert "already in progress" in answer.json["message"]
    assert "running" == status(reloading)


def test_signing_goes_on_during_a_reload(reloading: Served) -> None:
    assert ([200] * 9, "running") == (statuses(reloading, *[FIRST] * 9), status(reloading))


@pytest.mark.slow
def test_a_reload_outlives_the_client_that_waits_for_it(folder: Path, signer: Served) -> None:
    put(folder, SECOND, encrypt(KEYS[SECOND], PASSWORD, cost=1 << 20))
    connection = HTTPConnection(urlsplit(signer.url).netloc, timeout=20)
    connection.request("POST", "/reload?wait=true")
    while status(signer) == "idle":
        pass

    connection.close()

    while status(signer) == "running":
        pass
    assert "completed" == status(signer)


@pytest.mark.slow
def test_a_signer_stops_during_a_reload(folder: Path) -> None:
    document = json.loads(KEYSTORES[FIRST])
    document["crypto"]["kdf"]["params"]["c"] = 1 << 20  # an eighth of a second
    del document["pubkey"]
    with started(reading(folder)) as signer:
        for index in range(3 * cores()):
            put(folder, f"slow {index}", json.dumps(document).encode())
        signer.ask("POST", "/reload")

        signer.process.terminate()

        assert 0 == signer.process.wait(timeout=20)


def test_a_reload_adds_new_keys_and_drops_removed_ones(folder: Path, signer: Served) -> None:
    put(folder, SECOND)
    (folder / f"{FIRST}.json").unlink()

    reload(signer)

    assert [404, 200] == statuses(signer, FIRST, SECOND)


def test_a_keystore_is_an_error_until_it_was_repaired(folder: Path, signer: Served) -> None:
    put(folder, SECOND, b"{")

    broken, ill = reload(signer), signer.ask("GET", "/healthcheck").status
    put(folder, SECOND)
    repaired, well = reload(signer), signer.ask("GET", "/healthcheck").status

    problem = "Reload completed with 1 signer loading error(s)"
    assert ("completed_with_errors", problem, 503) == (broken["status"], broken["lastError"], ill)
    assert ("completed", None, 200) == (repaired["status"], repaired.get("lastError"), well)


def test_all_is_well_once_an_imported_keys_damaged_file_was_moved_away(tmp_path: Path) -> None:
    keep(tmp_path, FIRST)
    file_of(tmp_path, FIRST).write_bytes(b"")

    with serving_here(*keeping(tmp_path)) as signer:
        file_of(tmp_path, FIRST).rename(tmp_path / "damaged")
        body = reload(signer)
        health = signer.ask("GET", "/healthcheck")

    assert ("completed", 200) == (body["status"], health.status)


def test_a_reload_goes_without_a_data_dir_that_is_gone(tmp_path: Path) -> None:
    with serving_here(*keeping(tmp_path)) as signer:
        (tmp_path / "keystores").rmdir()

        assert 200 == signer.ask("POST", "/reload?wait=true").status


def test_a_reload_notices_that_a_password_changed(folder: Path, signer: Served) -> None:
    put(folder, FIRST, password="incorrect donkey")

    assert "completed_with_errors" == reload(signer)["status"]

    assert [404] == statuses(signer, FIRST)


def test_imported_keys_and_interop_keys_survive_a_reload(folder: Path) -> None:
    with serving_here("--interop", "1", *reading(folder)) as signer:
        import_keys(signer, SECOND)
        put(folder, THIRD)

        reload(signer)

        assert [200, 200, 200] == statuses(signer, FIRST, SECOND, THIRD)


def test_a_folder_that_is_gone_is_told_and_its_keys_stay(folder: Path, signer: Served) -> None:
    shutil.rmtree(folder)

    body = reload(signer)

    assert f"cannot list {folder}: No such file or directory" == body["lastError"]
    assert ("failed", [200]) == (body["status"], statuses(signer, FIRST))


def test_without_a_folder_a_reload_has_nothing_to_do() -> None:
    with serving_here("--interop", "1", "--no-metrics") as signer:
        assert "completed" == reload(signer)["status"]

        assert [200] == statuses(signer, FIRST)


def test_an_imported_key_can_be_deleted_once_its_file_is_gone(folder: Path, signer: Served) -> None:
    import_keys(signer, SECOND)
    path = put(folder, SECOND)

    reload(signer)
    [refused] = delete_keys(signer, SECOND)
    path.unlink()
    reload(signer)

    assert ("error", [200]) == (refused["status"], statuses(signer, SECOND))
    assert [{"status": "deleted"}] == delete_keys(signer, SECOND)
    assert [404] == statuses(signer, SECOND)


def test_a_folder_of_the_users_is_never_written_to(tmp_path: Path, folder: Path) -> None:
    put(folder, SECOND, b"{")
    before = contents(folder), folder.stat().st_mtime_ns

    with serving_here(*reading(folder), *keeping(tmp_path / "data")) as signer:
        reload(signer)
        import_keys(signer, SECOND)
        deleted = delete_keys(signer, FIRST, SECOND)

    assert ["error", "deleted"] == [result["status"] for result in deleted]
    assert before == (contents(folder), folder.stat().st_mtime_ns)


def load(folder: Path, data_dir: Path) -> tuple[dict[str, str], list[LoadFailure]]:
    """What a signer loads that starts now: derivation paths of keys, and failures."""
    with closing(DataDir(data_dir)) as opened, thread_pool() as threads:
        keys, failures = KeystoreFolder(folder, data_dir=opened).load(threads)
    return {f"0x{key.pubkey.hex()}": key.derivation_path for key in keys}, failures


@pytest.mark.slow
def test_a_slow_keystore_is_opened_slowly_once(tmp_path: Path) -> None:
    put_slow(tmp_path / "slow")

    start = process_time()
    first = load(tmp_path / "slow", tmp_path)
    middle = process_time()
    second = load(tmp_path / "slow", tmp_path)
    end = process_time()

    assert ["m/12381/60/3141592653/589793238"] == list(first[0].values())
    assert first == second
    assert end - middle < (middle - start) / 4


@pytest.mark.parametrize(
    ("pubkey", "password", "loaded"), [(SECOND, PASSWORD, [SECOND]), (FIRST, "another", [])]
)
def test_the_cache_is_of_one_keystore_and_one_password(
    tmp_path: Path, folder: Path, pubkey: str, password: str, loaded: list[str]
) -> None:
    load(folder, tmp_path)
    put(folder, FIRST, KEYSTORES[pubkey], password)

    keys, failures = load(folder, tmp_path)

    assert (loaded, 1) == (list(keys), len(keys) + len(failures))


@pytest.mark.parametrize("damage", [b"", b"\xff\0\x17", b'{"crypto": {}', KEYSTORES[FIRST]])
def test_a_damaged_cache_is_repaired(tmp_path: Path, folder: Path, damage: bytes) -> None:
    load(folder, tmp_path)
    [entry] = (tmp_path / "cache").iterdir()
    entry.write_bytes(damage)

    keys, failures = load(folder, tmp_path)

    assert ([FIRST], []) == (list(keys), failures)
    assert damage != entry.read_bytes()
    assert parse(entry.read_bytes())


def test_the_cache_may_be_removed_at_any_time(tmp_path: Path, folder: Path) -> None:
    load(folder, tmp_path)
    shutil.rmtree(tmp_path / "cache")

    with serving_here(*reading(folder), *keeping(tmp_path)) as signer:
        shutil.rmtree(tmp_path / "cache")
        put(folder, SECOND)
        assert "completed" == reload(signer)["status"]
        assert [200, 200] == statuses(signer, FIRST, SECOND)

    assert 1 == len(contents(tmp_path / "cache"))


def test_a_cached_key_goes_with_its_keystore(tmp_path: Path, folder: Path) -> None:
    load(folder, tmp_path)
    (folder / f"{FIRST}.json").unlink()

    load(folder, tmp_path)

    assert {} == contents(tmp_path / "cache")
