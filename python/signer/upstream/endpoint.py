"""Where the upstream serves, and how this signer proves itself there: TLS, basic authentication."""

import ssl
from base64 import b64encode
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from ..config.sources import SourceFlags
from ..errors import ConfigError
from ..files import read, text_of

DEFAULT_PORTS = {"http": 80, "https": 443}


class Endpoint:
    """The upstream's address. Its repr and its `url` tell no user and no password."""

    def __init__(self, host: str, port: int, base_path: str, *, scheme: str = "http") -> None:
        self.host = host
        self.port = port
        self.base_path = base_path  # without a slash at its end
        shown_host = host
        if ":" in host:
            shown_host = f"[{host}]"
        self.netloc = f"{shown_host}:{port}"
        self.url = f"{scheme}://{self.netloc}{base_path}"
        self.tls: ssl.SSLContext | None = None
        self.authorization = b""  # the value of the header; empty without a user

    def __repr__(self) -> str:
        return f"<Endpoint {self.url}>"

    @classmethod
    def of(cls, config: SourceFlags) -> Self:
        """The endpoint of --upstream and its flags. Raises ConfigError for files of no use."""
        endpoint = cls.at(config.upstream)
        if config.upstream_auth_file:
            endpoint.authorization = _basic(_user_in(config.upstream_auth_file))
        if endpoint.tls:
            endpoint.tls = client_tls(
                config.upstream_ca_file,
                config.upstream_cert,
                config.upstream_key,
                "--upstream-",
            )
        return endpoint

    @classmethod
    def at(cls, url: str) -> Self:
        """The endpoint of a URL that paths may follow, perhaps with a user and a password."""
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        endpoint = cls(str(parts.hostname), port, parts.path.rstrip("/"), scheme=parts.scheme)
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            endpoint.authorization = _basic(user)
        if parts.scheme == "https":
            endpoint.tls = ssl.create_default_context()
        return endpoint


def _basic(user: str) -> bytes:
    """The header's value for USER:PASSWORD (RFC 7617)."""
    return b"Basic " + b64encode(user.encode())


def _user_in(path: Path) -> str:
    """The USER:PASSWORD in a file. Raises ConfigError, which shows nothing of it."""
    lines = text_of(read(path, ConfigError), path, ConfigError).splitlines()
    if len(lines) != 1 or ":" not in lines[0]:
        raise ConfigError(f"expected one line of USER:PASSWORD in {path}, found other text")
    return lines[0]


def client_tls(
    ca_file: Path | None,
    cert: Path | None,
    key: Path | None,
    prefix: str = "--",
) -> ssl.SSLContext:
    """TLS with files of the flags ca-file, cert and key, whose names begin with `prefix`.

    Raises ConfigError for files of no use.
    """
    context = ssl.create_default_context()
    if ca_file:
        context = _trusting(ca_file, f"{prefix}ca-file")
    if cert:
        _show_certificate(context, cert, key, f"{prefix}cert")
    return context


def _trusting(ca_file: Path, flag: str) -> ssl.SSLContext:
    text = text_of(read(ca_file, ConfigError), ca_file, ConfigError)
    try:
        return ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ConfigError(
            f"expected certificates (PEM) in {flag} {ca_file}, found other text"
        ) from None


def _show_certificate(context: ssl.SSLContext, cert: Path, key: Path | None, flag: str) -> None:
    for path in filter(None, (cert, key)):
        read(path, ConfigError)
    try:
        # Without a password, OpenSSL would ask for it on the terminal.
        context.load_cert_chain(cert, key, password="")
    except (ssl.SSLError, ValueError):
        raise ConfigError(
            f"expected a certificate and its key (PEM, without a password) by {flag} {cert}, found "
            "other files, or a key of another certificate"
        ) from None
