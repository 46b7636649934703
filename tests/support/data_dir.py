"""Cheap keystores of 24 keys, and the folders that they lie in: a data directory, or a user's."""

from contextlib import closing
from pathlib import Path
from typing import Any

from signer.keys.data_dir import DataDir
from signer.keys.derived import interop_keys
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.served import Served

KEYS = {f"0x{key.pubkey.hex()}": Key(key.secret_key, "m/1/2") for key in interop_keys(24)}
PUBKEYS = list(KEYS)
PASSWORD = "correct horse battery staple"
KEYSTORES = {pubkey: encrypt(key, PASSWORD, cost=1) for pubkey, key in KEYS.items()}


def keeping(data_dir: Path) -> list[str | Path]:
    """The flags of a signer with a data directory."""
    return ["--no-metrics", "--data-dir", data_dir]


def import_keys(signer: Served, *pubkeys: str) -> Any:
    """What the Keymanager API says of each."""
    keystores = [KEYSTORES[pubkey].decode() for pubkey in pubkeys]
    body = {"keystores": keystores, "passwords": [PASSWORD] * len(pubkeys)}
    return signer.ask("POST", "/eth/v1/keystores", body).json["data"]


def delete_keys(signer: Served, *pubkeys: str) -> Any:
    """What the Keymanager API says of each."""
    return signer.ask("DELETE", "/eth/v1/keystores", {"pubkeys": pubkeys}).json["data"]


def file_of(data_dir: Path, pubkey: str) -> Path:
    """Where a data directory keeps an imported key."""
    return data_dir / "keystores" / f"{pubkey}.json"


def keep(data_dir: Path, *pubkeys: str) -> None:
    """Leaves a data directory as a signer does that these keys were imported into."""
    with closing(DataDir(data_dir)) as opened:
        for pubkey in pubkeys:
            opened.keep(KEYS[pubkey])


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, pubkey: str, content: bytes = b"", password: str = PASSWORD) -> Path:
    """A keystore in a folder, by default the key's, and its password; replaces what was there."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{pubkey}.json"
    path.write_bytes(content or KEYSTORES[pubkey])
    path.with_suffix(".txt").write_text(password, "utf-8")
    return path


def reading(folder: Path) -> list[str | Path]:
    """The flags of a signer with a folder of the user's."""
    return ["--no-metrics", "--keystores-path", folder]
