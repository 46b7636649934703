"""Basic authentication: who is let in by --auth-file, and what is told to whom."""

import http.client
import json
from base64 import b64encode
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from signer import Signer
from signer.config.settings import Config
from signer.errors import ConfigError, SignerError
from support.asking import WHERE, ask
from support.randao import RANDAO
from support.served import refused, said, serving, serving_here
from support.vectors import vectors

PUBKEY = vectors("interop_keys/keys.json")[0]["pubkey"]
SIGN = f"/api/v1/eth2/sign/{PUBKEY}"
BATCH = {"identifiers": [PUBKEY], "signing_request": RANDAO}
ROUTES = [
    pytest.param("POST", SIGN, RANDAO, id="sign"),
    pytest.param("POST", "/api/v1/eth2/sign", BATCH, id="batch"),
    pytest.param("GET", "/api/v1/eth2/publicKeys", None, id="publicKeys"),
    pytest.param("GET", "/upcheck", None, id="upcheck"),
    pytest.param("GET", "/healthcheck", None, id="healthcheck"),
    pytest.param("GET", "/health", None, id="health"),
    pytest.param("GET", "/reload", None, id="reload"),
    pytest.param("GET", "/api/v1/eth2/highWatermark", None, id="highWatermark"),
    pytest.param("GET", "/eth/v1/keystores", None, id="keystores"),
]


def basic(user_and_password: str) -> str:
    return f"Basic {b64encode(user_and_password.encode()).decode()}"


@pytest.fixture
def auth_file(tmp_path: Path) -> Path:
    """With ends of lines of both kinds, and lines for people."""
    path = tmp_path / "auth"
    path.write_bytes("# users\n\nalice:sesame\r\nbob:two:three\nzoë:pässword".encode())
    return path


@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_route_answers_whom_the_file_names_and_nobody_else(
    method: str, path: str, body: Any
) -> None:
    with Signer(interop=1, auth="alice:sesame") as signer:
        unknown = ask(signer, method, path, body)
        wrong = ask(signer, method, path, body, Authorization=basic("alice:two"))
        known = ask(signer, method, path, body, Authorization=basic("alice:sesame"))

    assert [401, 401, 200] == [answer.status for answer in (unknown, wrong, known)]
    assert 'Basic realm="signer"' == unknown.headers["www-authenticate"]
    assert 'Basic realm="signer"' == wrong.headers["www-authenticate"]
    assert "www-authenticate" not in known.headers


@pytest.mark.parametrize("path", ["/nowhere", "/", "/eth/v1", "/_signers", SIGN + "00"])
def test_a_stranger_does_not_learn_which_routes_there_are(path: str) -> None:
    with Signer(interop=1, auth="alice:sesame") as signer:
        assert 401 == ask(signer, "GET", path).status


@pytest.mark.parametrize("line", ["alice:sesame", "bob:two:three", "zoë:pässword"])
def test_every_line_of_the_file_lets_in(auth_file: Path, line: str) -> None:
    with Signer(interop=1, auth_file=auth_file) as signer:
        answer = ask(signer, "POST", SIGN, RANDAO, Authorization=basic(line))

    assert 200 == answer.status


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Basic",
        "Basic !",
        "Basic alice:sesame",
        b64encode(b"alice:sesame").decode(),
        "Bearer alice:sesame",
        "Digest " + b64encode(b"alice:sesame").decode(),
        basic(""),
        basic(":"),
        basic("alice"),
        basic("alice:"),
        basic("alice:sesam"),
        basic("alice:sesame "),
        basic("alice:two:three"),
        basic("ALICE:one"),
        basic("# users"),
        basic("alice:sesame") + "=",
        basic("alice:sesame") + ", " + basic("alice:sesame"),
    ],
)
def test_whatever_else_is_given_lets_nobody_in(auth_file: Path, given: str) -> None:
    with Signer(interop=1, auth_file=auth_file) as signer:
        answer = ask(signer, "GET", "/upcheck", Authorization=given)

    assert 401 == answer.status


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_name_of_the_scheme_is_in_any_case(scheme: str) -> None:
    token = b64encode(b"alice:sesame").decode()
    with Signer(auth="alice:sesame") as signer:
        assert 200 == ask(signer, "GET", "/upcheck", Authorization=f"{scheme} {token}").status


@pytest.mark.parametrize(
    ("given", "problem"),
    [("", "expected basic authentication"), ("Basic guess", "unknown user or wrong password")],
)
def test_the_refusal_says_what_to_send_and_nothing_of_the_file(given: str, problem: str) -> None:
    with Signer(auth="alice:sesame") as signer:
        answer = ask(signer, "GET", "/upcheck", Authorization=given)

    message = f"{problem}: send a user of --auth-file"
    assert {"code": 401, "message": message, "error": message} == answer.json
    assert "application/json" == answer.headers["content-type"]


def test_a_stranger_signs_nothing_and_is_recorded_without_what_was_given() -> None:
    with Signer(interop=1, auth="alice:sesame") as signer:
        ask(signer, "POST", SIGN, RANDAO, Authorization=basic("alice:guess"))
        [record] = signer.requests

    assert ("RANDAO_REVEAL", 401, None) == (record.type, record.status, record.signature)
    assert basic("alice:guess").split()[1] not in repr(record)


def test_control_is_for_everybody_on_this_machine() -> None:
    with Signer(interop=1, auth="alice:sesame") as signer:
        assert [PUBKEY] == ask(signer, "GET", "/_signer/keys").json


def test_a_refused_client_may_try_again_on_its_connection() -> None:
    body = json.dumps(RANDAO | {"padding": "x" * 200_000})
    statuses = []
    with (
        Signer(interop=1, auth="alice:sesame") as signer,
        closing(http.client.HTTPConnection(urlsplit(signer.url).netloc, timeout=10)) as connection,
    ):
        for line in ("alice:two", "alice:sesame"):
            connection.request("POST", SIGN, body, {"Authorization": basic(line)})
            with connection.getresponse() as response:
                response.read()
            statuses.append(response.status)

    assert [401, 200] == statuses


@pytest.mark.parametrize(
    ("given", "keystores", "upcheck"),
    [
        ("Bearer secret", 200, 401),
        ("Bearer another", 403, 401),
        (basic("alice:sesame"), 401, 200),
        ("", 401, 401),
    ],
)
def test_the_keymanager_api_has_its_token_in_place_of_users(
    tmp_path: Path, given: str, keystores: int, upcheck: int
) -> None:
    token = tmp_path / "token"
    token.write_text("secret")
    with Signer(auth="alice:sesame", keymanager_token_file=token) as signer:
        paths = ["/eth/v1/keystores", "/upcheck"]
        statuses = [ask(signer, "GET", path, Authorization=given).status for path in paths]

    assert [keystores, upcheck] == statuses


@pytest.mark.parametrize(
    "path",
    [
        "/eth/v1/keystores/../../../api/v1/eth2/publicKeys",
        "/eth/v1/keystores/..%2f..%2f..%2fupcheck",
        "/eth/v1/keystoresX",
        "//eth/v1/keystores",
    ],
)
def test_the_tokens_path_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    with Signer(auth="alice:sesame", keymanager_token_file=tmp_path / "token") as signer:
        assert ask(signer, "GET", path).status in {401, 404}


def test_on_another_host_an_auth_file_is_enough(auth_file: Path) -> None:
    flags = ["--host", "0.0.0.0", "--no-metrics", "--interop", "1"]
    with serving_here(*flags, "--auth-file", auth_file) as signer:
        strangers = [signer.ask("GET", path).status for path in ("/upcheck", "/eth/v1/keystores")]
        strangers.append(signer.ask("POST", "/api/v1/eth2/sign", BATCH).status)
        known = signer.ask(
            "GET", "/eth/v1/keystores", headers={"Authorization": basic("alice:sesame")}
        )

    assert [401, 401, 401] == strangers
    assert 200 == known.status


def test_on_another_host_control_takes_more_than_an_auth_file(auth_file: Path) -> None:
    with pytest.raises(ConfigError, match="expected --control on this machine only"):
        Config(host="0.0.0.0", auth_file=auth_file, control=True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "no line"),
        ("\n\n", "no line"),
        ("alice", "one without a colon"),
        ("alice one\n", "one without a colon"),
        ("# users\n", "no line"),
    ],
)
def test_a_file_without_a_user_and_password_is_an_error(
    tmp_path: Path,
    text: str,
    found: str,
) -> None:
    path = tmp_path / "auth"
    path.write_text(text)

    with pytest.raises(ConfigError) as error:
        Signer(auth_file=path)

    assert f"expected lines of USER:PASSWORD in {path}, found {found}" == str(error.value)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"expected a file, found none at .*: see --auth-file"):
        Signer(auth_file=tmp_path / "nowhere")


def test_a_file_without_a_password_ends_the_start_with_1_and_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "auth").write_text("hunter2\n")

    message = refused("--port", "0", "--no-metrics", "--auth-file", tmp_path / "auth")

    assert "expected lines of USER:PASSWORD" in message
    assert "hunter2" not in message


@pytest.mark.slow
def test_logs_tell_nothing_of_the_file_nor_of_what_was_given(auth_file: Path) -> None:
    given = [basic("alice:sesame"), basic("alice:guess"), "Basic guess"]
    with serving("--auth-file", auth_file, "--log-level", "debug", "--no-metrics") as signer:
        for line in given:
            signer.sign(PUBKEY, RANDAO, Authorization=line)
        text = "\n".join(said(signer))

    assert "refused: RANDAO_REVEAL 404 by" in text
    secrets = ["alice", "sesame", "guess", *(line.split()[1] for line in given)]
    assert [] == [secret for secret in secrets if secret in text]


@WHERE
def test_a_signer_with_auth_is_controlled_as_any_other(where: dict[str, Any]) -> None:
    with Signer(interop=1, auth="alice:sesame", **where) as signer:
        unknown = ask(signer, "POST", SIGN, RANDAO)
        with signer.fault(status=500, times=1):
            struck = ask(signer, "POST", SIGN, RANDAO, Authorization=basic("alice:sesame"))
        signer.stop()
        signer.start()
        known = ask(signer, "POST", SIGN, RANDAO, Authorization=basic("alice:sesame"))

        assert [401, 500, 200] == [answer.status for answer in (unknown, struck, known)]
        assert 1 == signer.count(type="RANDAO_REVEAL", status=200)
        assert [PUBKEY] == signer.pubkeys


@WHERE
def test_a_signer_with_half_a_user_is_an_error(where: dict[str, Any]) -> None:
    with pytest.raises(SignerError, match="found text without a colon"):
        Signer(auth="alice", **where)
