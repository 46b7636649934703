"""The Keymanager API with many clients at once, many keys, hostile keystores and restarts."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest

from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.hostile_keystores import ACCEPTED, EITHER, REJECTED, content, name
from support.keymanager import INTEROP, PASSWORD, Keymanager, Keystore, body, fresh, refusal
from support.keystores import KEY, SECRET
from support.known_keys import DEVNET_0
from support.served import refused, said, serving, serving_here

CLIENTS = 8
PATH = "m/12381/3600/7/0/0"
TOKEN = "api-token-0x6ab1c2d3"  # opaque, in Lodestar's form


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, keystore = tmp_path_factory.mktemp("keys"), fresh(PATH)
    (path / f"{keystore.pubkey}.json").write_text(keystore.text)
    (path / "password").write_text(PASSWORD)
    return path


@pytest.fixture(scope="module")
def keymanager(folder: Path) -> Iterator[Keymanager]:
    flags: list[str | Path] = ["--interop", "1", "--mnemonic", "devnet", "--count", "1"]
    flags += ["--keystores-path", folder, "--keystores-password-file", folder / "password"]
    with serving(*flags, "--no-metrics") as signer:
        yield Keymanager(signer)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keymanager]:
    path = tmp_path_factory.mktemp("token") / "token"
    path.write_text(f"{TOKEN}\n")
    with serving_here("--interop", "1", "--keymanager-token-file", path, "--no-metrics") as signer:
        yield Keymanager(signer, TOKEN)


def test_signing_needs_no_token(guarded: Keymanager) -> None:
    assert guarded.sign(INTEROP["pubkey"])


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_an_own_token_opens_the_api(guarded: Keymanager, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}

    assert 200 == guarded.signer.ask("GET", "/eth/v1/keystores", None, headers).status


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": TOKEN}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": f"Bearer {TOKEN[:-1]}"}, 403),
        ({"Authorization": f"Bearer {TOKEN}0"}, 403),
        ({"Authorization": f"Bearer {TOKEN}\u00e9"}, 403),
    ],
)
def test_nobody_gets_in_without_the_token(
    guarded: Keymanager, method: str, headers: dict[str, str], status: int
) -> None:
    keystore = fresh()

    answer = guarded.signer.ask(method, "/eth/v1/keystores", body(keystore), headers)

    assert "token" in refusal(answer, status).lower()
    assert guarded.sign(keystore.pubkey) is None


def test_a_token_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "token"
    with serving_here("--keymanager-token-file", path, "--no-metrics"):
        made = path.read_text()

    with serving_here("--keymanager-token-file", path, "--no-metrics") as signer:
        assert {} == Keymanager(signer, made).list_keys()

    assert re.fullmatch("[0-9a-f]{64}", made)
    assert 0o600 == path.stat().st_mode & 0o777


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_token_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "token"
    path.write_text(text)

    assert "expected a secret" in refused("--keymanager-token-file", path, "--port", "0")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (["--host", "0.0.0.0"], "give --keymanager-token-file FILE, or --keymanager-auth off"),
        (["--host", "::"], "give --keymanager-token-file FILE, or --keymanager-auth off"),
        (["--keymanager-auth", "off", "--keymanager-token-file", "file"], "found both"),
        (["--keymanager-token-file", "."], "cannot use ."),
    ],
)
def test_flags_that_leave_doubt_who_may_come_are_refused(flags: list[str], expected: str) -> None:
    assert expected in refused("--port", "0", *flags)


def test_keys_that_nobody_imported_are_read_only(keymanager: Keymanager, folder: Path) -> None:
    [file] = folder.glob("*.json")
    paths = {INTEROP["pubkey"]: "", DEVNET_0: "m/12381/3600/0/0/0", file.stem: PATH}

    listed = keymanager.list_keys()

    assert paths == {pubkey: path for pubkey, (path, readonly) in listed.items() if readonly}


def test_read_only_keys_are_not_deleted(keymanager: Keymanager, folder: Path) -> None:
    pubkeys = [pubkey for pubkey, (_, readonly) in keymanager.list_keys().items() if readonly]
    before = {path: path.read_bytes() for path in folder.iterdir()}

    assert ["error"] * 3 == keymanager.delete_keys(*pubkeys)

    assert all(map(keymanager.sign, pubkeys))
    assert before == {path: path.read_bytes() for path in folder.iterdir()}


def test_imported_keys_outlive_a_restart_with_a_data_dir(tmp_path: Path) -> None:
    kept, deleted = fresh(PATH), fresh()
    with serving_here("--data-dir", tmp_path, "--no-metrics") as signer:
        Keymanager(signer).import_keystores(kept, deleted)
        Keymanager(signer).delete_keys(deleted.pubkey)

    with serving_here("--data-dir", tmp_path, "--no-metrics") as signer:
        assert {kept.pubkey: (PATH, False)} == Keymanager(signer).list_keys()
        assert Keymanager(signer).sign(kept.pubkey)


def test_imported_keys_are_gone_after_a_restart_without_one() -> None:
    with serving_here("--no-metrics") as signer:
        assert ["imported"] == Keymanager(signer).import_keystores(fresh())

    with serving_here("--no-metrics") as signer:
        assert {} == Keymanager(signer).list_keys()


@pytest.mark.parametrize("path", ["\ud800", "m" * (1 << 20)], ids=["half a surrogate", "1 MiB"])
def test_an_imported_key_outlives_a_restart_whatever_its_path(tmp_path: Path, path: str) -> None:
    with serving_here("--data-dir", tmp_path, "--no-metrics") as signer:
        results = Keymanager(signer).import_keystores(fresh(), fresh(path))

    with serving_here("--data-dir", tmp_path, "--no-metrics") as signer:
        assert results.count("imported") == len(Keymanager(signer).list_keys())


def test_keys_are_listed_whatever_their_path() -> None:
    with serving_here("--no-metrics") as signer:
        results = Keymanager(signer).import_keystores(fresh(), fresh("\ud800"))
        assert results.count("imported") == len(Keymanager(signer).list_keys())


def sendable(cases: list[Any]) -> list[Keystore]:
    """Those keystores that can stand in JSON: they are UTF-8."""
    documents = [(case, content(name(case))) for case in cases]
    return [
        Keystore(document.decode(), case["password"], case.get("pubkey", ""))
        for case, document in documents
        if document.decode("utf-8", "ignore").encode() == document
    ]


@pytest.mark.slow
def test_unusual_keystores_are_imported(keymanager: Keymanager) -> None:
    keystores = sendable(ACCEPTED)
    pubkeys = [keystore.pubkey for keystore in keystores]
    keymanager.delete_keys(*pubkeys)  # if another test imported them

    results = keymanager.import_keystores(*keystores)

    expected = ["duplicate" if key in pubkeys[:i] else "imported" for i, key in enumerate(pubkeys)]
    assert expected == results
    assert all(map(keymanager.sign, pubkeys))


@pytest.mark.slow
def test_broken_keystores_are_errors_that_tell_nothing(keymanager: Keymanager) -> None:
    keystores = sendable(REJECTED)

    answer = keymanager.ask("POST", body(*keystores))

    assert ["error"] * len(keystores) == [result["status"] for result in answer.json["data"]]
    assert "correct horse" not in answer.body.decode()
    assert SECRET.hex() not in answer.body.decode()


@pytest.mark.slow
def test_doubtful_keystores_are_answered(keymanager: Keymanager) -> None:
    keymanager.import_keystores(*sendable(EITHER))

    assert keymanager.sign(INTEROP["pubkey"])


@pytest.mark.slow
def test_a_thousand_keystores_are_imported_in_a_request(keymanager: Keymanager) -> None:
    keystores = [fresh() for _ in range(1000)]

    assert ["imported"] * 1000 == keymanager.import_keystores(*keystores)

    assert {keystore.pubkey for keystore in keystores} <= set(keymanager.list_keys())


def at_once(act: Callable[[int], Any]) -> list[Any]:
    barrier = Barrier(CLIENTS, timeout=30)

    def wait_and_act(client: int) -> Any:
        barrier.wait()
        return act(client)

    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(wait_and_act, range(CLIENTS)))


def test_one_of_many_clients_imports_a_keystore(keymanager: Keymanager) -> None:
    keystore = fresh()

    results = at_once(lambda _: keymanager.import_keystores(keystore)[0])

    assert Counter(imported=1, duplicate=CLIENTS - 1) == Counter(results)


def test_many_clients_import_keystores_of_their_own(keymanager: Keymanager) -> None:
    keystores = [[fresh() for _ in range(10)] for _ in range(CLIENTS)]

    results = at_once(lambda client: keymanager.import_keystores(*keystores[client]))

    assert [["imported"] * 10] * CLIENTS == results
    assert all(keymanager.sign(keystore.pubkey) for own in keystores for keystore in own)


@pytest.mark.slow
def test_every_import_has_its_delete_however_they_meet(tmp_path: Path) -> None:
    keystore = fresh()
    with serving("--data-dir", tmp_path, "--no-metrics") as signer:
        keymanager = Keymanager(signer)

        def turn(_: int) -> list[str]:
            return keymanager.import_keystores(keystore) + keymanager.delete_keys(keystore.pubkey)

        counts = Counter(chain(*(status for _ in range(10) for status in at_once(turn))))
        assert {} == keymanager.list_keys()

    assert counts["imported"] == counts["deleted"] > 0
    assert [] == list((tmp_path / "keystores").iterdir())


def test_no_request_that_is_sent_after_a_delete_is_signed(keymanager: Keymanager) -> None:
    keystore = fresh()
    keymanager.import_keystores(keystore)
    signature = keymanager.sign(keystore.pubkey)
    everybody_signs, deleted = Barrier(CLIENTS + 1, timeout=30), Event()

    def sign() -> tuple[set[str | None], set[str | None]]:
        before = {keymanager.sign(keystore.pubkey)}
        everybody_signs.wait()
        while not deleted.is_set():
            before.add(keymanager.sign(keystore.pubkey))
        return before, {keymanager.sign(keystore.pubkey) for _ in range(5)}

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(sign) for _ in range(CLIENTS)]
        everybody_signs.wait()
        try:
            results = keymanager.delete_keys(keystore.pubkey)
        finally:
            deleted.set()

    assert ["deleted"] == results
    assert {signature, None} >= set().union(*(client.result()[0] for client in clients))
    assert {None} == set().union(*(client.result()[1] for client in clients))


@pytest.mark.slow
def test_no_log_tells_a_secret(tmp_path: Path) -> None:
    keystore = Keystore(encrypt(Key(KEY), PASSWORD, cost=1).decode())
    flags: list[str | Path] = ["--data-dir", tmp_path, "--keymanager-token-file", tmp_path / "t"]
    with serving(*flags, "--log-level", "debug", "--no-metrics") as signer:
        keymanager = Keymanager(signer, (tmp_path / "t").read_text())
        keymanager.import_keystores(keystore, keystore._replace(text=SECRET.hex()))
        keymanager.import_keystores(keystore._replace(password=f"no {PASSWORD}"))
        refusal(keymanager.ask("POST", body(keystore) | {"passwords": {PASSWORD: PASSWORD}}))
        keymanager.delete_keys(*keymanager.list_keys())
        log = "\n".join(said(signer))

    secrets = PASSWORD, SECRET.hex(), *map(Path.read_text, [tmp_path / "t", tmp_path / "password"])
    assert "keys: 1 imported, 1 error" in log
    assert [] == [secret for secret in secrets if secret in log]
