"""Why a TLS handshake failed, in plain words: from OpenSSL's errors, and from those of rustls."""

import re
from typing import Any

# X509_V_ERR_ of a certificate that is not valid now: not yet, no longer, or at no readable time
NOT_VALID_NOW = {9, 10, 13, 14}
EXPIRED = "the client's certificate has expired: give the client a new one"
NOT_YET_VALID = "the client's certificate is not yet valid: compare the clocks"
UNKNOWN_ISSUER = "the client's certificate is not of an authority in --tls-client-ca"
OTHER_PURPOSE = "the client's certificate is not made for clients (extendedKeyUsage clientAuth)"
NO_CERTIFICATE = "the client has no certificate: give it one, as the signer requires it"
PLAIN_HTTP = "the client sent plain HTTP to the TLS port: change its URL to https"
NO_TLS = "the client sent something else than TLS: change its URL to https"
DISTRUST = "the client does not trust the signer's certificate: give it the certificate's authority"
WRONG_NAME = "the client does not accept the signer's certificate: compare its names with the URL"
TOO_OLD = "the client speaks only versions before TLS 1.2: update it"
CLOSED = "the client closed the connection in the middle, perhaps a check of the port"
SELF_SIGNED = (
    "the client's certificate is an authority's own: let the authority issue another for the "
    "client, or list this one in --tls-known-clients"
)
DAMAGED = (
    "the client's certificate is damaged, or its signature is not its issuer's: make a new one"
)
NOTHING_IN_COMMON = "the client knows no cipher, curve or signature of the signer's: update it"
OTHER_PROTOCOL = "the client wants another protocol than HTTP/1.1 (ALPN): let it offer http/1.1"
UNFINISHED = "the handshake did not end within {} s"

# By the X509_V_ERR_ of OpenSSL, x509_vfy.h
CERTIFICATES = {
    9: NOT_YET_VALID,
    10: EXPIRED,
    18: UNKNOWN_ISSUER,  # self-signed
    19: UNKNOWN_ISSUER,
    20: UNKNOWN_ISSUER,
    21: UNKNOWN_ISSUER,
    26: OTHER_PURPOSE,
}

# By a part of the error of OpenSSL, or of rustls, which Granian shows in Rust's notation. The first
# part that fits decides.
REASONS = {
    "http request": PLAIN_HTTP,
    "https proxy request": PLAIN_HTTP,
    "unexpected eof": CLOSED,
    "UnexpectedEof": CLOSED,
    "ConnectionReset": CLOSED,
    "peer did not return a certificate": NO_CERTIFICATE,
    "NoCertificatesPresented": NO_CERTIFICATE,
    "unsupported protocol": TOO_OLD,
    "version too low": TOO_OLD,
    "Tls12NotOffered": TOO_OLD,
    "SignatureAlgorithmsExtensionRequired": TOO_OLD,  # it came with TLS 1.2
    "InvalidCertificate(Expired": EXPIRED,
    "InvalidCertificate(NotValidYet": NOT_YET_VALID,
    "InvalidCertificate(UnknownIssuer": UNKNOWN_ISSUER,
    "InvalidCertificate(InvalidPurpose": OTHER_PURPOSE,
    "CaUsedAsEndEntity": SELF_SIGNED,
    "InvalidCertificate(BadEncoding": DAMAGED,
    "InvalidCertificate(BadSignature": DAMAGED,
    "NoKxGroupsInCommon": NOTHING_IN_COMMON,
    "NoCipherSuitesInCommon": NOTHING_IN_COMMON,
    "NoSignatureSchemesInCommon": NOTHING_IN_COMMON,
    "no shared cipher": NOTHING_IN_COMMON,
    "no suitable key share": NOTHING_IN_COMMON,
    "no suitable signature algorithm": NOTHING_IN_COMMON,
    "NoApplicationProtocol": OTHER_PROTOCOL,
    "alert unknown ca": DISTRUST,
    "AlertReceived(UnknownCA)": DISTRUST,
    "alert bad certificate": WRONG_NAME,
    "AlertReceived(BadCertificate)": WRONG_NAME,
    "alert certificate unknown": DISTRUST,
    "AlertReceived(CertificateUnknown)": DISTRUST,
    "wrong version number": NO_TLS,
    "packet length too long": NO_TLS,
    "InvalidContentType": NO_TLS,
    "HandshakeTimeout": UNFINISHED.format(10),  # Granian's own timeout
}

# What stays of an unknown error: the last text of pyOpenSSL's tuples, the last names of rustls
OPENSSL_REASON = re.compile(r"'([^']+)'\)\]$")
RUSTLS_ERROR = re.compile(r"error: ([A-Z][^{}]*)")
CAMEL_CASE = re.compile(r"[A-Z]\w+")
WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def note_certificate(connection: Any, error: int) -> None:
    """Notes at a connection of pyOpenSSL why its client's certificate is refused."""
    reason = f"the client's certificate is not accepted: OpenSSL's X509 error {error}"
    connection.set_app_data(CERTIFICATES.get(error, reason))


def note_unknown_fingerprint(connection: Any, fingerprint: str) -> None:
    """The same for a fingerprint, in hex, that --tls-known-clients does not have."""
    problem = f"--tls-known-clients has no certificate with the SHA-256 fingerprint {fingerprint}"
    connection.set_app_data(f"{problem}: add its line")


def openssl_reason(connection: Any, error: Exception) -> str:
    """Why the handshake of a connection failed with SSL.Error or OSError."""
    noted = connection.get_app_data()
    if noted:
        return str(noted)
    return in_plain_words(str(error))


def in_plain_words(error: str) -> str:
    """What an error of OpenSSL or rustls means; of an unknown one the library's own words."""
    lower = error.lower()
    for part, reason in REASONS.items():
        if part.lower() in lower:
            return reason
    return f"the handshake failed: {_last_words(error)}"


def _last_words(error: str) -> str:
    """The innermost reason of an error in Python's or Rust's notation, as lower-case words."""
    openssl = OPENSSL_REASON.search(error)
    if openssl:
        return openssl[1]
    rustls = RUSTLS_ERROR.findall(error)
    if not rustls:
        return error
    names = CAMEL_CASE.findall(rustls[-1])
    return ", ".join(WORD_START.sub(" ", name).lower() for name in names)
