"""The Keymanager API, read as strictly as its specification allows.

Source: ethereum/keymanager-APIs, apis/local_keystores.yaml and flows/README.md.
"""

import json
from collections.abc import Iterator
from itertools import count
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import msgspec
import pytest
from msgspec import Meta, Struct

from served import Answer, Served, serving, unhex, vectors
from signer import SecretKey, verify
from signer.keys.keyring import Key
from signer.keys.keystore import seal

T = TypeVar("T")

INTEROP = vectors("interop_keys/keys.json")[0]
CASE = next(
    case
    for case in vectors("signing/signing.json")["cases"]
    if case["name"] == "RANDAO_REVEAL/FULU/random-0" and case["network"] == "mainnet"
)
MAINNET: str = CASE["request"]["fork_info"]["genesis_validators_root"]
METADATA = {"interchange_format_version": "5", "genesis_validators_root": MAINNET}
BLOCK = {"slot": "7", "signing_root": CASE["signing_root"]}
ATTESTATION = {"source_epoch": "1", "target_epoch": "2"}
SIGNED = {"pubkey": CASE["pubkey"], "signed_blocks": [BLOCK], "signed_attestations": [ATTESTATION]}
HISTORY = {"metadata": METADATA, "data": [SIGNED]}
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
    text = json.dumps(json.loads(seal(key, PASSWORD, cost=1)) | {"path": path})
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
        answer = self.signer.sign(pubkey, CASE["request"])
        if answer.status == 404:
            return None
        assert 200 == answer.status
        assert verify(unhex(pubkey), unhex(CASE["signing_root"]), unhex(answer.body.decode()))
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


@pytest.fixture(scope="module")
def keymanager() -> Iterator[Keymanager]:
    with serving("--interop", "1", "--no-metrics") as signer:
        yield Keymanager(signer)


def test_an_imported_key_signs_at_once(keymanager: Keymanager) -> None:
    keystore = fresh()

    assert ["imported"] == keymanager.import_keystores(keystore)

    assert keymanager.sign(keystore.pubkey)


def test_keys_are_listed_by_public_key(keymanager: Keymanager) -> None:
    keymanager.import_keystores(*(fresh() for _ in range(8)))

    listed = list(keymanager.list_keys())

    assert sorted(listed) == listed


def test_a_deleted_key_is_gone(keymanager: Keymanager) -> None:
    keystore = fresh()
    keymanager.import_keystores(keystore)

    assert ["deleted"] == keymanager.delete_keys(keystore.pubkey)

    assert keymanager.sign(keystore.pubkey) is None
    assert keystore.pubkey not in keymanager.list_keys()


def test_a_key_is_deleted_once_however_it_is_written(keymanager: Keymanager) -> None:
    pubkey = (keystore := fresh()).pubkey
    keymanager.import_keystores(keystore)

    twice = keymanager.delete_keys(f"0x{pubkey[2:].upper()}", pubkey)
    again = keymanager.delete_keys(pubkey)

    assert (["deleted", "not_found"], ["not_found"]) == (twice, again)


def test_a_keystore_twice_in_a_request_is_imported_once(keymanager: Keymanager) -> None:
    keystore = fresh()

    assert ["imported", "duplicate"] == keymanager.import_keystores(keystore, keystore)


def test_an_active_key_is_a_duplicate(keymanager: Keymanager) -> None:
    key = Key(SecretKey.from_bytes(unhex(INTEROP["privkey"])))

    results = keymanager.import_keystores(Keystore(seal(key, PASSWORD, cost=1).decode()))

    assert ["duplicate"] == results


def test_one_failure_never_stops_the_others(keymanager: Keymanager) -> None:
    first, second, third = fresh(), fresh(), fresh()
    another = fresh()._replace(password="another password")

    results = keymanager.import_keystores(first, another, Keystore("{"), second, third, first)

    assert ["imported", "error", "error", "imported", "imported", "duplicate"] == results


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": "another"}, "the password does not open the keystore"),
        ({"text": "no JSON"}, "expected a keystore as JSON"),
        ({"text": "{}"}, "found JSON without crypto"),
        ({"text": '{"crypto": {}, "version": 3}'}, "version 4"),
    ],
)
def test_an_import_that_fails_says_why(
    keymanager: Keymanager, changes: dict[str, str], expected: str
) -> None:
    [result] = keymanager.ask("POST", body(fresh()._replace(**changes))).json["data"]

    assert "error" == result["status"]
    assert expected in result["message"]


def test_import_refuses_a_keystore_whose_pubkey_differs(keymanager: Keymanager) -> None:
    keystore, other = fresh(), fresh()
    text = keystore.text.replace(keystore.pubkey[2:], other.pubkey[2:])

    assert ["error"] == keymanager.import_keystores(Keystore(text))

    assert not {keystore.pubkey, other.pubkey} & set(keymanager.list_keys())


def test_a_password_too_few_is_refused_and_nothing_is_imported(keymanager: Keymanager) -> None:
    keystore = fresh()

    answer = keymanager.ask("POST", body(keystore, fresh()) | {"passwords": [PASSWORD]})

    assert "found 2 keystores and 1 passwords" in refusal(answer)
    assert keymanager.sign(keystore.pubkey) is None


@pytest.mark.parametrize("history", [None, json.dumps(HISTORY), json.dumps(HISTORY | {"x": 1})])
def test_slashing_protection_may_come_with_keystores(
    keymanager: Keymanager, history: str | None
) -> None:
    assert ["imported"] == keymanager.import_keystores(fresh(), slashing_protection=history)


@pytest.mark.parametrize(
    "history",
    [
        "",
        "{}",
        json.dumps({"metadata": METADATA}),
        json.dumps(HISTORY | {"metadata": METADATA | {"interchange_format_version": "4"}}),
        json.dumps(HISTORY | {"metadata": METADATA | {"genesis_validators_root": "0x00"}}),
        json.dumps(HISTORY | {"data": [{"pubkey": CASE["pubkey"]}]}),
        HISTORY,
    ],
)
def test_undecodable_slashing_protection_is_refused_and_nothing_is_imported(
    keymanager: Keymanager, history: object
) -> None:
    keystore = fresh()

    refusal(keymanager.ask("POST", body(keystore, slashing_protection=history)))

    assert keymanager.sign(keystore.pubkey) is None


def test_nothing_to_do_is_done(keymanager: Keymanager) -> None:
    assert [] == keymanager.import_keystores()
    assert [] == keymanager.delete_keys()


@pytest.mark.parametrize(
    ("method", "content", "expected"),
    [
        ("POST", b"{", "as a JSON object"),
        ("POST", b"\xff", "as a JSON object"),
        ("POST", [], "expected `object`"),
        ("POST", {"passwords": []}, "keystores: expected this member"),
        ("POST", {"keystores": []}, "passwords: expected this member"),
        ("POST", {"keystores": [{}], "passwords": [""]}, "keystores[0]: expected `str`"),
        ("POST", {"keystores": [""], "passwords": [1]}, "passwords[0]: expected `str`"),
        ("DELETE", b"", "as a JSON object"),
        ("DELETE", [], "expected `object`"),
        ("DELETE", {}, "pubkeys: expected this member"),
        ("DELETE", {"pubkeys": [INTEROP["pubkey"], "0x00"]}, "pubkeys[1]: expected 48 bytes"),
        ("DELETE", {"pubkeys": [f"0x{'zz' * 48}"]}, "pubkeys[0]: expected 48 bytes"),
    ],
)
def test_a_body_of_another_shape_is_refused_and_says_where(
    keymanager: Keymanager, method: str, content: object, expected: str
) -> None:
    assert expected in refusal(keymanager.ask(method, content))
