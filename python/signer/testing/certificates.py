"""Certificates for a test: an authority's, and those it issued to a signer and to its client."""

import ssl
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ConfigError


class Certificates(NamedTuple):
    """Files in PEM, or PKCS#12 (`_p12`); `client` and `server` hold certificate and key.

    `client_p12_go` is the one form that Go's golang.org/x/crypto/pkcs12 reads: SHA-1, 3DES, one key
    and one certificate.
    """

    ca: Path
    ca_p12: Path  # a trust store for Java
    server: Path
    server_cert: Path  # without its key, for clients that pin it
    client: Path
    client_p12: Path
    client_p12_go: Path
    password: str  # of PKCS#12

    def ssl_context(self) -> ssl.SSLContext:
        """A context for clients: it trusts the signer, and shows the client's certificate."""
        context = ssl.create_default_context(cafile=self.ca)
        context.load_cert_chain(self.client)
        return context


def issue(folder: Path, host: str) -> Certificates:
    """Makes certificates, in an empty folder, for a signer on this host of the machine.

    Raises ConfigError without the extra `test`.
    """
    try:
        import trustme  # noqa: PLC0415 - of the extra, as what it brings
        from cryptography import x509  # noqa: PLC0415
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415
    except ImportError:
        hint = "pip install 'py3signer[test]'"
        raise ConfigError(
            f"cannot make certificates: trustme or cryptography is missing; {hint}"
        ) from None
    files = Certificates(
        ca=folder / "ca.pem",
        ca_p12=folder / "ca.p12",
        server=folder / "server.pem",
        server_cert=folder / "server-cert.pem",
        client=folder / "client.pem",
        client_p12=folder / "client.p12",
        client_p12_go=folder / "client-go.p12",
        password="password",  # noqa: S106 - it protects nothing
    )
    authority = trustme.CA()
    server = authority.issue_cert(host, "localhost", "127.0.0.1", "::1")
    client = authority.issue_cert("client@localhost", common_name="client")
    authority.cert_pem.write_to_path(files.ca)
    server.private_key_and_cert_chain_pem.write_to_path(files.server)
    server.cert_chain_pems[0].write_to_path(files.server_cert)
    client.private_key_and_cert_chain_pem.write_to_path(files.client)
    encryption = serialization.BestAvailableEncryption(files.password.encode())
    key: Any = serialization.load_pem_private_key(client.private_key_pem.bytes(), None)
    own = x509.load_pem_x509_certificate(client.cert_chain_pems[0].bytes())
    trusted = x509.load_pem_x509_certificate(authority.cert_pem.bytes())
    files.client_p12.write_bytes(
        pkcs12.serialize_key_and_certificates(b"client", key, own, [trusted], encryption)
    )
    legacy = (
        serialization.PrivateFormat.PKCS12.encryption_builder()
        .key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
        .hmac_hash(hashes.SHA1())  # noqa: S303 - Go knows no other; the key protects nothing
        .build(files.password.encode())
    )
    files.client_p12_go.write_bytes(
        pkcs12.serialize_key_and_certificates(b"client", key, own, None, legacy)
    )
    entry = pkcs12.PKCS12Certificate(trusted, b"ca")
    files.ca_p12.write_bytes(pkcs12.serialize_java_truststore([entry], encryption))
    return files
