"""Where keys come from, and what is said about those that do not come."""

from pathlib import Path

import pytest

from signer import SecretKey
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.known_keys import DEVNET_0, INTEROP
from support.served import refused, said, serving, serving_here
from support.vectors import unhex, vectors

KEYS = vectors("interop_keys/keys.json")


def write_keystore(folder: Path, index: int, password: str = "pass") -> Path:
    key = SecretKey.from_bytes(unhex(KEYS[index]["privkey"]))
    path = folder / f"{KEYS[index]['pubkey']}.json"
    path.write_bytes(encrypt(Key(key), password, cost=2))
    return path


def test_interop_keys_come_in_their_order() -> None:
    with serving_here("--interop", "10", "--no-metrics") as signer:
        pubkeys = signer.ask("GET", "/api/v1/eth2/publicKeys").json

    assert [key["pubkey"] for key in KEYS] == pubkeys


def test_the_devnet_mnemonic_gives_ethereum_packages_keys() -> None:
    with serving_here("--mnemonic", "devnet", "--count", "2", "--no-metrics") as signer:
        pubkeys = signer.ask("GET", "/api/v1/eth2/publicKeys").json

    assert [DEVNET_0] == pubkeys[:1]
    assert 2 == len(pubkeys)


def test_start_skips_keys_of_the_mnemonic() -> None:
    flags = ["--mnemonic", "devnet", "--no-metrics"]
    with serving_here(*flags, "--count", "3") as all_of_them:
        expected = all_of_them.ask("GET", "/api/v1/eth2/publicKeys").json[1:]
    with serving_here(*flags, "--count", "2", "--start", "1") as signer:
        assert expected == signer.ask("GET", "/api/v1/eth2/publicKeys").json


def test_sources_add_up_and_a_key_in_two_of_them_is_one(tmp_path: Path) -> None:
    write_keystore(tmp_path, 0)
    (tmp_path / "password").write_text("pass")
    flags: list[str | Path] = ["--keystores-path", tmp_path]
    flags += ["--keystores-password-file", tmp_path / "password"]
    with serving_here("--interop", "2", *flags, "--no-metrics") as signer:
        assert 2 == signer.ready["pubkeys"]


def test_web3signers_layout_loads(tmp_path: Path) -> None:
    keys, passwords = tmp_path / "keys", tmp_path / "passwords"
    keys.mkdir()
    passwords.mkdir()
    for index in range(3):
        path = write_keystore(keys, index, f"password {index}")
        (passwords / f"{path.stem}.txt").write_text(f"password {index}\n")

    flags: list[str | Path] = ["--keystores-path", keys]
    flags += ["--keystores-passwords-path", passwords]
    with serving_here(*flags, "--no-metrics") as signer:
        pubkeys = signer.ask("GET", "/api/v1/eth2/publicKeys").json

    assert {key["pubkey"] for key in KEYS[:3]} == set(pubkeys)


@pytest.mark.slow
def test_a_key_that_fails_is_reported_and_the_others_serve(tmp_path: Path) -> None:
    write_keystore(tmp_path, 0)
    broken = write_keystore(tmp_path, 1, "another password")
    (tmp_path / "password").write_text("pass")

    flags: list[str | Path] = ["--keystores-path", tmp_path, "--no-metrics"]
    flags += ["--keystores-password-file", tmp_path / "password"]
    with serving(*flags) as signer:
        health = signer.ask("GET", "/healthcheck")
        told = "\n".join(said(signer))

    loading = health.json["checks"][1]["checks"][0]
    assert (503, "DOWN", "DOWN") == (health.status, health.json["status"], health.json["outcome"])
    assert {"keys-loaded": 1, "error-count": 1} == loading["data"]
    assert f"failed: {broken}: wrong password" in told
    assert "1 keys, 1 failed to load" in told
    assert "another password" not in told


def test_secret_keys_come_from_a_file(tmp_path: Path) -> None:
    secrets = [key["privkey"] for key in vectors("interop_keys/keys.json")[:3]]
    path = tmp_path / "keys"
    path.write_text("\n".join([secrets[0], secrets[1].removeprefix("0x"), secrets[2], ""]))

    with serving_here("--secret-keys-file", path, "--no-metrics") as signer:
        assert INTEROP[:3] == signer.ask("GET", "/api/v1/eth2/publicKeys").json


def test_a_file_of_secret_keys_may_be_larger_than_a_mebibyte(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text("\n" * (1 << 20) + vectors("interop_keys/keys.json")[0]["privkey"])

    with serving_here("--secret-keys-file", path, "--no-metrics") as signer:
        assert INTEROP[:1] == signer.ask("GET", "/api/v1/eth2/publicKeys").json


@pytest.mark.parametrize("bad", ["0x12", "zz" * 32, "00" * 32, "é" * 32])
def test_a_line_that_is_no_secret_key_is_told_by_its_number(tmp_path: Path, bad: str) -> None:
    (tmp_path / "keys").write_text(f"{'01' * 32}\n{bad}\n", "utf-8")

    told = refused("--secret-keys-file", tmp_path / "keys", "--port", "0", "--no-metrics")

    assert f"as key 2 of {tmp_path / 'keys'}" in told
    assert bad not in told
