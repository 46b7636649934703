"""Passwords where clients keep them."""

from pathlib import Path
from typing import Any

import pytest

from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.keystores import KEY, OTHER, PASSWORD
from support.loading import load

PUBKEY = f"0x{KEY.public_key().hex()}"
INLINE = f"voting_keystore_password: {PASSWORD}"


def put(path: Path, content: bytes | str) -> Path:
    """Writes a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def put_keystore(path: Path, password: str = PASSWORD) -> Path:
    return put(path, encrypt(Key(KEY), password, cost=1))


def definitions(*members: str, pubkey: str = PUBKEY, path: Any = "", enabled: str = "true") -> str:
    """Lighthouse's validator_definitions.yml with one key, by default of another machine."""
    path = path or f"/var/lib/lighthouse/validators/{pubkey}/voting-keystore.json"
    entry = [
        f"- enabled: {enabled}",
        f'voting_public_key: "{pubkey}"',
        'description: ""',
        "type: local_keystore",
        f"voting_keystore_path: {path}",
        *members,
    ]
    return "\n  ".join(["---\n" + entry[0], *entry[1:]])


@pytest.mark.parametrize("opened", [".", "validators"])
def test_lighthouses_definitions_have_the_password(tmp_path: Path, opened: str) -> None:
    put_keystore(tmp_path / "validators" / PUBKEY / "voting-keystore.json")
    put(tmp_path / "validators" / "validator_definitions.yml", definitions(INLINE))

    loaded = load(tmp_path / opened)

    assert ([KEY.public_key()], []) == (loaded.pubkeys, loaded.failures)


@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("{folder}/kept.pass", "kept.pass"),
        ("kept.pass", "validators/kept.pass"),
        ("/var/lib/lighthouse/secrets/validator_3", "secrets/validator_3"),
        ("/var/lib/lighthouse/validators/k.pass", f"validators/{PUBKEY}/k.pass"),
    ],
    ids=["absolute", "relative", "another-machines", "another-machines-next-to-the-keystore"],
)
def test_lighthouses_definitions_name_the_file_of_the_password(
    tmp_path: Path, named: str, kept: str
) -> None:
    put_keystore(tmp_path / "validators" / PUBKEY / "voting-keystore.json")
    put(tmp_path / kept, PASSWORD)
    member = f"voting_keystore_password_path: {named.format(folder=tmp_path)}"
    put(tmp_path / "validators" / "validator_definitions.yml", definitions(member))

    loaded = load(tmp_path / "validators")

    assert ([KEY.public_key()], []) == (loaded.pubkeys, loaded.failures)


@pytest.mark.parametrize("nothing", ["~", "null", '""', ""])
def test_definitions_without_a_password_leave_it_to_files(tmp_path: Path, nothing: str) -> None:
    put_keystore(tmp_path / "validators" / PUBKEY / "voting-keystore.json")
    put(tmp_path / "secrets" / PUBKEY, PASSWORD)
    members = [f"voting_keystore_password{end}: {nothing}" for end in ("", "_path")]
    put(tmp_path / "validators" / "validator_definitions.yml", definitions(*members))

    loaded = load(tmp_path / "validators")

    assert ([KEY.public_key()], []) == (loaded.pubkeys, loaded.failures)


@pytest.mark.parametrize(
    "text",
    [
        "- enabled: true\n  type: web3signer\n  url: http://127.0.0.1:9000",
        definitions(INLINE, pubkey="0xzz"),
        definitions(INLINE, pubkey=f"0x{OTHER.public_key().hex()}"),
        "- text\n- [a, list]\n- 1",
        "a: mapping",
        "",
    ],
    ids=["remote", "bad-key", "another-key", "no-mapping", "no-list", "empty"],
)
def test_definitions_about_something_else_change_nothing(tmp_path: Path, text: str) -> None:
    put_keystore(tmp_path / "k.json")
    put(tmp_path / "k.txt", PASSWORD)
    put(tmp_path / "validator_definitions.yml", text)

    loaded = load(tmp_path)

    assert ([KEY.public_key()], []) == (loaded.pubkeys, loaded.failures)


@pytest.mark.parametrize("name", ["keystore-0.json", "keystore-0"])
@pytest.mark.parametrize("folder", ["elsewhere", "validators"])
@pytest.mark.parametrize("relative", [True, False])
def test_a_keystore_that_definitions_name_loads_wherever_it_is(
    tmp_path: Path, name: str, folder: str, *, relative: bool
) -> None:
    path = put_keystore(tmp_path / folder / name)
    text = definitions(INLINE, path=f"../{folder}/{name}" if relative else path)
    put(tmp_path / "validators" / "validator_definitions.yml", text)

    loaded = load(tmp_path / "validators")

    assert ([KEY.public_key()], []) == (loaded.pubkeys, loaded.failures)
    assert loaded.lines[-1].endswith(", 0 failed, skipped 1 files that have no key")


def test_a_keystore_that_definitions_disable_elsewhere_stays_there(tmp_path: Path) -> None:
    path = put_keystore(tmp_path / "elsewhere" / "keystore-0.json")
    text = definitions(INLINE, path=path, enabled="false")
    put(tmp_path / "validators" / "validator_definitions.yml", text)

    assert [] == load(tmp_path / "validators").pubkeys


def test_broken_definitions_are_a_failure_that_shows_no_password(tmp_path: Path) -> None:
    path = put(tmp_path / "validator_definitions.yml", f"- {INLINE}\n : [")

    loaded = load(tmp_path)

    assert [(str(path), "expected YAML, found a mistake in line 2")] == loaded.failures
    assert PASSWORD not in "".join(loaded.lines)


def test_a_wrong_password_in_definitions_is_not_told(tmp_path: Path) -> None:
    put_keystore(tmp_path / "k.json", "another")
    put(tmp_path / "validator_definitions.yml", definitions(INLINE))

    loaded = load(tmp_path)

    [failure] = loaded.failures
    assert failure.reason.startswith("wrong password")
    assert PASSWORD not in "".join(loaded.lines)


@pytest.mark.parametrize(
    ("keystore", "password"),
    [
        ("key-manager/local/{digits}.json", "key-manager/local-passwords/{digits}.txt"),
        ("teku/keys/{pubkey}.json", "teku/passwords/{pubkey}.txt"),
    ],
    ids=["Teku's Keymanager API", "Rocket Pool"],
)
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_folder_of_passwords_is_found(
    tmp_path: Path, depth: int, keystore: str, password: str
) -> None:
    names = {"pubkey": PUBKEY, "digits": PUBKEY[2:]}
    put_keystore(tmp_path / keystore.format(**names))
    put(tmp_path / password.format(**names), PASSWORD)

    loaded = load(tmp_path.joinpath(*keystore.split("/")[:depth]))

    assert ([KEY.public_key()], []) == (loaded.pubkeys, loaded.failures)
