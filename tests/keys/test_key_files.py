"""Web3Signer's key files: YAML with a raw key, or with where a keystore is."""

import json
from pathlib import Path

import pytest

from signer._core import SecretKey
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.keystores import KEY, PASSWORD, SECRET, document
from support.loading import Loaded, load


def named(folder: Path, text: str) -> Loaded:
    (folder / "keys.yaml").write_text(text)
    return load(folder)


RAW = f"type: file-raw\nkeyType: BLS\nprivateKey: 0x{'00' * 31}01\n"
ONE = SecretKey.from_bytes(bytes(31) + b"\x01").public_key()


@pytest.mark.parametrize(
    "text",
    [RAW, RAW.replace("0x", ""), RAW.replace("keyType: BLS\n", ""), RAW.replace("BLS", "bls")],
)
def test_a_key_file_holds_a_raw_key(tmp_path: Path, text: str) -> None:
    loaded = named(tmp_path, text)

    assert [ONE] == loaded.pubkeys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RAW.replace("BLS", "BSL"), 'keyType: expected BLS or SECP256K1, found "BSL"'),
        (RAW.replace("file-raw", "file-rwa"), "found file-rwa; did you mean file-raw?"),
        (RAW.replace("file-raw", "[a]"), "found ['a']"),
    ],
)
def test_a_mistyped_kind_of_key_is_a_failure(tmp_path: Path, text: str, expected: str) -> None:
    [failure] = named(tmp_path, text).failures

    assert expected in failure.reason


def test_a_key_file_names_a_keystore_and_its_password_relative_to_itself(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "in").mkdir()
    elsewhere.mkdir()
    (elsewhere / "any.keystore").write_bytes(encrypt(Key(KEY), PASSWORD, cost=1))
    (elsewhere / "any.pass").write_text(PASSWORD)
    text = "type: file-keystore\nkeystoreFile: ../elsewhere/any.keystore\n"
    text += f'keystorePasswordFile: "{elsewhere}/any.pass"\n'

    loaded = named(tmp_path / "in", text)

    assert [KEY.public_key()] == loaded.pubkeys
    assert [] == loaded.failures


def test_a_key_file_holds_several_keys_each_failing_for_itself(tmp_path: Path) -> None:
    vault = "type: hashicorp\nserverHost: localhost\n"
    short = "type: file-raw\nprivateKey: 0x00ff\n"
    nameless = "type: file-keystore\nkeystoreFile: a.json\n"

    loaded = named(tmp_path, f"{vault}---\n{RAW}---\n{short}---\n{nameless}")

    assert [ONE] == loaded.pubkeys
    assert [
        "type: expected one of file-raw, file-keystore, found hashicorp",
        "privateKey: expected 32 bytes, found 2: send 0x and 64 hex digits",
        "keystorePasswordFile: expected this member, found none",
    ] == [failure.reason for failure in loaded.failures]


@pytest.mark.parametrize(
    "text",
    ["- type: web3signer\n", "PRESET_BASE: minimal\n", "", RAW.replace("BLS", "SECP256K1")],
    ids=["a list", "a network's configuration", "nothing", "a key for transactions"],
)
def test_yaml_about_no_key_of_a_validator_is_skipped(tmp_path: Path, text: str) -> None:
    loaded = named(tmp_path, text)

    assert [] == loaded.pubkeys
    assert [] == loaded.failures


def test_a_key_file_that_is_no_yaml_fails_without_showing_it(tmp_path: Path) -> None:
    loaded = named(tmp_path, f"{RAW}  : [c0ffee\n")

    [failure] = loaded.failures
    assert failure.reason == "expected YAML, found a mistake in line 4"


def test_a_keystore_beside_the_key_file_that_names_it_is_one_key(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(encrypt(Key(KEY), PASSWORD, cost=1))
    (tmp_path / "odd.secret").write_text(PASSWORD)
    text = "type: file-keystore\nkeystoreFile: a.json\nkeystorePasswordFile: odd.secret\n"

    loaded = named(tmp_path, text)

    assert [KEY.public_key()] == loaded.pubkeys
    assert [] == loaded.failures


@pytest.mark.parametrize("pubkey", ["zz", "12" * 47])
def test_a_bad_pubkey_of_a_named_keystore_is_a_failure_of_its_own(
    tmp_path: Path,
    pubkey: str,
) -> None:
    (tmp_path / "named.txt").write_text(json.dumps(document() | {"pubkey": pubkey}))
    (tmp_path / "password").write_text(PASSWORD)
    (tmp_path / "key.yaml").write_text(
        "type: file-keystore\nkeystoreFile: named.txt\nkeystorePasswordFile: password\n",
    )
    (tmp_path / "raw.yaml").write_text(f"type: file-raw\nprivateKey: 0x{SECRET.hex()}\n")

    loaded = load(tmp_path)

    assert [KEY.public_key()] == loaded.pubkeys
    assert ["pubkey" in failure.reason for failure in loaded.failures] == [True]
