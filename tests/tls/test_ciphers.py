"""Both TLS paths accept only cipher suites with forward secrecy and authenticated encryption."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from support.served import Served, serving_here

PASSWORD = "opens the key of tests"
WEAK = ["ECDHE-RSA-AES256-SHA384", "ECDHE-RSA-AES128-SHA", "AES128-GCM-SHA256", "AES256-SHA"]
STRONG = ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"]


@pytest.fixture(scope="module", params=["rustls", "OpenSSL"])
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A signer with a certificate whose key is RSA; one with a password is OpenSSL's."""
    folder = tmp_path_factory.mktemp("certificate")
    leaf = trustme.CA().issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    flags = ["--tls-cert", str(folder / "cert.pem"), "--tls-key", str(folder / "key.pem")]
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    if request.param == "OpenSSL":
        protect_key(folder / "key.pem")
        (folder / "password").write_text(PASSWORD)
        flags += ["--tls-password-file", str(folder / "password")]
    with serving_here("--interop", "1", "--no-metrics", *flags) as signer:
        yield signer


def protect_key(path: Path) -> None:
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    encryption = serialization.BestAvailableEncryption(PASSWORD.encode())
    form = serialization.PrivateFormat.PKCS8
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, encryption))


def agreed(signer: Served, cipher: str) -> str:
    """The cipher suite of a TLS 1.2 connection whose client knows this one only."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(cipher)
    parts = urlsplit(signer.url)
    address = (parts.hostname or "", parts.port or 0)
    with (
        socket.create_connection(address, timeout=20) as plain,
        context.wrap_socket(plain) as connection,
    ):
        name, _, _ = connection.cipher() or ("", "", 0)
        return name


@pytest.mark.parametrize("cipher", STRONG)
def test_a_strong_cipher_suite_is_accepted(served: Served, cipher: str) -> None:
    assert cipher == agreed(served, cipher)


@pytest.mark.parametrize("cipher", WEAK)
def test_a_weak_cipher_suite_is_refused(served: Served, cipher: str) -> None:
    with pytest.raises((ssl.SSLError, ConnectionError)):
        agreed(served, cipher)
