"""A client of the Keymanager API, as strict as its specification allows, and what it sends."""

import json
from itertools import count
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import msgspec
from msgspec import Meta, Struct

from signer import SecretKey, verify
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.duties import RANDAO
from support.served import Answer, Served
from support.vectors import unhex, vectors

T = TypeVar("T")

INTEROP = vectors("interop_keys/keys.json")[0]
PASSWORD = "opens the keystores of tests"
NUMBERS = count(5_000_000)  # secret keys, each used once


class Strict(Struct, forbid_unknown_fields=True):
    """What the specification names, and nothing else."""


class Listed(Strict):
    validating_pubkey: Annotated[str, Meta(pattern="^0x[a-fA-F0-9]{96}$")]
    derivation_path: str
    readonly: bool


class Result(Strict):
    status: Literal["imported", "duplicate", "deleted", "not_active", "not_found", "error"]
    message: str = ""


class Response(Strict, Generic[T]):
    data: list[T]


class DeleteResponse(Response[Result]):
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


def fresh(path: str = "") -> Keystore:
    """A cheap keystore of a key that no other test has."""
    key = Key(SecretKey.from_bytes(next(NUMBERS).to_bytes(32)))
    text = json.dumps(json.loads(encrypt(key, PASSWORD, cost=1)) | {"path": path})
    return Keystore(text, PASSWORD, f"0x{key.pubkey.hex()}")


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
        keys = _read(self.ask("GET"), Response[Listed]).data
        return {key.validating_pubkey: (key.derivation_path, key.readonly) for key in keys}

    def import_keystores(self, *keystores: Keystore, **members: object) -> list[str]:
        """The status of each."""
        answer = self.ask("POST", body(*keystores, **members))
        return _statuses(_read(answer, Response[Result]).data, len(keystores))

    def delete_keys(self, *pubkeys: str) -> list[str]:
        """The status of each."""
        answer = _read(self.ask("DELETE", {"pubkeys": pubkeys}), DeleteResponse)
        msgspec.json.decode(answer.slashing_protection, type=Interchange)
        return _statuses(answer.data, len(pubkeys))

    def sign(self, pubkey: str) -> str | None:
        """A signature that is valid, on a connection of its own; None if there is no such key."""
        answer = self.signer.sign(pubkey, RANDAO["request"])
        if answer.status == 404:
            return None
        assert 200 == answer.status
        assert verify(unhex(pubkey), unhex(RANDAO["signing_root"]), unhex(answer.body.decode()))
        return answer.body.decode()


def _read(answer: Answer, kind: type[T]) -> T:
    assert (200, "application/json") == (answer.status, answer.headers["content-type"])
    return msgspec.json.decode(answer.body, type=kind)


def _statuses(results: list[Result], length: int) -> list[str]:
    assert length == len(results)
    assert all(bool(result.message) == (result.status == "error") for result in results)
    return [result.status for result in results]


def refusal(answer: Answer, status: int = 400) -> str:
    """The message in an ErrorResponse of the specification."""
    assert (status, "application/json") == (answer.status, answer.headers["content-type"])
    return str(answer.json["message"])
