"""How the target lets us in: TLS, a client's certificate, a user, a token. From files only."""

import shlex
import ssl
from base64 import b64encode
from pathlib import Path
from typing import NamedTuple

from ...errors import ConfigError
from ...files import read, text_of
from .target import Access


class AccessFiles(NamedTuple):
    """The files and switches of the flags."""

    auth_file: Path | None = None
    tls_ca: Path | None = None
    tls_client_cert: Path | None = None
    tls_client_key: Path | None = None
    tls_client_password_file: Path | None = None
    is_insecure: bool = False
    token_file: Path | None = None


def read_access(files: AccessFiles) -> Access:
    """What the files hold, for a target. Raises ConfigError."""
    headers = {}
    if files.auth_file:
        user = _first_line(files.auth_file, "USER:PASSWORD")
        if ":" not in user:
            raise ConfigError(
                f"expected USER:PASSWORD in {files.auth_file}, found a line without a colon"
            )
        headers["Authorization"] = f"Basic {b64encode(user.encode()).decode()}"
    token = ""
    if files.token_file:
        token = _first_line(files.token_file, "a token")
    return Access(_context(files), headers, token, _curl_flags(files), _curl_token(files))


def _first_line(path: Path, expected: str) -> str:
    for line in text_of(read(path, ConfigError), path, ConfigError).splitlines():
        if line.strip() and not line.startswith("#"):
            return line.strip()
    raise ConfigError(f"expected {expected} in {path}, found no line")


def _context(files: AccessFiles) -> ssl.SSLContext:
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
        password = _first_line(files.tls_client_password_file, "a password")
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


def _curl_flags(files: AccessFiles) -> list[str]:
    """The flags that let curl in: names of files, and no secret."""
    flags = []
    if files.is_insecure:
        flags.append("--insecure")
    if files.tls_ca:
        flags += ["--cacert", shlex.quote(str(files.tls_ca))]
    if files.tls_client_cert:
        flags += ["--cert", shlex.quote(str(files.tls_client_cert))]
    if files.tls_client_key:
        flags += ["--key", shlex.quote(str(files.tls_client_key))]
    if files.auth_file:
        flags += ["--user", f'"$(grep -v ^# {shlex.quote(str(files.auth_file))} | head -n 1)"']
    return flags


def _curl_token(files: AccessFiles) -> list[str]:
    if not files.token_file:
        return []
    return ["-H", f'"Authorization: Bearer $(cat {shlex.quote(str(files.token_file))})"']
