"""How a signer proves itself to its upstream, and whom it trusts."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from signer import Signer
from signer.config.settings import Config
from signer.errors import ConfigError
from signer.upstream.endpoint import Endpoint
from support.asking import ask, sign
from support.duties import KEYS, RANDAO
from support.logs import messages
from support.served import refused

USER = "harness:s3cret"


@pytest.fixture
def behind() -> Iterator[Signer]:
    with Signer(keys=KEYS, auth=USER) as signer:
        yield signer


def with_user(signer: Signer, user: str) -> str:
    return signer.url.replace("://", f"://{user}@")


@pytest.mark.parametrize("place", ["url", "file"])
def test_a_user_is_sent_and_never_told(
    behind: Signer, caplog: pytest.LogCaptureFixture, tmp_path: Path, place: str
) -> None:
    caplog.set_level(logging.DEBUG)
    flags: dict[str, Any] = {"upstream": with_user(behind, USER)}
    if place == "file":
        (tmp_path / "user").write_text(f"{USER}\n")
        flags = {"upstream": behind.url, "upstream_auth_file": tmp_path / "user"}
    with Signer(**flags) as front:
        answer = sign(front, RANDAO)
        behind.stop()
        gone = sign(front, RANDAO)

    assert (200, 502) == (answer.status, gone.status)
    assert "s3cret" not in gone.body.decode() + caplog.text + repr(front)


def test_a_password_may_have_any_character() -> None:
    with Signer(keys=KEYS, auth="us%er:p@ss/w:rd") as behind:
        url = with_user(behind, "us%25er:p%40ss%2Fw%3Ard")
        with Signer(upstream=url) as front:
            assert 200 == sign(front, RANDAO).status


def test_a_wrong_user_is_502_and_not_the_clients_fault(behind: Signer) -> None:
    with Signer(upstream=with_user(behind, "harness:wr0ng")) as front:
        answer = sign(front, RANDAO)

    assert 502 == answer.status
    assert "status 401" in answer.json["message"]
    assert "wr0ng" not in answer.json["message"]


def test_an_upstream_with_tls_is_trusted_by_its_authority() -> None:
    with (
        Signer(keys=KEYS, tls=True) as behind,
        Signer(upstream=behind.url, upstream_ca_file=behind.tls.ca) as front,
    ):
        assert 200 == sign(front, RANDAO).status


def test_an_upstream_that_wants_a_certificate_gets_it() -> None:
    with Signer(keys=KEYS, tls="mtls") as behind:
        files: Any = {"upstream_ca_file": behind.tls.ca, "upstream_cert": behind.tls.client}
        with Signer(upstream=behind.url, **files) as front:
            assert 200 == sign(front, RANDAO).status


@pytest.mark.slow
def test_an_upstream_of_another_authority_is_not_trusted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Signer(keys=KEYS, tls=True) as behind, Signer(upstream=behind.url) as front:
        answer = ask(front, "GET", "/api/v1/eth2/publicKeys")

    assert 502 == answer.status
    assert "its certificate is not trusted: unable to get local issuer" in answer.json["message"]
    assert [line for line in messages(caplog) if "its certificate is not trusted" in line]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"upstream": "127.0.0.1:9001"}, "such as http://127.0.0.1:9001"),
        ({"upstream": "ftp://somewhere"}, "such as http://127.0.0.1:9001"),
        ({"upstream": "http://a:b@c:port"}, "such as http://127.0.0.1:9001"),
        ({"upstream": "http://a:b@c?d=e"}, "found other text, or a query"),
        ({"upstream": "http://a:s3cret@"}, "such as http://127.0.0.1:9001"),
        ({"upstream": "http://a\r\nb"}, "such as http://127.0.0.1:9001"),
        ({"upstream": "http://a", "upstream_timeout": 0}, "--upstream-timeout above 0"),
        ({"upstream": "http://localhost:9000"}, "found its own --port 9000"),
        ({"upstream": "http://[::1]:5/", "host": "0.0.0.0", "port": 5}, "its own --port 5"),
        ({"upstream_auth_file": __file__}, "--upstream URL with its other flags"),
        ({"upstream": "http://a:b@c", "upstream_auth_file": __file__}, "found both"),
        ({"upstream": "https://a", "upstream_key": __file__}, "--upstream-cert with"),
        ({"upstream": "http://a", "upstream_ca_file": __file__}, "expected an https URL"),
        ({"upstream": "http://a", "upstream_verify": "enforced"}, "did you mean enforce?"),
    ],
)
def test_flags_that_contradict_each_other_are_refused(flags: Any, expected: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Config(**flags)

    assert expected in str(refusal.value)
    assert "s3cret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("upstream_ca_file", "expected certificates (PEM) in --upstream-ca-file"),
        ("upstream_cert", "expected a certificate and its key (PEM, without a password)"),
        ("upstream_auth_file", "expected one line of USER:PASSWORD in"),
    ],
)
def test_a_file_of_no_use_is_refused_before_the_signer_listens(
    tmp_path: Path, flag: str, expected: str
) -> None:
    file = tmp_path / "file"
    file.write_text("s3cret\nnonsense")

    said = refused(
        "--upstream", "https://localhost:1", f"--{flag.replace('_', '-')}", file, "--port", "0"
    )

    assert expected in said
    assert "s3cret" not in said


def test_an_endpoint_shows_no_user() -> None:
    endpoint = Endpoint.of(Config(upstream="http://a:s3cret@[::1]/base/"))

    assert "<Endpoint http://[::1]:80/base>" == repr(endpoint)
