"""What is wrong with a file of the TLS flags: each fault has its own words, and nobody is asked."""

import os
import pty
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from signer.config.settings import Config
from signer.errors import ConfigError
from signer.tls.context import check
from support.logs import messages
from support.served import WRONG_FLAGS

NOW = datetime.now(UTC)
PASSWORD = "hunter2"
PEM = serialization.Encoding.PEM
PKCS8 = serialization.PrivateFormat.PKCS8
FLAGS = ["tls_cert", "tls_key", "tls_password_file", "tls_client_ca"]
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL


class Files(NamedTuple):
    """Certificates and keys, each in a file of its own."""

    folder: Path
    cert: Path
    key: Path
    other_key: Path
    locked: Path  # the key with a password, as PKCS#8
    old_locked: Path  # the same in OpenSSL's older form
    old: Path  # an expired certificate, with its key
    future: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("files")
    names = ["cert", "key", "other_key", "locked", "old_locked", "old", "future"]
    made = Files(folder, *(folder / f"{name}.pem" for name in names))
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    leaf = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    leaf.private_key_pem.write_to_path(made.key)
    leaf.cert_chain_pems[0].write_to_path(made.cert)
    authority.issue_cert("127.0.0.1").private_key_pem.write_to_path(made.other_key)
    day = timedelta(days=1)
    old = authority.issue_cert("127.0.0.1", not_before=NOW - 2 * day, not_after=NOW - day)
    old.private_key_and_cert_chain_pem.write_to_path(made.old)
    future = authority.issue_cert("127.0.0.1", not_before=NOW + day, not_after=NOW + 2 * day)
    future.private_key_and_cert_chain_pem.write_to_path(made.future)
    key: Any = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    password = serialization.BestAvailableEncryption(PASSWORD.encode())
    made.locked.write_bytes(key.private_bytes(PEM, PKCS8, password))
    made.old_locked.write_bytes(key.private_bytes(PEM, TRADITIONAL, password))
    own = x509.load_pem_x509_certificate(made.cert.read_bytes())
    (folder / "p12").write_bytes(
        pkcs12.serialize_key_and_certificates(b"", key, own, None, password)
    )
    (folder / "store").write_bytes(
        pkcs12.serialize_java_truststore([pkcs12.PKCS12Certificate(own, b"ca")], password)
    )
    (folder / "password").write_text(PASSWORD)
    (folder / "wrong_password").write_text("hunter3")
    (folder / "windows_password").write_text(f"{PASSWORD}\r\n", "utf-16")
    (folder / "binary_password").write_bytes(b"\x80\x81")
    (folder / "text").write_text("hunter2")
    (folder / "empty").write_text("")
    (folder / "cut.pem").write_bytes(made.cert.read_bytes()[:300])
    (folder / "cut_key.pem").write_bytes(made.key.read_bytes()[:300])
    return made


# by the files of --tls-cert, --tls-key, --tls-password-file and --tls-client-ca; - for no flag
FAULTS = [
    ("gone key.pem - -", "expected a file, found none at {}/gone"),
    ("text key.pem - -", "text as --tls-cert: expected a certificate in PEM, found no PEM"),
    ("empty key.pem - -", "in PEM, found an empty file"),
    ("p12 key.pem - -", "in PEM, found DER or PKCS#12"),
    ("cert.pem text - -", "text as --tls-key: expected a private key in PEM, found no PEM"),
    ("cert.pem cert.pem - -", "expected a private key in PEM, found a certificate"),
    ("key.pem cert.pem - -", "found a private key; swap --tls-cert and --tls-key"),
    ("key.pem key.pem - -", "expected a certificate in PEM, found a private key"),
    ("cert.pem other_key.pem - -", "not the key of the certificate in {}/cert.pem"),
    (
        "cert.pem locked.pem - -",
        "is encrypted; give the file with its password as --tls-password-file",
    ),
    (
        "cert.pem old_locked.pem - -",
        "is encrypted; give the file with its password as --tls-password-file",
    ),
    ("cut.pem key.pem - -", "OpenSSL cannot read it"),
    ("cert.pem cut_key.pem - -", "OpenSSL cannot read it or its key {}/cut_key.pem"),
    ("cert.pem key.pem password -", "not encrypted; leave --tls-password-file out"),
    ("cert.pem locked.pem wrong_password -", "its password is not that of --tls-password-file"),
    ("cert.pem locked.pem binary_password -", "expected UTF-8 in {}/binary_password"),
    ("cut.pem locked.pem password -", "cut.pem as --tls-cert: the PEM is damaged"),
    ("old.pem locked.pem password -", "not the key of the certificate in {}/old.pem"),
    ("old.pem - - -", "it is PEM; give the file of its key as --tls-key"),
    ("p12 - - -", "no PKCS#12, or its password is not that of --tls-password-file"),
    ("p12 - wrong_password -", "or its password is not that of"),
    ("text - password -", "it is no PKCS#12, or"),
    ("store - password -", "PKCS#12 with a key and its certificate"),
    ("cert.pem key.pem - text", "text as --tls-client-ca: expected certificates of authorities"),
    ("cert.pem key.pem - cut.pem", "cut.pem as --tls-client-ca"),
    ("p12 - password key.pem", "authorities in PEM, found a private key"),
    ("p12 - password cut.pem", "--tls-client-ca: the PEM is damaged"),
]


@pytest.mark.parametrize(("names", "expected"), FAULTS)
def test_each_fault_has_its_own_words(files: Files, names: str, expected: str) -> None:
    given: dict[str, Any] = {}
    for flag, name in zip(FLAGS, names.split(), strict=True):
        if name != "-":
            given[flag] = files.folder / name

    with pytest.raises(ConfigError) as refusal:
        check(Config(**given))

    assert expected.format(files.folder) in str(refusal.value)
    assert PASSWORD not in str(refusal.value)


def test_a_password_file_of_windows_is_read(files: Files) -> None:
    password = files.folder / "windows_password"

    check(Config(tls_cert=files.cert, tls_key=files.locked, tls_password_file=password))


@pytest.mark.parametrize(
    ("name", "expected"), [("old", "has expired"), ("future", "is not yet valid")]
)
def test_a_certificate_that_is_not_valid_now_is_warned_of(
    files: Files, caplog: pytest.LogCaptureFixture, name: str, expected: str
) -> None:
    path = getattr(files, name)

    check(Config(tls_cert=path, tls_key=path))

    assert [f"clients will refuse the certificate in {path}: certificate {expected}"] == messages(
        caplog
    )


def test_a_good_certificate_is_not_warned_of(
    files: Files, caplog: pytest.LogCaptureFixture
) -> None:
    check(Config(tls_cert=files.cert, tls_key=files.key))
    check(Config(tls_cert=files.folder / "p12", tls_password_file=files.folder / "password"))

    assert [] == messages(caplog)


@pytest.mark.slow
def test_a_missing_password_is_not_asked_for_on_the_terminal(files: Files) -> None:
    terminal, side = pty.openpty()
    command = [sys.executable, "-m", "signer", "serve", "--no-metrics", "--port", "0"]
    command += ["--tls-cert", str(files.cert), "--tls-key", str(files.locked)]

    done = subprocess.run(
        command, stdin=side, stderr=subprocess.PIPE, timeout=20, check=False, start_new_session=True
    )
    os.close(terminal)
    os.close(side)

    assert WRONG_FLAGS == done.returncode
    assert b"--tls-password-file" in done.stderr
