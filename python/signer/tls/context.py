"""Certificates, keys and clients: what the flags ask of TLS, and OpenSSL's context for it.

`check` validates certificates for Granian too.
"""

import re
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..config.settings import Config
from ..errors import ConfigError
from ..files import read, translating_errors
from .handshakes import NOT_VALID_NOW, note_certificate, note_unknown_fingerprint

FINGERPRINT = re.compile(rb"[0-9a-f]{64}")


def needs_front(config: Config) -> bool:
    """Whether these flags ask for more than Granian can do."""
    if not config.tls_cert:
        return False
    return bool(not config.tls_key or config.tls_password_file or config.tls_known_clients)


def check(config: Config) -> None:
    """Raises ConfigError for files that are not as expected, or when a needed extra is missing."""
    if needs_front(config):
        openssl_context(config)
    elif config.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with translating_errors(f"use {config.tls_cert} with {config.tls_key}", ConfigError):
            context.load_cert_chain(config.tls_cert, config.tls_key)
        if config.tls_client_ca:
            with translating_errors(f"use {config.tls_client_ca}", ConfigError):
                context.load_verify_locations(config.tls_client_ca)


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
    context.set_session_id(b"signer")  # without it OpenSSL refuses clients that resume a session
    try:
        identity = _read_identity(config)
        context.use_privatekey(identity.key)
        context.use_certificate(identity.certificate)
        for certificate in identity.chain:
            context.add_extra_chain_cert(certificate)
        if config.tls_client_ca:
            context.load_verify_locations(str(config.tls_client_ca))
    except (ValueError, TypeError, SSL.Error):
        problem = f"cannot use {config.tls_cert} with its key, its password and --tls-client-ca"
        raise ConfigError(f"{problem}: give PKCS#12, or PEM with --tls-key") from None
    required = SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT
    if config.tls_client_ca:
        context.set_verify(required, _AnyOfAuthorities())
    if config.tls_known_clients:
        context.set_verify(required, _KnownClients(config.tls_known_clients))
    return context


def _read_identity(config: Config) -> _Identity:
    """The server's key and certificates. Raises ConfigError, ValueError or TypeError."""
    from cryptography import x509  # noqa: PLC0415 - of the extra, like the next two
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415
        load_pem_private_key,
        pkcs12,
    )

    content = read(config.tls_cert or "", ConfigError)
    password = None
    if config.tls_password_file:
        first_line, _, _ = read(config.tls_password_file, ConfigError).partition(b"\n")
        password = first_line.removesuffix(b"\r")
    if config.tls_key:
        key: Any = load_pem_private_key(read(config.tls_key, ConfigError), password)
        certificate, *chain = x509.load_pem_x509_certificates(content)
        return _Identity(key, certificate, chain)
    return _Identity(*pkcs12.load_key_and_certificates(content, password))


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


def _read_fingerprints(path: Path) -> set[bytes]:
    """The fingerprints in a file of Web3Signer's form: a name and hex digits on each line."""
    lines = [line.split() for line in read(path, ConfigError).splitlines()]
    entries = [line for line in lines if line and not line[0].startswith(b"#")]
    fingerprints = {entry[-1].replace(b":", b"").lower() for entry in entries}
    if not fingerprints or not all(map(FINGERPRINT.fullmatch, fingerprints)):
        raise ConfigError(f"expected in {path} lines of a name and a SHA-256 fingerprint in hex")
    return fingerprints
