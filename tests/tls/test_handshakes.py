"""Failed handshakes in plain words. The texts are from real handshakes of OpenSSL and rustls."""

import pytest

from signer.tls.handshakes import in_plain_words

RUSTLS = "TlsAcceptError {{ error: Custom {{ kind: InvalidData, error: {} }}, "


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            RUSTLS.format("InvalidCertificate(Other(OtherError(CaUsedAsEndEntity)))"),
            "the client's certificate is an authority's own: let",
        ),
        (
            RUSTLS.format("PeerIncompatible(NoKxGroupsInCommon)"),
            "the client knows no cipher, curve",
        ),
        (RUSTLS.format("NoApplicationProtocol"), "the client wants another protocol than HTTP/1.1"),
        (
            RUSTLS.format("AlertReceived(InternalError)"),
            "the handshake failed: alert received, internal error",
        ),
        (
            RUSTLS.format("InvalidCertificate(UnhandledCriticalExtension)"),
            "the handshake failed: invalid certificate, unhandled critical extension",
        ),
        ("[('SSL routines', '', 'no shared cipher')]", "the client knows no cipher, curve"),
        ("[('SSL routines', '', 'bad extension')]", "the handshake failed: bad extension"),
        ("Unexpected", "the handshake failed: Unexpected"),
    ],
)
def test_no_notation_of_a_library_is_shown(error: str, expected: str) -> None:
    told = in_plain_words(error)

    assert told.startswith(expected)
    assert not {"{", "}", "[", "]"} & {*told}
