"""Files in a keystore folder that are no keystores, and keystores where few would look."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.keystores import KEY, MIB, OTHER, PASSWORD, document
from support.loading import Loaded, load

PUBKEY = KEY.public_key()
ACCOUNT = "3f0d2b5c-8f0e-4f0e-9d55-0a1b2c3d4e5f"
WALLET = "7E9A1F60-1111-4222-8333-444455556666"

CRYPTO: Any = document()["crypto"]
DEPOSIT = {"pubkey": "a" * 96, "amount": 32000000000, "signature": "b" * 192}
HISTORY: Any = {
    "metadata": {"interchange_format_version": "5", "genesis_validators_root": f"0x{0:064x}"},
    "data": [{"pubkey": f"0x{0:096x}", "signed_blocks": [], "signed_attestations": []}],
}
GETH = {
    "address": "0" * 40,
    "crypto": {"cipher": "aes-128-ctr", "ciphertext": "00", "kdf": "scrypt", "mac": "00"},
    "id": ACCOUNT,
}
OTHERS: dict[str, Any] = {
    "Nimbus's network key": {"crypto": CRYPTO, "pubkey": "0027", "version": 1},
    "geth's account": GETH | {"version": 3},
    "geth's account of 2015": GETH | {"version": "1"},
    "EIP-2386's wallet": {
        "crypto": CRYPTO,
        "name": "wallet",
        "nextaccount": 1,
        "type": "hierarchical deterministic",
        "version": 1,
    },
    "a wallet without a seed": {"name": "wallet", "type": "non-deterministic", "version": 1},
    "Prysm's seed": {"crypto": CRYPTO, "next_account": 2, "version": 4},
    "Lighthouse's cache of keys": {"crypto": CRYPTO, "uuids": [ACCOUNT]},
    "SSV's operator key": CRYPTO | {"pubKey": "LS0t"},
    "a remote keystore": {"version": 3, "type": "web3signer", "pubkey": "00", "remote": "http://a"},
    "deposit data": [DEPOSIT],
    "large deposit data": [DEPOSIT] * 4000,
    "a history": HISTORY,
    "a large history": HISTORY | {"data": HISTORY["data"] * 10_000},
    "an exit": {"message": {"epoch": "1", "validator_index": "2"}, "signature": "0x"},
    "a list of keystores": [document()],
}


def put(path: Path, password: str | None = PASSWORD, key: Any = KEY) -> Path:
    """A keystore at a path, and its password in a file next to it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encrypt(Key(key), PASSWORD, cost=1))
    if password is not None:
        path.with_name(path.name.removesuffix(".json") + ".txt").write_text(password)
    return path


def outcome(loaded: Loaded) -> tuple[list[bytes], list[Any], str]:
    """Keys, failures, and what the closing line says after the number of failures."""
    return loaded.pubkeys, loaded.failures, loaded.lines[-1].partition(" failed")[2]


SKIPPED_ONE = ", skipped 1 files that have no key"


@pytest.mark.parametrize("other", OTHERS)
def test_another_file_is_skipped_and_counted(tmp_path: Path, other: str) -> None:
    put(tmp_path / "keystore.json")
    (tmp_path / "other.json").write_text(json.dumps(OTHERS[other]))

    assert ([PUBKEY], [], SKIPPED_ONE) == outcome(load(tmp_path))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("._keystore.json", b"\x00\x05\x16\x07"),
        ("._keys.yaml", b"\x00\x05\x16\x07"),
        ("twice.json", b'{"pubkey": "00", "pubkey": "01"}'),
        ("mark.json", b'\xef\xbb\xbf[{"pubkey": "00"}]'),
    ],
)
def test_a_file_of_another_tool_is_skipped_and_counted(
    tmp_path: Path, name: str, content: bytes
) -> None:
    put(tmp_path / "keystore.json")
    (tmp_path / name).write_bytes(content)

    assert ([PUBKEY], [], SKIPPED_ONE) == outcome(load(tmp_path))


def test_a_history_above_the_bound_of_keystores_is_skipped(tmp_path: Path) -> None:
    put(tmp_path / "keystore.json")
    with (tmp_path / "history.json").open("wb") as file:
        file.write(json.dumps(HISTORY).encode())
        file.truncate(101 * MIB)  # sparse: takes no room

    assert ([PUBKEY], [], SKIPPED_ONE) == outcome(load(tmp_path))


@pytest.mark.parametrize("version", ["4", None, [4]])
def test_a_keystore_with_a_bad_version_still_fails(tmp_path: Path, version: Any) -> None:
    path = tmp_path / "keystore.json"
    path.write_text(json.dumps(document() | {"version": version}))

    loaded = load(tmp_path)

    assert [str(path)] == [failure.source for failure in loaded.failures]


def test_a_link_to_a_keystore_that_is_gone_fails(tmp_path: Path) -> None:
    (tmp_path / "keystore.json").symlink_to("gone.json")

    [failure] = load(tmp_path).failures

    expected = f"cannot read {tmp_path / 'keystore.json'}: No such file or directory"
    assert expected == failure.reason


@pytest.mark.parametrize("name", ["keystore-0", "K.JSON", "keystore.json.bak", "0xab"])
def test_a_keystore_with_another_name_is_not_loaded_but_named(tmp_path: Path, name: str) -> None:
    put(tmp_path / "keystore.json")
    put(tmp_path / name, None, OTHER)

    pubkeys, failures, told = outcome(load(tmp_path))

    assert ([PUBKEY], []) == (pubkeys, failures)
    assert f"; not loaded, the name must end in .json: {tmp_path / name}" == told


def test_the_closing_line_stays_short(tmp_path: Path) -> None:
    for index in range(12):
        put(tmp_path / f"keystore-{index}", None)

    _, _, told = outcome(load(tmp_path))

    assert 10 == told.count("keystore-")
    assert told.endswith(" and 2 more")


@pytest.mark.parametrize(
    "content",
    [
        PASSWORD * 30,
        "{" * 300,
        '{"level": "INFO", "msg": "log"}\n' * 40,
        '{"level": "INFO", "crypto": "log"}\n' * 40,
        json.dumps(GETH | {"version": 3}).ljust(300),
    ],
    ids=["password", "braces", "log", "log-about-crypto", "account"],
)
def test_other_text_with_another_name_is_not_named(tmp_path: Path, content: str) -> None:
    put(tmp_path / "keystore.json")
    (tmp_path / "file").write_text(content)

    assert ([PUBKEY], [], "") == outcome(load(tmp_path))


def test_a_keystore_that_a_key_file_names_may_have_any_name(tmp_path: Path) -> None:
    put(tmp_path / "any.keystore", None)
    (tmp_path / "any.pass").write_text(PASSWORD)
    text = "type: file-keystore\nkeystoreFile: ./any.keystore\nkeystorePasswordFile: any.pass\n"
    (tmp_path / "key.yaml").write_text(text)

    assert ([PUBKEY], [], "") == outcome(load(tmp_path))


def test_a_key_file_that_names_no_keystore_fails(tmp_path: Path) -> None:
    (tmp_path / "deposit.txt").write_text(json.dumps([DEPOSIT]))
    text = "type: file-keystore\nkeystoreFile: deposit.txt\nkeystorePasswordFile: any.pass\n"
    (tmp_path / "key.yaml").write_text(text)

    assert ["expected a keystore, found JSON without crypto"] == [
        failure.reason for failure in load(tmp_path).failures
    ]


@pytest.mark.parametrize("opened", [".", "wallets", f"wallets/{WALLET}"])
def test_a_wallet_folder_of_ethdo_or_dirk_loads(tmp_path: Path, opened: str) -> None:
    folder = tmp_path / "wallets" / WALLET
    account = document() | {"name": "Validator 1", "encryptor": "keystore", "uuid": ACCOUNT}
    folder.mkdir(parents=True)
    (folder / ACCOUNT).write_text(json.dumps(account))
    (folder / f"{ACCOUNT}.txt").write_text(PASSWORD)
    (folder / WALLET).write_text(json.dumps(OTHERS["EIP-2386's wallet"]))
    (folder / "index").write_text(json.dumps([{"uuid": ACCOUNT, "name": "Validator 1"}] * 9))

    assert ([PUBKEY], [], SKIPPED_ONE) == outcome(load(tmp_path / opened))


def test_an_encrypted_account_of_ethdo_fails(tmp_path: Path) -> None:
    (tmp_path / ACCOUNT).write_bytes(bytes(range(256)) * 3)

    loaded = load(tmp_path)

    assert [str(tmp_path / ACCOUNT)] == [failure.source for failure in loaded.failures]


def test_a_linked_folder_is_followed(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "keystore.json")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "link").symlink_to("../elsewhere")

    assert ([PUBKEY], [], "") == outcome(load(tmp_path / "keys"))


def test_secrets_next_to_the_real_folder_of_a_link_are_found(tmp_path: Path) -> None:
    name = f"0x{PUBKEY.hex()}"
    put(tmp_path / "lighthouse" / "validators" / name / "voting-keystore.json", None)
    (tmp_path / "lighthouse" / "secrets").mkdir()
    (tmp_path / "lighthouse" / "secrets" / name).write_text(PASSWORD)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "link").symlink_to(tmp_path / "lighthouse" / "validators")

    assert ([PUBKEY], [], "") == outcome(load(tmp_path / "keys"))


def test_each_real_folder_is_read_once(tmp_path: Path) -> None:
    put(tmp_path / "a" / "keystore.json")
    (tmp_path / "a" / "deposit.json").write_text("[]")
    (tmp_path / "b").symlink_to("a")
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to("self")

    assert ([PUBKEY], [], SKIPPED_ONE) == outcome(load(tmp_path))


def test_a_folder_that_cannot_be_listed_is_told_and_skipped(tmp_path: Path) -> None:
    put(tmp_path / "keystore.json")
    name = "d" * 250
    descriptor = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # its path is too long for any call, also for root
        os.mkdir(name, dir_fd=descriptor)
        inner = os.open(name, os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)

    loaded = load(tmp_path)

    shutil.rmtree(tmp_path / name)
    first, *_ = loaded.lines
    assert ([PUBKEY], [], "") == outcome(loaded)
    assert first.startswith(f"skipped: cannot list {tmp_path}/{name}")
    assert first.endswith(": File name too long")


def test_thousands_of_keys_in_one_key_file_load(tmp_path: Path) -> None:
    keys = (
        f'---\ntype: file-raw\nprivateKey: "0x{i:064x}"\n#{"x" * 400}\n' for i in range(1, 2501)
    )
    path = tmp_path / "keys.yaml"
    path.write_text("".join(keys))

    loaded = load(tmp_path)

    assert MIB < path.stat().st_size
    assert (2500, []) == (len(loaded.pubkeys), loaded.failures)
