"""The Keymanager API, read as strictly as its specification allows.

Source: ethereum/keymanager-APIs, apis/local_keystores.yaml and flows/README.md.
"""

import json
from collections.abc import Iterator

import pytest

from signer import SecretKey
from signer.keys.keyring import Key
from signer.keys.keystore import encrypt
from support.duties import RANDAO
from support.interchange import METADATA
from support.keymanager import INTEROP, PASSWORD, Keymanager, Keystore, body, fresh, refusal
from support.served import serving_here
from support.vectors import unhex

BLOCK = {"slot": "7", "signing_root": RANDAO["signing_root"]}
ATTESTATION = {"source_epoch": "1", "target_epoch": "2"}
SIGNED = {
    "pubkey": RANDAO["pubkey"],
    "signed_blocks": [BLOCK],
    "signed_attestations": [ATTESTATION],
}
HISTORY = {"metadata": METADATA, "data": [SIGNED]}


@pytest.fixture(scope="module")
def keymanager() -> Iterator[Keymanager]:
    with serving_here("--interop", "1", "--no-metrics") as signer:
        yield Keymanager(signer)


def test_an_imported_key_signs_at_once(keymanager: Keymanager) -> None:
    keystore = fresh()

    assert ["imported"] == keymanager.import_keystores(keystore)

    assert keymanager.sign(keystore.pubkey)


def test_keys_are_listed_in_the_order_of_their_import(keymanager: Keymanager) -> None:
    keystores = [fresh() for _ in range(8)]
    keymanager.import_keystores(*keystores)

    listed = [*keymanager.list_keys()][-8:]

    assert [keystore.pubkey for keystore in keystores] == listed


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

    results = keymanager.import_keystores(Keystore(encrypt(key, PASSWORD, cost=1).decode()))

    assert ["duplicate"] == results


def test_one_failure_never_stops_the_others(keymanager: Keymanager) -> None:
    first, second, third = fresh(), fresh(), fresh()
    another = fresh()._replace(password="another password")

    results = keymanager.import_keystores(first, another, Keystore("{"), second, third, first)

    assert ["imported", "error", "error", "imported", "imported", "duplicate"] == results


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"password": "another"}, "wrong password"),
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


@pytest.mark.parametrize(
    "history",
    [
        None,
        json.dumps(HISTORY),
        json.dumps(HISTORY | {"x": 1}),
        json.dumps(HISTORY | {"data": [{"pubkey": RANDAO["pubkey"]}]}),
        json.dumps(HISTORY | {"data": None}),
        json.dumps({"metadata": {"interchange_format_version": "5"}, "data": []}),
        f"\ufeff{json.dumps(HISTORY)}",
        "",
    ],
)
def test_slashing_protection_may_come_with_keystores(
    keymanager: Keymanager, history: str | None
) -> None:
    assert ["imported"] == keymanager.import_keystores(fresh(), slashing_protection=history)


@pytest.mark.parametrize(
    "history",
    [
        "{}",
        json.dumps(HISTORY | {"metadata": METADATA | {"interchange_format_version": "4"}}),
        json.dumps(HISTORY | {"metadata": METADATA | {"genesis_validators_root": "0x00"}}),
        json.dumps(HISTORY | {"data": [{"signed_blocks": []}]}),
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


@pytest.mark.parametrize(
    ("member", "nearest"),
    [
        ("slashingProtection", "; did you mean slashing_protection?"),
        ("slashing-protection", "; did you mean slashing_protection?"),
        ("note", ""),
    ],
)
def test_an_unknown_member_imports_nothing(
    keymanager: Keymanager, member: str, nearest: str
) -> None:
    keystore = fresh()
    content = body(keystore, **{member: json.dumps(HISTORY)})

    told = refusal(keymanager.signer.ask("POST", "/eth/v1/keystores", content), 400)

    assert f"unknown field `{member}`{nearest}" in told
    assert keystore.pubkey not in keymanager.list_keys()


def test_an_unknown_member_deletes_nothing(keymanager: Keymanager) -> None:
    keystore = fresh()
    keymanager.import_keystores(keystore)
    content = {"pubkeys": [keystore.pubkey], "pubkey": keystore.pubkey}

    told = refusal(keymanager.signer.ask("DELETE", "/eth/v1/keystores", content), 400)

    assert "unknown field `pubkey`; did you mean pubkeys?" in told
    assert keystore.pubkey in keymanager.list_keys()


@pytest.mark.parametrize(
    "content",
    [
        {"keystores": [], "passwords": "hunter2"},
        {"keystores": "hunter2", "passwords": []},
        {"keystores": [], "passwords": [], "slashing_protection": ["hunter2"]},
    ],
)
def test_a_member_of_another_type_is_refused_and_not_shown(
    keymanager: Keymanager, content: dict[str, object]
) -> None:
    told = refusal(keymanager.signer.ask("POST", "/eth/v1/keystores", content), 400)

    assert "hunter2" not in told
