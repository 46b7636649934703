"""TLS that Granian cannot do: PKCS#12, keys with a password, clients known by a fingerprint.

A thread per connection terminates TLS with OpenSSL and forwards plaintext to Granian over a Unix
socket. This is slower, so Granian serves certificates in PEM itself. `check` validates both kinds.
"""

import logging
import re
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from select import POLLIN, poll
from socket import AF_UNIX, SHUT_RDWR, socket
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from .config.settings import Config
from .errors import ConfigError
from .files import read, translating_errors

log = logging.getLogger(__name__)

CHUNK_SIZE = 1 << 16  # bytes that are forwarded at a time
ACCEPT_RETRY_DELAY = 0.1  # seconds; wait after a failed accept, such as without descriptors
# X509_V_ERR_ of a certificate that is not valid now: not yet, no longer, or at no readable time
NOT_VALID_NOW = {9, 10, 13, 14}
FINGERPRINT = re.compile(rb"[0-9a-f]{64}")


def needs_front(config: Config) -> bool:
    """Whether these flags ask for more than Granian can do."""
    if not config.tls_cert:
        return False
    return bool(not config.tls_key or config.tls_password_file or config.tls_known_clients)


def check(config: Config) -> None:
    """Raises ConfigError for files that are not as expected, or when a needed extra is missing."""
    if needs_front(config):
        _openssl_context(config)
    elif config.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with translating_errors(f"use {config.tls_cert} with {config.tls_key}", ConfigError):
            context.load_cert_chain(config.tls_cert, config.tls_key)
        if config.tls_client_ca:
            with translating_errors(f"use {config.tls_client_ca}", ConfigError):
                context.load_verify_locations(config.tls_client_ca)


@contextmanager
def front(listener: socket, config: Config) -> Iterator[socket]:
    """A socket with the plaintext of `listener`, or `listener` itself when Granian does TLS.

    Takes the listener over, and closes it on the way out.
    """
    if not needs_front(config):
        yield listener
        return
    context = _openssl_context(config)
    with TemporaryDirectory() as folder, socket(AF_UNIX) as inner, listener:
        address = f"{folder}/signer"
        inner.bind(address)
        inner.listen()
        listener.settimeout(None)
        accepting = _Accepting(listener, context, address)
        accepting.start()
        try:
            yield inner
        finally:
            accepting.stop()


class _Accepting:
    """The thread that accepts connections, each of which gets a thread of its own."""

    def __init__(self, listener: socket, context: Any, address: str) -> None:
        self._listener = listener
        self._context = context
        self._address = address
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tls", daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread; open connections continue."""
        self._stopping.set()
        self._listener.shutdown(SHUT_RDWR)  # wakes `accept`
        self._thread.join()

    def _run(self) -> None:
        has_warned = False
        while not self._stopping.is_set():
            try:
                client, _ = self._listener.accept()
                arguments = (self._context, client, self._address)
                threading.Thread(target=_relay, args=arguments, daemon=True).start()
            except (OSError, RuntimeError) as error:  # no descriptor, no thread, or the end
                if not self._stopping.is_set() and not has_warned:
                    log.warning("cannot accept a connection now, will try again: %s", error)
                    has_warned = True
                self._stopping.wait(ACCEPT_RETRY_DELAY)


def _relay(context: Any, client: socket, address: str) -> None:
    """Forwards what a client and the server send, until one of them ends."""
    from OpenSSL import SSL  # noqa: PLC0415 - of the extra

    with closing(client), suppress(SSL.Error, OSError), socket(AF_UNIX) as server:
        connection = SSL.Connection(context, client)
        connection.set_accept_state()
        connection.do_handshake()
        server.connect(address)
        readable = poll()
        readable.register(client, POLLIN)
        readable.register(server, POLLIN)
        while True:
            timeout = 0 if connection.pending() else None
            ready = {descriptor for descriptor, _ in readable.poll(timeout)}
            if connection.pending() or client.fileno() in ready:
                server.sendall(connection.recv(CHUNK_SIZE))  # raises when the client has ended
            if server.fileno() in ready:
                response = server.recv(CHUNK_SIZE)
                if not response:
                    connection.shutdown()
                    return
                connection.sendall(response)


class _Identity(NamedTuple):
    """The server's key, its certificate, and those between it and the authority."""

    key: Any
    certificate: Any
    chain: Sequence[Any]


def _openssl_context(config: Config) -> Any:
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
        context.set_verify(required)
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


class _KnownClients:
    """OpenSSL's verify callback: accepts clients by the fingerprint of their certificate.

    The file vouches for the certificate, so its issuer and its purpose do not matter. Web3Signer
    does not look at them either.
    """

    def __init__(self, path: Path) -> None:
        self._fingerprints = _read_fingerprints(path)

    def __call__(self, _: Any, certificate: Any, error: int, depth: int, trusted: int) -> bool:
        if depth > 0:
            return True  # an issuer's
        fingerprint = certificate.digest("sha256").replace(b":", b"").lower()
        is_valid_now = trusted or error not in NOT_VALID_NOW
        return fingerprint in self._fingerprints and bool(is_valid_now)


def _read_fingerprints(path: Path) -> set[bytes]:
    """The fingerprints in a file of Web3Signer's form: a name and hex digits on each line."""
    lines = [line.split() for line in read(path, ConfigError).splitlines()]
    entries = [line for line in lines if line and not line[0].startswith(b"#")]
    fingerprints = {entry[-1].replace(b":", b"").lower() for entry in entries}
    if not fingerprints or not all(map(FINGERPRINT.fullmatch, fingerprints)):
        raise ConfigError(f"expected in {path} lines of a name and a SHA-256 fingerprint in hex")
    return fingerprints
