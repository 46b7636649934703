"""Files as people have them: byte order marks, UTF-16 of Windows, and members that stand twice."""

from pathlib import Path
from typing import Any

import pytest

from signer import Signer
from signer.errors import ConfigError
from signer.files import MAX_FILE_SIZE, USUAL_SIZE, parse_yaml, read, secret_file
from support.duties import KEYS
from support.interchange import document, history
from support.keymanager import PASSWORD, fresh
from support.logs import messages
from support.served import refused, request, serving_here
from support.slashable import KEY
from support.slashing_command import exported, slashing

MARKED = ["utf-8-sig", "utf-16"]  # with a byte order mark, as editors and PowerShell write them
NETWORK = "GENESIS_FORK_VERSION: 0x00000001\nPRESET_BASE: minimal\n"


@pytest.mark.parametrize("encoding", MARKED)
@pytest.mark.parametrize(
    ("name", "text"),
    [("a.toml", "interop = 2\n"), ("a.yaml", "interop: 2\n"), ("a.json", '{"interop": 2}')],
)
def test_a_file_of_flags_may_have_a_byte_order_mark(
    tmp_path: Path, name: str, text: str, encoding: str
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding)

    with serving_here("--no-metrics", "--config", path) as signer:
        assert 2 == signer.ready["pubkeys"]


@pytest.mark.parametrize("encoding", MARKED)
def test_a_network_and_secret_keys_may_have_a_byte_order_mark(
    tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "config.yaml").write_text(NETWORK, encoding)
    (tmp_path / "keys").write_text(KEYS[0].hex(), encoding)

    flags: dict[str, Any] = {"network": tmp_path / "config.yaml"}
    with (
        Signer(secret_keys_file=tmp_path / "keys", **flags) as signer,
        Signer(keys=KEYS[:1]) as same,
    ):
        assert same.pubkeys == signer.pubkeys


@pytest.mark.parametrize("encoding", MARKED)
def test_users_may_have_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "users").write_text("user:password\r\n", encoding)
    basic = {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="}

    with Signer(auth_file=tmp_path / "users") as signer:
        assert 200 == request(signer.url, "GET", "/upcheck", headers=basic).status


@pytest.mark.parametrize("encoding", MARKED)
def test_a_token_may_have_a_byte_order_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "token"
    path.write_text("secret\r\n", encoding)

    assert "secret" == secret_file(path)


def test_binary_bytes_are_told_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"hunter2: \xff\xfe\xfd")

    told = refused("--config", tmp_path / "a.yaml")

    assert f"expected UTF-8 in {tmp_path}/a.yaml, found other bytes" in told
    assert "hunter2" not in told


@pytest.mark.parametrize("encoding", MARKED)
def test_a_history_that_powershell_wrote_is_imported(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "history.json"
    path.write_text(document(history(KEY, 4)), encoding)

    done = slashing("import", "--data-dir", tmp_path / "data", path)

    assert 0 == done.exit_code
    assert [KEY] == [entry["pubkey"] for entry in exported(tmp_path / "data")["data"]]


@pytest.mark.parametrize("flag", ["--config", "--network"])
def test_a_member_with_two_values_is_refused(tmp_path: Path, flag: str) -> None:
    member = {"--config": "interop", "--network": "GENESIS_FORK_VERSION"}[flag]
    path = tmp_path / "a.yaml"
    path.write_text(f"{member}: 1\nport: 0\n{member}: 2\n")

    told = refused("--no-metrics", flag, path)

    assert "expected each member once, found one in line 1, and again in line 3" in told


def test_a_member_that_says_the_same_twice_is_read() -> None:
    assert [{"a": "1", "b": {"c": "2"}}] == parse_yaml("a: 1\nb: {c: 2}\na: 1\nb: {c: 2}\n")


def test_a_member_of_an_inner_mapping_with_two_values_is_refused() -> None:
    with pytest.raises(ValueError, match="in line 2, and again in line 3"):
        parse_yaml("a:\n  b: 1\n  b: 2\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected a secret in {}, found none: remove it for another"),
        ("Bearer secret", "expected one word of ASCII in {}, found other text"),
        ("one\ntwo\n", "expected one word of ASCII in {}, found other text"),
        ("s\u00e9same", "expected one word of ASCII in {}, found other text"),
    ],
)
def test_a_token_that_no_client_can_send_is_refused(
    tmp_path: Path, text: str, expected: str
) -> None:
    path = tmp_path / "token"
    path.write_text(text)

    with pytest.raises(ConfigError) as refusal:
        secret_file(path)

    assert expected.format(path) == str(refusal.value)


@pytest.mark.parametrize("line", [" user:password", "user:password ", "user:password\t"])
def test_a_user_with_a_blank_at_an_end_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "users").write_text(f"other:password\n{line}\n")

    with pytest.raises(ConfigError, match="found one with a blank at its start or its end"):
        Signer(auth_file=tmp_path / "users")


def test_a_keystore_in_utf_16_is_told_as_such(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "keystore.json").write_text(fresh().text, "utf-16")
    (tmp_path / "keystore.txt").write_text(PASSWORD)

    with Signer(keystores=tmp_path) as signer:
        assert [] == signer.pubkeys

    [line] = messages(caplog)
    assert line.endswith("expected a keystore in UTF-8, found UTF-16: save it as UTF-8")


@pytest.mark.parametrize("encoding", MARKED)
def test_the_password_of_a_keystore_may_have_a_byte_order_mark(
    tmp_path: Path, encoding: str
) -> None:
    keystore = fresh()
    (tmp_path / "keystore.json").write_text(keystore.text)
    (tmp_path / "keystore.txt").write_text(f"{PASSWORD}\r\n", encoding)

    with Signer(keystores=tmp_path) as signer:
        assert [keystore.pubkey] == signer.pubkeys


@pytest.mark.parametrize("limit", [USUAL_SIZE // 2, USUAL_SIZE, MAX_FILE_SIZE, 2 * MAX_FILE_SIZE])
def test_a_file_above_its_limit_is_refused(tmp_path: Path, limit: int) -> None:
    content = b"z" * limit
    (tmp_path / "file").write_bytes(content)
    (tmp_path / "larger").write_bytes(content + b"z")

    assert content == read(tmp_path / "file", ConfigError, limit)
    with pytest.raises(ConfigError, match=f"expected at most {limit} bytes"):
        read(tmp_path / "larger", ConfigError, limit)


@pytest.mark.parametrize("size", [0, USUAL_SIZE - 1, USUAL_SIZE, USUAL_SIZE + 1, MAX_FILE_SIZE])
def test_the_whole_file_is_read(tmp_path: Path, size: int) -> None:
    content = bytes(size // 2) + b"z" * (size - size // 2)
    (tmp_path / "file").write_bytes(content)

    assert content == read(tmp_path / "file", ConfigError)
