"""The files of the TLS flags: what is wrong with one of them, each fault in its own words.

OpenSSL has one text for most of these faults, and asks the terminal for a missing password.
"""

import re
import ssl
from pathlib import Path

from ..config.settings import Config
from ..errors import ConfigError
from ..files import read, text_of

CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----")
ENCRYPTED = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED")
# OpenSSL says so of another key, and of one of another kind
MISMATCH = {"KEY_VALUES_MISMATCH", "KEY_TYPE_MISMATCH", "NO_CERTIFICATE_ASSIGNED"}
ROUND_TRIPS = 5  # of a handshake; TLS 1.3 needs two


def refusal(path: Path, flag: str, reason: str) -> ConfigError:
    """The error for a file of a flag."""
    return ConfigError(f"cannot use {path} as {flag}: {reason}")


def check_pem(config: Config, certificate: Path, key: Path) -> None:
    """Raises ConfigError for PEM files that hold something else than their flags say."""
    certificates = read(certificate, ConfigError)
    keys = read(key, ConfigError)
    if CERTIFICATE not in certificates:
        reason = f"expected a certificate in PEM, found {_kind(certificates)}"
        if PRIVATE_KEY.search(certificates) and CERTIFICATE in keys:
            reason += "; swap --tls-cert and --tls-key"
        raise refusal(certificate, "--tls-cert", reason)
    if not PRIVATE_KEY.search(keys):
        raise refusal(key, "--tls-key", f"expected a private key in PEM, found {_kind(keys)}")
    is_encrypted = ENCRYPTED.search(keys) is not None
    if is_encrypted and not config.tls_password_file:
        reason = "it is encrypted; give the file with its password as --tls-password-file"
        raise refusal(key, "--tls-key", reason)
    if config.tls_password_file and not is_encrypted:
        reason = "it is not encrypted; leave --tls-password-file out"
        raise refusal(key, "--tls-key", reason)


def check_authorities(path: Path | None) -> None:
    """Raises ConfigError when the file of --tls-client-ca has no certificate."""
    if not path:
        return
    content = read(path, ConfigError)
    if CERTIFICATE not in content:
        reason = f"expected certificates of authorities in PEM, found {_kind(content)}"
        raise refusal(path, "--tls-client-ca", reason)


def _kind(content: bytes) -> str:
    """What a file holds, without any of its content."""
    if not content.strip():
        return "an empty file"
    block = PEM.search(content)
    if PRIVATE_KEY.search(content):
        return "a private key"
    if block:
        return f"a {block[1].decode().lower()}"
    if content.startswith(b"\x30"):  # a sequence of ASN.1
        return "DER or PKCS#12"
    return "no PEM"


def read_password(path: Path | None) -> bytes | None:
    """The first line of a password file; None without a file."""
    if not path:
        return None
    text = text_of(read(path, ConfigError), path, ConfigError)
    return text.partition("\n")[0].removesuffix("\r").encode()


def load_pair(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Loads a certificate and its key, which `check_pem` has looked at. Raises ConfigError."""

    def ask_nobody() -> str:
        # Without this function OpenSSL asks on the terminal, and waits there.
        reason = "it is encrypted; give the file with its password as --tls-password-file"
        raise refusal(key, "--tls-key", reason)

    try:
        context.load_cert_chain(certificate, key, ask_nobody)
    except ssl.SSLError as error:
        if error.reason in MISMATCH:
            raise refusal(key, "--tls-key", other_key(certificate)) from None
        reason = f"OpenSSL cannot read it or its key {key}: {error.reason or 'damaged PEM'}"
        raise refusal(certificate, "--tls-cert", reason) from None


def other_key(certificate: Path) -> str:
    """The reason why a key does not fit."""
    return f"it is not the key of the certificate in {certificate}"


def problem_for_clients(server: ssl.SSLContext, certificate: Path) -> str:
    """Why clients will refuse a certificate that they trust, such as its age; empty if they do not.

    A client in memory tries it, because Python's ssl reads no certificate by itself.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.load_verify_locations(certificate)
    to_client = ssl.MemoryBIO()
    to_server = ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(ROUND_TRIPS):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
            except ssl.SSLError:  # nothing that its certificate is to blame for
                return ""
    return ""
