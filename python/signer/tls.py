"""TLS where Granian's own is not enough: PKCS#12, passwords, clients known by a fingerprint.

OpenSSL takes it off in front of Granian, which serves a socket of ours then. A thread for each
connection, so slower; certificates in PEM are Granian's business alone.
"""

import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from select import POLLIN, poll
from socket import AF_UNIX, SHUT_RDWR, socket
from tempfile import TemporaryDirectory
from typing import Any

from .config import Config
from .errors import ConfigError
from .files import attempt, read

SIZE = 1 << 16  # bytes that are passed on at a time
# X509_V_ERR_ of a certificate that nobody we know vouches for; one out of date is another
UNTRUSTED = {18, 19, 20, 21}


def needs_front(config: Config) -> bool:
    """Whether these flags ask for more than Granian can do."""
    more = not config.tls_key or config.tls_password_file or config.tls_known_clients
    return bool(config.tls_cert and more)


def check(config: Config) -> None:
    """Raises ConfigError for files that are not as expected, and without the extra it takes."""
    if needs_front(config):
        _openssl(config)
    elif config.tls_cert:
        with attempt(f"use {config.tls_cert} with {config.tls_key}", ConfigError):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(config.tls_cert, config.tls_key)
        if config.tls_client_ca:
            with attempt(f"use {config.tls_client_ca}", ConfigError):
                context.load_verify_locations(config.tls_client_ca)


@contextmanager
def front(listener: socket, config: Config) -> Iterator[socket]:
    """A socket that listens, without TLS, to what comes to `listener`, which may be the same."""
    if not needs_front(config):
        yield listener
        return
    context = _openssl(config)
    with TemporaryDirectory() as folder, socket(AF_UNIX) as inner, listener:
        address = f"{folder}/signer"
        inner.bind(address)
        inner.listen()

        def accept() -> None:
            with suppress(OSError):  # the listener was shut down
                while True:
                    arguments = context, listener.accept()[0], address
                    threading.Thread(target=_relay, args=arguments, daemon=True).start()

        listener.settimeout(None)
        threading.Thread(target=accept, name="tls", daemon=True).start()
        yield inner
        listener.shutdown(SHUT_RDWR)


def _relay(context: Any, client: socket, address: str) -> None:
    """Passes on what a client and the server say, until one of them ends."""
    from OpenSSL import SSL  # noqa: PLC0415 - of the extra

    with closing(client), socket(AF_UNIX) as server, suppress(SSL.Error, OSError):
        tls, waiting = SSL.Connection(context, client), poll()
        tls.set_accept_state()
        tls.do_handshake()
        server.connect(address)
        waiting.register(client, POLLIN)
        waiting.register(server, POLLIN)
        while True:
            ready = {number for number, _ in waiting.poll(0 if tls.pending() else None)}
            if tls.pending() or client.fileno() in ready:
                server.sendall(tls.recv(SIZE))  # or raises: the client has ended
            if server.fileno() in ready:
                answer = server.recv(SIZE)
                if not answer:
                    tls.shutdown()
                    return
                tls.sendall(answer)


def _openssl(config: Config) -> Any:
    """What OpenSSL is to do. Raises ConfigError as `check`."""
    try:
        from cryptography import x509  # noqa: PLC0415 - nor these
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import pkcs12  # noqa: PLC0415
        from OpenSSL import SSL  # noqa: PLC0415
    except ImportError:
        needed = "cryptography and pyOpenSSL for PKCS#12, passwords and --tls-known-clients"
        raise ConfigError(f"expected {needed}, found none: pip install 'py3signer[tls]'") from None
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_session_id(b"signer")  # a client that resumes a session is refused without
    text, path = read(config.tls_cert or ""), config.tls_password_file
    password = read(path).partition(b"\n")[0].removesuffix(b"\r") if path else None
    try:
        if config.tls_key:
            key: Any = serialization.load_pem_private_key(read(config.tls_key), password)
            own, *others = x509.load_pem_x509_certificates(text)
        else:
            key, own, others = pkcs12.load_key_and_certificates(text, password)  # type: ignore[assignment]
        context.use_privatekey(key)
        context.use_certificate(own)
        for other in others:
            context.add_extra_chain_cert(other)
        if config.tls_client_ca:
            context.load_verify_locations(str(config.tls_client_ca))
    except (ValueError, TypeError, SSL.Error):
        files = f"{config.tls_cert}, its key, its password and --tls-client-ca"
        hint = "give PKCS#12, or PEM with --tls-key"
        raise ConfigError(f"cannot use {files}, or one of them: {hint}") from None
    if config.tls_client_ca:
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    if path := config.tls_known_clients:
        known = _fingerprints(path)

        def is_known(_: Any, certificate: Any, error: int, depth: int, trusted: int) -> bool:
            # whoever signed it does not matter, so nor does what is wrong with them
            known_one = certificate.digest("sha256").replace(b":", b"").lower() in known
            return depth > 0 or (known_one and bool(trusted or error in UNTRUSTED))

        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, is_known)
    return context


def _fingerprints(path: Path) -> set[bytes]:
    """The fingerprints in a file of Web3Signer's form: a name and hex digits on each line."""
    lines = [line.split() for line in read(path).splitlines()]
    known = {line[-1].replace(b":", b"").lower() for line in lines if line and line[0][:1] != b"#"}
    if not known or not all(re.fullmatch(rb"[0-9a-f]{64}", fingerprint) for fingerprint in known):
        raise ConfigError(f"expected in {path} lines of a name and a SHA-256 fingerprint in hex")
    return known
