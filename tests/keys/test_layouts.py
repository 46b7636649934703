"""`signer keys`: what it writes for each tool, and that it is read back without being told."""

import base64
import hashlib
import json
import re
import shlex
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result

from signer._core import Encrypted, Kdf, SecretKey
from signer.cli import main
from signer.errors import SignerError
from signer.keys.derived import interop_keys, mnemonic_keys
from signer.keys.keyring import Key
from signer.keys.keystore import Keystore, encrypt
from signer.keys.keystore_folder import KeystoreFolder
from signer.keys.layouts import LAYOUTS
from signer.threads import thread_pool
from support.served import serving_here
from support.vectors import unhex, vectors

A, B = (key.pubkey.hex() for key in mnemonic_keys("devnet", 2, 5))
KEYS = vectors("interop_keys/keys.json")
ONE = SecretKey.from_bytes(bytes(31) + b"\x01")
TWO_KEYS = ["--mnemonic", "devnet", "--start", "5", "--count", "2"]
TEKU = [f"teku-keys/0x{B}.json", f"teku-keys/0x{A}.json"]
TEKU += [f"teku-secrets/0x{B}.txt", f"teku-secrets/0x{A}.txt"]
SECRETS = [f"secrets/0x{B}", f"secrets/0x{A}"]
GOLDEN = {
    "web3signer": TEKU,
    "web3signer-key-files": [
        f"{key}.{end}" for key in (B, A) for end in ("json", "password", "yaml")
    ],
    "teku": TEKU,
    "lighthouse": SECRETS + [f"validators/0x{key}/voting-keystore.json" for key in (B, A)],
    "lodestar": [f"keystores/0x{key}/voting-keystore.json" for key in (B, A)] + SECRETS,
    "nimbus": SECRETS + [f"validators/0x{key}/keystore.json" for key in (B, A)],
    "prysm": ["prysm/direct/accounts/all-accounts.keystore.json", "secrets/password.txt"],
    "eth2-val-tools": [f"keys/0x{key}/voting-keystore.json" for key in (B, A)]
    + [f"nimbus-keys/0x{key}/keystore.json" for key in (B, A)]
    + [f"lodestar-secrets/0x{key}" for key in (B, A)]
    + SECRETS
    + TEKU,
    "deposit-cli": [f"validator_keys/keystore-m_12381_3600_{i}_0_0-TIME.json" for i in (5, 6)]
    + ["validator_keys/password.txt"],
    "charon": [f"validator_keys/keystore-{i}.{end}" for i in (0, 1) for end in ("json", "txt")],
    "flat": [f"{B}.json", f"{B}.txt", f"{A}.json", f"{A}.txt"],
    "commit-boost": [f"keys/{B}.json", f"keys/{A}.json", "secrets/password.txt"],
}


def write(out: Path, *flags: str) -> Result:
    return CliRunner().invoke(main, ["keys", "--out", str(out), *flags])


def listing(folder: Path) -> list[str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [re.sub(r"-\d{10}\.", "-TIME.", str(path.relative_to(folder))) for path in files]


def load(line: str) -> list[tuple[str, str]]:
    """Public keys and paths, sorted, of what the finder finds with the printed flags."""
    *_, folder = shlex.split(line)
    with thread_pool() as threads:
        keys, failures = KeystoreFolder(Path(folder)).load(threads)
    assert [] == failures
    return sorted((key.pubkey.hex(), key.derivation_path) for key in keys)


def only_json(folder: Path) -> Any:
    [path] = folder.rglob("*.json")
    return json.loads(path.read_bytes())


def aes_ctr(text: bytes, kdf: Kdf, iv: int) -> bytes:
    """The keystream is what sealing a known key adds to it, two blocks at a time."""
    stream = b""
    for counter in range(iv, iv + len(text) // 16 + 1, 2):
        encrypted = Encrypted.encrypt(kdf, b"pass", counter.to_bytes(16, "big"), ONE).ciphertext
        stream += bytes([*encrypted[:31], encrypted[31] ^ 1])
    return bytes(a ^ b for a, b in zip(text, stream, strict=False))


def prysms(text: bytes) -> Keystore:
    """A keystore of Prysm's with a text inside, made without the signer's code for it."""
    crypto = json.loads(encrypt(Key(ONE), "pass", cost=1))["crypto"]
    salt = bytes.fromhex(crypto["kdf"]["params"]["salt"])
    message = aes_ctr(text, Kdf.pbkdf2(1, 32, salt), 0)
    derived = hashlib.pbkdf2_hmac("sha256", b"pass", salt, 1)
    crypto["cipher"] |= {"params": {"iv": bytes(16).hex()}, "message": message.hex()}
    crypto["checksum"]["message"] = hashlib.sha256(derived[16:] + message).hexdigest()
    return msgspec.convert({"crypto": crypto, "version": 4}, Keystore)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_has_the_names_that_its_tool_gives(tmp_path: Path, layout: str) -> None:
    write(tmp_path, *TWO_KEYS, "--layout", layout)

    assert sorted([*GOLDEN[layout], "pubkeys.txt"]) == listing(tmp_path)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_public_keys_are_written_next_to_the_keystores(tmp_path: Path, layout: str) -> None:
    write(tmp_path, *TWO_KEYS, "--layout", layout)

    assert f"0x{A}\n0x{B}\n" == (tmp_path / "pubkeys.txt").read_text()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_read_back_with_the_flags_that_are_printed(tmp_path: Path, layout: str) -> None:
    out = tmp_path / "with space"
    result = write(out, *TWO_KEYS, "--layout", layout, "--password", "p\u00e4ss")

    paths = ["", ""] if layout == "prysm" else ["m/12381/3600/5/0/0", "m/12381/3600/6/0/0"]
    assert sorted(zip([A, B], paths, strict=True)) == load(result.stdout)


def test_all_layouts_are_written_into_folders_of_their_own(tmp_path: Path) -> None:
    result = write(tmp_path, "--interop", "3", "--layout", "all")

    expected = sorted((key.pubkey.hex(), "") for key in interop_keys(3))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("**/*") if path.is_file()}
    assert set(LAYOUTS) == {folder.name for folder in tmp_path.iterdir()}
    assert {0o600} == modes  # nobody else can read the files
    assert [expected] * len(LAYOUTS) == list(map(load, result.stdout.splitlines()))


def test_a_signer_serves_what_the_printed_flags_name(tmp_path: Path) -> None:
    result = write(tmp_path, *TWO_KEYS, "--layout", "prysm")

    with serving_here(*shlex.split(result.stdout)[2:], "--no-metrics") as signer:
        pubkeys = signer.ask("GET", "/api/v1/eth2/publicKeys").json

    assert {f"0x{A}", f"0x{B}"} == set(pubkeys)


@pytest.mark.parametrize("layout", ["flat", "prysm"])
def test_the_checksum_is_eip_2335s(tmp_path: Path, layout: str) -> None:
    result = write(tmp_path, "--interop", "1", "--layout", layout, "--password", "secret")

    crypto = only_json(tmp_path)["crypto"]
    params, message = crypto["kdf"]["params"], bytes.fromhex(crypto["cipher"]["message"])
    derived = hashlib.pbkdf2_hmac("sha256", b"secret", bytes.fromhex(params["salt"]), 2)
    assert "for tests only" in result.stderr
    assert 2 == params["c"]
    assert hashlib.sha256(derived[16:] + message).hexdigest() == crypto["checksum"]["message"]


@pytest.mark.slow
def test_scrypt_costs_what_eip_2335_says(tmp_path: Path) -> None:
    result = write(tmp_path, "--interop", "1", "--kdf", "scrypt", "--layout", "flat")

    kdf = only_json(tmp_path)["crypto"]["kdf"]
    params = {name: kdf["params"][name] for name in ("n", "r", "p", "dklen")}
    assert ("scrypt", {"n": 1 << 18, "r": 8, "p": 1, "dklen": 32}) == (kdf["function"], params)
    assert 1 == len(load(result.stdout))


def test_a_folder_with_something_in_it_is_refused_before_any_is_written(tmp_path: Path) -> None:
    (tmp_path / "teku").mkdir()
    (tmp_path / "teku" / "mine").write_text("untouched")

    result = write(tmp_path, "--interop", "1", "--layout", "all")

    assert 2 == result.exit_code
    assert f"expected no files in {tmp_path / 'teku'}, found some" in result.stderr
    assert ["teku/mine"] == listing(tmp_path)


@pytest.mark.parametrize("flags", [[], ["--interop", "1", *TWO_KEYS], ["--mnemonic", "devnet"]])
def test_keys_from_nowhere_or_from_two_places_are_refused(tmp_path: Path, flags: list[str]) -> None:
    result = write(tmp_path, *flags)

    assert 2 == result.exit_code
    assert "Error: expected --" in result.stderr
    assert [] == listing(tmp_path)


def test_the_help_names_every_layout_and_source(tmp_path: Path) -> None:
    text = write(tmp_path, "--help").stdout

    wanted = [*LAYOUTS, "all", "--interop", "--mnemonic", "--count", "--start", "--kdf"]
    assert [] == [word for word in wanted if word not in text]


def test_prysm_finds_its_own_text_in_what_is_written(tmp_path: Path) -> None:
    write(tmp_path, "--interop", "10", "--layout", "prysm", "--password", "pass")

    crypto = only_json(tmp_path)["crypto"]
    message, iv = bytes.fromhex(crypto["cipher"]["message"]), crypto["cipher"]["params"]["iv"]
    kdf = Kdf.pbkdf2(2, 32, bytes.fromhex(crypto["kdf"]["params"]["salt"]))
    expected = {
        f"{kind}_keys": [base64.b64encode(unhex(key[member])).decode() for key in KEYS]
        for kind, member in (("private", "privkey"), ("public", "pubkey"))
    }
    assert expected == json.loads(aes_ctr(message, kdf, int(iv, 16)))


def test_a_text_of_prysms_may_have_spaces() -> None:
    lists = {"public_keys": [ONE.public_key()] * 2, "private_keys": [bytes(31) + b"\x01"] * 2}
    texts = {name: [base64.b64encode(item).decode() for item in lists[name]] for name in lists}

    keys = prysms(json.dumps(texts, indent=2).encode()).decrypt_all("pass")

    assert [ONE.public_key()] * 2 == [key.pubkey for key in keys]


@pytest.mark.parametrize(
    "text",
    [
        b'{"private_keys":null,"public_keys":null}',
        b'{"private_keys": [], "public_keys": []}',
        b'{"public_keys":["AAAA"],"private_keys" : [ ]}',
    ],
)
def test_a_wallet_of_prysms_may_be_empty(text: bytes) -> None:
    assert [] == prysms(text).decrypt_all("pass")


@pytest.mark.slow
def test_a_wallet_of_prysms_may_have_thousands_of_keys(tmp_path: Path) -> None:
    result = write(tmp_path, "--interop", "5000", "--layout", "prysm")

    assert 5000 == len(load(result.stdout))


@pytest.mark.parametrize("text", [b"{}" * 20, b"\xff" * 40, b'"private_keys":["!A"]' * 2])
def test_another_text_in_place_of_prysms_is_refused(text: bytes) -> None:
    with pytest.raises(SignerError, match=r"^expected Prysm's private_keys, found other text$"):
        prysms(text).decrypt_all("pass")
