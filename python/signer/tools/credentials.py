"""What a target asks of its clients, from files: a certificate, a user."""

import ssl
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from ..errors import ConfigError
from ..files import read, text_of


class AccessFiles(NamedTuple):
    """The files and switches of the flags."""

    auth_file: Path | None = None
    tls_ca: Path | None = None
    tls_client_cert: Path | None = None
    tls_client_key: Path | None = None
    tls_client_password_file: Path | None = None
    is_insecure: bool = False


def authorization(files: AccessFiles) -> str:
    """The header of basic authentication, a secret; empty without a user. Raises ConfigError."""
    if not files.auth_file:
        return ""
    user = first_line(files.auth_file, "USER:PASSWORD")
    if ":" not in user:
        raise ConfigError(
            f"expected USER:PASSWORD in {files.auth_file}, found a line without a colon"
        )
    return f"Basic {b64encode(user.encode()).decode()}"


def first_line(path: Path, expected: str) -> str:
    """The first line of a file that is neither blank nor a comment. Raises ConfigError."""
    for line in text_of(read(path, ConfigError), path, ConfigError).splitlines():
        if line.strip() and not line.startswith("#"):
            return line.strip()
    raise ConfigError(f"expected {expected} in {path}, found no line")


def only_word(path: Path, expected: str) -> str:
    """The word that a file consists of. Raises ConfigError, which does not show it."""
    words = text_of(read(path, ConfigError), path, ConfigError).split()
    if len(words) != 1:
        raise ConfigError(
            f"expected {expected} in {path}, on one line and without spaces, found {len(words)} "
            "words"
        )
    return words[0]


def tls_context(files: AccessFiles) -> ssl.SSLContext:
    """How to speak TLS with a target. Raises ConfigError."""
    context = ssl.create_default_context()
    if files.tls_ca:
        try:
            context.load_verify_locations(files.tls_ca)
        except (OSError, ssl.SSLError) as error:
            raise _unreadable(files.tls_ca, "certificates in PEM as --tls-ca", error) from None
    if files.is_insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if files.tls_client_cert:
        _load_client(context, files.tls_client_cert, files)
    elif files.tls_client_key or files.tls_client_password_file:
        raise ConfigError("expected --tls-client-cert with the other --tls-client flags")
    return context


def _load_client(context: ssl.SSLContext, certificate: Path, files: AccessFiles) -> None:
    password = ""  # OpenSSL would ask for one on the terminal
    if files.tls_client_password_file:
        password = first_line(files.tls_client_password_file, "a password")
    try:
        context.load_cert_chain(certificate, files.tls_client_key, lambda: password)
    except (OSError, ssl.SSLError) as error:
        expected = (
            "a certificate and its key in PEM as --tls-client-cert (`openssl pkcs12 -in FILE -out "
            "client.pem -nodes` makes them of PKCS#12)"
        )
        raise _unreadable(certificate, expected, error) from None


def _unreadable(path: Path, expected: str, error: OSError) -> ConfigError:
    reason = error.strerror or str(error)
    if isinstance(error, ssl.SSLError):
        reason = error.reason or "it is something else"
    return ConfigError(f"expected {expected}, found {path}: {reason}")
