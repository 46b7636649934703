"""The arguments of `Signer`: paths as text, keys as hex, and slips that are told."""

from pathlib import Path
from typing import Any

import pytest

from signer import Fault, Signer
from signer.errors import ConfigError, SignerError
from support.duties import KEYS
from support.known_keys import INTEROP


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"tls": "mTLS"}, "True, False or \"mtls\", found 'mTLS'; did you mean mtls?"),
        ({"tls": "yes"}, "True, False or \"mtls\", found 'yes'"),
        ({"tls": 1}, 'True, False or "mtls", found 1'),
        ({"tls": None}, 'True, False or "mtls", found None'),
        ({"tls": True, "tls_cert": "cert.pem"}, "or tls_cert, found both"),
        ({"start": 64}, "expected start to be True or False, found 64"),
        ({"start": 64}, "the index of the first key is start_index"),
        ({"process": "yes"}, "expected process to be True or False, found 'yes'"),
        ({"port": 70_000}, "expected port to be at most 65535, found 70000"),
        ({"interop": "4"}, "expected interop to be a whole number, found '4'"),
        ({"auth": ("user", "password")}, "expected auth to be"),
        ({"auth": "user:hunter2\nroot:x"}, "auth to be one user on one line, found several lines"),
        ({"auth": "user:hunter2\r"}, "auth to be one user on one line"),
        ({"auth": "user"}, 'auth to be "user:password", found text without a colon'),
        ({"auth": "#user:hunter2"}, "auth to be a user without # in front"),
        (
            {"host_allowlist": ["a\nb"]},
            "host_allowlist to be a text, or a list of texts, on one line",
        ),
        (
            {"host_allowlist": "a\0b"},
            "host_allowlist to be a text, or a list of texts, on one line",
        ),
        ({"auth": "a:b", "auth_file": "users"}, "expected auth or auth_file, found both"),
        ({"keystores": "a", "keystores_path": "b"}, "keystores or keystores_path"),
        ({"data_dir": "~/data"}, "without ~ and variables"),
        ({"host": "http://localhost"}, "without scheme, port and brackets"),
        ({"keystores": "nowhere"}, "expected a folder, found none at nowhere"),
        ({"control": False}, "expected no control=False"),
        ({"keys": "0x" + "01" * 32}, "expected keys to be a list of keys, found str"),
        ({"keys": bytes(32)}, "expected keys to be a list of keys, found bytes"),
        ({"keys": 7}, "expected keys to be a list of keys, found int"),
        ({"keys": [KEYS[0], "0x0101"]}, "keys[1] to be a secret key: 32 bytes, or their hex"),
        ({"keys": [7]}, "keys[0] to be a secret key: 32 bytes, or their hex, found int"),
        ({"mnemonic": "dvnet", "count": 1}, "did you mean devnet?"),
    ],
)
def test_a_wrong_value_is_told(arguments: dict[str, Any], expected: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Signer(**arguments)

    assert expected in str(refusal.value)
    assert "0101" not in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("interopp", "interop"),
        ("keystore", "keystores"),
        ("startindex", "start_index"),
        ("keymanager_token", "keymanager_token_file"),
        ("mnemonics", "mnemonic"),
    ],
)
def test_an_unknown_argument_is_told_the_nearest(name: str, nearest: str) -> None:
    arguments: dict[str, Any] = {name: "1"}

    with pytest.raises(TypeError, match=f"'{name}'; did you mean {nearest}"):
        Signer(**arguments)


@pytest.mark.parametrize("as_path", [str, Path], ids=["text", "path"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"keystores": "keys"},
        {"data_dir": "data"},
        {"keymanager_token_file": "token"},
        {"secret_keys_file": "secrets"},
        {"network": "config.yaml"},
    ],
    ids=lambda arguments: str(*arguments),
)
def test_a_path_may_be_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, str], as_path: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys").mkdir()
    (tmp_path / "secrets").write_text(KEYS[0].hex())
    (tmp_path / "config.yaml").write_text("GENESIS_FORK_VERSION: 0x00000001\n")
    [(name, value)] = arguments.items()

    with Signer(interop=1, **{name: as_path(value)}) as signer:
        assert INTEROP[0] in signer.pubkeys


@pytest.mark.parametrize("form", ["{}", "0x{}"])
def test_keys_may_be_hex(form: str) -> None:
    with Signer(keys=[form.format(KEYS[0].hex()), KEYS[1]]) as signer, Signer(keys=KEYS[:2]) as two:
        added = signer.add_keys(keys=[form.format(KEYS[2].hex())])

        assert two.pubkeys == signer.pubkeys[:2]
        assert two.add_keys(keys=[KEYS[2]]) == added


@pytest.mark.parametrize("fault", [{"status": 500}, Fault(status=500), '{"status": 500}'])
def test_a_fault_may_be_an_argument_in_every_form(fault: Any) -> None:
    with Signer(fault=fault) as signer:
        assert [500] == [active["status"] for active in signer.faults]


def test_a_fault_that_is_none_is_refused() -> None:
    with Signer() as signer, pytest.raises(ConfigError, match="a Fault or its fields, found 412"):
        signer.fault(412)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", ["ATTESTATION", "1", True, 1.0])
@pytest.mark.parametrize("method", ["wait_for", "assert_signed"])
def test_a_number_of_requests_that_is_something_else_is_refused(method: str, n: Any) -> None:
    with Signer() as signer, pytest.raises(ConfigError, match="n to be a whole number") as error:
        getattr(signer, method)(n)

    assert "such as type=" in str(error.value)


@pytest.mark.parametrize("again", ["start", "__enter__"])
def test_a_signer_that_has_ended_cannot_start(again: str) -> None:
    with Signer(interop=1) as signer:
        pass

    with pytest.raises(ConfigError, match="`with` block has ended: make another"):
        getattr(signer, again)()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "expected interop, mnemonic and count, or keys, found no key"),
        ({"interop": 0}, "found no key"),
        ({"interop": -1}, "interop: expected `int` >= 0, found -1"),
        ({"interop": 10**9}, "interop: expected `int` <= 100000, found 1000000000"),
        ({"mnemonic": "devnet"}, "mnemonic and count together, found only mnemonic"),
        ({"count": 3}, "mnemonic and count together, found only count"),
        ({"mnemonic": "devnet", "count": 10**9}, "count: expected `int` <= 100000"),
        ({"mnemonic": "devnet", "count": 1, "start_index": 2**32}, "up to index 4294967295"),
        ({"mnemonic": "dvnet", "count": 1}, "did you mean devnet?"),
        ({"mnemonic": "devnet", "count": 1, "start": 3}, "`start`; did you mean start_index?"),
        ({"interopp": 3}, "unknown field `interopp`; did you mean interop?"),
    ],
)
def test_keys_that_cannot_be_added_are_refused(fields: dict[str, Any], expected: str) -> None:
    with Signer() as signer, pytest.raises(SignerError) as refusal:
        signer.add_keys(**fields)

    assert expected in str(refusal.value)
