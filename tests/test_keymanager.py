"""The Keymanager API, read as strictly as its specification allows.

Source: ethereum/keymanager-APIs, apis/local_keystores.yaml and flows/README.md.
"""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypeVar

import msgspec
import pytest
from msgspec import Meta, Struct

from served import Answer, Served, serving, unhex, vectors
from signer import SecretKey, verify
from signer.keyring import Key
from signer.keystores import seal
from test_keys import DEVNET_0
from test_serve import refused

T = TypeVar("T")

INTEROP = [key["pubkey"] for key in vectors("interop_keys/keys.json")]
CASE = next(
    case
    for case in vectors("signing/signing.json")["cases"]
    if case["name"] == "RANDAO_REVEAL/FULU/random-0" and case["network"] == "mainnet"
)
MAINNET: str = CASE["request"]["fork_info"]["genesis_validators_root"]
PASSWORD = "opens the keystores of tests"
NUMBERS = count(5_000_000)  # secret keys, each used once
TOKEN = "api-token-0x6ab1c2d3"  # opaque, and of Lodestar's form


class Strict(Struct, forbid_unknown_fields=True):
    """What the specification names, and nothing else."""


class Listed(Strict):
    validating_pubkey: Annotated[str, Meta(pattern="^0x[a-fA-F0-9]{96}$")]
    derivation_path: str
    readonly: bool


class Imported(Strict):
    status: Literal["imported", "duplicate", "error"]
    message: str = ""


class Deleted(Strict):
    status: Literal["deleted", "not_active", "not_found", "error"]
    message: str = ""


class ListKeysResponse(Strict):
    data: list[Listed]


class ImportKeystoresResponse(Strict):
    data: list[Imported]


class DeleteKeysResponse(Strict):
    data: list[Deleted]
    slashing_protection: str


class Metadata(Strict):
    interchange_format_version: Literal["5"]
    genesis_validators_root: Annotated[str, Meta(pattern="^0x[a-fA-F0-9]{64}$")]


class Interchange(Strict):
    metadata: Metadata
    data: list[Any]


class Keystore(NamedTuple):
    """A keystore as it is sent, and the public key of what is in it."""

    text: str
    password: str = PASSWORD
    pubkey: str = ""

    def having(self, **members: object) -> "Keystore":
        return self._replace(text=json.dumps(json.loads(self.text) | members))


def fresh(path: str = "") -> Keystore:
    """A cheap keystore of a key that no other test has."""
    key = Key(SecretKey.from_bytes(next(NUMBERS).to_bytes(32)), path)
    return Keystore(seal(key, PASSWORD, cost=1).decode(), PASSWORD, f"0x{key.pubkey.hex()}")


def body(*keystores: Keystore, **members: object) -> dict[str, object]:
    """What imports keystores."""
    texts, passwords = [keystore[0] for keystore in keystores], [each[1] for each in keystores]
    return {"keystores": texts, "passwords": passwords, **members}


class Keymanager:
    """A client that fails on every answer that is not as specified."""

    def __init__(self, signer: Served, token: str = "") -> None:
        self.signer = signer
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, body: Any = None) -> Answer:
        return self.signer.ask(method, "/eth/v1/keystores", body, self._headers)

    def list_keys(self) -> dict[str, tuple[str, bool]]:
        """Derivation path and `readonly` by public key."""
        keys = _read(self.ask("GET"), ListKeysResponse).data
        return {key.validating_pubkey: (key.derivation_path, key.readonly) for key in keys}

    def import_keystores(self, *keystores: Keystore, **members: object) -> list[str]:
        """The status of each."""
        answer = self.ask("POST", body(*keystores, **members))
        return _statuses(_read(answer, ImportKeystoresResponse).data, len(keystores))

    def delete_keys(self, *pubkeys: str) -> list[str]:
        """The status of each."""
        answer = _read(self.ask("DELETE", {"pubkeys": pubkeys}), DeleteKeysResponse)
        msgspec.json.decode(answer.slashing_protection, type=Interchange)
        return _statuses(answer.data, len(pubkeys))

    def sign(self, pubkey: str) -> str | None:
        """A signature that is valid, on a connection of its own; None if there is no such key."""
        answer = self.signer.sign(pubkey, CASE["request"])
        if answer.status == 404:
            return None
        assert 200 == answer.status
        assert verify(unhex(pubkey), unhex(CASE["signing_root"]), unhex(answer.body.decode()))
        return answer.body.decode()


def _read(answer: Answer, kind: type[T]) -> T:
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    return msgspec.json.decode(answer.body, type=kind)


def _statuses(results: list[Imported] | list[Deleted], length: int) -> list[str]:
    assert length == len(results)
    assert all(bool(result.message) == (result.status == "error") for result in results)
    return [result.status for result in results]


def refusal(answer: Answer, status: int = 400) -> str:
    """The message in an ErrorResponse of the specification."""
    assert (status, "application/json") == (answer.status, answer.headers["content-type"])
    return str(answer.json["message"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder with a keystore and its password."""
    path, keystore = tmp_path_factory.mktemp("keys"), fresh("m/12381/3600/7/0/0")
    (path / f"{keystore.pubkey}.json").write_text(keystore.text)
    (path / "password").write_text(PASSWORD)
    return path


@pytest.fixture(scope="module")
def keymanager(folder: Path) -> Iterator[Keymanager]:
    flags: list[str | Path] = ["--interop", "2", "--mnemonic", "devnet", "--count", "2"]
    flags += ["--keystores-path", folder, "--keystores-password-file", folder / "password"]
    with serving(*flags, "--no-metrics") as signer:
        yield Keymanager(signer)


@pytest.fixture(params=["interop", "mnemonic", "keystores-path"])
def readonly(request: pytest.FixtureRequest, folder: Path) -> str:
    """The public key of a key that nobody imported."""
    [file] = folder.glob("*.json")
    return {"interop": INTEROP[1], "mnemonic": DEVNET_0, "keystores-path": file.stem}[request.param]


def test_an_imported_key_signs_at_once(keymanager: Keymanager) -> None:
    keystore = fresh()

    assert ["imported"] == keymanager.import_keystores(keystore)

    assert keymanager.sign(keystore.pubkey)
