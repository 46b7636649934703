"""Where the upstream serves, and how this signer proves itself there: TLS, basic authentication."""

import ssl
from base64 import b64encode
from pathlib import Path
from typing import Self
from urllib.parse import unquote

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
        parts = config.upstream_parts
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        base_path = parts.path.rstrip("/")
        endpoint = cls(str(parts.hostname), port, base_path, scheme=parts.scheme)
        user = ""
        if parts.username is not None:
            user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        if config.upstream_auth_file:
            user = _user_in(config.upstream_auth_file)
        if user:
            endpoint.authorization = b"Basic " + b64encode(user.encode())
        if parts.scheme == "https":
            endpoint.tls = _tls(config)
        return endpoint


def _user_in(path: Path) -> str:
    """The USER:PASSWORD in a file. Raises ConfigError, which shows nothing of it."""
    lines = text_of(read(path, ConfigError), path, ConfigError).splitlines()
    if len(lines) != 1 or ":" not in lines[0]:
        raise ConfigError(f"expected one line of USER:PASSWORD in {path}, found other text")
    return lines[0]


def _tls(config: SourceFlags) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if config.upstream_ca_file:
        context = _trusting(config.upstream_ca_file)
    if config.upstream_cert:
        _show_certificate(context, config.upstream_cert, config.upstream_key)
    return context


def _trusting(ca_file: Path) -> ssl.SSLContext:
    text = text_of(read(ca_file, ConfigError), ca_file, ConfigError)
    try:
        return ssl.create_default_context(cadata=text)
    except (ssl.SSLError, ValueError):
        raise ConfigError(
            f"expected certificates (PEM) in --upstream-ca-file {ca_file}, found other text"
        ) from None


def _show_certificate(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    read(cert, ConfigError)
    if key:
        read(key, ConfigError)
    try:
        # Without a password, OpenSSL would ask for it on the terminal.
        context.load_cert_chain(cert, key, password="")
    except (ssl.SSLError, ValueError):
        raise ConfigError(
            f"expected a certificate and its key (PEM, without a password) by --upstream-cert "
            f"{cert}, found other files, or a key of another certificate"
        ) from None
