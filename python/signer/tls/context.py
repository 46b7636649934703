"""Certificates, keys and clients: what the flags ask of TLS, and OpenSSL's context for it.

`check` validates certificates for Granian too.
"""

import logging
import re
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from ..config.settings import Config
from ..errors import ConfigError
from ..files import read, text_of, translating_errors
from .files import (
    PEM,
    check_authorities,
    check_pem,
    load_pair,
    other_key,
    problem_for_clients,
    read_password,
    refusal,
)
from .handshakes import NOT_VALID_NOW, note_certificate, note_unknown_fingerprint

log = logging.getLogger(__name__)

FINGERPRINT = re.compile(rb"[0-9a-f]{64}")
# of TLS 1.2, as rustls has them: OpenSSL's default also has CBC and RSA without forward secrecy
CIPHERS = b"ECDHE+AESGCM:ECDHE+CHACHA20"


def needs_front(config: Config) -> bool:
    """Whether these flags ask for more than Granian can do."""
    if not config.tls_cert:
        return False
    return bool(not config.tls_key or config.tls_password_file or config.tls_known_clients)


def check(config: Config) -> None:
    """Raises ConfigError for files that are not as expected, or when a needed extra is missing."""
    if not config.tls_cert:
        return
    if needs_front(config):
        openssl_context(config)
        problem = _problem_by_age(_read_identity(config).certificate)
    else:
        problem = _check_pem(config, config.tls_cert)
    if problem:
        log.warning("clients will refuse the certificate in %s: %s", config.tls_cert, problem)


def _check_pem(config: Config, certificate: Path) -> str:
    """Raises ConfigError as `check`, and returns why clients will refuse the certificate."""
    key = config.tls_key or certificate
    check_pem(config, certificate, key)
    check_authorities(config.tls_client_ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    load_pair(context, certificate, key)
    if config.tls_client_ca:
        with translating_errors(f"use {config.tls_client_ca} as --tls-client-ca", ConfigError):
            context.load_verify_locations(config.tls_client_ca)
    return problem_for_clients(context, certificate)


def _problem_by_age(certificate: Any) -> str:
    """The same for a certificate of `cryptography`, by its age alone."""
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        return "certificate has expired"
    if now < certificate.not_valid_before_utc:
        return "certificate is not yet valid"
    return ""


class _Identity(NamedTuple):
    """The server's key, its certificate, and those between it and the authority."""

    key: Any
    certificate: Any
    chain: Sequence[Any]


def openssl_context(config: Config) -> Any:
    """OpenSSL's context for these flags. Raises ConfigError as `check`."""
    try:
        from OpenSSL import SSL  # noqa: PLC0415 - of the extra
    except ImportError:
        needed = "cryptography and pyOpenSSL for PKCS#12, passwords and --tls-known-clients"
        raise ConfigError(f"expected {needed}, found none: pip install 'py3signer[tls]'") from None
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 28 kB less for an idle connection
    context.set_session_id(b"signer")  # without it OpenSSL refuses clients that resume a session
    check_authorities(config.tls_client_ca)
    context.set_cipher_list(CIPHERS)
    identity = _read_identity(config)
    try:
        context.use_privatekey(identity.key)
        context.use_certificate(identity.certificate)
        for certificate in identity.chain:
            context.add_extra_chain_cert(certificate)
        context.check_privatekey()
    except (ValueError, TypeError, SSL.Error):
        path = config.tls_cert or Path()
        raise refusal(config.tls_key or path, "--tls-key", other_key(path)) from None
    try:
        if config.tls_client_ca:
            context.load_verify_locations(str(config.tls_client_ca))
    except SSL.Error:
        problem = f"cannot use {config.tls_client_ca} as --tls-client-ca: the PEM is damaged"
        raise ConfigError(problem) from None
    required = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
    if config.tls_client_ca:
        context.set_verify(required, _AnyOfAuthorities())
    if config.tls_known_clients:
        context.set_verify(required, _KnownClients(config.tls_known_clients))
    return context


def _read_identity(config: Config) -> _Identity:
    """The server's key and certificates. Raises ConfigError."""
    from cryptography import x509  # noqa: PLC0415 - of the extra, like the next two
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
        pkcs12,
    )

    path = config.tls_cert or Path()
    content = read(path, ConfigError)
    password = read_password(config.tls_password_file)
    if config.tls_key:
        check_pem(config, path, config.tls_key)
        try:
            key: Any = load_pem_private_key(read(config.tls_key, ConfigError), password)
        except (ValueError, TypeError):
            reason = "its password is not that of --tls-password-file, or it is damaged"
            raise refusal(config.tls_key, "--tls-key", reason) from None
        try:
            certificate, *chain = x509.load_pem_x509_certificates(content)
        except ValueError:
            raise refusal(path, "--tls-cert", "the PEM is damaged") from None
        return _Identity(key, certificate, chain)
    if PEM.search(content):
        raise refusal(path, "--tls-cert", "it is PEM; give the file of its key as --tls-key")
    try:
        identity = _Identity(*pkcs12.load_key_and_certificates(content, password))
    except (ValueError, TypeError):
        reason = "it is no PKCS#12, or its password is not that of --tls-password-file"
        raise refusal(path, "--tls-cert", reason) from None
    if not identity.key or not identity.certificate:
        reason = "expected PKCS#12 with a key and its certificate, found one without them"
        raise refusal(path, "--tls-cert", reason)
    return identity


class _AnyOfAuthorities:
    """OpenSSL's verify callback: accepts clients whose certificate an authority has issued."""

    def __call__(self, connection: Any, _: Any, error: int, __: int, trusted: int) -> bool:
        if not trusted:
            note_certificate(connection, error)
        return bool(trusted)


class _KnownClients:
    """OpenSSL's verify callback: accepts clients by the fingerprint of their certificate.

    The file vouches for the certificate, so its issuer and its purpose do not matter. Web3Signer
    does not look at them either.
    """

    def __init__(self, path: Path) -> None:
        self._fingerprints = _read_fingerprints(path)

    def __call__(
        self,
        connection: Any,
        certificate: Any,
        error: int,
        depth: int,
        trusted: int,
    ) -> bool:
        if depth > 0:
            return True  # an issuer's
        fingerprint = certificate.digest("sha256").replace(b":", b"").lower()
        if fingerprint not in self._fingerprints:
            note_unknown_fingerprint(connection, fingerprint.decode())
            return False
        if not trusted and error in NOT_VALID_NOW:
            note_certificate(connection, error)
            return False
        return True


def _lines(path: Path) -> list[bytes]:
    return text_of(read(path, ConfigError), path, ConfigError).encode().splitlines()


def _read_fingerprints(path: Path) -> set[bytes]:
    """The fingerprints in a file of Web3Signer's form: a name and hex digits on each line."""
    lines = [line.split() for line in _lines(path)]
    entries = [line for line in lines if line and not line[0].startswith(b"#")]
    fingerprints = {entry[-1].replace(b":", b"").lower() for entry in entries}
    if not fingerprints or not all(map(FINGERPRINT.fullmatch, fingerprints)):
        raise ConfigError(f"expected in {path} lines of a name and a SHA-256 fingerprint in hex")
    return fingerprints
