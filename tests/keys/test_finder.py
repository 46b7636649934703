"""Keystores and passwords in the layouts that tools write, and what is said of those that fail."""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from signer._core import SecretKey
from signer.errors import KeystoreError
from signer.keys.finder import Finder, KeystoreFile
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from signer.keys.passwords import PasswordCandidates
from support.keystores import KEY, MIB, OTHER, PASSWORD, document
from support.loading import load


class Layout(NamedTuple):
    """Where a tool keeps keystores and passwords, for `str.format` with `pubkey` and `index`."""

    keystore: str
    password_file: str
    folder: str
    passwords_path: str | None = None
    common_password_file: str | None = None
    password: str = "password of key {index}"


LAYOUTS = {
    "web3signer": Layout(
        "keys/0x{pubkey}.json", "secrets/0x{pubkey}.txt", "keys", passwords_path="secrets"
    ),
    "teku": Layout("teku-keys/0x{pubkey}.json", "teku-secrets/0x{pubkey}.txt", "teku-keys"),
    "lodestar": Layout("keys/0x{pubkey}.json", "lodestar-secrets/0x{pubkey}", "keys"),
    "lighthouse": Layout("keys/0x{pubkey}/voting-keystore.json", "secrets/0x{pubkey}", "keys"),
    "lighthouse-elsewhere": Layout(
        "validators/0x{pubkey}/voting-keystore.json",
        "passwords/0x{pubkey}",
        "validators",
        passwords_path="passwords",
    ),
    "nimbus": Layout("validators/0x{pubkey}/keystore.json", "secrets/0x{pubkey}", "validators"),
    "charon": Layout(
        "validator_keys/keystore-{index}.json",
        "validator_keys/keystore-{index}.txt",
        "validator_keys",
    ),
    "charon-of-a-node": Layout(
        "cluster/node0/validator_keys/keystore-{index}.json",
        "cluster/node0/validator_keys/keystore-{index}.txt",
        "cluster",
    ),
    "deposit-cli": Layout(
        "validator_keys/keystore-m_12381_3600_{index}_0_0-1700000000.json",
        "password.txt",
        "validator_keys",
        common_password_file="password.txt",
        password="the password of all of them\n",
    ),
}


def below(root: Path, path: str | None) -> Path | None:
    return root / path if path else None


def lay_out(root: Path, layout: Layout, keys: list[SecretKey]) -> None:
    for index, key in enumerate(keys):
        names = {"pubkey": key.public_key().hex(), "index": index}
        password = layout.password.format(**names)
        for path, text in (
            (layout.keystore, encrypt(Key(key), password, cost=1)),
            (layout.password_file, password.encode()),
        ):
            file = root / path.format(**names)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text)
    (root / layout.folder / "deposit_data-1700000000.json").write_text('[{"pubkey": "00"}]')


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_keys_of_a_layout_open(tmp_path: Path, layout: Layout) -> None:
    lay_out(tmp_path, layout, [KEY, OTHER])
    passwords_path = below(tmp_path, layout.passwords_path)
    password_file = below(tmp_path, layout.common_password_file)

    found = list(Finder(tmp_path / layout.folder, passwords_path, password_file).find())

    opened = {
        file.keystore.decrypt(file.password()).pubkey
        for file in found
        if isinstance(file, KeystoreFile)
    }
    assert {KEY.public_key(), OTHER.public_key()} == opened
    assert 1 == found.count(None)


def test_passwords_are_found_at_any_height_below_the_folder(tmp_path: Path) -> None:
    for node, key in ("a", KEY), ("b", OTHER):
        lay_out(tmp_path / "nodes" / node, LAYOUTS["lighthouse"], [key])

    loaded = load(tmp_path)

    assert {KEY.public_key(), OTHER.public_key()} == set(loaded.pubkeys)
    assert [] == loaded.failures


def test_deposit_data_beside_keystores_is_skipped(tmp_path: Path) -> None:
    lay_out(tmp_path, LAYOUTS["charon"], [KEY])

    loaded = load(tmp_path / "validator_keys")

    assert [KEY.public_key()] == loaded.pubkeys
    assert loaded.lines[-1].endswith(", 0 failed, skipped 1 files that have no key")


def test_a_missing_password_is_told_with_the_places_tried(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "a.json"
    path.parent.mkdir()
    path.write_bytes(encrypt(Key(KEY), PASSWORD, cost=1))
    pubkey = f"0x{KEY.public_key().hex()}"
    folders = [path.parent, *(tmp_path / name for name in ("secrets", "lodestar-secrets"))]
    [file] = Finder(path.parent).find()
    assert isinstance(file, KeystoreFile)

    with pytest.raises(KeystoreError) as refusal:
        file.password()

    message, places = str(refusal.value).split(": ")
    names, _, tried = places.partition(" in ")
    assert "cannot find a password file; tried" == message
    assert {"a.txt", pubkey, f"{pubkey}.txt"} <= set(names.split(", "))
    assert set(map(str, folders)) <= set(tried.split(", "))


def test_a_missing_password_is_looked_for_only_where_passwords_are_said_to_be(
    tmp_path: Path,
) -> None:
    lay_out(tmp_path, LAYOUTS["charon"], [KEY])
    elsewhere = tmp_path / "elsewhere"

    loaded = load(tmp_path / "validator_keys", elsewhere)

    [failure] = loaded.failures
    names, _, folders = failure.reason.split(": ")[1].partition(" in ")
    assert "keystore-0.txt" in names.split(", ")
    assert str(elsewhere) == folders


@pytest.mark.parametrize("opening", ["a", "b"])
def test_the_same_key_in_two_layouts_is_opened_once_by_the_copy_that_opens(
    tmp_path: Path, opening: str
) -> None:
    for folder in ("a", "b"):
        password = PASSWORD if folder == opening else "wrong: opening this one fails"
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "keystore.json").write_bytes(encrypt(Key(KEY), PASSWORD, cost=1))
        (tmp_path / folder / "keystore.txt").write_text(password)

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys
    assert [] == loaded.failures
    assert loaded.lines[-1].startswith("loaded 1 keystores from ")


@pytest.fixture
def one_good_among_bad(tmp_path: Path) -> Path:
    """Four keystores, of which only `good.json` can be opened."""
    quiet = document()
    del quiet["pubkey"]
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "good.json").write_bytes(encrypt(Key(OTHER), PASSWORD, cost=1))
    (tmp_path / "good.txt").write_text(PASSWORD)
    (tmp_path / "unpaired.json").write_text(json.dumps(quiet))
    (tmp_path / "wrong.json").write_bytes(encrypt(Key(KEY), PASSWORD, cost=1))
    (tmp_path / "wrong.txt").write_text("incorrect donkey")
    return tmp_path


def test_failures_are_listed_with_file_and_reason_and_the_rest_loads(
    one_good_among_bad: Path,
) -> None:
    loaded = load(one_good_among_bad)

    reasons = {
        "broken.json": "expected a keystore as JSON",
        "unpaired.json": "cannot find a password file; tried",
        "wrong.json": "wrong password",
    }
    assert [OTHER.public_key()] == loaded.pubkeys
    assert {str(one_good_among_bad / file): reason for file, reason in reasons.items()} == {
        failure.source: failure.reason.partition(":")[0] for failure in loaded.failures
    }


def test_the_last_line_of_the_report_says_how_many_failed(one_good_among_bad: Path) -> None:
    loaded = load(one_good_among_bad)

    total = loaded.lines[-1]
    assert total.startswith(f"loaded 1 keystores from {one_good_among_bad} in ")
    assert total.endswith(" s, 3 failed")


def test_a_report_tells_no_password(one_good_among_bad: Path) -> None:
    loaded = load(one_good_among_bad)

    assert "donkey" not in "".join(loaded.lines)
    assert PASSWORD not in "".join(loaded.lines)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        pytest.param("bad.txt", b"\xff\xfe", id="password-in-no-utf-8"),
        pytest.param("bad.json", b'{"\\ud800": 1, "crypto": {}}', id="keystore-with-a-surrogate"),
        pytest.param("bad.json", b"[" * 100_000, id="keystore-nested-deeply"),
        pytest.param("bad.txt", b"x" * (MIB + 1), id="password-above-a-mebibyte"),
    ],
)
def test_a_hostile_file_fails_by_itself(tmp_path: Path, file: str, content: bytes) -> None:
    for stem, key in (("bad", KEY), ("good", OTHER)):
        (tmp_path / f"{stem}.json").write_bytes(encrypt(Key(key), PASSWORD, cost=1))
        (tmp_path / f"{stem}.txt").write_text(PASSWORD)
    (tmp_path / file).write_bytes(content)

    loaded = load(tmp_path)

    assert [OTHER.public_key()] == loaded.pubkeys
    assert [str(tmp_path / "bad.json")] == [failure.source for failure in loaded.failures]


def test_a_folder_with_keys_and_secrets_in_it_loads(tmp_path: Path) -> None:
    pubkey = f"0x{KEY.public_key().hex()}"
    (tmp_path / "keys" / pubkey).mkdir(parents=True)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "keys" / pubkey / "voting-keystore.json").write_bytes(
        encrypt(Key(KEY), PASSWORD, cost=1)
    )
    (tmp_path / "secrets" / pubkey).write_text(PASSWORD)

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys


def test_a_byte_order_mark_is_no_part_of_a_password(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(encrypt(Key(KEY), PASSWORD, cost=1))
    (tmp_path / "a.txt").write_text(PASSWORD, encoding="utf-8-sig")

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys


def test_a_password_file_may_be_named_without_a_folder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "password.txt").write_text("sesame")

    assert "sesame" == PasswordCandidates.file("password.txt").find("keys/k.json")
